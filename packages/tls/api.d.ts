/* oxlint-disable -- a text to compare, not a program */

// What @godwit/tls exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/tls

export interface ClientHelloInfo {
  readonly signatureAlgorithms: readonly number[]
  readonly alpnProtocols: readonly string[]
}

export interface ClientSession extends TlsSession {
  readonly side: 'client'
}

export interface ClientSessionOptions extends SessionOptions {
  readonly serverName: string | null
  readonly trustStore: TrustStore | null
  readonly rejectUnauthorized?: boolean
  readonly signatureAlgorithms?: readonly number[]
  readonly keyShareGroups?: readonly NamedGroup[]
}

export type EncryptionLevel =
  typeof LEVEL_INITIAL | typeof LEVEL_ZERO_RTT | typeof LEVEL_HANDSHAKE | typeof LEVEL_APPLICATION

export type HandshakeEvent =
  | {
      readonly type: 'crypto'
      readonly level: EncryptionLevel
      readonly data: Uint8Array
    }
  | {
      readonly type: 'secrets'
      readonly level: EncryptionLevel
      readonly cipherSuite: CipherSuite
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

export interface ServerSession extends TlsSession {
  readonly side: 'server'
}

export interface ServerSessionOptions extends SessionOptions {
  readonly selectIdentity: (
    serverName: string | null,
    hello: ClientHelloInfo,
  ) => Identity | readonly Identity[] | null
}

export interface SessionOptions {
  readonly crypto: CryptoProvider
  readonly alpnProtocols: readonly string[]
  readonly wallClock: () => number
  readonly cipherSuites?: readonly CipherSuite[]
  readonly groups?: readonly NamedGroup[]
  readonly keyLog?: (line: string) => void
}

export declare class TlsError extends Error {
  readonly name = 'TlsError'
  readonly code: string
  readonly alert: number
  readonly transportErrorCode: number | undefined
  constructor(alert: number, message: string, options?: TlsErrorOptions)
}

export interface TlsErrorOptions extends ErrorOptions {
  readonly transportErrorCode?: number
}

export interface TlsSession {
  readonly side: 'client' | 'server'
  start(transportParameters: Uint8Array): void
  handleCrypto(level: EncryptionLevel, data: Uint8Array): void
  pollEvent(): HandshakeEvent | null
  dispose(): void
  readonly alpnProtocol: string | null
  readonly serverName: string | null
  readonly peerCertificates: readonly Uint8Array[]
  readonly cipherSuite: CipherSuite | null
  readonly group: NamedGroup | null
  readonly verificationError: Error | null
  readonly isComplete: boolean
  readonly helloRetried: boolean
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | null
}

export declare function alertName(description: number): string

export declare function createClientSession(options: ClientSessionOptions): ClientSession

export declare function createServerSession(options: ServerSessionOptions): ServerSession
