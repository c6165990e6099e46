// Options of both sessions, validated once into complete records (RFC 9846 §9 names what must be
// there).

import type { CipherSuite, CryptoProvider, NamedGroup } from '@godwit/crypto'
import type { Identity, TrustStore } from '@godwit/x509'

/** What both sides are given. */
export interface SessionOptions {
  readonly crypto: CryptoProvider
  /** Application protocols, the preferred one first; at least one (RFC 9001 §8.1). */
  readonly alpnProtocols: readonly string[]
  /** Milliseconds since 1970: the time at which certificates must be valid. */
  readonly wallClock: () => number
  /** Suites, the preferred one first. Default: all of `crypto`. */
  readonly cipherSuites?: readonly CipherSuite[]
  /**
   * Groups, the preferred one first. A client sends a key share of the first. Default: all of
   * `crypto`.
   */
  readonly groups?: readonly NamedGroup[]
  /** Receives lines in the format of SSLKEYLOGFILE. Whoever has them can read the connection. */
  readonly keyLog?: (line: string) => void
}

export interface ClientSessionOptions extends SessionOptions {
  /**
   * The name that the server must prove: a DNS name, which is also sent as server_name, or an IP
   * address, which is not (RFC 6066 §3). Null: no name is sent or verified.
   */
  readonly serverName: string | null
  /** Authorities to trust. Null: none, so that every chain is refused. */
  readonly trustStore: TrustStore | null
  /** False: go on with a chain that is not trusted, and keep why in `verificationError`. Default true. */
  readonly rejectUnauthorized?: boolean
  /** SignatureScheme code points to offer, the preferred one first. Default: all that `crypto` verifies. */
  readonly signatureAlgorithms?: readonly number[]
}

/** What a server may look at to select its identity. */
export interface ClientHelloInfo {
  /** SignatureScheme code points, RFC 9846 §4.2.3. */
  readonly signatureAlgorithms: readonly number[]
  readonly alpnProtocols: readonly string[]
}

export interface ServerSessionOptions extends SessionOptions {
  /**
   * The certificate and key for a name (null: the client named none). Of several, the first whose
   * key the client can verify is used. Null, or none: unrecognized_name.
   */
  readonly selectIdentity: (
    serverName: string | null,
    hello: ClientHelloInfo,
  ) => Identity | readonly Identity[] | null
}
