// The options of a client connection, parsed once.

import type { LookupOneOptions } from 'node:dns'

import type { CipherSuite } from '@godwit/crypto'
import type { ResolvedTransportOptions, TransportOptions } from '@godwit/quic'
import type { TrustStore } from '@godwit/x509'
import { parseBackend, type CryptoBackend } from '../crypto/select-provider.ts'
import { DEFAULT_CONNECT_TIMEOUT } from '../limits.ts'
import {
  aBoolean,
  aDuration,
  aFunction,
  anInteger,
  anObject,
  aNonEmptyStringList,
  aPem,
  aString,
  parseHttp3Transport,
  parseOptions,
  type PemInput,
} from '../options.ts'
import { aCipherList } from '../tls/ciphers.ts'
import { trustStoreOf } from '../tls/trust.ts'

/** Finds the addresses of a name, as `dns.lookup` with `all: true` does. */
export type Lookup = (
  hostname: string,
  options: { all: true; family?: LookupOneOptions['family'] },
  callback: (
    error: Error | null,
    addresses: readonly { readonly address: string; readonly family: number }[],
  ) => void,
) => void

/** Options of `connect`. TLS options have the names of node:tls. Unknown names are errors. */
export interface ConnectOptions {
  /** Authorities to trust, in PEM. Default: those of Node. */
  readonly ca?: PemInput
  /** The name that the server must prove. Default: the URL's host. */
  readonly servername?: string
  /** False: goes on with a certificate that is not trusted. Only for tests. Default true. */
  readonly rejectUnauthorized?: boolean
  /** Application protocols. Default `['h3']`. */
  readonly ALPNProtocols?: readonly string[]
  /**
   * Cipher suites to offer by their standard names, the preferred one first, with colons between.
   * Default: TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256.
   */
  readonly ciphers?: string
  /** Which cryptography: 'simd' (the default where it runs), 'node' or 'noble'. */
  readonly crypto?: CryptoBackend
  /** Time for the look-up and the handshake, in ms. Default 10,000. */
  readonly connectTimeout?: number
  /** 4 or 6: only addresses of that family. Default 0: both. */
  readonly family?: number
  readonly lookup?: Lookup
  /** Limits and behaviour of QUIC. */
  readonly transport?: TransportOptions
  /** Bytes of a response's fields, as RFC 9114 §4.2.2 counts them. Default 16,384 as in node:http. */
  readonly maxHeaderSize?: number
}

export interface ResolvedConnectOptions {
  readonly trustStore: TrustStore
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
  readonly alpnProtocols: readonly string[]
  readonly cipherSuites: readonly CipherSuite[] | undefined
  readonly crypto: CryptoBackend | undefined
  readonly connectTimeout: number
  readonly family: number
  readonly lookup: Lookup | undefined
  readonly transport: ResolvedTransportOptions
  readonly maxHeaderSize: number
}

const SCHEMA = {
  ca: aPem,
  servername: aString,
  rejectUnauthorized: aBoolean,
  ALPNProtocols: aNonEmptyStringList,
  ciphers: aCipherList,
  crypto: parseBackend,
  connectTimeout: aDuration,
  family: anInteger(0, 6),
  lookup: aFunction<Lookup>,
  transport: anObject<TransportOptions>,
  maxHeaderSize: anInteger(1, 2 ** 30),
}

/** The names of `ConnectOptions`, for those who take them among others. */
export const CONNECT_OPTION_NAMES: readonly (keyof ConnectOptions)[] = Object.keys(
  SCHEMA,
) as (keyof ConnectOptions)[]

export function parseConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  const parsed = parseOptions(options, SCHEMA)
  const family = parsed.family ?? 0
  if (family !== 0 && family !== 4 && family !== 6) {
    throw new RangeError(`"family" expected 0, 4 or 6, got ${family}`)
  }
  return Object.freeze({
    trustStore: trustStoreOf(parsed.ca),
    servername: parsed.servername,
    rejectUnauthorized: parsed.rejectUnauthorized ?? true,
    alpnProtocols: parsed.ALPNProtocols ?? ['h3'],
    cipherSuites: parsed.ciphers,
    crypto: parsed.crypto,
    connectTimeout: parsed.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    family,
    lookup: parsed.lookup,
    transport: parseHttp3Transport(parsed.transport),
    maxHeaderSize: parsed.maxHeaderSize ?? 16_384,
  })
}
