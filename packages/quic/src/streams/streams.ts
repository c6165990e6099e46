// All streams of one connection, RFC 9000 §2 to §4. (Signatures first; the body follows.)

import type { PacketWriter } from '../packet-writer.ts'
import type { ConnectionEvent, QuicStream, StreamDirection } from '../port.ts'
import type { TransportParameters } from '../transport-parameters.ts'

export interface StreamsOptions {
  readonly side: 'client' | 'server'
  /** What we announce: the initial limits. */
  readonly local: TransportParameters
  /** Bytes: how far the connection's receive window may grow with use. */
  readonly maxData: number
  /** Bytes: how far the receive window of one stream may grow with use. */
  readonly maxStreamData: number
  /** Called when a command of the application gave us something to send. */
  readonly onPending: () => void
}

/** Figures of the streams of a connection. */
export interface StreamsStats {
  readonly openStreams: number
  /** Bytes written by the application and not yet acknowledged. */
  readonly bytesToSend: number
  /** Bytes received and not yet read. */
  readonly bytesToRead: number
}

export declare class Streams {
  constructor(options: StreamsOptions)
  /** May come twice: limits remembered for 0-RTT, then the real ones. Limits never shrink. */
  setPeerLimits(peer: TransportParameters): void
  setRtt(smoothedRtt: number): void
  open(direction: StreamDirection): QuicStream | null

  handleStreamFrame(
    now: number,
    id: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    fin: boolean,
  ): void
  handleResetStream(now: number, id: number, errorCode: number, finalSize: number): void
  handleStopSending(id: number, errorCode: number): void
  handleMaxData(maximum: number): void
  handleMaxStreamData(id: number, maximum: number): void
  handleMaxStreams(bidi: boolean, maximum: number): void
  handleDataBlocked(limit: number): void
  handleStreamDataBlocked(id: number, limit: number): void
  handleStreamsBlocked(bidi: boolean, limit: number): void

  /** Kinds TOKEN_STREAM .. TOKEN_STREAMS_BLOCKED_UNI; others are ignored. */
  onTokenAcked(kind: number, a: number, b: number, c: number): void
  /** As above; also for data that a probe repeats while it is still in flight. */
  onTokenLost(kind: number, a: number, b: number, c: number): void

  /** True when `write...Frames` would write something into an empty packet. */
  hasPending(): boolean
  writeControlFrames(now: number, writer: PacketWriter): void
  writeStreamFrames(writer: PacketWriter): void
  pollEvent(): ConnectionEvent | null
  /** The connection is over. */
  closeAll(error: Error | null): void
  get stats(): StreamsStats
}
