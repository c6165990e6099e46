// The client's side of an HTTP/3 connection.

import { H3_NO_ERROR, H3_REQUEST_CANCELLED } from '@godwit/http3'
import type { Http3ConnectionOptions, RequestStream } from '@godwit/http3'
import type { Connection } from '@godwit/quic'
import { Http3HostError, userError } from '../errors.ts'
import type { ExchangeHandler } from '../exchange.ts'
import { Http3Session } from '../http3-session.ts'
import { fieldsOf, type HeadersInput } from '../outgoing-headers.ts'
import { emitSafely, throwLater } from '../user-code.ts'
import type { EndpointLease } from './client-endpoints.ts'
import { fetchOver } from './fetch-over.ts'
import { Http3ClientRequest } from './request.ts'

/** An exchange that waits for its stream. */
export interface PendingExchange extends ExchangeHandler {
  readonly fields: readonly string[]
  /** No content follows the request's fields. */
  readonly bodyless: boolean
  onStream(stream: RequestStream): void
}

/** Options of `session.request`. */
export interface RequestOptions {
  /** Default 'GET', */
  readonly method?: string
  readonly headers?: HeadersInput
  /** Default: the session's. */
  readonly authority?: string
  /** Cancels the request. */
  readonly signal?: AbortSignal
  /** The request has no content. Default: true for GET, HEAD, DELETE, OPTIONS and TRACE. */
  readonly endStream?: boolean
}

const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

/** A connection to one origin, for many requests. */
export class Http3ClientSession extends Http3Session {
  /** Settles when the handshake is over. */
  readonly connectedOrFailed: Promise<void>
  readonly #lease: EndpointLease
  readonly #origin: URL
  readonly #waiting: PendingExchange[]
  #resolveConnected: () => void
  #rejectConnected: (error: Error) => void
  #idle: boolean
  #requestsStarted: number

  constructor(
    lease: EndpointLease,
    connection: Connection,
    options: Http3ConnectionOptions,
    origin: URL,
  ) {
    super(lease.host, connection, options)
    this.#lease = lease
    this.#origin = origin
    this.#waiting = []
    this.#resolveConnected = () => {}
    this.#rejectConnected = () => {}
    this.connectedOrFailed = new Promise((resolve, reject) => {
      this.#resolveConnected = resolve
      this.#rejectConnected = reject
    })
    // Whoever waits hears of a failure; nobody has to.
    this.connectedOrFailed.catch(() => {})
    this.#idle = false
    this.#requestsStarted = 0
  }

  // --- commands

  /** Sends a request and returns its stream: write the body, read the response. */
  request(path: string = '/', options: RequestOptions = {}): Http3ClientRequest {
    const method = options.method ?? 'GET'
    const endStream = options.endStream ?? BODYLESS_METHODS.has(method)
    const fields = [
      ':method',
      method,
      ':scheme',
      'https',
      ':authority',
      options.authority ?? this.#origin.host,
      ':path',
      path,
      ...(options.headers === undefined ? [] : fieldsOf(options.headers)),
    ]
    const request = new Http3ClientRequest(this, fields, endStream, options.signal)
    this.startExchange(request.exchange)
    return request
  }

  /** `fetch` over this connection, for URLs of its origin. Redirects are not followed. */
  fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = input instanceof Request ? input : new URL(input, this.#origin)
    const request = new Request(url, init)
    if (new URL(request.url).origin !== this.#origin.origin) {
      throw new RangeError(`"input" expected a URL of ${this.#origin.origin}, got ${request.url}`)
    }
    return fetchOver(this, request, init.body ?? null)
  }

  /** Sends the exchange's request as soon as the server permits another stream. */
  startExchange(exchange: PendingExchange): void {
    if (this.closing || this.http3.closing) {
      const error =
        this.error ??
        new Http3HostError('ERR_HTTP3_SESSION_CLOSING', 'the session takes no new requests')
      process.nextTick(() => exchange.onSessionClosed(error))
      return
    }
    this.#setIdle(false)
    this.#waiting.push(exchange)
    if (this.connected) this.#startWaiting()
  }

  /** The exchange was cancelled before it had a stream. */
  dropExchange(exchange: PendingExchange): void {
    const at = this.#waiting.indexOf(exchange)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.wake()
  }

  // --- reads

  get origin(): string {
    return this.#origin.origin
  }

  /** Why the server's certificate was not trusted, with `rejectUnauthorized: false`. */
  get authorizationError(): Error | null {
    return this.tls.verificationError
  }

  /** True when the server's certificate was verified. */
  get authorized(): boolean {
    return this.connected && this.tls.verificationError === null
  }

  /** The server's certificates in DER, its own first. */
  get peerCertificates(): readonly Uint8Array[] {
    return this.tls.peerCertificates
  }

  /** Requests that were sent since the session began. */
  get requestsStarted(): number {
    return this.#requestsStarted
  }

  /** Requests that wait for the server to permit more streams. */
  get waitingRequests(): number {
    return this.#waiting.length
  }

  // --- events

  protected override onConnected(): void {
    this.#resolveConnected()
    this.#startWaiting()
    if (this.#waiting.length === 0 && this.http3.openRequests === 0) this.onIdle()
  }

  protected override onStreamsAvailable(): void {
    this.#startWaiting()
  }

  protected override onRequest(stream: RequestStream): void {
    // A server sends no requests: http3 has refused it.
    stream.cancel(H3_REQUEST_CANCELLED)
  }

  protected override readyToClose(): boolean {
    return this.#waiting.length === 0
  }

  protected override onIdle(): void {
    if (this.#waiting.length === 0) this.#setIdle(true)
  }

  protected override onClosed(error: Error | null): void {
    const why = error ?? new Http3HostError('ERR_HTTP3_SESSION_CLOSED', 'the connection was closed')
    this.#rejectConnected(userError(why))
    for (const exchange of this.#waiting.splice(0)) {
      try {
        exchange.onSessionClosed(why)
      } catch (error) {
        throwLater(error) // a listener's: the others are to be told as well
      }
    }
    this.#setIdle(true)
    // Our close is still to be sent, and late packets to be answered for a moment.
    setTimeout(() => this.#lease.release(), 20).unref()
    process.nextTick(() => this.wake())
  }

  override destroy(errorCode: number = H3_NO_ERROR, reason: string = ''): void {
    super.destroy(errorCode, reason)
  }

  #startWaiting(): void {
    for (;;) {
      const exchange = this.#waiting[0]
      if (exchange === undefined) break
      let stream: RequestStream | null
      try {
        stream = this.http3.request(exchange.fields, exchange.bodyless)
      } catch (error) {
        this.#waiting.shift()
        process.nextTick(() => exchange.onSessionClosed(error as Error))
        continue
      }
      if (stream === null) break
      // Before anything of the application is called, which may start other requests.
      this.#waiting.shift()
      this.#requestsStarted++
      this.addExchange(stream, exchange)
      try {
        exchange.onStream(stream)
      } catch (error) {
        throwLater(error) // a write callback's
      }
    }
    this.wake()
  }

  /** An idle session does not keep the process alive. */
  #setIdle(idle: boolean): void {
    if (idle === this.#idle) return
    this.#idle = idle
    this.#lease.busy = !idle
    if (idle) emitSafely(this, 'idle')
  }
}
