// The payload of a packet: frames are decoded, written again by our encoder, and decoded once more.

import { ByteReader, RangeSet } from '@godwit/wire'
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
} from '../../../quic/src/constants.ts'
import { TransportError } from '../../../quic/src/errors.ts'
import { decodeFrame } from '../../../quic/src/frame-decoder.ts'
import * as encoder from '../../../quic/src/frame-encoder.ts'
import { Frame, isAckEliciting, isFramePermitted, isProbing } from '../../../quic/src/frame.ts'
import { PacketWriter } from '../../../quic/src/packet-writer.ts'
import { varintAt } from '../engine/outlines.ts'
import { attempt, must, mustMatch } from '../engine/target.ts'
import type { Element, Target } from '../engine/target.ts'

/** Every kind of frame once, in the order of their types. */
export const ONE_OF_EACH: readonly (readonly number[])[] = [
  [0x00, 0x00],
  [0x01],
  [0x02, 0x0a, 0x05, 0x02, 0x01, 0x00, 0x01, 0x01, 0x02],
  [0x03, 0x40, 0x50, 0x05, 0x01, 0x01, 0x00, 0x01, 0x07, 0x08, 0x40, 0x09],
  [0x04, 0x04, 0x41, 0x0c, 0x44, 0x00],
  [0x05, 0x00, 0x41, 0x0c],
  [0x06, 0x00, 0x04, 1, 2, 3, 4],
  [0x07, 0x03, 9, 9, 9],
  [0x08, 0x00, 1, 2, 3],
  [0x0a, 0x04, 0x02, 1, 2],
  [0x0b, 0x02, 0x01, 7],
  [0x0f, 0x08, 0x40, 0x64, 0x03, 1, 2, 3],
  [0x10, 0x80, 0x01, 0x00, 0x00],
  [0x11, 0x00, 0x80, 0x01, 0x00, 0x00],
  [0x12, 0x41, 0x00],
  [0x13, 0xd0, 0, 0, 0, 0, 0, 0, 0],
  [0x14, 0x41, 0x00],
  [0x15, 0x00, 0x41, 0x00],
  [0x16, 0x10],
  [0x17, 0x10],
  [0x18, 0x02, 0x01, 0x04, 1, 2, 3, 4, ...new Array<number>(16).fill(5)],
  [0x19, 0x01],
  [0x1a, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x1b, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x1c, 0x0a, 0x06, 0x02, 0x68, 0x69],
  [0x1d, 0x41, 0x00, 0x02, 0x68, 0x69],
  [0x1e],
  [0x1f],
  [0x40, 0xaf, 0x01, 0x02, 0x41, 0x00, 0x03],
]

const writer = new PacketWriter(new Uint8Array(70_000))
const decoded = new Frame()
const again = new Frame()

export const quicFrames: Target = {
  name: 'quic-frames',
  about: 'decodeFrame: only TransportError; what our encoder writes of a frame reads the same',
  maxLength: 1500,
  steps: { base: 400, perByte: 60 },
  seeds: () => [
    ...ONE_OF_EACH.map((frame) => Uint8Array.from(frame)),
    Uint8Array.from(ONE_OF_EACH.filter(([type]) => type !== 0x08).flat()),
  ],
  outline: frameElements,
  run(input) {
    const reader = new ByteReader(input)
    const frame = decoded
    while (reader.remaining > 0) {
      const start = reader.position
      const { error } = attempt(() => decodeFrame(reader, frame), TransportError)
      if (error !== null) {
        must(error.errorCode === 0x07 || error.errorCode === 0x0a, `error code ${error.errorCode}`)
        return
      }
      must(reader.position > start && reader.position <= input.length, 'no step forward')
      checkRegion(frame, start, reader.position)
      for (const level of [0, 1, 2, 3] as const) isFramePermitted(frame.type, level)
      isAckEliciting(frame.type)
      isProbing(frame.type)
      checkAgain(frame, input)
    }
  },
}

/** The frames of a payload as elements, until one that is none. */
export function frameElements(input: Uint8Array): Element[] {
  const reader = new ByteReader(input)
  const frame = new Frame()
  const elements: Element[] = []
  while (reader.remaining > 0) {
    const start = reader.position
    if (attempt(() => decodeFrame(reader, frame), TransportError).error !== null) break
    const end = reader.position
    elements.push({ start, end, contents: start + 1, length: null, children: dataOf(input, frame) })
  }
  return elements
}

/** The part of a frame that has its length in front. */
function dataOf(input: Uint8Array, { type, start, end }: Frame): Element[] {
  if (!WITH_DATA.has(type)) return []
  if (type === FRAME_NEW_CONNECTION_ID) {
    const length = { at: start - 1, size: 1, kind: 'u8' } as const
    return [{ start: start - 1, end, contents: start, length, children: [] }]
  }
  for (const size of [1, 2, 4, 8]) {
    const at = start - size
    const field = at > 0 ? varintAt(input, at, start) : null
    if (field?.size !== size || field.value !== end - start) continue
    const length = { at, size, kind: 'varint' } as const
    return [{ start: at, end, contents: start, length, children: [] }]
  }
  return []
}

