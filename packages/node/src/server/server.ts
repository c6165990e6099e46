// The HTTP/3 server.

import { EventEmitter } from 'node:events'

import type { CryptoProvider } from '@godwit/crypto'
import { H3_NO_ERROR } from '@godwit/http3'
import type { Connection, EndpointStats, ServerConfig } from '@godwit/quic'
import { createServerSession } from '@godwit/tls'
import { Bag } from '@godwit/wire'
import type { Identity } from '@godwit/x509'
import { selectProvider } from '../crypto/select-provider.ts'
import { EndpointHost } from '../endpoint-host.ts'
import { Http3HostError } from '../errors.ts'
import { LONGEST_DELAY, PORT_ATTEMPTS } from '../limits.ts'
import { wrongType } from '../options.ts'
import type { LocalAddress } from '../socket.ts'
import type { IdentityOptions } from '../tls/identity.ts'
import { keyLogOf } from '../tls/key-log.ts'
import { ServerIdentities } from '../tls/server-identities.ts'
import { emitSafely, throwLater, warn } from '../user-code.ts'
import { parseListenArguments, type ListenOptions, type ListenTarget } from './listen-arguments.ts'
import {
  parseServerOptions,
  type Http3ServerOptions,
  type ResolvedServerOptions,
} from './options.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerResponse } from './response.ts'
import { Http3ServerSession, type SessionListener } from './session.ts'
import { TcpServer, type TcpListener } from './tcp-server.ts'

/** Answers a request. What it throws is its process's affair, as with node:http. */
export type RequestListener = (request: Http3ServerRequest, response: Http3ServerResponse) => void

/**
 * An HTTP/3 server. Events: 'listening', 'request' (request, response), 'connect' (the same, for
 * CONNECT; without a listener it is answered with 405), 'checkContinue' (the same, for a request that
 * waits for `writeContinue`; without a listener it gets that at once), 'session' (session), 'keylog'
 * (line), 'tlsClientError' (error: SNICallback failed, and the handshake with it), 'error' (error),
 * 'close'.
 */
export class Http3Server extends EventEmitter {
  readonly #options: ResolvedServerOptions
  readonly #provider: CryptoProvider
  readonly #identities: ServerIdentities
  readonly #sessions: Bag<Http3ServerSession>
  readonly #listener: SessionListener & TcpListener
  readonly #tcp: TcpServer | null
  #host: EndpointHost | null
  #state: 'idle' | 'binding' | 'listening' | 'closing'
  #onEmpty: (() => void) | null
  #idleTimer: NodeJS.Timeout | null
  #warnedOfHandshake: boolean

