// The request of a server: a Readable with the shape of node:http2's Http2ServerRequest.

import { Readable } from 'node:stream'

import { H3_NO_ERROR } from '@godwit/http3'
import type { RequestStream } from '@godwit/http3'
import { Http3HostError } from '../errors.ts'
import { fieldValue, headersOf, rawHeadersOf, type IncomingHeaders } from '../fields.ts'
import { BODY_HIGH_WATER_MARK } from '../limits.ts'
import { pinMembers } from '../pin-members.ts'
import type { SessionSocket } from '../session-socket.ts'
import type { Http3ServerSession } from './session.ts'

const NO_FIELDS: readonly string[] = []
const STREAM_OPTIONS = { highWaterMark: BODY_HIGH_WATER_MARK }

/**
 * A request and its body. The body is pulled from the connection as it is read: not reading stops
 * the client. 'aborted' and an error tell of a body that will not be complete.
 */
export class Http3ServerRequest extends Readable {
  readonly httpVersion = '3.0'
  readonly httpVersionMajor = 3
  readonly httpVersionMinor = 0
  method: string
  /** Path and query, as :path came. */
  url: string
  readonly scheme: string
  /** :authority, or the host field. */
  readonly authority: string
  /** True when the whole message has arrived. */
  complete: boolean
  /** True when it never will. */
  aborted: boolean
  /** The HTTP/3 connection. */
  readonly session: Http3ServerSession
  readonly #stream: RequestStream
  readonly #fields: readonly string[]
  /** Made when somebody asks. */
  #headers: IncomingHeaders | null
  #rawHeaders: string[] | null
  #trailerFields: readonly string[]
  #trailers: IncomingHeaders | null
  #rawTrailers: string[] | null
  #wanted: boolean
  #headersDistinct: NodeJS.Dict<string[]> | null
  #timer: NodeJS.Timeout | null

  constructor(
    session: Http3ServerSession,
    stream: RequestStream,
    fields: readonly string[],
    end: boolean,
  ) {
    super(STREAM_OPTIONS)
    this.session = session
    this.#stream = stream
    this.method = fieldValue(fields, ':method') ?? ''
    this.url = fieldValue(fields, ':path') ?? ''
    this.scheme = fieldValue(fields, ':scheme') ?? 'https'
    this.authority = fieldValue(fields, ':authority') ?? fieldValue(fields, 'host') ?? ''
    this.#fields = fields
    this.#headers = null
    this.#rawHeaders = null
    this.#trailerFields = NO_FIELDS
    this.#trailers = null
    this.#rawTrailers = null
    this.complete = end
    this.aborted = false
    this.#wanted = false
    this.#headersDistinct = null
    this.#timer = null
  }

  // --- commands

  /** Calls back, and emits 'timeout', when nothing of the body came for `ms`; 0 stops that. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (callback !== undefined) this.on('timeout', callback)
    if (ms > 0) this.#timer = setTimeout(() => this.emit('timeout'), ms).unref()
    return this
  }

  // --- reads

  /** RFC 9000 §2.1 stream ID. */
  get streamId(): number {
    return this.#stream.id
  }

  get socket(): SessionSocket {
    return this.session.socket
  }

  get connection(): SessionSocket {
    return this.session.socket
  }

  /** True while somebody reads the body. */
  get isReading(): boolean {
    return this.readableFlowing === true || this.listenerCount('readable') > 0
  }

  /** Trailer fields, empty until they came: before 'end'. */
  get trailers(): IncomingHeaders {
    this.#trailers ??= headersOf(this.#trailerFields)
    return this.#trailers
  }

  set trailers(value: IncomingHeaders) {
    this.#trailers = value
  }

  get rawTrailers(): string[] {
    this.#rawTrailers ??= rawHeadersOf(this.#trailerFields)
    return this.#rawTrailers
  }

  set rawTrailers(value: string[]) {
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

  /** True when the client waits for an interim response before it sends the body. */
  get expectsContinue(): boolean {
    return fieldValue(this.#fields, 'expect')?.toLowerCase() === '100-continue'
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
    Object.defineProperty(this, 'res', { value, writable: true, configurable: true })
  }

  // --- Readable

  override _read(): void {
    this.#wanted = true
    this.#pull()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (!this.complete && !this.aborted) {
      this.#stream.stopSending(H3_NO_ERROR)
      this.session.wake()
    }
    this.session.settleExchange(this.#stream)
    // As in node:http: nobody has to listen for the errors of a request that nobody reads.
    callback(error !== null && this.listenerCount('error') === 0 ? null : error)
  }

  // --- events of the stream

  handleData(): void {
    this.#timer?.refresh()
    if (this.#wanted) this.#pull()
  }

  handleTrailers(fields: readonly string[]): void {
    this.#trailerFields = fields
    this.#trailers = null
    this.#rawTrailers = null
  }

  handleEnd(): void {
    this.complete = true
    this.session.settleExchange(this.#stream)
    if (this.#wanted) this.#pull()
  }

  /** The client took its request back, or the connection is gone. */
  handleAborted(cause: Error): void {
    if (this.complete || this.aborted || this.destroyed) return
    this.aborted = true
    this.emit('aborted')
    this.destroy(
      new Http3HostError('ERR_HTTP3_STREAM_RESET', 'the request was aborted by the client', {
        cause,
      }),
    )
  }

  /** The response is over: a body that nobody is reading will not be read. */
  handleResponseEnd(): void {
    if (this.readableEnded || this.destroyed) return
    if (this.complete || !this.isReading) this.destroy()
  }

  /** Moves what has arrived into the Readable while it wants more. */
  #pull(): void {
    for (;;) {
      const chunk = this.#stream.readData()
      if (chunk === null) break
      if (!this.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) {
        this.#wanted = false
        this.session.wake()
        return
      }
    }
    if (this.complete) {
      this.#wanted = false
      this.push(null)
    }
    this.session.wake()
  }
}