const WITH_DATA = new Set([
  FRAME_CRYPTO,
  FRAME_STREAM,
  FRAME_NEW_TOKEN,
  FRAME_NEW_CONNECTION_ID,
  FRAME_PATH_CHALLENGE,
  FRAME_PATH_RESPONSE,
  FRAME_CONNECTION_CLOSE,
  FRAME_CONNECTION_CLOSE_APPLICATION,
])

function checkRegion(frame: Frame, start: number, end: number): void {
  if (!WITH_DATA.has(frame.type)) return
  must(frame.start > start && frame.end >= frame.start && frame.end <= end, 'data out of the frame')
  if (frame.type === FRAME_NEW_CONNECTION_ID) {
    const { start: from, end: to } = frame
    must(to - from >= 1 && to - from <= 20, `a connection ID of ${to - from} bytes`)
    must(frame.resetTokenStart + 16 === end, 'the reset token is not at the end')
  }
  if (frame.type === FRAME_STREAM || frame.type === FRAME_CRYPTO) {
    must(Number.isSafeInteger(frame.offset + frame.end - frame.start), 'beyond 2^53-1')
  }
}

/** What of a frame means something. */
function fieldsOf(frame: Frame, bytes: Uint8Array): unknown {
  const data = WITH_DATA.has(frame.type) ? bytes.slice(frame.start, frame.end) : null
  const { type, streamId, offset, fin, errorCode, finalSize, maximum, sequenceNumber } = frame
  switch (type) {
    case FRAME_ACK:
    case FRAME_ACK_ECN: {
      const { largest, encodedDelay, rangeCount, rangeSmallest, rangeLargest } = frame.ack
      const { ecn, ect0, ect1, ce } = frame.ack
      const ranges = [...rangeSmallest.subarray(0, rangeCount)].map((low, i) => {
        must(low >= 0 && low <= rangeLargest[i], `range ${low} to ${rangeLargest[i]}`)
        must(i === 0 || rangeLargest[i] < rangeSmallest[i - 1] - 1, 'ranges that touch')
        return [low, rangeLargest[i]]
      })
      must(rangeLargest[0] === largest, 'the first range ends below the largest')
      return [type, largest, encodedDelay, ranges, ecn, ect0, ect1, ce]
    }
    case FRAME_RESET_STREAM:
      return [type, streamId, errorCode, finalSize]
    case FRAME_STOP_SENDING:
      return [type, streamId, errorCode]
    case FRAME_CRYPTO:
      return [type, offset, data]
    case FRAME_STREAM:
      return [type, streamId, offset, fin, data]
    case FRAME_MAX_STREAM_DATA:
    case FRAME_STREAM_DATA_BLOCKED:
      return [type, streamId, maximum]
    case FRAME_NEW_CONNECTION_ID: {
      const token = bytes.slice(frame.resetTokenStart, frame.resetTokenStart + 16)
      return [type, sequenceNumber, frame.retirePriorTo, data, token]
    }
    case FRAME_RETIRE_CONNECTION_ID:
      return [type, sequenceNumber]
    case FRAME_CONNECTION_CLOSE:
      return [type, errorCode, frame.causeFrameType, data]
    case FRAME_CONNECTION_CLOSE_APPLICATION:
      return [type, errorCode, data]
    case FRAME_ACK_FREQUENCY: {
      const { ackElicitingThreshold, requestedMaxAckDelay, reorderingThreshold } = frame
      return [
        type,
        sequenceNumber,
        ackElicitingThreshold,
        requestedMaxAckDelay,
        reorderingThreshold,
      ]
    }
    case FRAME_PADDING:
    case FRAME_PING:
    case FRAME_HANDSHAKE_DONE:
    case FRAME_IMMEDIATE_ACK:
      return [type]
    default:
      return [type, data ?? maximum]
  }
}

function checkAgain(frame: Frame, input: Uint8Array): void {
  const fields = fieldsOf(frame, input)
  writer.reset(0, writer.bytes.length)
  const expected = write(frame, input)
  if (expected < 0) return
  must(writer.position === expected, `${writer.position} bytes written where ${expected} were said`)
  const reader = new ByteReader(writer.bytes, 0, writer.position)

  decodeFrame(reader, again)
  must(reader.done, 'not all that was written was read')
  mustMatch(fieldsOf(again, writer.bytes), fields, 'written and read again')
}

