// What each frame does, per packet number space: tables whose default is "not permitted"
// (RFC 9000 §12.4, table 3).

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
  FRAME_TYPE_COUNT,
  SPACE_APPLICATION,
  STATELESS_RESET_TOKEN_LENGTH,
} from '../constants.ts'
import {
  ApplicationError,
  FRAME_ENCODING_ERROR,
  NO_ERROR,
  PROTOCOL_VIOLATION,
  TransportError,
} from '../errors.ts'
import type { QuicError } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { isAckEliciting, isProbing } from '../frame.ts'
import { decodeFrame } from '../frame-decoder.ts'
import { MIN_ACK_DELAY } from '../limits.ts'
import type { ConnectionCore } from './core.ts'
import type { PacketSpace } from './packet-space.ts'
import { decodeReason } from './reason-phrase.ts'

/** One packet whose frames are being handled. Reused for every packet of a connection. */
export class FrameHandlers {
  readonly core: ConnectionCore
  readonly bytes: Uint8Array
  /** Set by the peer's CONNECTION_CLOSE: the connection is draining. `error` null: NO_ERROR. */
  peerClose: { readonly error: Error | null } | null
  now: number
  space: PacketSpace
  /** Offset of the packet's Destination Connection ID. */
  dcidStart: number
  /** The last packet held more than probing frames, RFC 9000 §9.1. */
  nonProbing: boolean

  constructor(core: ConnectionCore) {
    this.core = core
    this.bytes = core.shared.protection.engine.memory.bytes
    this.peerClose = null
    this.now = 0
    this.space = core.spaces.initial
    this.dcidStart = 0
    this.nonProbing = false
  }

  /**
   * Handles the frames of `bytes[start..end)`, the payload of an authentic packet.
   *
   * @returns whether the packet elicits an acknowledgement.
   * @throws TransportError
   */
  handlePayload(
    now: number,
    space: PacketSpace,
    dcidStart: number,
    start: number,
    end: number,
  ): boolean {
    // RFC 9000 §12.4: "An endpoint MUST treat receipt of a packet containing no frames as a
    // connection error of type PROTOCOL_VIOLATION."
    if (start === end) throw new TransportError(PROTOCOL_VIOLATION, 0, 'a packet without frames')
    this.now = now
    this.space = space
    this.dcidStart = dcidStart
    const { payloadReader: reader, frame } = this.core.shared
    reader.reset(this.bytes, start, end)
    const table = HANDLERS[space.index]
    let ackEliciting = false
    this.nonProbing = false
    while (reader.position < end && this.peerClose === null) {
      decodeFrame(reader, frame)
      if (isAckEliciting(frame.type)) ackEliciting = true
      if (!isProbing(frame.type)) this.nonProbing = true
      table[frame.type](this, frame)
    }
    return ackEliciting
  }
}

type FrameHandler = (handlers: FrameHandlers, frame: Frame) => void

function notPermitted(handlers: FrameHandlers, frame: Frame): void {
  throw new TransportError(
    PROTOCOL_VIOLATION,
    frame.wireType,
    `frame type 0x${frame.wireType.toString(16)} in a packet of encryption level ${handlers.space.level}`,
  )
}

// PADDING, PING: being received is all they are for.
function ignore(): void {}

function ack({ core, now, space }: FrameHandlers, frame: Frame): void {
  // The peer's exponent only counts for 1-RTT packets, RFC 9000 §19.3.
  const parameters = space.index === SPACE_APPLICATION ? core.handshake.peerParameters : null
  frame.ack.scaleDelay(parameters === null ? 3 : parameters.ackDelayExponent)
  core.recovery.onAckReceived(now, space.index, frame.ack)
  space.phases?.onAckReceived(frame.ack.largest)
  if (space.index !== SPACE_APPLICATION) return
  core.streams.setRtt(core.paths.current.rtt.smoothed)
  core.ackFrequency.onAckReceived(core.path.maxDatagramSize)
  core.handshake.onOneRttAck(now, frame.ack.largest)
}

function crypto({ core, now, space, bytes }: FrameHandlers, frame: Frame): void {
  space.crypto.handleFrame(frame.offset, bytes, frame.start, frame.end)
  core.handshake.handleCrypto(now, space)
}

