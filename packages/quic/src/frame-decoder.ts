// Frames from bytes, RFC 9000 §19, into one reusable record. The reader latches overruns, so each
// frame is checked once, at its end.

import type { ByteReader } from '@godwit/wire'
import { MAX_VARINT } from '@godwit/wire'
import {
  FRAME_ACK,
  FRAME_ACK_ECN,
  FRAME_ACK_FREQUENCY,
  FRAME_CONNECTION_CLOSE,
  FRAME_CONNECTION_CLOSE_APPLICATION,
  FRAME_CRYPTO,
  FRAME_DATA_BLOCKED,
  FRAME_HANDSHAKE_DONE,
  FRAME_IMMEDIATE_ACK,
  FRAME_MAX_DATA,
  FRAME_MAX_STREAM_DATA,
  FRAME_MAX_STREAMS_BIDI,
  FRAME_MAX_STREAMS_UNI,
  FRAME_NEW_CONNECTION_ID,
  FRAME_NEW_TOKEN,
  FRAME_PADDING,
  FRAME_PATH_CHALLENGE,
  FRAME_PATH_RESPONSE,
  FRAME_PING,
  FRAME_RESET_STREAM,
  FRAME_RETIRE_CONNECTION_ID,
  FRAME_STOP_SENDING,
  FRAME_STREAM,
  FRAME_STREAM_DATA_BLOCKED,
  FRAME_STREAMS_BLOCKED_BIDI,
  FRAME_STREAMS_BLOCKED_UNI,
  MAX_CONNECTION_ID_LENGTH,
  PATH_DATA_LENGTH,
  STATELESS_RESET_TOKEN_LENGTH,
  STREAM_FIN_BIT,
  STREAM_LEN_BIT,
  STREAM_OFF_BIT,
} from './constants.ts'
import { FRAME_ENCODING_ERROR, PROTOCOL_VIOLATION, TransportError } from './errors.ts'
import type { AckRecord, Frame } from './frame.ts'
import { isStreamFrame } from './frame.ts'
import { MAX_ACK_RANGES_PER_FRAME } from './limits.ts'

/**
 * Reads the next frame of a packet's payload into `frame`; a run of PADDING counts as one frame.
 * The reader has at least one byte left.
 *
 * Numbers that this implementation cannot represent (offsets, lengths, sequence numbers above
 * 2^53-1) are refused like any other malformed frame.
 *
 * @throws TransportError FRAME_ENCODING_ERROR for malformed and unknown frames, PROTOCOL_VIOLATION
 *   for a type in more bytes than needed.
 */
export function decodeFrame(reader: ByteReader, frame: Frame): void {
  const wireType = decodeFrameType(reader)
  frame.wireType = wireType
  if (isStreamFrame(wireType)) {
    frame.type = FRAME_STREAM
    decodeStream(reader, frame, wireType)
  } else {
    frame.type = wireType
    if (wireType === FRAME_ACK_FREQUENCY) decodeAckFrequency(reader, frame)
    else decodeBody(reader, frame, wireType)
  }
  if (!reader.ok) throw encodingError(wireType, 'truncated frame or a number out of range')
}

function decodeFrameType(reader: ByteReader): number {
  const first = reader.peek()
  if (first < 0x40) return reader.u8()
  const type = reader.varint()
  if (!reader.ok) throw encodingError(0, 'truncated frame type')
  const shortest = type < 0x40 ? 1 : type < 0x4000 ? 2 : type < 0x40000000 ? 4 : 8
  // RFC 9000 §12.4: "An endpoint MAY treat the receipt of a frame type that uses a longer encoding
  // than necessary as a connection error of type PROTOCOL_VIOLATION."
  if (1 << (first >>> 6) !== shortest) {
    throw new TransportError(PROTOCOL_VIOLATION, type, 'frame type not in its shortest encoding')
  }
  if (type === FRAME_ACK_FREQUENCY) return type
  throw encodingError(type, `unknown frame type 0x${type.toString(16)}`)
}

function decodeStream(reader: ByteReader, frame: Frame, wireType: number): void {
  frame.streamId = reader.varint()
  frame.offset = (wireType & STREAM_OFF_BIT) !== 0 ? reader.varint() : 0
  const length = (wireType & STREAM_LEN_BIT) !== 0 ? reader.varint() : reader.remaining
  frame.fin = (wireType & STREAM_FIN_BIT) !== 0
  decodeData(reader, frame, length)
}

function decodeData(reader: ByteReader, frame: Frame, length: number): void {
  frame.start = reader.position
  reader.skip(length)
  frame.end = reader.position
  // RFC 9000 §19.8: the largest offset delivered on a stream cannot exceed 2^62-1; ours is 2^53-1.
  if (frame.offset + length > MAX_VARINT) reader.fail()
}

