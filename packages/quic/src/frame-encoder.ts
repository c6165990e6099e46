// Frames to bytes, RFC 9000 §19, in the order of the RFC. Each comes as a pair: `xLength` says how
// many bytes it takes, `writeX` writes it where the packet writer stands and notes its token; the
// caller compares the length with `writer.remaining` first.

import type { RangeSet } from '@godwit/wire'
import { varintLength } from '@godwit/wire'
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
  PATH_DATA_LENGTH,
  STATELESS_RESET_TOKEN_LENGTH,
  STREAM_FIN_BIT,
  STREAM_LEN_BIT,
  STREAM_OFF_BIT,
} from './constants.ts'
import type { PacketWriter } from './packet-writer.ts'
import {
  TOKEN_ACK,
  TOKEN_ACK_FREQUENCY,
  TOKEN_CRYPTO,
  TOKEN_DATA_BLOCKED,
  TOKEN_HANDSHAKE_DONE,
  TOKEN_MAX_DATA,
  TOKEN_MAX_STREAM_DATA,
  TOKEN_MAX_STREAMS_BIDI,
  TOKEN_MAX_STREAMS_UNI,
  TOKEN_NEW_CONNECTION_ID,
  TOKEN_PATH,
  TOKEN_MTU_PROBE,
  TOKEN_PING,
  TOKEN_RESET_STREAM,
  TOKEN_RETIRE_CONNECTION_ID,
  TOKEN_STOP_SENDING,
  TOKEN_STREAM,
  TOKEN_STREAM_DATA_BLOCKED,
  TOKEN_STREAM_FIN,
  TOKEN_STREAMS_BLOCKED_BIDI,
  TOKEN_STREAMS_BLOCKED_UNI,
} from './recovery/tokens.ts'

export const PING_LENGTH = 1

export function writePing(writer: PacketWriter): void {
  writer.u8(FRAME_PING)
  writer.addToken(TOKEN_PING)
}

/** A PING whose arrival says that the size of packet `packetNumber` arrives, RFC 9000 §14.4. */
export function writeMtuProbe(writer: PacketWriter, packetNumber: number): void {
  writer.u8(FRAME_PING)
  writer.addToken(TOKEN_MTU_PROBE, packetNumber)
}

/**
 * ACK, RFC 9000 §19.3: the highest ranges of `received` that fit, at least one.
 * False, and nothing written, when not even one fits.
 *
 * @param encodedDelay in units of 2^ack_delay_exponent microseconds.
 * @param counts ECN counts ECT(0), ECT(1), CE, for type 0x03; null for type 0x02.
 */
export function writeAck(
  writer: PacketWriter,
  received: RangeSet,
  encodedDelay: number,
  counts: Float64Array | null,
): boolean {
  let last = received.length - 1
  if (last < 0) return false
  const largest = received.end(last) - 1
  const fixed =
    1 +
    varintLength(largest) +
    varintLength(encodedDelay) +
    varintLength(largest - received.start(last)) +
    (counts === null
      ? 0
      : varintLength(counts[0]) + varintLength(counts[1]) + varintLength(counts[2]))
  // The range count takes two bytes at most: a packet has no room for 16,384 ranges.
  let room = writer.remaining - fixed - 2
  if (room < 0) return false
  let first = last
  while (first > 0) {
    const size =
      varintLength(received.start(first) - received.end(first - 1) - 1) +
      varintLength(received.end(first - 1) - 1 - received.start(first - 1))
    if (size > room) break
    room -= size
    first--
  }
  writer.u8(counts === null ? FRAME_ACK : FRAME_ACK_ECN)
  writer.varint(largest)
  writer.varint(encodedDelay)
  writer.varint(last - first)
  writer.varint(largest - received.start(last))
  for (; last > first; last--) {
    writer.varint(received.start(last) - received.end(last - 1) - 1)
    writer.varint(received.end(last - 1) - 1 - received.start(last - 1))
  }
  if (counts !== null) {
    writer.varint(counts[0])
    writer.varint(counts[1])
    writer.varint(counts[2])
  }
  writer.addAckToken(TOKEN_ACK, largest)
  return true
}

export function resetStreamLength(streamId: number, errorCode: number, finalSize: number): number {
  return 1 + varintLength(streamId) + varintLength(errorCode) + varintLength(finalSize)
}

export function writeResetStream(
  writer: PacketWriter,
  streamId: number,
  errorCode: number,
  finalSize: number,
): void {
  writer.u8(FRAME_RESET_STREAM)
  writer.varint(streamId)
  writer.varint(errorCode)
  writer.varint(finalSize)
  writer.addToken(TOKEN_RESET_STREAM, streamId)
}

export function stopSendingLength(streamId: number, errorCode: number): number {
  return 1 + varintLength(streamId) + varintLength(errorCode)
}

