// QUIC for application protocols other than HTTP/3: an endpoint on a socket, and connections whose
// events go to whoever owns them. Entry point `@godwit/node/quic`. Below servers and sessions of
// HTTP/3, so it moves with them: no promise of stability yet.

import type { CipherSuite } from '@godwit/crypto'
import type { Connection, TransportOptions } from '@godwit/quic'
import { createClientSession, createServerSession, type TlsSession } from '@godwit/tls'
import { selectProvider, type CryptoBackend } from './crypto/select-provider.ts'
import { EndpointHost, type ConnectionOwner } from './endpoint-host.ts'
import type { PemInput } from './options.ts'
import { aPem } from './options.ts'
import { keyLogOf } from './tls/key-log.ts'
import { ServerIdentities } from './tls/server-identities.ts'
import { trustStoreOf } from './tls/trust.ts'

export { EndpointHost } from './endpoint-host.ts'
export type { ConnectionOwner, EndpointHostOptions } from './endpoint-host.ts'
export type { SessionListener } from './server/session.ts'
export type { Connection, ConnectionEvent, QuicStream, TransportOptions } from '@godwit/quic'

/** What a listening endpoint needs. */
export interface QuicListenOptions {
  /** Private key and certificate chain in PEM. */
  readonly key: PemInput
  readonly cert: PemInput
  /** Application protocols, the preferred one first. */
  readonly alpnProtocols: readonly string[]
  /** Address to bind to. Default: every one. */
  readonly host?: string
  readonly port: number
  readonly transport?: TransportOptions
  readonly crypto?: CryptoBackend
  /**
   * Makes the owner of a connection that a peer opened. `applicationProtocol` is known from the
   * connection's first event on.
   */
  accept(connection: Connection, host: EndpointHost): ConnectionOwner
  /** The socket failed. */
  onError(error: Error): void
}

/** Binds and listens. Rejects with Node's own error; throws for a wrong key or certificate. */
export async function listenQuic(options: QuicListenOptions): Promise<EndpointHost> {
  const provider = selectProvider(options.crypto)
  const { key, cert, alpnProtocols, transport } = options
  const identities = new ServerIdentities(provider, { key, cert }, undefined)
  const keyLog = keyLogOf()
  const host: EndpointHost = await EndpointHost.open({
    provider,
    host: options.host,
    port: options.port,
    server: {
      createHandshake: () =>
        createServerSession({
          crypto: provider,
          selectIdentity: (name) => identities.select(name),
          alpnProtocols,
          wallClock: Date.now,
          ...(keyLog === undefined ? {} : { keyLog }),
        }),
      ...(transport === undefined ? {} : { transport }),
    },
    accept: (connection) => options.accept(connection, host),
    onError: (error) => options.onError(error),
  })
  return host
}

/** A socket for connections of ours. `family` is 4 or 6. */
export function openQuicClient(
  family: 4 | 6,
  onError: (error: Error) => void,
  crypto?: CryptoBackend,
): Promise<EndpointHost> {
  const host = family === 6 ? '::' : '0.0.0.0'
  return EndpointHost.open({ provider: selectProvider(crypto), host, port: 0, onError })
}

/** What a connection of ours needs. */
export interface QuicConnectOptions {
  readonly address: string
  readonly port: number
  /** The name or address that the server's certificate must prove. */
  readonly servername: string
  /** Authorities to trust, in PEM. Default: those of Node. */
  readonly ca?: PemInput
  readonly alpnProtocols: readonly string[]
  /** Cipher suites to offer. Default: all. */
  readonly cipherSuites?: readonly CipherSuite[]
  readonly transport?: TransportOptions
  readonly crypto?: CryptoBackend
}

/** Starts a connection; `makeOwner` is called with it before anything happens on it. */
export function connectQuic<T extends ConnectionOwner>(
  host: EndpointHost,
  options: QuicConnectOptions,
  makeOwner: (connection: Connection) => T,
): T {
  const { address, port, alpnProtocols, cipherSuites, transport } = options
  const keyLog = keyLogOf()
  const handshake = createClientSession({
    crypto: selectProvider(options.crypto),
    serverName: options.servername,
    alpnProtocols,
    trustStore: trustStoreOf(options.ca === undefined ? undefined : aPem('ca', options.ca)),
    wallClock: Date.now,
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    ...(keyLog === undefined ? {} : { keyLog }),
  })
  const config = { handshake, ...(transport === undefined ? {} : { transport }) }
  return host.connect({ address, port }, config, makeOwner)
}

/** What ALPN chose (RFC 7301), or null while that is open. */
export function applicationProtocol(connection: Connection): string | null {
  return (connection.handshake as TlsSession).alpnProtocol // sound: this package makes every handshake
}