function decodeBody(reader: ByteReader, frame: Frame, type: number): void {
  switch (type) {
    case FRAME_PADDING: {
      const bytes = reader.bytes
      let at = reader.position
      while (at < reader.end && bytes[at] === 0) at++
      reader.position = at
      return
    }
    case FRAME_PING:
    case FRAME_HANDSHAKE_DONE:
    case FRAME_IMMEDIATE_ACK:
      return
    case FRAME_ACK:
    case FRAME_ACK_ECN:
      decodeAck(reader, frame.ack, type)
      return
    case FRAME_RESET_STREAM:
      frame.streamId = reader.varint()
      frame.errorCode = reader.varintSaturated()
      frame.finalSize = reader.varint()
      return
    case FRAME_STOP_SENDING:
      frame.streamId = reader.varint()
      frame.errorCode = reader.varintSaturated()
      return
    case FRAME_CRYPTO:
      frame.offset = reader.varint()
      decodeData(reader, frame, reader.varint())
      return
    case FRAME_NEW_TOKEN: {
      const length = reader.varint()
      frame.start = reader.position
      reader.skip(length)
      frame.end = reader.position
      // RFC 9000 §19.7: "The token MUST NOT be empty."
      if (length === 0) reader.fail()
      return
    }
    case FRAME_MAX_DATA:
    case FRAME_DATA_BLOCKED:
      frame.maximum = reader.varintSaturated()
      return
    case FRAME_MAX_STREAM_DATA:
    case FRAME_STREAM_DATA_BLOCKED:
      frame.streamId = reader.varint()
      frame.maximum = reader.varintSaturated()
      return
    case FRAME_MAX_STREAMS_BIDI:
    case FRAME_MAX_STREAMS_UNI:
    case FRAME_STREAMS_BLOCKED_BIDI:
    case FRAME_STREAMS_BLOCKED_UNI:
      frame.maximum = decodeStreamCount(reader)
      return
    case FRAME_NEW_CONNECTION_ID: {
      frame.sequenceNumber = reader.varint()
      frame.retirePriorTo = reader.varint()
      const length = reader.u8()
      frame.start = reader.position
      reader.skip(length)
      frame.end = reader.position
      frame.resetTokenStart = reader.position
      reader.skip(STATELESS_RESET_TOKEN_LENGTH)
      // RFC 9000 §19.15: lengths below 1 and above 20, and a Retire Prior To above the sequence
      // number, are FRAME_ENCODING_ERROR.
      if (length < 1 || length > MAX_CONNECTION_ID_LENGTH) reader.fail()
      if (frame.retirePriorTo > frame.sequenceNumber) reader.fail()
      return
    }
    case FRAME_RETIRE_CONNECTION_ID:
      frame.sequenceNumber = reader.varint()
      return
    case FRAME_PATH_CHALLENGE:
    case FRAME_PATH_RESPONSE:
      frame.start = reader.position
      reader.skip(PATH_DATA_LENGTH)
      frame.end = reader.position
      return
    case FRAME_CONNECTION_CLOSE:
    case FRAME_CONNECTION_CLOSE_APPLICATION: {
      frame.errorCode = reader.varintSaturated()
      frame.causeFrameType = type === FRAME_CONNECTION_CLOSE ? reader.varintSaturated() : 0
      const length = reader.varint()
      frame.start = reader.position
      reader.skip(length)
      frame.end = reader.position
      return
    }
    default:
      throw encodingError(type, `unknown frame type 0x${type.toString(16)}`)
  }
}

// draft-ietf-quic-ack-frequency §4. Not a case of `decodeBody`, whose types are dense.
function decodeAckFrequency(reader: ByteReader, frame: Frame): void {
  frame.sequenceNumber = reader.varint()
  frame.ackElicitingThreshold = reader.varintSaturated()
  frame.requestedMaxAckDelay = reader.varintSaturated()
  frame.reorderingThreshold = reader.varintSaturated()
}

function decodeAck(reader: ByteReader, ack: AckRecord, type: number): void {
  ack.largest = reader.varint()
  ack.encodedDelay = reader.varintSaturated()
  ack.delay = 0
  const ranges = reader.varint()
  ack.rangeCount = 0
  let largest = ack.largest
  let smallest = largest - reader.varint()
  // RFC 9000 §19.3.1: "If any computed packet number is negative, an endpoint MUST generate a
  // connection error of type FRAME_ENCODING_ERROR."
  if (smallest < 0) reader.fail()
  addRange(ack, smallest, largest)
  // Every turn reads two bytes or fails, so a false count costs no more than the packet is long.
  for (let i = 0; i < ranges && reader.ok; i++) {
    largest = smallest - reader.varint() - 2
    smallest = largest - reader.varint()
    if (smallest < 0) reader.fail()
    addRange(ack, smallest, largest)
  }
  ack.ecn = type === FRAME_ACK_ECN
  ack.ect0 = ack.ecn ? reader.varintSaturated() : 0
  ack.ect1 = ack.ecn ? reader.varintSaturated() : 0
  ack.ce = ack.ecn ? reader.varintSaturated() : 0
}

function addRange(ack: AckRecord, smallest: number, largest: number): void {
  const i = ack.rangeCount
  if (i === MAX_ACK_RANGES_PER_FRAME) return
  ack.rangeSmallest[i] = smallest
  ack.rangeLargest[i] = largest
  ack.rangeCount = i + 1
}

/** A count of streams: any up to 2^60, RFC 9000 §19.11 and §19.14, saturated at 2^53-1. */
function decodeStreamCount(reader: ByteReader): number {
  const at = reader.position
  const count = reader.varintSaturated()
  if (count === MAX_VARINT && reader.ok && isAbove2To60(reader.bytes, at)) reader.fail()
  return count
}

/** Whether the eight-byte variable-length integer at `at` is above 2^60. */
export function isAbove2To60(bytes: Uint8Array, at: number): boolean {
  const high = bytes[at] & 0x3f
  if (high !== 0x10) return high > 0x10
  for (let i = at + 1; i < at + 8; i++) if (bytes[i] !== 0) return true
  return false
}

function encodingError(type: number, reason: string): TransportError {
  return new TransportError(FRAME_ENCODING_ERROR, type, reason)
}
