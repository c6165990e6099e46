// The response of a server: a Writable with the shape of node:http's ServerResponse and node:http2's
// Http2ServerResponse.

import { STATUS_CODES } from 'node:http'
import { Writable } from 'node:stream'

import { H3_INTERNAL_ERROR } from '@godwit/http3'
import type { RequestStream } from '@godwit/http3'
import { BodyWriter } from '../body-writer.ts'
import { errorCodeOf, Http3HostError } from '../errors.ts'
import { BODY_HIGH_WATER_MARK, COPY_CHUNK } from '../limits.ts'
import {
  fieldsOf,
  OutgoingHeaders,
  type HeadersInput,
  type HeaderValue,
} from '../outgoing-headers.ts'
import { pinMembers } from '../pin-members.ts'
import type { SessionSocket } from '../session-socket.ts'
import { httpDate } from './http-date.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerSession } from './session.ts'

type WriteCallback = (error?: Error | null) => void

// The transport has taken the last bytes, whether or not it has room for more.
const ignoreRoom: WriteCallback = () => {}

const NO_FIELDS: readonly string[] = []
const STREAM_OPTIONS = { highWaterMark: BODY_HIGH_WATER_MARK, decodeStrings: false }

/**
 * A response. `write` returns false when the client does not keep up: wait for 'drain'. 'finish'
 * when everything is handed to the connection; 'close' without it when the client went away.
 */
export class Http3ServerResponse extends Writable {
  statusCode: number
  /** Kept for libraries: HTTP/3 does not carry it. */
  statusMessage: string
  /** Whether a `date` field is added. Default true. */
  sendDate: boolean
  /** True once `end` was called. */
  finished: boolean
  /** As in node:http: the head of the message once it was sent; libraries test it. */
  _header: string | null
  readonly #session: Http3ServerSession
  readonly #stream: RequestStream
  readonly #headers: OutgoingHeaders
  readonly #body: BodyWriter
  #request: Http3ServerRequest
  #trailers: readonly string[]
  /** content-length as it was sent; -1: none. */
  #contentLength: number
  #streamEnded: boolean
  #defaultEncoding: BufferEncoding
  #timer: NodeJS.Timeout | null

  constructor(session: Http3ServerSession, stream: RequestStream, request: Http3ServerRequest) {
    super(STREAM_OPTIONS)
    this.statusCode = 200
    this.statusMessage = ''
    this.sendDate = true
    this.finished = false
    this._header = null
    this.#session = session
    this.#stream = stream
    this.#headers = new OutgoingHeaders()
    this.#body = new BodyWriter(stream)
    this.#request = request
    this.#trailers = NO_FIELDS
    this.#contentLength = -1
    this.#streamEnded = false
    this.#defaultEncoding = 'utf8'
    this.#timer = null
  }

  // --- the head

  setHeader(name: string, value: HeaderValue): this {
    this.#assertHeadNotSent('set')
    this.#headers.set(name, value)
    return this
  }

  appendHeader(name: string, value: HeaderValue): this {
    this.#assertHeadNotSent('append')
    this.#headers.append(name, value)
    return this
  }

  setHeaders(headers: HeadersInput): this {
    this.#assertHeadNotSent('set')
    this.#headers.assign(headers)
    return this
  }