export function writeStopSending(writer: PacketWriter, streamId: number, errorCode: number): void {
  writer.u8(FRAME_STOP_SENDING)
  writer.varint(streamId)
  writer.varint(errorCode)
  writer.addToken(TOKEN_STOP_SENDING, streamId)
}

/** Bytes before the data of a CRYPTO frame. */
export function cryptoHeaderLength(offset: number, length: number): number {
  return 1 + varintLength(offset) + varintLength(length)
}

/** The header; the caller puts `length` bytes of data behind it and moves `writer.position`. */
export function writeCryptoHeader(writer: PacketWriter, offset: number, length: number): void {
  writer.u8(FRAME_CRYPTO)
  writer.varint(offset)
  writer.varint(length)
  writer.addToken(TOKEN_CRYPTO, offset, length)
}

export function newTokenLength(token: Uint8Array): number {
  return 1 + varintLength(token.length) + token.length
}

/** No token for recovery is noted: a server may send another one instead, RFC 9000 §13.3. */
export function writeNewToken(writer: PacketWriter, token: Uint8Array): void {
  writer.u8(FRAME_NEW_TOKEN)
  writer.varint(token.length)
  writeBytes(writer, token)
  writer.ackEliciting = true
  writer.inFlight = true
}

export function streamHeaderLength(streamId: number, offset: number, length: number): number {
  return (
    1 + varintLength(streamId) + (offset === 0 ? 0 : varintLength(offset)) + varintLength(length)
  )
}

/**
 * STREAM, always with its Length field, so that other frames may follow. The caller puts `length`
 * bytes of data behind it and moves `writer.position`.
 */
export function writeStreamHeader(
  writer: PacketWriter,
  streamId: number,
  offset: number,
  length: number,
  fin: boolean,
): void {
  let type = FRAME_STREAM | STREAM_LEN_BIT
  if (offset !== 0) type |= STREAM_OFF_BIT
  if (fin) type |= STREAM_FIN_BIT
  writer.u8(type)
  writer.varint(streamId)
  if (offset !== 0) writer.varint(offset)
  writer.varint(length)
  writer.addToken(fin ? TOKEN_STREAM_FIN : TOKEN_STREAM, streamId, offset, length)
}

export function maxDataLength(maximum: number): number {
  return 1 + varintLength(maximum)
}

export function writeMaxData(writer: PacketWriter, maximum: number): void {
  writer.u8(FRAME_MAX_DATA)
  writer.varint(maximum)
  writer.addToken(TOKEN_MAX_DATA, maximum)
}

export function maxStreamDataLength(streamId: number, maximum: number): number {
  return 1 + varintLength(streamId) + varintLength(maximum)
}

export function writeMaxStreamData(writer: PacketWriter, streamId: number, maximum: number): void {
  writer.u8(FRAME_MAX_STREAM_DATA)
  writer.varint(streamId)
  writer.varint(maximum)
  writer.addToken(TOKEN_MAX_STREAM_DATA, streamId, maximum)
}

export function maxStreamsLength(maximum: number): number {
  return 1 + varintLength(maximum)
}

export function writeMaxStreams(writer: PacketWriter, bidi: boolean, maximum: number): void {
  writer.u8(bidi ? FRAME_MAX_STREAMS_BIDI : FRAME_MAX_STREAMS_UNI)
  writer.varint(maximum)
  writer.addToken(bidi ? TOKEN_MAX_STREAMS_BIDI : TOKEN_MAX_STREAMS_UNI, maximum)
}

export function dataBlockedLength(limit: number): number {
  return 1 + varintLength(limit)
}

export function writeDataBlocked(writer: PacketWriter, limit: number): void {
  writer.u8(FRAME_DATA_BLOCKED)
  writer.varint(limit)
  writer.addToken(TOKEN_DATA_BLOCKED, limit)
}

export function streamDataBlockedLength(streamId: number, limit: number): number {
  return 1 + varintLength(streamId) + varintLength(limit)
}

export function writeStreamDataBlocked(
  writer: PacketWriter,
  streamId: number,
  limit: number,
): void {
  writer.u8(FRAME_STREAM_DATA_BLOCKED)
  writer.varint(streamId)
  writer.varint(limit)
  writer.addToken(TOKEN_STREAM_DATA_BLOCKED, streamId, limit)
}

export function streamsBlockedLength(limit: number): number {
  return 1 + varintLength(limit)
}

export function writeStreamsBlocked(writer: PacketWriter, bidi: boolean, limit: number): void {
  writer.u8(bidi ? FRAME_STREAMS_BLOCKED_BIDI : FRAME_STREAMS_BLOCKED_UNI)
  writer.varint(limit)
  writer.addToken(bidi ? TOKEN_STREAMS_BLOCKED_BIDI : TOKEN_STREAMS_BLOCKED_UNI, limit)
}

export function newConnectionIdLength(
  sequenceNumber: number,
  retirePriorTo: number,
  connectionId: Uint8Array,
): number {
  return (
    1 +
    varintLength(sequenceNumber) +
    varintLength(retirePriorTo) +
    1 +
    connectionId.length +
    STATELESS_RESET_TOKEN_LENGTH
  )
}

