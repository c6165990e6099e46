export { Endpoint } from './endpoint.ts'
export type { ConnectConfig, EndpointConfig, ServerConfig } from './endpoint/config.ts'
export type { EndpointStats } from './endpoint/stats.ts'
export type { Connection, ConnectionPhase, ConnectionStats } from './connection/connection.ts'
export type { DropCounts } from './connection/drop-counts.ts'
export type { FragmentListener, NetworkPath, Transmit } from './network-path.ts'
export type { ResolvedTransportOptions, TransportOptions } from './transport-options.ts'
export { parseTransportOptions } from './transport-options.ts'
export {
  LEVEL_APPLICATION,
  LEVEL_HANDSHAKE,
  LEVEL_INITIAL,
  LEVEL_ZERO_RTT,
} from './handshake-session.ts'
export type { EncryptionLevel, HandshakeEvent, HandshakeSession } from './handshake-session.ts'
export type {
  AckSample,
  CongestionController,
  RateController,
} from './recovery/congestion-controller.ts'
export type { CongestionControl } from './recovery/create-congestion-controller.ts'
export type { LostPacket, RateSample } from './recovery/delivery-rate.ts'
export type { RttEstimator } from './recovery/rtt.ts'
export type { ConnectionEvent, QuicPort, QuicStream, StreamDirection } from './port.ts'
export {
  APPLICATION_ERROR,
  ApplicationError,
  CRYPTO_ERROR,
  IdleTimeoutError,
  INTERNAL_ERROR,
  NO_ERROR,
  PROTOCOL_VIOLATION,
  QuicError,
  StatelessResetError,
  StreamResetError,
  transportErrorName,
  TransportError,
  VersionNegotiationError,
} from './errors.ts'
export { isClientInitiated, isUnidirectional, streamIndex } from './streams/stream-id.ts'
export type { TransportParameters } from './transport-parameters.ts'
