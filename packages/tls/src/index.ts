export { alertName } from './alerts.ts'
export { createClientSession } from './client-session.ts'
export type { EncryptionLevel } from './constants.ts'
export { TlsError } from './errors.ts'
export type { TlsErrorOptions } from './errors.ts'
export type {
  ClientHelloInfo,
  ClientSessionOptions,
  ServerSessionOptions,
  SessionOptions,
} from './options.ts'
export { createServerSession } from './server-session.ts'
export type { ClientSession, HandshakeEvent, ServerSession, TlsSession } from './session.ts'
