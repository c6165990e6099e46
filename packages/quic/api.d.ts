/* oxlint-disable -- a text to compare, not a program */

// What @godwit/quic exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/quic

export declare const APPLICATION_ERROR = 12

export interface AckSample {
  now: Millis
  bytes: Bytes
  bytesAfterRecovery: Bytes
  sentTime: Millis
  bytesInFlight: Bytes
  windowLimited: boolean
  rate: RateSample
}

export declare class ApplicationError extends QuicError {
  readonly name: string
  readonly errorCode: number
  readonly remote: boolean
  constructor(errorCode: number, reason: string, remote: boolean)
}

export declare const CRYPTO_ERROR = 256

export type CongestionControl = 'cubic' | 'newreno' | 'bbr'

export interface CongestionController {
  readonly name: string
  readonly cwnd: Bytes
  readonly ssthresh: Bytes
  readonly inSlowStart: boolean
  readonly recoveryStart: Millis
  readonly rates: RateController | null
  onPacketSent(now: Millis, size: Bytes, bytesInFlight: Bytes, appLimited: boolean): void
  onAcknowledged(sample: AckSample, rtt: RttEstimator): void
  onLost(now: Millis, bytes: Bytes, sentTime: Millis): boolean
  onPersistentCongestion(): void
  pacingRate(rtt: RttEstimator): number
  setMaxDatagramSize(maxDatagramSize: Bytes): void
}

export interface ConnectConfig {
  readonly handshake: HandshakeSession
  readonly transport?: TransportOptions
}

export declare class Connection implements QuicPort {
  #private
  readonly side: 'client' | 'server'
  readonly handshake: HandshakeSession
  context: unknown
  constructor(now: number, setup: ConnectionSetup)
  openStream(direction: StreamDirection): QuicStream | null
  close(errorCode: number, reason: string): void
  setKeepAlive(wanted: boolean): void
  updateKeys(): boolean
  handleDatagram(now: number, path: NetworkPath, ecn: number, offset: number, length: number): void
  handleStatelessReset(now: number): void
  handleFragmented(size: number): void
  handleTimeout(now: number): void
  pollTransmit(now: number, offset: number, limit: number): number
  shed(now: number): void
  abandon(): void
  pollTimeout(): number
  pollEvent(): ConnectionEvent | null
  get phase(): ConnectionPhase
  get handshakeConfirmed(): boolean
  get path(): NetworkPath
  get bytesHeld(): number
  get addressValidated(): boolean
  get transmitPath(): NetworkPath
  get transmitWatched(): boolean
  get peerTransportParameters(): Readonly<TransportParameters> | null
  get stats(): ConnectionStats
}

export type ConnectionEvent =
  | {
      readonly type: 'connected'
    }
  | {
      readonly type: 'handshake-confirmed'
    }
  | {
      readonly type: 'stream-opened'
      readonly stream: QuicStream
    }
  | {
      readonly type: 'stream-readable'
      readonly stream: QuicStream
    }
  | {
      readonly type: 'stream-writable'
      readonly stream: QuicStream
    }
  | {
      readonly type: 'stream-reset'
      readonly stream: QuicStream
      readonly errorCode: number
    }
  | {
      readonly type: 'stop-sending'
      readonly stream: QuicStream
      readonly errorCode: number
    }
  | {
      readonly type: 'stream-finished'
      readonly stream: QuicStream
    }
  | {
      readonly type: 'streams-available'
      readonly direction: StreamDirection
    }
  | {
      readonly type: 'closed'
      readonly error: Error | null
    }
  | {
      readonly type: 'drained'
    }

export type ConnectionPhase = 'handshaking' | 'established' | 'closing' | 'draining' | 'drained'

export interface ConnectionStats {
  readonly smoothedRtt: number
  readonly minRtt: number
  readonly latestRtt: number
  readonly congestionWindow: number
  readonly bytesInFlight: number
  readonly packetsSent: number
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly ptoCount: number
  readonly maxDatagramSize: number
  readonly openStreams: number
}

export declare class DropCounts {
  malformed: number
  tooLarge: number
  unknownConnection: number
  unknownVersion: number
  initialTooSmall: number
  saturated: number
  reflection: number
  wrongPath: number
  mismatchedConnectionId: number
  noKeys: number
  notAuthentic: number
  duplicate: number
  unexpectedType: number
  closed: number
  constructor()
}

export type EncryptionLevel =
  typeof LEVEL_INITIAL | typeof LEVEL_ZERO_RTT | typeof LEVEL_HANDSHAKE | typeof LEVEL_APPLICATION

export declare class Endpoint {
  #private
  constructor(config: EndpointConfig)
  connect(now: number, path: NetworkPath, config: ConnectConfig): Connection
  close(now: number, errorCode: number, reason: string): void
  handleDatagram(now: number, path: NetworkPath, ecn: number, offset: number, length: number): void
  handleTooLarge(length: number): void
  handleTimeout(now: number): void
  pollTransmit(now: number, offset: number, limit: number): Transmit | null
  pollTimeout(): number
  pollAccepted(): Connection | null
  pollReady(): Connection | null
  get connectionCount(): number
  get stats(): EndpointStats
}

export interface EndpointConfig {
  readonly protection: PacketProtection
  readonly randomBytes: RandomBytes
  readonly server?: ServerConfig
  readonly statelessResetKey?: Uint8Array
}

export interface EndpointStats {
  readonly datagramsReceived: number
  readonly datagramsSent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly connectionsAccepted: number
  readonly connectionsRefused: number
  readonly handshakesDropped: number
  readonly connectionsShed: number
  readonly bytesHeld: number
  readonly dropped: Readonly<DropCounts>
}

export interface FragmentListener {
  handleFragmented(size: number): void
}