function newToken({ core }: FrameHandlers, frame: Frame): void {
  // RFC 9000 §19.7: "A server MUST treat receipt of a NEW_TOKEN frame as a connection error of type
  // PROTOCOL_VIOLATION." and "A client MUST treat receipt of a NEW_TOKEN frame with an empty Token
  // field as a connection error of type FRAME_ENCODING_ERROR."
  if (core.side === 'server') {
    throw new TransportError(PROTOCOL_VIOLATION, frame.wireType, 'NEW_TOKEN from a client')
  }
  if (frame.start === frame.end) {
    throw new TransportError(FRAME_ENCODING_ERROR, frame.wireType, 'NEW_TOKEN without a token')
  }
  // A client that keeps tokens for later connections takes it from here.
}

function stream({ core, now, bytes }: FrameHandlers, frame: Frame): void {
  const { streamId, offset, start, end, fin } = frame
  core.streams.handleStreamFrame(now, streamId, offset, bytes, start, end, fin)
}

function resetStream({ core, now }: FrameHandlers, frame: Frame): void {
  core.streams.handleResetStream(now, frame.streamId, frame.errorCode, frame.finalSize)
}

function stopSending({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleStopSending(frame.streamId, frame.errorCode)
}

function maxData({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleMaxData(frame.maximum)
}

function maxStreamData({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleMaxStreamData(frame.streamId, frame.maximum)
}

function maxStreams({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleMaxStreams(frame.type === FRAME_MAX_STREAMS_BIDI, frame.maximum)
}

function dataBlocked({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleDataBlocked(frame.maximum)
}

function streamDataBlocked({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleStreamDataBlocked(frame.streamId, frame.maximum)
}

function streamsBlocked({ core }: FrameHandlers, frame: Frame): void {
  core.streams.handleStreamsBlocked(frame.type === FRAME_STREAMS_BLOCKED_BIDI, frame.maximum)
}

function newConnectionId({ core, bytes }: FrameHandlers, frame: Frame): void {
  const tokenEnd = frame.resetTokenStart + STATELESS_RESET_TOKEN_LENGTH
  core.peerIds.handleNew(
    frame.sequenceNumber,
    frame.retirePriorTo,
    bytes.slice(frame.start, frame.end),
    bytes.slice(frame.resetTokenStart, tokenEnd),
  )
}

function retireConnectionId({ core, bytes, dcidStart }: FrameHandlers, frame: Frame): void {
  core.localIds.handleRetire(frame.sequenceNumber, bytes, dcidStart)
}

function pathChallenge({ core, bytes }: FrameHandlers, frame: Frame): void {
  core.paths.handleChallenge(bytes, frame.start)
}

function pathResponse({ core, now, bytes }: FrameHandlers, frame: Frame): void {
  core.paths.handleResponse(now, bytes, frame.start)
}

const V8_ERROR = Error as { readonly stackTraceLimit?: number }

function connectionClose(handlers: FrameHandlers, frame: Frame): void {
  const reason = decodeReason(handlers.bytes, frame.start, frame.end)
  // A stack would show how a datagram is read, whatever the peer means, and costs 20 us of a
  // connection's 600.
  const { stackTraceLimit } = V8_ERROR
  Reflect.set(V8_ERROR, 'stackTraceLimit', 0)
  handlers.peerClose = { error: peerError(frame, reason) }
  Reflect.set(V8_ERROR, 'stackTraceLimit', stackTraceLimit)
}

function peerError(frame: Frame, reason: string): QuicError | null {
  if (frame.type === FRAME_CONNECTION_CLOSE_APPLICATION) {
    return new ApplicationError(frame.errorCode, reason, true)
  }
  if (frame.errorCode === NO_ERROR) return null
  return new TransportError(frame.errorCode, frame.causeFrameType, reason, { remote: true })
}

function handshakeDone({ core, now }: FrameHandlers, frame: Frame): void {
  // RFC 9000 §19.20: "A server MUST treat receipt of a HANDSHAKE_DONE frame as a connection error of
  // type PROTOCOL_VIOLATION."
  if (core.side === 'server') {
    throw new TransportError(PROTOCOL_VIOLATION, frame.wireType, 'HANDSHAKE_DONE from a client')
  }
  // "Servers MUST NOT send a HANDSHAKE_DONE frame before completing the handshake": it would take away the
  // Handshake keys, and with them our Finished.
  const { handshake, spaces } = core
  if (!handshake.complete || spaces.handshake.crypto.hasUnsent) {
    throw new TransportError(
      PROTOCOL_VIOLATION,
      frame.wireType,
      'HANDSHAKE_DONE before our Finished',
    )
  }
  handshake.confirm(now)
}

function immediateAck(handlers: FrameHandlers, frame: Frame): void {
  refuseUnannounced(handlers, frame)
  handlers.space.received.requestAck()
}

function ackFrequency(handlers: FrameHandlers, frame: Frame): void {
  refuseUnannounced(handlers, frame)
  const { sequenceNumber, ackElicitingThreshold, requestedMaxAckDelay, reorderingThreshold } = frame
  // draft-ietf-quic-ack-frequency §4: 2^14 ms or more, and less than our min_ack_delay: "Receipt of an
  // invalid value MUST be treated as a connection error of type PROTOCOL_VIOLATION."
  if (requestedMaxAckDelay < MIN_ACK_DELAY || requestedMaxAckDelay >= 2 ** 14 * 1000) {
    throw new TransportError(
      PROTOCOL_VIOLATION,
      frame.wireType,
      `ACK_FREQUENCY asks for a delay of ${requestedMaxAckDelay} us`,
    )
  }
  handlers.space.received.setFrequency(
    sequenceNumber,
    ackElicitingThreshold,
    requestedMaxAckDelay / 1000,
    reorderingThreshold,
  )
}

/** Frames of an extension that we did not announce are unknown, RFC 9000 §12.4. */
function refuseUnannounced({ core }: FrameHandlers, frame: Frame): void {
  if (core.localParameters.minAckDelay !== null) return
  throw new TransportError(
    FRAME_ENCODING_ERROR,
    frame.wireType,
    `unknown frame type 0x${frame.wireType.toString(16)}`,
  )
}

function handshakeTable(): FrameHandler[] {
  const table = new Array<FrameHandler>(FRAME_TYPE_COUNT).fill(notPermitted)
  table[FRAME_PADDING] = ignore
  table[FRAME_PING] = ignore
  table[FRAME_ACK] = ack
  table[FRAME_ACK_ECN] = ack
  table[FRAME_CRYPTO] = crypto
  table[FRAME_CONNECTION_CLOSE] = connectionClose
  return table
}

function applicationTable(): FrameHandler[] {
  const table = handshakeTable()
  table[FRAME_RESET_STREAM] = resetStream
  table[FRAME_STOP_SENDING] = stopSending
  table[FRAME_NEW_TOKEN] = newToken
  table[FRAME_STREAM] = stream
  table[FRAME_MAX_DATA] = maxData
  table[FRAME_MAX_STREAM_DATA] = maxStreamData
  table[FRAME_MAX_STREAMS_BIDI] = maxStreams
  table[FRAME_MAX_STREAMS_UNI] = maxStreams
  table[FRAME_DATA_BLOCKED] = dataBlocked
  table[FRAME_STREAM_DATA_BLOCKED] = streamDataBlocked
  table[FRAME_STREAMS_BLOCKED_BIDI] = streamsBlocked
  table[FRAME_STREAMS_BLOCKED_UNI] = streamsBlocked
  table[FRAME_NEW_CONNECTION_ID] = newConnectionId
  table[FRAME_RETIRE_CONNECTION_ID] = retireConnectionId
  table[FRAME_PATH_CHALLENGE] = pathChallenge
  table[FRAME_PATH_RESPONSE] = pathResponse
  table[FRAME_CONNECTION_CLOSE_APPLICATION] = connectionClose
  table[FRAME_HANDSHAKE_DONE] = handshakeDone
  table[FRAME_IMMEDIATE_ACK] = immediateAck
  table[FRAME_ACK_FREQUENCY] = ackFrequency
  return table
}

/** By packet number space, then by frame type. The decoder refuses types beyond the table. */
const HANDLERS: readonly (readonly FrameHandler[])[] = [
  handshakeTable(),
  handshakeTable(),
  applicationTable(),
]

/** Whether frames of `type` are handled in a space: for a test that compares with §12.4. */
export function isHandled(space: number, type: number): boolean {
  return HANDLERS[space][type] !== notPermitted
}
