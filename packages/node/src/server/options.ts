// The options of a server, parsed once.

import type { ServerOptions as HttpsServerOptions } from 'node:https'

import type { CipherSuite } from '@godwit/crypto'
import type { ResolvedTransportOptions, TransportOptions } from '@godwit/quic'
import { DEFAULT_CLOSE_TIMEOUT, DEFAULT_STREAM_IDLE_TIMEOUT } from '../limits.ts'
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
import { parseBackend, type CryptoBackend } from '../crypto/select-provider.ts'
import { aCipherList } from '../tls/ciphers.ts'
import type { IdentityOptions } from '../tls/identity.ts'
import type { SNICallback } from '../tls/server-identities.ts'

/** Options of `createServer`. TLS options have the names of node:tls. Unknown names are errors. */
export interface Http3ServerOptions {
  /** Private key in PEM. */
  readonly key: PemInput
  /** Certificate chain in PEM, the server's own first. */
  readonly cert: PemInput
  readonly passphrase?: string
  /** Chooses a certificate by the name that the client asks for. */
  readonly SNICallback?: SNICallback
  /** Application protocols. Default `['h3']`. */
  readonly ALPNProtocols?: readonly string[]
  /**
   * Cipher suites by their standard names, with colons between; the first that the client offers is
   * taken. Default: TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256. Not
   * for `alsoTcp`.
   */
  readonly ciphers?: string
  /** Limits and behaviour of QUIC. */
  readonly transport?: TransportOptions
  /** Which cryptography: 'simd' (the default where it runs), 'node' or 'noble'. */
  readonly crypto?: CryptoBackend
  /** Bytes of a request's fields, as RFC 9114 §4.2.2 counts them. Default 16,384 as in node:http. */
  readonly maxHeaderSize?: number
  /** Connections at a time. Default 10,000. */
  readonly maxConnections?: number
  /**
   * Bytes of bodies that all HTTP/3 connections together may make the server hold in its transport:
   * written and not acknowledged, or received and not read. As it fills up, connections that hold more than
   * their share are held back, then new ones are refused, then those that hold the most are closed.
   * Default 1 GiB.
   */
  readonly memoryBudget?: number
  /**
   * Time for a client to send its header section whole, to send content that is being read, or to
   * take some of a response, in ms; a request is cancelled after one to two times as long. 0: never.
   * Default 60,000.
   */
  readonly streamIdleTimeout?: number
  /** Time that `close()` gives requests in progress, in ms. Default 10,000. */
  readonly closeTimeout?: number
  /**
   * Also answers HTTP/2 and HTTP/1.1 over TCP on the same port, with the same handler, and points
   * browsers to HTTP/3 by Alt-Svc. Default false.
   */
  readonly alsoTcp?: boolean
  /** Options for the server over TCP, such as `requestTimeout`. */
  readonly tcp?: HttpsServerOptions
}

export interface ResolvedServerOptions {
  readonly identity: IdentityOptions
  readonly sniCallback: SNICallback | undefined
  readonly alpnProtocols: readonly string[]
  readonly cipherSuites: readonly CipherSuite[] | undefined
  readonly transport: ResolvedTransportOptions
  readonly crypto: CryptoBackend | undefined
  readonly maxHeaderSize: number
  readonly maxConnections: number
  /** Absent: the transport's own default. */
  readonly memoryBudget: number | undefined
  readonly streamIdleTimeout: number
  readonly closeTimeout: number
  readonly alsoTcp: boolean
  readonly tcp: HttpsServerOptions
}

const SCHEMA = {
  key: aPem,
  cert: aPem,
  passphrase: aString,
  SNICallback: aFunction<SNICallback>,
  ALPNProtocols: aNonEmptyStringList,
  ciphers: aCipherList,
  transport: anObject<TransportOptions>,
  crypto: parseBackend,
  maxHeaderSize: anInteger(1, 2 ** 30),
  maxConnections: anInteger(1, 2 ** 30),
  memoryBudget: anInteger(1, Number.MAX_SAFE_INTEGER),
  streamIdleTimeout: aDuration,
  closeTimeout: aDuration,
  alsoTcp: aBoolean,
  tcp: anObject<HttpsServerOptions>,
}

export function parseServerOptions(options: Http3ServerOptions): ResolvedServerOptions {
  const { key, cert, passphrase, ...parsed } = parseOptions(options, SCHEMA)
  return Object.freeze({
    identity: Object.freeze({
      // sound: loadIdentities says which one is missing
      key: key as readonly string[],
      cert: cert as readonly string[],
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
    sniCallback: parsed.SNICallback,
    alpnProtocols: parsed.ALPNProtocols ?? ['h3'],
    cipherSuites: parsed.ciphers,
    transport: parseHttp3Transport(parsed.transport),
    crypto: parsed.crypto,
    maxHeaderSize: parsed.maxHeaderSize ?? 16_384,
    maxConnections: parsed.maxConnections ?? 10_000,
    memoryBudget: parsed.memoryBudget,
    streamIdleTimeout: parsed.streamIdleTimeout ?? DEFAULT_STREAM_IDLE_TIMEOUT,
    closeTimeout: parsed.closeTimeout ?? DEFAULT_CLOSE_TIMEOUT,
    alsoTcp: parsed.alsoTcp ?? false,
    tcp: parsed.tcp ?? {},
  })
}
