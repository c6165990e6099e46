// The record that the frame decoder fills, and what RFC 9000 §12.4 table 3 says of each frame type.

import {
  FRAME_ACK,
  FRAME_ACK_ECN,
  FRAME_ACK_FREQUENCY,
  FRAME_CONNECTION_CLOSE,
  FRAME_CONNECTION_CLOSE_APPLICATION,
  FRAME_CRYPTO,
  FRAME_HANDSHAKE_DONE,
  FRAME_IMMEDIATE_ACK,
  FRAME_NEW_CONNECTION_ID,
  FRAME_NEW_TOKEN,
  FRAME_PADDING,
  FRAME_PATH_CHALLENGE,
  FRAME_PATH_RESPONSE,
  FRAME_PING,
  FRAME_RETIRE_CONNECTION_ID,
  FRAME_STREAM,
  FRAME_TYPE_COUNT,
} from './constants.ts'
import {
  LEVEL_APPLICATION,
  LEVEL_HANDSHAKE,
  LEVEL_INITIAL,
  LEVEL_ZERO_RTT,
} from './handshake-session.ts'
import type { EncryptionLevel } from './handshake-session.ts'
import { MAX_ACK_RANGES_PER_FRAME } from './limits.ts'

/** An ACK frame, RFC 9000 §19.3, as columns: range 0 is the highest, ranges descend. */
export class AckRecord {
  /** Largest packet number acknowledged. */
  largest: number
  /** The ACK Delay field as it came. */
  encodedDelay: number
  /** The delay in milliseconds: whoever knows the peer's exponent calls `scaleDelay`. */
  delay: number
  rangeCount: number
  /** Lowest packet number of each range. */
  readonly rangeSmallest: Float64Array
  /** Highest packet number of each range. */
  readonly rangeLargest: Float64Array
  /** True for an ACK frame with ECN counts (type 0x03). */
  ecn: boolean
  ect0: number
  ect1: number
  ce: number

  constructor() {
    this.largest = 0
    this.encodedDelay = 0
    this.delay = 0
    this.rangeCount = 0
    this.rangeSmallest = new Float64Array(MAX_ACK_RANGES_PER_FRAME)
    this.rangeLargest = new Float64Array(MAX_ACK_RANGES_PER_FRAME)
    this.ecn = false
    this.ect0 = 0
    this.ect1 = 0
    this.ce = 0
  }

  /** RFC 9000 §19.3: the field counts units of 2^ack_delay_exponent microseconds. */
  scaleDelay(ackDelayExponent: number): void {
    this.delay = (this.encodedDelay * 2 ** ackDelayExponent) / 1000
  }
}

/**
 * One decoded frame, reused for every frame of every packet. Which fields mean something depends on
 * `type`; offsets point into the packet memory that the frame was read from.
 */
export class Frame {
  /** RFC 9000 §12.4 table 3; for STREAM frames 0x08 with the flag bits taken off. */
  type: number
  /** The type as it came, flags of STREAM frames included: what CONNECTION_CLOSE reports. */
  wireType: number
  /** RESET_STREAM, STOP_SENDING, STREAM, MAX_STREAM_DATA, STREAM_DATA_BLOCKED. */
  streamId: number
  /** CRYPTO, STREAM: offset of the data in the stream. */
  offset: number
  /** CRYPTO, STREAM: data. NEW_TOKEN: token. CONNECTION_CLOSE: reason. NEW_CONNECTION_ID: the ID. PATH_*: data. */
  start: number
  /** Offset after the last byte of the same. */
  end: number
  /** STREAM: FIN bit. */
  fin: boolean
  /** RESET_STREAM, STOP_SENDING, CONNECTION_CLOSE; up to 2^53-1. */
  errorCode: number
  /** RESET_STREAM. */
  finalSize: number
  /** The one number of MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS, DATA_BLOCKED, STREAM_DATA_BLOCKED, STREAMS_BLOCKED; up to 2^53-1. */
  maximum: number
  /** NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, ACK_FREQUENCY. */
  sequenceNumber: number
  /** NEW_CONNECTION_ID. */
  retirePriorTo: number
  /** NEW_CONNECTION_ID: offset of the 16 bytes of the stateless reset token. */
  resetTokenStart: number
  /** CONNECTION_CLOSE of type 0x1c: the frame that caused it. */
  causeFrameType: number
  /** ACK_FREQUENCY: ack-eliciting packets that may come without an acknowledgement; up to 2^53-1. */
  ackElicitingThreshold: number
  /** ACK_FREQUENCY, in microseconds; up to 2^53-1. */
  requestedMaxAckDelay: number
  /** ACK_FREQUENCY; up to 2^53-1. */
  reorderingThreshold: number
  /** ACK. */
  readonly ack: AckRecord