/** Writes the frame by our encoder; the length that it announces, or -1 for one that it never writes. */
function write(frame: Frame, input: Uint8Array): number {
  const { streamId, offset, fin, errorCode, finalSize, maximum, sequenceNumber, type } = frame
  const data = WITH_DATA.has(type) ? input.subarray(frame.start, frame.end) : new Uint8Array(0)
  const withData = (header: number): number => {
    writer.bytes.set(data, writer.position)
    writer.position += data.length
    return header + data.length
  }
  switch (type) {
    case FRAME_ACK:
    case FRAME_ACK_ECN:
      return writeAckOf(frame)
    case FRAME_PING:
      encoder.writePing(writer)
      return encoder.PING_LENGTH
    case FRAME_RESET_STREAM:
      encoder.writeResetStream(writer, streamId, errorCode, finalSize)
      return encoder.resetStreamLength(streamId, errorCode, finalSize)
    case FRAME_STOP_SENDING:
      encoder.writeStopSending(writer, streamId, errorCode)
      return encoder.stopSendingLength(streamId, errorCode)
    case FRAME_CRYPTO:
      encoder.writeCryptoHeader(writer, offset, data.length)
      return withData(encoder.cryptoHeaderLength(offset, data.length))
    case FRAME_NEW_TOKEN:
      encoder.writeNewToken(writer, data)
      return encoder.newTokenLength(data)
    case FRAME_STREAM:
      encoder.writeStreamHeader(writer, streamId, offset, data.length, fin)
      return withData(encoder.streamHeaderLength(streamId, offset, data.length))
    case FRAME_MAX_DATA:
      encoder.writeMaxData(writer, maximum)
      return encoder.maxDataLength(maximum)
    case FRAME_MAX_STREAM_DATA:
      encoder.writeMaxStreamData(writer, streamId, maximum)
      return encoder.maxStreamDataLength(streamId, maximum)
    case FRAME_MAX_STREAMS_BIDI:
    case FRAME_MAX_STREAMS_UNI:
      encoder.writeMaxStreams(writer, type === FRAME_MAX_STREAMS_BIDI, maximum)
      return encoder.maxStreamsLength(maximum)
    case FRAME_DATA_BLOCKED:
      encoder.writeDataBlocked(writer, maximum)
      return encoder.dataBlockedLength(maximum)
    case FRAME_STREAM_DATA_BLOCKED:
      encoder.writeStreamDataBlocked(writer, streamId, maximum)
      return encoder.streamDataBlockedLength(streamId, maximum)
    case FRAME_STREAMS_BLOCKED_BIDI:
    case FRAME_STREAMS_BLOCKED_UNI:
      encoder.writeStreamsBlocked(writer, type === FRAME_STREAMS_BLOCKED_BIDI, maximum)
      return encoder.streamsBlockedLength(maximum)
    case FRAME_NEW_CONNECTION_ID: {
      const token = input.subarray(frame.resetTokenStart, frame.resetTokenStart + 16)
      encoder.writeNewConnectionId(writer, sequenceNumber, frame.retirePriorTo, data, token)
      return encoder.newConnectionIdLength(sequenceNumber, frame.retirePriorTo, data)
    }
    case FRAME_RETIRE_CONNECTION_ID:
      encoder.writeRetireConnectionId(writer, sequenceNumber)
      return encoder.retireConnectionIdLength(sequenceNumber)
    case FRAME_PATH_CHALLENGE:
      encoder.writePathChallenge(writer, data)
      return encoder.PATH_FRAME_LENGTH
    case FRAME_PATH_RESPONSE:
      encoder.writePathResponse(writer, data)
      return encoder.PATH_FRAME_LENGTH
    case FRAME_CONNECTION_CLOSE:
    case FRAME_CONNECTION_CLOSE_APPLICATION: {
      const application = type === FRAME_CONNECTION_CLOSE_APPLICATION
      encoder.writeConnectionClose(writer, application, errorCode, frame.causeFrameType, data)
      return encoder.connectionCloseLength(application, errorCode, frame.causeFrameType, data)
    }
    case FRAME_HANDSHAKE_DONE:
      encoder.writeHandshakeDone(writer)
      return encoder.HANDSHAKE_DONE_LENGTH
    case FRAME_IMMEDIATE_ACK:
      encoder.writeImmediateAck(writer)
      return encoder.IMMEDIATE_ACK_LENGTH
    case FRAME_ACK_FREQUENCY: {
      const { ackElicitingThreshold, requestedMaxAckDelay, reorderingThreshold } = frame
      const rest = [ackElicitingThreshold, requestedMaxAckDelay, reorderingThreshold] as const
      encoder.writeAckFrequency(writer, sequenceNumber, ...rest)
      return encoder.ackFrequencyLength(sequenceNumber, ...rest)
    }
    default:
      return -1
  }
}

function writeAckOf({ ack }: Frame): number {
  const received = new RangeSet()
  for (let i = ack.rangeCount - 1; i >= 0; i--) {
    // Packet numbers up to 2^53-2: the set wants the number after the last.
    if (ack.rangeLargest[i] === Number.MAX_SAFE_INTEGER) return -1
    received.add(ack.rangeSmallest[i], ack.rangeLargest[i] + 1)
  }
  const counts = ack.ecn ? Float64Array.of(ack.ect0, ack.ect1, ack.ce) : null
  must(encoder.writeAck(writer, received, ack.encodedDelay, counts), 'no room for an ACK')
  return writer.position
}
