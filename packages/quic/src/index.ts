export {
  LEVEL_APPLICATION,
  LEVEL_HANDSHAKE,
  LEVEL_INITIAL,
  LEVEL_ZERO_RTT,
} from './handshake-session.ts'
export type { EncryptionLevel, HandshakeEvent, HandshakeSession } from './handshake-session.ts'
export type { ConnectionEvent, QuicPort, QuicStream, StreamDirection } from './port.ts'
