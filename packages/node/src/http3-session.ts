// What server and client sessions share: one QUIC connection with HTTP/3 on it, its events handed
// to the exchanges, its figures, its end.

import { EventEmitter } from 'node:events'

import { H3_NO_ERROR, Http3Connection } from '@godwit/http3'
import type { Http3ConnectionOptions, Http3Event, RequestStream } from '@godwit/http3'
import type { Connection, ConnectionEvent, ConnectionStats } from '@godwit/quic'
import type { TlsSession } from '@godwit/tls'
import { NumberMap } from '@godwit/wire'
import type { EndpointHost, ConnectionOwner } from './endpoint-host.ts'
import { Http3HostError, userError } from './errors.ts'
import type { ExchangeHandler } from './exchange.ts'
import { SessionSocket, type SocketOwner } from './session-socket.ts'
import { cipherName } from './tls/ciphers.ts'
import { emitErrorIfHeard, emitSafely, throwLater } from './user-code.ts'

/**
 * An HTTP/3 connection. Events: 'close' when it is over; 'error' (only when somebody listens) with
 * why, if it did not end well; 'goaway' when the peer takes no new requests.
 */
export abstract class Http3Session extends EventEmitter implements ConnectionOwner, SocketOwner {
  protected readonly host: EndpointHost
  protected readonly connection: Connection
  protected readonly http3: Http3Connection
  /** The host's own. */
  woken: boolean
  readonly #exchanges: NumberMap<ExchangeHandler>
  #socket: SessionSocket | null
  #connected: boolean
  #closing: boolean
  #destroyed: boolean
  #closed: boolean
  #error: Error | null

  constructor(host: EndpointHost, connection: Connection, options: Http3ConnectionOptions) {
    super()
    this.host = host
    this.connection = connection
    this.http3 = new Http3Connection(connection, options)
    this.woken = false
    this.#exchanges = new NumberMap()
    this.#socket = null
    this.#connected = false
    this.#closing = false
    this.#destroyed = false
    this.#closed = false
    this.#error = null
  }

  // --- commands

