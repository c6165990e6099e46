// The port between QUIC and the TLS handshake, RFC 9001 §4. quic knows no TLS: it carries the bytes
// of CRYPTO frames per encryption level, installs the secrets it is given, and turns an alert into
// a CRYPTO_ERROR. `tls` satisfies this by shape, `testkit` has a null handshake, `node` joins them.

/** Encryption levels, in the order in which they become usable (RFC 9001 §2.1). */
export const LEVEL_INITIAL = 0
export const LEVEL_ZERO_RTT = 1
export const LEVEL_HANDSHAKE = 2
export const LEVEL_APPLICATION = 3

export type EncryptionLevel =
  typeof LEVEL_INITIAL | typeof LEVEL_ZERO_RTT | typeof LEVEL_HANDSHAKE | typeof LEVEL_APPLICATION

/** What a handshake asks of, or tells, the transport. Polled until null after every input. */
export type HandshakeEvent =
  /** Bytes for CRYPTO frames of `level`, in order. The array is the receiver's to keep. */
  | { readonly type: 'crypto'; readonly level: EncryptionLevel; readonly data: Uint8Array }
  /**
   * Traffic secrets of `level`; either may be absent (a server has write secrets for 1-RTT before
   * read secrets). They come before any 'crypto' of that level. quic wipes them when it is done.
   */
  | {
      readonly type: 'secrets'
      readonly level: EncryptionLevel
      readonly cipherSuite: number
      readonly read: Uint8Array | null
      readonly write: Uint8Array | null
    }
  /** The peer's quic_transport_parameters extension, as it came. Before any use of 1-RTT keys. */
  | { readonly type: 'transport-parameters'; readonly data: Uint8Array }
  /** The handshake is complete: our Finished is sent, the peer's verified (RFC 9001 §4.1.1). */
  | { readonly type: 'complete' }
  /** The handshake failed; `description` is the TLS alert (RFC 9001 §4.8). Nothing follows. */
  | {
      readonly type: 'alert'
      readonly description: number
      readonly reason: string
      readonly error: Error
      /**
       * Where RFC 9001 names a transport error instead of an alert (PROTOCOL_VIOLATION in §4.1.3,
       * §4.4, §4.6.1, §8.4): that code, to close with in place of CRYPTO_ERROR.
       */
      readonly transportErrorCode?: number
    }

/** A TLS handshake as QUIC sees it. */
export interface HandshakeSession {
  /**
   * Gives our encoded transport parameters. A client then has its ClientHello to poll; a server
   * waits for one.
   */
  start(transportParameters: Uint8Array): void
  /**
   * Bytes of CRYPTO frames of `level`, in order, without gaps, cut anywhere. Valid during the call
   * only. Never throws for what the peer sent.
   */
  handleCrypto(level: EncryptionLevel, data: Uint8Array): void
  pollEvent(): HandshakeEvent | null
  /** Wipes secrets; the session is not used afterwards. */
  dispose(): void
}
