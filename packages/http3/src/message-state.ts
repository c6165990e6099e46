// The order of frames in a message, RFC 9114 §4.1 and §4.4. One machine serves requests and
// responses, received and sent; only who may send interim responses differs, and that is checked
// with the fields.
//
//                  interim
//                   +--+
//                   |  v      final                    trailers
//                  +-------+ ------> +---------+ --------------> +---------+
//                  | Start |         | Content |--+ data         | Trailed |
//                  +-------+ --+     +---------+<-+              +---------+
//                              |          | end                       | end
//                       tunnel |          v                           |
//                              |     +-------+                        |
//                              |     | Ended | <----------------------+
//                              v     +-------+
//                         +--------+      ^
//                  data +-| Tunnel |------+ end
//                       +>+--------+
//
// Everything leads to Aborted by `abort`: a reset of either side, a failure, or the end of the
// connection. Nothing leads out of it, and nothing is a mistake in it: whoever sends cannot know yet
// what the peer has done.

export const MESSAGE_START = 0
export const MESSAGE_CONTENT = 1
export const MESSAGE_TRAILED = 2
/** After a CONNECT request, or a 2xx response to one: only DATA, RFC 9114 §4.4. */
export const MESSAGE_TUNNEL = 3
export const MESSAGE_ENDED = 4
export const MESSAGE_ABORTED = 5

export const STATE_NAMES: readonly string[] = [
  'start',
  'content',
  'trailed',
  'tunnel',
  'ended',
  'aborted',
]

/** The header section of a 1xx response. */
export const ON_INTERIM = 0
/** The header section of a request or of a final response. */
export const ON_FINAL = 1
/** The header section of a CONNECT request or of a 2xx response to one. */
export const ON_TUNNEL = 2
export const ON_DATA = 3
export const ON_TRAILERS = 4
/** The end of the stream. */
export const ON_END = 5
export const ON_ABORT = 6

export const MESSAGE_EVENT_NAMES: readonly string[] = [
  'interim',
  'final',
  'tunnel',
  'data',
  'trailers',
  'end',
  'abort',
]

/** The event is not permitted in the state. */
export const ILLEGAL: number = -1

const START = MESSAGE_START
const CONTENT = MESSAGE_CONTENT
const TRAILED = MESSAGE_TRAILED
const TUNNEL = MESSAGE_TUNNEL
const ENDED = MESSAGE_ENDED
const ABORTED = MESSAGE_ABORTED

// prettier-ignore
const TRANSITIONS: Int8Array = Int8Array.of(
  // interim final    tunnel   data     trailers end      abort
  START,    CONTENT, TUNNEL,  ILLEGAL, ILLEGAL, ILLEGAL, ABORTED, // start
  ILLEGAL,  ILLEGAL, ILLEGAL, CONTENT, TRAILED, ENDED,   ABORTED, // content
  ILLEGAL,  ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ENDED,   ABORTED, // trailed
  ILLEGAL,  ILLEGAL, ILLEGAL, TUNNEL,  ILLEGAL, ENDED,   ABORTED, // tunnel
  ILLEGAL,  ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ABORTED, // ended
  ABORTED,  ABORTED, ABORTED, ABORTED, ABORTED, ABORTED, ABORTED, // aborted
)

/** The state after `event`, or `ILLEGAL`. */
export function nextMessageState(state: number, event: number): number {
  return TRANSITIONS[state * MESSAGE_EVENT_NAMES.length + event]
}

/** True when nothing more belongs to the message. */
export function isMessageOver(state: number): boolean {
  return state >= MESSAGE_ENDED
}
