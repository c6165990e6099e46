// What a handshake looks like from outside: the events and methods that QUIC asks for (RFC 9001 §4;
// the port of the quic package, satisfied by shape), and what the host may read.

import type { CipherSuite, NamedGroup } from '@godwit/crypto'

import type { EncryptionLevel } from './constants.ts'

/** What a handshake asks of, or tells, the transport. Polled until null after every input. */
export type HandshakeEvent =
  /** Bytes for CRYPTO frames of `level`, in order. The array is the receiver's to keep. */
  | { readonly type: 'crypto'; readonly level: EncryptionLevel; readonly data: Uint8Array }
  /** Fresh traffic secrets of `level`, which the receiver wipes; they precede any 'crypto' of it. */
  | {
      readonly type: 'secrets'
      readonly level: EncryptionLevel
      readonly cipherSuite: CipherSuite
      readonly read: Uint8Array | null
      readonly write: Uint8Array | null
    }
  /** The peer's quic_transport_parameters extension, as it came (RFC 9001 §8.2). */
  | { readonly type: 'transport-parameters'; readonly data: Uint8Array }
  /** Our Finished is sent and the peer's verified (RFC 9001 §4.1.1). */
  | { readonly type: 'complete' }
  /** The handshake failed with the alert `description` (RFC 9001 §4.8). Nothing follows. */
  | {
      readonly type: 'alert'
      readonly description: number
      readonly reason: string
      readonly error: Error
      /** Where RFC 9001 names a transport error instead of an alert: that error's code. */
      readonly transportErrorCode?: number
    }

/** A TLS 1.3 handshake for QUIC, without I/O. */
export interface TlsSession {
  readonly side: 'client' | 'server'

  /**
   * Gives our encoded transport parameters. A client then has its ClientHello to poll; a server
   * waits for one. Throws TypeError when called twice.
   */
  start(transportParameters: Uint8Array): void
  /**
   * Bytes of CRYPTO frames of `level`, in order, without gaps, cut anywhere. Read during the call
   * only. Never throws for what the peer sent.
   */
  handleCrypto(level: EncryptionLevel, data: Uint8Array): void
  pollEvent(): HandshakeEvent | null
  /** Wipes secrets; the session is not used afterwards. */
  dispose(): void

  /** The application protocol agreed on, or null before that (RFC 7301). */
  readonly alpnProtocol: string | null
  /** The name in server_name: asked for by a client, received by a server. Null: none (RFC 6066 §3). */
  readonly serverName: string | null
  /** The peer's certificates as DER, the leaf first. Empty before, and for a client that showed none. */
  readonly peerCertificates: readonly Uint8Array[]
  /** Null before the ServerHello. */
  readonly cipherSuite: CipherSuite | null
  /** Group of the key exchange, null before the ServerHello. */
  readonly group: NamedGroup | null
  /** Why the peer's chain was not trusted when `rejectUnauthorized` is false; an X509Error. */
  readonly verificationError: Error | null
  readonly isComplete: boolean
  /** True when a HelloRetryRequest was part of the handshake. */
  readonly helloRetried: boolean
  /**
   * Keying material for other protocols, RFC 9846 §7.5. Null before the handshake is complete, and
   * after `dispose`.
   */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | null
}

export interface ClientSession extends TlsSession {
  readonly side: 'client'
}

export interface ServerSession extends TlsSession {
  readonly side: 'server'
}