  constructor(options: Http3ServerOptions, requestListener?: RequestListener) {
    super()
    this.#options = parseServerOptions(options)
    this.#provider = selectProvider(this.#options.crypto)
    const { identity, sniCallback, alsoTcp } = this.#options
    this.#identities = new ServerIdentities(this.#provider, identity, sniCallback)
    this.#sessions = new Bag()
    this.#listener = {
      onSession: (session) => emitSafely(this, 'session', session),
      onRequest: (request, response) => this.#handleRequest(request, response),
      onHttp1Request: (request, response) => {
        if (emitSafely(this, 'request', request, response)) return
        response.statusCode = 404
        response.end()
      },
      onSessionClosed: (session) => this.#handleSessionClosed(session),
    }
    this.#tcp = alsoTcp ? new TcpServer(this.#options, this.#listener) : null
    this.#host = null
    this.#state = 'idle'
    this.#onEmpty = null
    this.#idleTimer = null
    this.#warnedOfHandshake = false
    if (requestListener !== undefined) this.on('request', requestListener)
  }

  // --- commands

  /** Starts to listen. `callback` is added to 'listening'; a failure is an 'error' event. */
  listen(port?: number, host?: string, callback?: () => void): this
  listen(port?: number, callback?: () => void): this
  listen(callback?: () => void): this
  listen(options: ListenOptions, callback?: () => void): this
  listen(...args: unknown[]): this {
    if (this.#state !== 'idle') {
      throw new Http3HostError('ERR_SERVER_ALREADY_LISTEN', 'the server is listening already')
    }
    const target = parseListenArguments(args)
    if (target.callback !== undefined) this.once('listening', target.callback)
    this.#state = 'binding'
    this.#bind(target).then(
      () => {
        if (this.#state !== 'binding') return
        this.#state = 'listening'
        this.#watchIdleStreams()
        emitSafely(this, 'listening')
      },
      (error: unknown) => {
        this.#state = 'idle'
        emitSafely(this, 'error', error)
      },
    )
    return this
  }

  /**
   * Takes no new connections and requests, lets those in progress end (for `closeTimeout` at
   * most), and closes. `callback` gets an error when the server was not listening.
   */
  close(callback?: (error?: Error) => void): this {
    if (this.#state === 'idle' || this.#state === 'closing') {
      if (callback !== undefined) {
        const error = new Http3HostError('ERR_SERVER_NOT_RUNNING', 'the server is not running')
        if (this.#state === 'closing') this.once('close', callback)
        else process.nextTick(callback, error)
      }
      return this
    }
    if (callback !== undefined) this.once('close', callback)
    this.#state = 'closing'
    this.#close().catch(throwLater)
    return this
  }

  /** Ends every connection now. Call `close` as well to stop listening. */
  closeAllConnections(): void {
    for (const session of this.#sessions.values()) session.destroy(H3_NO_ERROR, '')
    this.#tcp?.closeAllConnections()
  }

  /** Closes connections that have no requests in progress. */
  closeIdleConnections(): void {
    for (const session of this.#sessions.values()) if (session.activeRequests === 0) session.close()
    this.#tcp?.closeIdleConnections()
  }

  /** Shows another certificate to clients that ask for `hostname`; it may start with `*.`. */
  addContext(hostname: string, context: IdentityOptions): void {
    this.#identities.addContext(hostname, context)
    this.#tcp?.addContext(hostname, context)
  }

  /** Replaces the certificate for new connections, such as a renewed one. */
  setSecureContext(context: IdentityOptions): void {
    this.#identities.setDefault(context)
    this.#tcp?.setSecureContext(context)
  }

  /** Whether the server keeps the process alive. */
  ref(): this {
    this.#host?.ref()
    this.#tcp?.ref()
    return this
  }

  unref(): this {
    this.#host?.unref()
    this.#tcp?.unref()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.close(() => resolve())
    })
  }

  // --- reads

  get listening(): boolean {
    return this.#state === 'listening'
  }

  /** The address of the UDP socket, or null. */
  address(): LocalAddress | null {
    return this.#host?.address ?? null
  }

  /** The number of HTTP/3 connections, and of TCP ones with `alsoTcp`. */
  getConnections(callback: (error: Error | null, count: number) => void): void {
    const own = this.#sessions.size
    if (this.#tcp === null) process.nextTick(callback, null, own)
    else this.#tcp.getConnections((error, count) => callback(error, own + count))
  }

  /** Sessions that are open now: a set of the caller's own. */
  get sessions(): ReadonlySet<Http3ServerSession> {
    return new Set(this.#sessions.values())
  }

  /** Figures of the endpoint, with what was dropped and why. Null while not listening. */
  get stats(): EndpointStats | null {
    return this.#host?.stats ?? null
  }

  // --- private

  async #bind(target: ListenTarget): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const host = await EndpointHost.open({
        provider: this.#provider,
        host: target.host,
        port: target.port,
        server: this.#serverConfig(),
        accept: (connection) => this.#acceptConnection(connection),
        onError: (error) => emitSafely(this, 'error', error),
      })
      this.#host = host
      if (this.#tcp === null) return
      const { address, port } = host.address as LocalAddress
      try {
        await this.#tcp.listen(port, address)
        return
      } catch (error) {
        host.destroy()
        this.#host = null
        // A port that the system chose for UDP may be taken for TCP.
        const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        if (!taken || target.port !== 0 || attempt === PORT_ATTEMPTS) throw error
      }
    }
  }

  #serverConfig(): ServerConfig {
    const options = this.#options
    const emitKeyLog = (line: string): void => {
      emitSafely(this, 'keylog', Buffer.from(`${line}\n`))
    }
    const selectIdentity = (name: string | null): readonly Identity[] | null => {
      try {
        return this.#identities.select(name)
      } catch (error) {
        this.#handleHandshakeFault(error)
        return null
      }
    }
    return {
      createHandshake: () => {
        const keyLog = keyLogOf(this.listenerCount('keylog') > 0 ? emitKeyLog : undefined)
        return createServerSession({
          crypto: this.#provider,
          selectIdentity,
          alpnProtocols: options.alpnProtocols,
          ...(options.cipherSuites === undefined ? {} : { cipherSuites: options.cipherSuites }),
          wallClock: Date.now,
          ...(keyLog === undefined ? {} : { keyLog }),
        })
      },
      transport: options.transport,
      maxConnections: options.maxConnections,
      ...(options.memoryBudget === undefined ? {} : { memoryBudget: options.memoryBudget }),
    }
  }

  #acceptConnection(connection: Connection): Http3ServerSession {
    const host = this.#host as EndpointHost // sound: only a host accepts
    const options = { maxFieldSectionSize: this.#options.maxHeaderSize }
    const session = new Http3ServerSession(host, connection, options, this.#listener)
    this.#sessions.add(session)
    if (this.#state === 'closing') session.close()
    return session
  }

  /**
   * A callback of the application failed for one client, whose handshake fails. As in node:tls nobody
   * has to listen: a packet from outside must not end the process. What nobody hears is told once.
   */
  #handleHandshakeFault(error: unknown): void {
    if (emitSafely(this, 'tlsClientError', error) || this.#warnedOfHandshake) return
    this.#warnedOfHandshake = true
    warn(error)
  }

  #handleRequest(request: Http3ServerRequest, response: Http3ServerResponse): void {
    if (request.method === 'CONNECT') {
      // As with node:http2: it asks for a tunnel and has no path, so handlers of requests do not get it.
      if (emitSafely(this, 'connect', request, response)) return
      response.statusCode = 405
      response.end()
      return
    }
    if (request.headers['expect'] === '100-continue') {
      if (emitSafely(this, 'checkContinue', request, response)) return
      response.writeContinue()
    }
    if (!emitSafely(this, 'request', request, response)) {
      // Nobody answers: nor should the client wait.
      response.statusCode = 404
      response.end()
    }
  }

  #watchIdleStreams(): void {
    const { streamIdleTimeout } = this.#options
    if (streamIdleTimeout === 0) return
    const delay = Math.min(streamIdleTimeout, LONGEST_DELAY)
    this.#idleTimer = setInterval(() => {
      for (const session of this.#sessions.values()) session.cancelStalled()
    }, delay).unref()
  }

  #handleSessionClosed(session: Http3ServerSession): void {
    this.#sessions.delete(session)
    if (this.#sessions.size === 0) this.#onEmpty?.()
  }

  async #close(): Promise<void> {
    for (const session of this.#sessions.values()) session.close()
    const tcp = this.#tcp?.close()
    const http3 = new Promise<void>((resolve) => {
      if (this.#sessions.size === 0) resolve()
      else this.#onEmpty = resolve
    })
    // Nobody waits for more than this: the rest is cut off.
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.closeTimeout)
    })
    await Promise.race([Promise.all([http3, tcp]), late])
    clearTimeout(timer)
    this.#onEmpty = null
    if (this.#idleTimer !== null) clearInterval(this.#idleTimer)
    this.#idleTimer = null
    for (const session of this.#sessions.values()) session.destroy(H3_NO_ERROR, '')
    this.#tcp?.closeAllConnections()
    await this.#host?.close(H3_NO_ERROR, '')
    await tcp
    this.#host = null
    this.#state = 'idle'
    emitSafely(this, 'close')
  }
}

/** Makes an HTTP/3 server. Throws for wrong options, and for a key that is not the certificate's. */
export function createServer(
  options: Http3ServerOptions,
  requestListener?: RequestListener,
): Http3Server {
  if (requestListener !== undefined && typeof requestListener !== 'function') {
    throw wrongType('requestListener', 'function', requestListener)
  }
  return new Http3Server(options, requestListener)
}