  constructor() {
    this.type = 0
    this.wireType = 0
    this.streamId = 0
    this.offset = 0
    this.start = 0
    this.end = 0
    this.fin = false
    this.errorCode = 0
    this.finalSize = 0
    this.maximum = 0
    this.sequenceNumber = 0
    this.retirePriorTo = 0
    this.resetTokenStart = 0
    this.causeFrameType = 0
    this.ackElicitingThreshold = 0
    this.requestedMaxAckDelay = 0
    this.reorderingThreshold = 0
    this.ack = new AckRecord()
  }
}

const I = 1 << LEVEL_INITIAL
const Z = 1 << LEVEL_ZERO_RTT
const H = 1 << LEVEL_HANDSHAKE
const A = 1 << LEVEL_APPLICATION

/** `PERMITTED_LEVELS[type]`: a bit per encryption level, RFC 9000 §12.4 table 3; 0 for unknown types. */
const PERMITTED_LEVELS: Uint8Array = permittedLevels()

function permittedLevels(): Uint8Array {
  const table = new Uint8Array(FRAME_TYPE_COUNT)
  table.fill(Z | A, 0, FRAME_HANDSHAKE_DONE)
  table[FRAME_PADDING] = I | H | Z | A
  table[FRAME_PING] = I | H | Z | A
  table[FRAME_ACK] = I | H | A
  table[FRAME_ACK_ECN] = I | H | A
  table[FRAME_CRYPTO] = I | H | A
  table[FRAME_NEW_TOKEN] = A
  // RFC 9000 §12.5: not possible in 0-RTT, though table 3 lists it.
  table[FRAME_RETIRE_CONNECTION_ID] = A
  table[FRAME_PATH_RESPONSE] = A
  table[FRAME_CONNECTION_CLOSE] = I | H | Z | A
  table[FRAME_CONNECTION_CLOSE_APPLICATION] = Z | A
  table[FRAME_HANDSHAKE_DONE] = A
  // draft-ietf-quic-ack-frequency §3: not in 0-RTT packets.
  table[FRAME_IMMEDIATE_ACK] = A
  table[FRAME_ACK_FREQUENCY] = A
  return table
}

/**
 * Whether a packet of `level` may carry a frame of `type`. RFC 9000 §12.4: "An endpoint MUST treat
 * receipt of a frame in a packet type that is not permitted as a connection error of type
 * PROTOCOL_VIOLATION."
 */
export function isFramePermitted(type: number, level: EncryptionLevel): boolean {
  return type < FRAME_TYPE_COUNT && (PERMITTED_LEVELS[type] & (1 << level)) !== 0
}

/** RFC 9002 §2: every frame but ACK, PADDING and CONNECTION_CLOSE elicits an acknowledgement. */
export function isAckEliciting(type: number): boolean {
  return type > FRAME_ACK_ECN
    ? type !== FRAME_CONNECTION_CLOSE && type !== FRAME_CONNECTION_CLOSE_APPLICATION
    : type === FRAME_PING
}

/** True for the frames that a packet may hold and still be a probe, RFC 9000 §9.1. */
export function isProbing(type: number): boolean {
  return (
    type === FRAME_PADDING ||
    type === FRAME_PATH_CHALLENGE ||
    type === FRAME_PATH_RESPONSE ||
    type === FRAME_NEW_CONNECTION_ID
  )
}

/** True for the eight types of STREAM frames. */
export function isStreamFrame(wireType: number): boolean {
  return (wireType & ~0x07) === FRAME_STREAM
}