  removeHeader(name: string): void {
    this.#assertHeadNotSent('remove')
    this.#headers.delete(name)
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers.get(name)
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name)
  }

  getHeaders(): Record<string, HeaderValue> {
    return this.#headers.toObject()
  }

  getHeaderNames(): string[] {
    return this.#headers.names()
  }

  getRawHeaderNames(): string[] {
    return this.#headers.rawNames()
  }

  /** Sets status and headers and sends them with the first byte of the body. */
  writeHead(statusCode: number, headers?: HeadersInput): this
  writeHead(statusCode: number, statusMessage: string, headers?: HeadersInput): this
  writeHead(statusCode: number, message?: string | HeadersInput, headers?: HeadersInput): this {
    this.#assertHeadNotSent('write')
    this.statusCode = statusCode
    if (typeof message === 'string') this.statusMessage = message
    const given = typeof message === 'object' ? message : headers
    if (given !== undefined) this.#headers.assign(given)
    this.#sendHead(false)
    return this
  }

  flushHeaders(): void {
    if (this._header === null) this.#sendHead(false)
  }

  /** node:http's inner name for it, which libraries call. */
  _implicitHeader(): void {
    this.writeHead(this.statusCode)
  }

  // --- interim responses, RFC 9110 §15.2

  writeContinue(): void {
    this.#sendInformational(100, [])
  }

  writeProcessing(): void {
    this.#sendInformational(102, [])
  }

  /** 103 with `link` and other fields, RFC 8297. */
  writeEarlyHints(hints: Record<string, string | string[]>, callback?: () => void): void {
    const { link, ...rest } = hints
    const fields: string[] = []
    if (link !== undefined) {
      const links = Array.isArray(link) ? link : [link]
      if (links.length > 0) fields.push('link', links.join(', '))
    }
    this.#sendInformational(103, [...fields, ...fieldsOf(rest)])
    if (callback !== undefined) process.nextTick(callback)
  }

  // --- the body

  /** Trailer fields, sent after the body. */
  addTrailers(headers: HeadersInput): void {
    this.#trailers = [...this.#trailers, ...fieldsOf(headers)]
  }

  override end(callback?: () => void): this
  override end(chunk: unknown, callback?: () => void): this
  override end(chunk: unknown, encoding: BufferEncoding, callback?: () => void): this
  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (!this.finished && !this.destroyed) {
      if (this._header === null) this.#setContentLength(chunk, encoding)
      if (this.#fitsAtOnce(chunk, encoding)) {
        // Head, body and end in one go, past Writable's queue and its ticks.
        this._write(chunk, this.#defaultEncoding, ignoreRoom)
        this.finished = true
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Writable looks at its type
        return super.end((typeof encoding === 'function' ? encoding : callback) as () => void)
      }
    }
    this.finished = true
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Writable sorts its arguments out
    super.end(chunk, encoding as BufferEncoding, callback as () => void)
    return this
  }

  override setDefaultEncoding(encoding: BufferEncoding): this {
    super.setDefaultEncoding(encoding)
    this.#defaultEncoding = encoding
    return this
  }

  /** Calls back, and emits 'timeout', when nothing was written for `ms`; 0 stops that. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (callback !== undefined) this.on('timeout', callback)
    if (ms > 0) this.#timer = setTimeout(() => this.emit('timeout'), ms).unref()
    return this
  }

  // --- reads

  get headersSent(): boolean {
    return this._header !== null
  }

  get req(): Http3ServerRequest {
    return this.#request
  }

  /** Express sets `req`, and then replaces the prototype by one of node:http. */
  set req(value: Http3ServerRequest) {
    pinMembers(this, Http3ServerResponse.prototype)
    Object.defineProperty(this, 'req', { value, writable: true, configurable: true })
  }

  get socket(): SessionSocket {
    return this.#session.socket
  }

  get connection(): SessionSocket {
    return this.#session.socket
  }

  get session(): Http3ServerSession {
    return this.#session
  }

  /** RFC 9000 §2.1 stream ID. */
  get streamId(): number {
    return this.#stream.id
  }

  // --- Writable

  override _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    callback: WriteCallback,
  ): void {
    if (this._header === null) this.#sendHead(false)
    this.#timer?.refresh()
    if (!this.#hasBody()) {
      callback()
      return
    }
    this.#body.write(chunk, encoding, callback)
    this.#session.wake()
  }

  override _final(callback: WriteCallback): void {
    const bodyless = this.#body.bytesWritten === 0 && this.#trailers.length === 0
    if (this._header === null) this.#sendHead(bodyless)
    if (!this.#streamEnded) {
      const expected = this.#contentLength
      if (this.#hasBody() && expected >= 0 && expected !== this.#body.bytesWritten) {
        // A short message must not look whole: it is cut off instead of ended.
        callback(
          new Http3HostError(
            'ERR_HTTP3_CONTENT_LENGTH_MISMATCH',
            `the response has ${this.#body.bytesWritten} bytes, its content-length says ${expected}`,
          ),
        )
        return
      }
      const trailers = this.#trailers
      try {
        if (trailers.length === 0) this.#stream.finish()
        else this.#stream.sendTrailers(trailers)
      } catch (error) {
        this.#handleUnwanted(error)
        return
      }
      this.#streamEnded = true
    }
    this.#session.wake()
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (!this.#streamEnded) {
      this.#streamEnded = true
      this.#stream.reset(H3_INTERNAL_ERROR)
      this.#session.wake()
    }
    this.#body.fail(error)
    this.#request.handleResponseEnd()
    this.#session.settleExchange(this.#stream)
    // As in node:http: nobody has to listen for the errors of a response.
    callback(error !== null && this.listenerCount('error') === 0 ? null : error)
  }

  // --- events of the stream

  handleWritable(): void {
    this.#timer?.refresh()
    this.#body.handleWritable()
  }

  /** The client reads no more, or is gone. As in node:http 'close' tells, without an error. */
  handleAborted(cause: Error): void {
    this.#streamEnded = true
    if (this.writableFinished) return
    // Who cancels a response cancels a request that nobody reads, too.
    if (!this.#request.isReading) this.#request.handleAborted(cause)
    this.destroy()
  }

  // --- private

  #assertHeadNotSent(what: string): void {
    if (this._header === null) return
    throw new Http3HostError(
      'ERR_HTTP_HEADERS_SENT',
      `Cannot ${what} headers after they are sent to the client`,
    )
  }

  /** Whether `chunk`, given to `end`, is all there is and short enough for the transport. */
  #fitsAtOnce(chunk: unknown, encoding: unknown): chunk is Uint8Array | string {
    if (this.writableLength > 0 || this.writableCorked > 0 || this.errored !== null) return false
    if (typeof chunk !== 'string') return chunk instanceof Uint8Array && chunk.length <= COPY_CHUNK
    return chunk.length <= COPY_CHUNK && (!encoding || typeof encoding === 'function')
  }

  #hasBody(): boolean {
    return this.#request.method !== 'HEAD' && this.statusCode !== 204 && this.statusCode !== 304
  }

  #setContentLength(chunk: unknown, encoding: unknown): void {
    if (!this.#hasBody() || this.#headers.has('content-length')) return
    if (this.writableLength > 0 || this.#trailers.length > 0) return
    if (chunk === undefined || chunk === null || typeof chunk === 'function') {
      this.#headers.set('content-length', 0)
    } else if (typeof chunk === 'string') {
      const encodingName = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
      this.#headers.set('content-length', Buffer.byteLength(chunk, encodingName))
    } else if (chunk instanceof Uint8Array) {
      this.#headers.set('content-length', chunk.length)
    }
  }

  #sendHead(end: boolean): void {
    const status = this.statusCode
    if (!Number.isInteger(status) || status < 100 || status > 999) {
      throw new Http3HostError('ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`)
    }
    this.statusMessage ||= STATUS_CODES[status] ?? ''
    const fields = [':status', String(status)]
    this.#headers.writeTo(fields)
    if (this.sendDate && !this.#headers.has('date')) fields.push('date', httpDate())
    const length = this.#headers.get('content-length')
    if (length !== undefined) this.#contentLength = Number(length)
    this._header = statusLine(status, this.statusMessage)
    if (this.#streamEnded || this.destroyed) return
    try {
      this.#stream.sendHeaders(fields, end)
    } catch (error) {
      this.#handleUnwanted(error)
      return
    }
    this.#streamEnded = end
    this.#session.wake()
  }

  #sendInformational(status: number, fields: readonly string[]): void {
    this.#assertHeadNotSent('write informational')
    if (this.#streamEnded || this.destroyed) return
    try {
      this.#stream.sendInformational([':status', String(status), ...fields])
    } catch (error) {
      this.#handleUnwanted(error)
    }
    this.#session.wake()
  }

  // What fields a client takes is its own choice, RFC 9114 §4.2.2: one that takes none must not make
  // the calls of a handler throw. It gets no response.
  #handleUnwanted(error: unknown): void {
    if (errorCodeOf(error) !== 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE') throw error
    this.destroy(error as Error)
  }
}

// Those with the usual words, by status.
const STATUS_LINES: string[] = new Array<string>(1000).fill('')

function statusLine(status: number, message: string): string {
  if (message !== STATUS_CODES[status]) return `HTTP/3 ${status} ${message}`
  return (STATUS_LINES[status] ||= `HTTP/3 ${status} ${message}`)
}