/** @param resetToken 16 bytes. */
export function writeNewConnectionId(
  writer: PacketWriter,
  sequenceNumber: number,
  retirePriorTo: number,
  connectionId: Uint8Array,
  resetToken: Uint8Array,
): void {
  writer.u8(FRAME_NEW_CONNECTION_ID)
  writer.varint(sequenceNumber)
  writer.varint(retirePriorTo)
  writer.u8(connectionId.length)
  writeBytes(writer, connectionId)
  writeBytes(writer, resetToken)
  writer.addToken(TOKEN_NEW_CONNECTION_ID, sequenceNumber)
}

export function retireConnectionIdLength(sequenceNumber: number): number {
  return 1 + varintLength(sequenceNumber)
}

export function writeRetireConnectionId(writer: PacketWriter, sequenceNumber: number): void {
  writer.u8(FRAME_RETIRE_CONNECTION_ID)
  writer.varint(sequenceNumber)
  writer.addToken(TOKEN_RETIRE_CONNECTION_ID, sequenceNumber)
}

/** PATH_CHALLENGE and PATH_RESPONSE. */
export const PATH_FRAME_LENGTH: number = 1 + PATH_DATA_LENGTH

/** The data are the 8 bytes of `bytes` from `start` on. */
export function writePathChallenge(
  writer: PacketWriter,
  bytes: Uint8Array,
  start: number = 0,
): void {
  writer.u8(FRAME_PATH_CHALLENGE)
  writeBytes(writer, bytes.subarray(start, start + PATH_DATA_LENGTH))
  writer.addToken(TOKEN_PATH)
}

/** The data are the 8 bytes of `bytes` from `start` on. */
export function writePathResponse(
  writer: PacketWriter,
  bytes: Uint8Array,
  start: number = 0,
): void {
  writer.u8(FRAME_PATH_RESPONSE)
  writeBytes(writer, bytes.subarray(start, start + PATH_DATA_LENGTH))
  writer.addToken(TOKEN_PATH)
}

export function connectionCloseLength(
  application: boolean,
  errorCode: number,
  frameType: number,
  reason: Uint8Array,
): number {
  return (
    1 +
    varintLength(errorCode) +
    (application ? 0 : varintLength(frameType)) +
    varintLength(reason.length) +
    reason.length
  )
}

/**
 * CONNECTION_CLOSE, RFC 9000 §19.19: type 0x1d when `application`, else 0x1c with the type of the
 * frame that caused it (0: unknown). It has no token: it is not retransmitted but answered.
 */
export function writeConnectionClose(
  writer: PacketWriter,
  application: boolean,
  errorCode: number,
  frameType: number,
  reason: Uint8Array,
): void {
  writer.u8(application ? FRAME_CONNECTION_CLOSE_APPLICATION : FRAME_CONNECTION_CLOSE)
  writer.varint(errorCode)
  if (!application) writer.varint(frameType)
  writer.varint(reason.length)
  writeBytes(writer, reason)
}

export const HANDSHAKE_DONE_LENGTH = 1

export function writeHandshakeDone(writer: PacketWriter): void {
  writer.u8(FRAME_HANDSHAKE_DONE)
  writer.addToken(TOKEN_HANDSHAKE_DONE)
}

export const IMMEDIATE_ACK_LENGTH = 1

/** IMMEDIATE_ACK, draft-ietf-quic-ack-frequency §5. Like a PING it is not repeated. */
export function writeImmediateAck(writer: PacketWriter): void {
  writer.u8(FRAME_IMMEDIATE_ACK)
  writer.addToken(TOKEN_PING)
}

export function ackFrequencyLength(
  sequenceNumber: number,
  ackElicitingThreshold: number,
  requestedMaxAckDelay: number,
  reorderingThreshold: number,
): number {
  return (
    2 +
    varintLength(sequenceNumber) +
    varintLength(ackElicitingThreshold) +
    varintLength(requestedMaxAckDelay) +
    varintLength(reorderingThreshold)
  )
}

/**
 * ACK_FREQUENCY, draft-ietf-quic-ack-frequency §4.
 *
 * @param requestedMaxAckDelay in microseconds.
 */
export function writeAckFrequency(
  writer: PacketWriter,
  sequenceNumber: number,
  ackElicitingThreshold: number,
  requestedMaxAckDelay: number,
  reorderingThreshold: number,
): void {
  writer.varint(FRAME_ACK_FREQUENCY)
  writer.varint(sequenceNumber)
  writer.varint(ackElicitingThreshold)
  writer.varint(requestedMaxAckDelay)
  writer.varint(reorderingThreshold)
  writer.addToken(TOKEN_ACK_FREQUENCY, sequenceNumber)
}

function writeBytes(writer: PacketWriter, data: Uint8Array): void {
  writer.bytes.set(data, writer.position)
  writer.position += data.length
}
