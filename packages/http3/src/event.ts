// What an HTTP/3 connection tells its host. Events are small; content is pulled from the stream.

import type { Http3Error } from './errors.ts'
import type { RequestStream } from './request-stream.ts'
import type { PeerSettings } from './settings.ts'

/**
 * Field lines in their order: name, value, name, value, ... Values are byte strings: one character,
 * U+0000 to U+00FF, per byte. Pseudo-header fields come first.
 */
export type FieldSection = readonly string[]

/** Polled until null, after every `handleEvent` and every call that reads. */
export type Http3Event =
  /** Server: a request. `end`: neither content nor trailers follow, and no 'end' event. */
  | {
      readonly type: 'request'
      readonly stream: RequestStream
      readonly fields: FieldSection
      readonly end: boolean
    }
  /** Client: the final response. `end` as above. */
  | {
      readonly type: 'response'
      readonly stream: RequestStream
      readonly fields: FieldSection
      readonly end: boolean
    }
  /** Client: an interim (1xx) response, RFC 9110 §15.2. */
  | {
      readonly type: 'informational'
      readonly stream: RequestStream
      readonly fields: FieldSection
    }
  /** `readData()` has something. Comes again only after `readData()` returned null. */
  | { readonly type: 'data'; readonly stream: RequestStream }
  /** The trailer section: all content was read. */
  | { readonly type: 'trailers'; readonly stream: RequestStream; readonly fields: FieldSection }
  /** The message is complete and all of it was read. */
  | { readonly type: 'end'; readonly stream: RequestStream }
  /** After `sendData()` returned 'full': there is room again. */
  | { readonly type: 'writable'; readonly stream: RequestStream }
  /**
   * The peer's message will not be complete: the peer reset it (`error.remote`), or it was
   * malformed, too large or rejected and we cancelled the stream. The last event about receiving.
   */
  | {
      readonly type: 'reset'
      readonly stream: RequestStream
      readonly errorCode: number
      readonly error: Http3Error
    }
  /**
   * The peer reads no more of what we send; our sending part was reset. Once, and never after
   * 'finished'. A client may say so before its request is there: then this follows 'request'.
   */
  | { readonly type: 'stop-sending'; readonly stream: RequestStream; readonly errorCode: number }
  /** All that we sent on the stream, its end included, has reached the peer. */
  | { readonly type: 'finished'; readonly stream: RequestStream }
  /**
   * The peer is going away, RFC 9114 §5.2. Client: requests with an ID of `id` or above were not
   * processed, get a 'reset' with H3_REQUEST_REJECTED, and may be retried elsewhere.
   */
  | { readonly type: 'goaway'; readonly id: number }
  /** The peer's SETTINGS arrived, RFC 9114 §7.2.4. */
  | { readonly type: 'settings'; readonly settings: PeerSettings }
