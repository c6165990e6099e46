// The sending part of a stream, RFC 9000 §3.1.
//
//          o
//          | Create Stream (Sending)
//          | Peer Creates Bidirectional Stream
//          v
//      +-------+
//      | Ready | Send RESET_STREAM
//      |       |-----------------------.
//      +-------+                       |
//          |                           |
//          | Send STREAM /             |
//          |      STREAM_DATA_BLOCKED  |
//          v                           |
//      +-------+                       |
//      | Send  | Send RESET_STREAM     |
//      |       |---------------------->|
//      +-------+                       |
//          |                           |
//          | Send STREAM + FIN         |
//          v                           v
//      +-------+                   +-------+
//      | Data  | Send RESET_STREAM | Reset |
//      | Sent  |------------------>| Sent  |
//      +-------+                   +-------+
//          |                           |
//          | Recv All ACKs             | Recv ACK
//          v                           v
//      +-------+                   +-------+
//      | Data  |                   | Reset |
//      | Recvd |                   | Recvd |
//      +-------+                   +-------+
//
//                          Figure 2

import { INTERNAL_ERROR, TransportError } from '../errors.ts'

// States.
export const READY = 0
export const SEND = 1
export const DATA_SENT = 2
export const DATA_RECVD = 3
export const RESET_SENT = 4
export const RESET_RECVD = 5

export const SEND_STATES: readonly string[] = [
  'READY',
  'SEND',
  'DATA_SENT',
  'DATA_RECVD',
  'RESET_SENT',
  'RESET_RECVD',
]

// Events.
/** STREAM or STREAM_DATA_BLOCKED was sent. */
export const SENT_STREAM = 0
/** STREAM with FIN was sent. */
export const SENT_FIN = 1
/** Every byte and the FIN were acknowledged. */
export const ALL_ACKED = 2
/** RESET_STREAM was sent, or is about to be. */
export const SENT_RESET = 3
/** RESET_STREAM was acknowledged. */
export const RESET_ACKED = 4

export const SEND_EVENTS: readonly string[] = [
  'SENT_STREAM',
  'SENT_FIN',
  'ALL_ACKED',
  'SENT_RESET',
  'RESET_ACKED',
]

const NO = -1

/** `SEND_TRANSITIONS[state][event]` is the next state, or -1: a mistake of ours. */
// prettier-ignore
export const SEND_TRANSITIONS: readonly (readonly number[])[] = [
  //               SENT_STREAM SENT_FIN   ALL_ACKED   SENT_RESET  RESET_ACKED
  /* READY       */ [SEND,      DATA_SENT, NO,         RESET_SENT, NO],
  /* SEND        */ [SEND,      DATA_SENT, NO,         RESET_SENT, NO],
  /* DATA_SENT   */ [DATA_SENT, DATA_SENT, DATA_RECVD, RESET_SENT, NO],
  /* DATA_RECVD  */ [NO,        NO,        NO,         NO,         NO],
  /* RESET_SENT  */ [NO,        NO,        NO,         NO,         RESET_RECVD],
  /* RESET_RECVD */ [NO,        NO,        NO,         NO,         NO],
]

/** The state after `event` in `state`. */
export function nextSendState(state: number, event: number): number {
  const next = SEND_TRANSITIONS[state][event]
  if (next === NO) {
    throw new TransportError(
      INTERNAL_ERROR,
      0,
      `${SEND_EVENTS[event]} in sending state ${SEND_STATES[state]}`,
    )
  }
  return next
}
