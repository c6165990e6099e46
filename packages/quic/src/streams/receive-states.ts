// The receiving part of a stream, RFC 9000 §3.2.
//
//          o
//          | Recv STREAM / STREAM_DATA_BLOCKED / RESET_STREAM
//          | Create Bidirectional Stream (Sending)
//          | Recv MAX_STREAM_DATA / STOP_SENDING (Bidirectional)
//          | Create Higher-Numbered Stream
//          v
//      +-------+
//      | Recv  | Recv RESET_STREAM
//      |       |-----------------------.
//      +-------+                       |
//          |                           |
//          | Recv STREAM + FIN         |
//          v                           |
//      +-------+                       |
//      | Size  | Recv RESET_STREAM     |
//      | Known |---------------------->|
//      +-------+                       |
//          |                           |
//          | Recv All Data             |
//          v                           v
//      +-------+ Recv RESET_STREAM +-------+
//      | Data  |--- (optional) --->| Reset |
//      | Recvd |  Recv All Data    | Recvd |
//      +-------+<-- (optional) ----+-------+
//          |                           |
//          | App Read All Data         | App Read Reset
//          v                           v
//      +-------+                   +-------+
//      | Data  |                   | Reset |
//      | Read  |                   | Read  |
//      +-------+                   +-------+
//
//                         Figure 3
//
// Of the two optional arrows neither is taken: what is complete stays readable, what was reset is
// gone. Frames that arrive where they change nothing leave the state as it is.

import { INTERNAL_ERROR, TransportError } from '../errors.ts'

// States.
export const RECV = 0
export const SIZE_KNOWN = 1
export const DATA_RECVD = 2
export const RESET_RECVD = 3
export const DATA_READ = 4
export const RESET_READ = 5

export const RECEIVE_STATES: readonly string[] = [
  'RECV',
  'SIZE_KNOWN',
  'DATA_RECVD',
  'RESET_RECVD',
  'DATA_READ',
  'RESET_READ',
]

// Events.
export const RECV_FIN = 0
export const RECV_ALL_DATA = 1
export const RECV_RESET = 2
export const APP_READ_ALL = 3
export const APP_READ_RESET = 4

export const RECEIVE_EVENTS: readonly string[] = [
  'RECV_FIN',
  'RECV_ALL_DATA',
  'RECV_RESET',
  'APP_READ_ALL',
  'APP_READ_RESET',
]

const NO = -1

/** `RECEIVE_TRANSITIONS[state][event]` is the next state, or -1: a mistake of ours. */
// prettier-ignore
export const RECEIVE_TRANSITIONS: readonly (readonly number[])[] = [
  //               RECV_FIN     RECV_ALL_DATA RECV_RESET   APP_READ_ALL APP_READ_RESET
  /* RECV        */ [SIZE_KNOWN,  NO,           RESET_RECVD, NO,          NO],
  /* SIZE_KNOWN  */ [SIZE_KNOWN,  DATA_RECVD,   RESET_RECVD, NO,          NO],
  /* DATA_RECVD  */ [DATA_RECVD,  NO,           DATA_RECVD,  DATA_READ,   NO],
  /* RESET_RECVD */ [RESET_RECVD, NO,           RESET_RECVD, NO,          RESET_READ],
  /* DATA_READ   */ [DATA_READ,   NO,           DATA_READ,   NO,          NO],
  /* RESET_READ  */ [RESET_READ,  NO,           RESET_READ,  NO,          NO],
]

/** The state after `event` in `state`. */
export function nextReceiveState(state: number, event: number): number {
  const next = RECEIVE_TRANSITIONS[state][event]
  if (next === NO) {
    throw new TransportError(
      INTERNAL_ERROR,
      0,
      `${RECEIVE_EVENTS[event]} in receiving state ${RECEIVE_STATES[state]}`,
    )
  }
  return next
}