  /** Takes no new requests, lets those in progress end, then closes (RFC 9114 §5.2). */
  close(callback?: () => void): void {
    if (callback !== undefined) {
      if (this.#closed) process.nextTick(callback)
      else this.once('close', callback)
    }
    if (this.#closing || this.#closed) return
    this.#closing = true
    this.http3.shutdown()
    this.wake()
  }

  /** Closes at once; requests in progress fail. `errorCode` is RFC 9114 §8.1's. */
  destroy(errorCode: number = H3_NO_ERROR, reason: string = ''): void {
    if (this.#closed) return
    this.#closing = true
    this.#destroyed = true
    this.connection.close(errorCode, reason)
    this.wake()
  }

  /** Gives up requests in which nothing has moved since the last call though it was the peer's turn. */
  cancelStalled(): void {
    if (!this.#closed && this.http3.cancelStalled() > 0) this.wake()
  }

  /**
   * Starts a key update, RFC 9001 §6: what is sent next goes under new keys. False when it is too
   * early: the handshake is not confirmed, or the update before is not yet behind us.
   */
  updateKeys(): boolean {
    return this.connection.updateKeys()
  }

  /** Asks the host for a turn. For the exchanges of this session. */
  wake(): void {
    this.host.wake(this)
  }

  // --- reads

  /** Figures of the connection: RTT in ms, congestion window in bytes, packets, losses. */
  get stats(): ConnectionStats {
    return this.connection.stats
  }

  /** Always 'h3' once connected. */
  get alpnProtocol(): string | null {
    return this.tls.alpnProtocol
  }

  /** The standard name of the cipher suite, such as 'TLS_AES_128_GCM_SHA256'; null before there is one. */
  get cipher(): string | null {
    return cipherName(this.tls.cipherSuite)
  }

  /** The host name that the client asked for, or null. */
  get servername(): string | null {
    return this.tls.serverName
  }

  get remoteAddress(): string {
    return this.connection.path.address
  }

  get remotePort(): number {
    return this.connection.path.port
  }

  get localAddress(): string | undefined {
    return this.host.address?.address
  }

  get localPort(): number | undefined {
    return this.host.address?.port
  }

  /** True once the handshake is complete. */
  get connected(): boolean {
    return this.#connected
  }

  /** True when no new requests are taken. */
  get closing(): boolean {
    return this.#closing
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Why the session ended, when it did not end well. */
  get error(): Error | null {
    return this.#error
  }

  /** Requests in which something is still to be received, or to be acknowledged by the peer. */
  get activeRequests(): number {
    return this.http3.openRequests
  }

  /** A stand-in for the socket of node:http. It stays the same for the session's life. */
  get socket(): SessionSocket {
    this.#socket ??= new SessionSocket(this)
    return this.#socket
  }

  protected get tls(): TlsSession {
    return this.connection.handshake as TlsSession // sound: this package makes every handshake
  }

  // --- events

  handleEvents(): void {
    for (;;) {
      const event = this.connection.pollEvent()
      if (event === null) break
      this.http3.handleEvent(event)
      this.#pollHttp3()
      this.#handleConnectionEvent(event)
    }
    this.#pollHttp3()
    if (this.#closed || this.http3.openRequests > 0 || !this.connected) return
    if (this.#closing && this.readyToClose()) this.connection.close(H3_NO_ERROR, '')
    else this.onIdle()
  }

  #pollHttp3(): void {
    for (;;) {
      const event = this.http3.pollEvent()
      if (event === null) return
      try {
        this.#handleHttp3Event(event)
      } catch (error) {
        throwLater(error) // a listener's: the events behind it still count
      }
    }
  }

  /** Whether a closing session without exchanges has nothing else to wait for. */
  protected abstract readyToClose(): boolean
  /** No request is in progress. */
  protected abstract onIdle(): void
  protected abstract onConnected(): void
  protected abstract onRequest(stream: RequestStream, fields: readonly string[], end: boolean): void
  protected abstract onStreamsAvailable(): void
  /** The session is over; exchanges have been told. */
  protected abstract onClosed(error: Error | null): void

  /** `handler` hears of the stream's events until `removeExchange`. */
  protected addExchange(stream: RequestStream, handler: ExchangeHandler): void {
    stream.context = handler
    this.#exchanges.set(stream.id, handler)
  }

  /** The exchange needs to hear no more, not even of the session's end. */
  removeExchange(id: number): void {
    this.#exchanges.delete(id)
  }

  #handleConnectionEvent(event: ConnectionEvent): void {
    if (event.type === 'connected') {
      this.#connected = true
      this.onConnected()
    } else if (event.type === 'streams-available') {
      if (event.direction === 'bidi') this.onStreamsAvailable()
    } else if (event.type === 'closed') {
      this.#handleClosed(event.error)
    } else if (event.type === 'drained') {
      this.host.forget(this.connection)
    }
  }

  #handleHttp3Event(event: Http3Event): void {
    if (event.type === 'request') {
      // Requests that arrived with what made the application destroy the session are not its any more.
      if (!this.#destroyed) this.onRequest(event.stream, event.fields, event.end)
      return
    }
    if (event.type === 'goaway') {
      if (!this.#closed) emitSafely(this, 'goaway')
      return
    }
    if (event.type === 'settings' || event.type === 'finished') return
    const handler = event.stream.context as ExchangeHandler | undefined // sound: addExchange
    if (handler === undefined) return
    switch (event.type) {
      case 'response':
        return handler.onResponse(event.fields, event.end)
      case 'informational':
        return handler.onInformational(event.fields)
      case 'data':
        return handler.onData()
      case 'trailers':
        return handler.onTrailers(event.fields)
      case 'end':
        return handler.onEnd()
      case 'writable':
        return handler.onWritable()
      case 'reset':
        return handler.onReset(event.error)
      case 'stop-sending':
        return handler.onStopSending(event.errorCode)
    }
  }

  #loseExchanges(): void {
    const cause = this.#error === null ? {} : { cause: this.#error }
    const message = 'the connection was closed'
    const lost = new Http3HostError('ERR_HTTP3_SESSION_CLOSED', message, cause)
    const exchanges = this.#exchanges.values()
    this.#exchanges.clear()
    for (const exchange of exchanges) {
      try {
        exchange.onSessionClosed(lost)
      } catch (error) {
        throwLater(error) // a listener's: the others are to be told as well
      }
    }
  }

  #handleClosed(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#closing = true
    this.#error = error === null ? null : userError(error)
    if (this.#exchanges.size > 0) this.#loseExchanges()
    this.onClosed(this.#error)
    if (this.#error !== null) emitErrorIfHeard(this, this.#error)
    if (this.#socket !== null) emitSafely(this.#socket, 'close')
    emitSafely(this, 'close')
  }
}