export type HandshakeEvent =
  | {
      readonly type: 'crypto'
      readonly level: EncryptionLevel
      readonly data: Uint8Array
    }
  | {
      readonly type: 'secrets'
      readonly level: EncryptionLevel
      readonly cipherSuite: number
      readonly read: Uint8Array | null
      readonly write: Uint8Array | null
    }
  | {
      readonly type: 'transport-parameters'
      readonly data: Uint8Array
    }
  | {
      readonly type: 'complete'
    }
  | {
      readonly type: 'alert'
      readonly description: number
      readonly reason: string
      readonly error: Error
      readonly transportErrorCode?: number
    }

export interface HandshakeSession {
  start(transportParameters: Uint8Array): void
  handleCrypto(level: EncryptionLevel, data: Uint8Array): void
  pollEvent(): HandshakeEvent | null
  dispose(): void
}

export declare const INTERNAL_ERROR = 1

export declare class IdleTimeoutError extends QuicError {
  readonly name: string
  constructor(message?: string)
}

export declare const LEVEL_APPLICATION = 3

export declare const LEVEL_HANDSHAKE = 2

export declare const LEVEL_INITIAL = 0

export declare const LEVEL_ZERO_RTT = 1

export interface LostPacket {
  packetNumber: number
  size: Bytes
  txInFlight: Bytes
  lost: Bytes
  appLimited: boolean
}

export declare const NO_ERROR = 0

export interface NetworkPath {
  readonly address: string
  readonly port: number
}

export declare const PROTOCOL_VIOLATION = 10

export declare class QuicError extends Error {
  readonly name: string
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions)
}

export interface QuicPort {
  readonly side: 'client' | 'server'
  openStream(direction: StreamDirection): QuicStream | null
  setKeepAlive(wanted: boolean): void
  close(errorCode: number, reason: string): void
}

export interface QuicStream {
  readonly id: number
  readonly direction: StreamDirection
  readonly local: boolean
  context: unknown
  retain(): void
  release(): void
  write(data: Uint8Array): boolean
  finish(): void
  reset(errorCode: number): void
  readonly bufferedAmount: number
  readonly writableAmount: number
  readonly writable: boolean
  read(): Uint8Array | null
  readonly ended: boolean
  stopSending(errorCode: number): void
}

export interface RateController {
  onPacketLost(now: Millis, lost: Readonly<LostPacket>, delivered: Bytes): void
  readonly limitsItself: boolean
}

export interface RateSample {
  deliveryRate: number
  delivered: Bytes
  priorDelivered: Bytes
  txInFlight: Bytes
  lost: Bytes
  appLimited: boolean
}

export type ResolvedTransportOptions = Readonly<Required<TransportOptions>>

export declare class RttEstimator {
  latest: Millis
  min: Millis
  smoothed: Millis
  variation: Millis
  firstSampleAt: Millis
  constructor(initialRtt?: Millis)
  get hasSample(): boolean
  update(now: Millis, sample: Millis, ackDelay: Millis): void
  onPersistentCongestion(): void
  get probeTimeout(): Millis
}

export interface ServerConfig {
  createHandshake(): HandshakeSession
  readonly transport?: TransportOptions
  readonly maxConnections?: number
  readonly maxHandshakes?: number
  readonly memoryBudget?: number
}

export declare class StatelessResetError extends QuicError {
  readonly name: string
  constructor()
}

export type StreamDirection = 'bidi' | 'uni'

export declare class StreamResetError extends QuicError {
  readonly name: string
  readonly errorCode: number
  readonly streamId: number
  readonly remote: boolean
  constructor(streamId: number, errorCode: number, remote: boolean)
}

export interface Transmit {
  readonly size: number
  readonly segmentSize: number
  readonly path: NetworkPath
  readonly ecn: number
  readonly watch: FragmentListener | null
}

export declare class TransportError extends QuicError {
  readonly name: string
  readonly errorCode: number
  readonly frameType: number
  readonly remote: boolean
  constructor(
    errorCode: number,
    frameType: number,
    reason: string,
    options?: ErrorOptions & {
      readonly remote?: boolean
    },
  )
}

export interface TransportOptions {
  readonly maxIdleTimeout?: number
  readonly handshakeTimeout?: number
  readonly initialMaxData?: number
  readonly initialMaxStreamData?: number
  readonly maxData?: number
  readonly maxStreamData?: number
  readonly maxUnsentData?: number
  readonly initialMaxStreamsBidi?: number
  readonly initialMaxStreamsUni?: number
  readonly disableActiveMigration?: boolean
  readonly congestion?: CongestionControl
  readonly ackFrequency?: boolean
}

export interface TransportParameters {
  originalDestinationConnectionId: Uint8Array | null
  maxIdleTimeout: number
  statelessResetToken: Uint8Array | null
  maxUdpPayloadSize: number
  initialMaxData: number
  initialMaxStreamDataBidiLocal: number
  initialMaxStreamDataBidiRemote: number
  initialMaxStreamDataUni: number
  initialMaxStreamsBidi: number
  initialMaxStreamsUni: number
  ackDelayExponent: number
  maxAckDelay: number
  disableActiveMigration: boolean
  preferredAddress: PreferredAddress | null
  activeConnectionIdLimit: number
  initialSourceConnectionId: Uint8Array | null
  retrySourceConnectionId: Uint8Array | null
  minAckDelay: number | null
}

export declare class VersionNegotiationError extends QuicError {
  readonly name: string
  readonly versions: readonly number[]
  constructor(versions: readonly number[])
}

export declare function isClientInitiated(id: number): boolean

export declare function isUnidirectional(id: number): boolean

export declare function parseTransportOptions(options?: TransportOptions): ResolvedTransportOptions

export declare function streamIndex(id: number): number

export declare function transportErrorName(errorCode: number): string
