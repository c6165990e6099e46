// The request of a server: a Readable with the shape of node:http2's Http2ServerRequest.

import { Readable } from 'node:stream'

import { fieldValue, headersOf, rawHeadersOf, type IncomingHeaders } from '../fields.ts'
import { BODY_HIGH_WATER_MARK } from '../limits.ts'
import { assignOwn, pinMembers } from '../pin-members.ts'
import { closeQuietly } from '../user-code.ts'
import type { ServerExchange } from './exchange.ts'
import type { RequestSocket } from './request-socket.ts'
import type { Http3ServerStream } from './stream.ts'

// As in node:http2 a request whose body was read is not over before its response is: until then the
// client may still go away, which 'aborted' tells before 'close'.
const STREAM_OPTIONS = { highWaterMark: BODY_HIGH_WATER_MARK, autoDestroy: false }

/**
 * A request and its body. The body is pulled from the connection as it is read: not reading stops
 * the client. 'aborted' tells that the client went away before its answer was complete; if the body
 * will not be complete there is an error as well. 'close' comes once, when the answer is over too.
 */
export class Http3ServerRequest extends Readable {
  /** '3.0'; over TCP '2.0'. */
  readonly httpVersion: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number = 0
  method: string
  /** Path and query, as :path came. */
  url: string
  readonly scheme: string
  /** :authority, or the host field. */
  readonly authority: string
  readonly #exchange: ServerExchange
  readonly #fields: readonly string[]
  /** Made when somebody asks. */
  #headers: IncomingHeaders | null
  #rawHeaders: string[] | null
  /** The fields that `#trailers` and `#rawTrailers` were made of. */
  #trailerFields: readonly string[] | null
  #trailers: IncomingHeaders | null
  #rawTrailers: string[] | null
  #headersDistinct: NodeJS.Dict<string[]> | null

  /** @internal */
  constructor(exchange: ServerExchange, fields: readonly string[]) {
    super(STREAM_OPTIONS)
    this.#exchange = exchange
    this.httpVersion = exchange.connection.httpVersion
    this.httpVersionMajor = exchange.connection.httpVersion === '3.0' ? 3 : 2
    this.method = exchange.method
    this.url = fieldValue(fields, ':path') ?? ''
    this.scheme = fieldValue(fields, ':scheme') ?? 'https'
    this.authority = fieldValue(fields, ':authority') ?? fieldValue(fields, 'host') ?? ''
    this.#fields = fields
    this.#headers = null
    this.#rawHeaders = null
    this.#trailerFields = null
    this.#trailers = null
    this.#rawTrailers = null
    this.#headersDistinct = null
  }

  // --- commands

  /** Calls back, and emits 'timeout', when nothing of the body came for `ms`; 0 stops that. */
  setTimeout(ms: number, callback?: () => void): this {
    const exchange = this.#exchange
    if (exchange.readTimer !== null) clearTimeout(exchange.readTimer)
    exchange.readTimer = null
    if (callback !== undefined) this.on('timeout', callback)
    if (ms > 0 && !this.destroyed) {
      exchange.readTimer = setTimeout(() => this.emit('timeout'), ms).unref()
    }
    return this
  }

  // --- reads

  /** True when the whole message has arrived. */
  get complete(): boolean {
    return this.#exchange.complete
  }

  /** True when the client went away before its answer was complete. */
  get aborted(): boolean {
    return this.#exchange.aborted
  }

  /** Of this request alone: `destroy()` ends it and its response. `stats` tells of the connection. */
  get socket(): RequestSocket {
    return this.#exchange.socket
  }

  set socket(value: unknown) {
    assignOwn(this, 'socket', value)
  }

  get connection(): RequestSocket {
    return this.#exchange.socket
  }

  set connection(value: unknown) {
    assignOwn(this, 'connection', value)
  }

  /** The stream, with its `id`, and by `session` the connection that other requests share. */
  get stream(): Http3ServerStream {
    return this.#exchange.publicStream
  }

  set stream(value: unknown) {
    assignOwn(this, 'stream', value)
  }

  /** Trailer fields, empty until they came: before 'end'. */
  get trailers(): IncomingHeaders {
    this.#followTrailers()
    this.#trailers ??= headersOf(this.#exchange.trailerFields)
    return this.#trailers
  }

  set trailers(value: IncomingHeaders) {
    this.#followTrailers()
    this.#trailers = value
  }

  get rawTrailers(): string[] {
    this.#followTrailers()
    this.#rawTrailers ??= rawHeadersOf(this.#exchange.trailerFields)
    return this.#rawTrailers
  }

  set rawTrailers(value: string[]) {
    this.#followTrailers()
    this.#rawTrailers = value
  }

  /** Lower-case names, without pseudo-headers; `host` is there even when only :authority came. */
  get headers(): IncomingHeaders {
    if (this.#headers === null) {
      this.#headers = headersOf(this.#fields)
      if (this.authority !== '') this.#headers['host'] ??= this.authority
    }
    return this.#headers
  }

  set headers(value: IncomingHeaders) {
    this.#headers = value
  }

  /** Name, value, name, value… as they came. */
  get rawHeaders(): string[] {
    if (this.#rawHeaders === null) {
      this.#rawHeaders = rawHeadersOf(this.#fields)
      if (this.authority !== '' && fieldValue(this.#fields, 'host') === undefined) {
        this.#rawHeaders.unshift('host', this.authority)
      }
    }
    return this.#rawHeaders
  }

  set rawHeaders(value: string[]) {
    this.#rawHeaders = value
  }

  /** Every value of every name, as in node:http. */
  get headersDistinct(): NodeJS.Dict<string[]> {
    if (this.#headersDistinct !== null) return this.#headersDistinct
    const distinct = Object.create(null) as NodeJS.Dict<string[]>
    for (let at = 0; at < this.rawHeaders.length; at += 2) {
      const values = (distinct[this.rawHeaders[at] as string] ??= [])
      values.push(this.rawHeaders[at + 1] as string)
    }
    this.#headersDistinct = distinct
    return distinct
  }

  /** Express sets `res`, and then replaces the prototype by one of node:http. */
  set res(value: unknown) {
    pinMembers(this, Http3ServerRequest.prototype)
    assignOwn(this, 'res', value)
  }

  // --- Readable

  override _read(): void {
    this.#exchange.read()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const exchange = this.#exchange
    if (exchange.readTimer !== null) clearTimeout(exchange.readTimer)
    exchange.readTimer = null
    exchange.handleRequestOver()
    closeQuietly(this, error, callback)
  }

  /** What was made of trailers before they came is made again. */
  #followTrailers(): void {
    const { trailerFields } = this.#exchange
    if (trailerFields === this.#trailerFields) return
    this.#trailerFields = trailerFields
    this.#trailers = null
    this.#rawTrailers = null
  }
}
