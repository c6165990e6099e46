// The response of a server: a Writable with the shape of node:http's ServerResponse and node:http2's
// Http2ServerResponse.

import { STATUS_CODES } from 'node:http'
import { Writable } from 'node:stream'

import { H3_INTERNAL_ERROR } from '@godwit/http3'
import { errorCodeOf, Http3HostError } from '../errors.ts'
import { BODY_HIGH_WATER_MARK, COPY_CHUNK } from '../limits.ts'
import {
  fieldsOf,
  OutgoingHeaders,
  type HeadersInput,
  type HeaderValue,
} from '../outgoing-headers.ts'
import { assignOwn, pinMembers } from '../pin-members.ts'
import { closeQuietly, warn } from '../user-code.ts'
import type { ServerExchange } from './exchange.ts'
import { httpDate } from './http-date.ts'
import type { Http3ServerRequest } from './request.ts'
import type { RequestSocket } from './request-socket.ts'
import { dropsContent, finalStatus, forbidsLength, lengthOf, statusLine } from './response-rules.ts'
import type { Http3ServerStream } from './stream.ts'

type WriteCallback = (error?: Error | null) => void

// The transport has taken the last bytes, whether or not it has room for more.
const ignoreRoom: WriteCallback = () => {}

const NO_FIELDS: readonly string[] = []
const NO_BYTES = new Uint8Array(0)
const STREAM_OPTIONS = { highWaterMark: BODY_HIGH_WATER_MARK, decodeStrings: false }

/**
 * A response. `write` returns false when the client does not keep up: wait for 'drain'. 'finish'
 * when everything is handed to the connection; 'close' without it when the client went away. Calls
 * after that do nothing. What a status forbids is not sent: content of 204, 205, 304 and to HEAD,
 * the length of what has none. 'error' tells of mistakes, such as a body of another length than
 * its content-length says; the client sees the stream reset then.
 */
export class Http3ServerResponse extends Writable {
  /** Kept for libraries: HTTP/3 does not carry it. */
  statusMessage: string
  /** Whether a `date` field is added. Default true. */
  sendDate: boolean
  /** True once `end` was called. */
  finished: boolean
  /** As in node:http: the head of the message once it was sent; libraries test it. */
  _header: string | null
  readonly #exchange: ServerExchange
  readonly #headers: OutgoingHeaders
  #request: Http3ServerRequest
  #status: number
  #trailers: readonly string[]
  /** Bytes of content that content-length promises; -1: any. */
  #contentLength: number
  /** Bytes of content so far. */
  #contentWritten: number
  #headSent: boolean
  /** Content goes nowhere: the status that was sent forbids it, or the method. */
  #contentDropped: boolean
  #streamEnded: boolean
  #defaultEncoding: BufferEncoding

  /** @internal */
  constructor(exchange: ServerExchange, request: Http3ServerRequest) {
    super(STREAM_OPTIONS)
    this.statusMessage = ''
    this.sendDate = true
    this.finished = false
    this._header = null
    this.#exchange = exchange
    this.#headers = new OutgoingHeaders()
    this.#request = request
    this.#status = 200
    this.#trailers = NO_FIELDS
    this.#contentLength = -1
    this.#contentWritten = 0
    this.#headSent = false
    this.#contentDropped = false
    this.#streamEnded = false
    this.#defaultEncoding = 'utf8'
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

  /** Default 200. Throws for what no final response may have, as node:http2 does. */
  get statusCode(): number {
    return this.#status
  }

  set statusCode(status: number) {
    this.#status = finalStatus(status)
  }

  /**
   * Sets status and headers and sends them with the first byte of the body. After a throw nothing is
   * sent, and another response may be given.
   */
  writeHead(statusCode: number, headers?: HeadersInput): this
  writeHead(statusCode: number, statusMessage: string, headers?: HeadersInput): this
  writeHead(statusCode: number, message?: string | HeadersInput, headers?: HeadersInput): this {
    this.#assertHeadNotSent('write')
    this.statusCode = statusCode
    if (typeof message === 'string') this.statusMessage = message
    const given = typeof message === 'object' ? message : headers
    if (given !== undefined && given !== null) this.#headers.assign(given)
    this.#sendHead(false)
    return this
  }

  flushHeaders(): void {
    if (!this.#headSent) this.#sendHead(false)
  }

  /** node:http's inner name for it, which libraries call. */
  _implicitHeader(): void {
    this.writeHead(this.statusCode)
  }

  // --- interim responses, RFC 9110 §15.2. False: too late, as in node:http2.

  writeContinue(): boolean {
    return this.#sendInformational(100, NO_FIELDS)
  }

  writeProcessing(): boolean {
    return this.#sendInformational(102, NO_FIELDS)
  }

  /** 103 with `link` and other fields, RFC 8297. */
  writeEarlyHints(hints: Record<string, string | string[]>, callback?: () => void): boolean {
    const { link, ...rest } = hints
    const fields: string[] = []
    if (link !== undefined) {
      const links = Array.isArray(link) ? link : [link]
      if (links.length > 0) fields.push(...fieldsOf({ link: links.join(', ') }))
    }
    const sent = this.#sendInformational(103, [...fields, ...fieldsOf(rest)])
    if (callback !== undefined) process.nextTick(callback)
    return sent
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
    if (!this.writableEnded && !this.destroyed) {
      const bytes = this.#wholeBody(chunk, encoding)
      if (bytes !== null) {
        if (!this.#headSent) this.#setContentLength(bytes.length)
        this.finished = true
        // Head, body and end in one go, past Writable's queue and its ticks.
        if (bytes.length > 0) this.#write(bytes, bytes !== chunk, ignoreRoom)
        const last = [chunk, encoding, callback].find((arg) => typeof arg === 'function')
        return super.end(last as () => void)
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
    const exchange = this.#exchange
    if (exchange.writeTimer !== null) clearTimeout(exchange.writeTimer)
    exchange.writeTimer = null
    if (callback !== undefined) this.on('timeout', callback)
    if (ms > 0 && !this.destroyed) {
      exchange.writeTimer = setTimeout(() => this.emit('timeout'), ms).unref()
    }
    return this
  }

  // --- reads

  get headersSent(): boolean {
    return this.#headSent
  }

  get req(): Http3ServerRequest {
    return this.#request
  }

  /** Express sets `req`, and then replaces the prototype by one of node:http. */
  set req(value: Http3ServerRequest) {
    pinMembers(this, Http3ServerResponse.prototype)
    assignOwn(this, 'req', value)
  }

  /** Of this response alone, see the request's. */
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

  /** The stream, see the request's. */
  get stream(): Http3ServerStream {
    return this.#exchange.publicStream
  }

  set stream(value: unknown) {
    assignOwn(this, 'stream', value)
  }

  // --- Writable

  override _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    callback: WriteCallback,
  ): void {
    const isText = typeof chunk === 'string'
    this.#write(isText ? Buffer.from(chunk, encoding) : chunk, isText, callback)
  }

  // What is wrong goes to the callback here and below: an exception would come out of whatever
  // stream is piped to this one.
  override _final(callback: WriteCallback): void {
    try {
      if (!this.#end()) return // 'close' will tell
    } catch (error) {
      this.#fail(error, callback)
      return
    }
    this.#exchange.connection.wake()
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const exchange = this.#exchange
    if (exchange.writeTimer !== null) clearTimeout(exchange.writeTimer)
    exchange.writeTimer = null
    if (!this.#streamEnded) {
      this.#streamEnded = true
      exchange.stream.reset(H3_INTERNAL_ERROR)
      exchange.connection.wake()
    }
    exchange.body.fail(error)
    exchange.handleResponseOver()
    closeQuietly(this, error, callback)
  }

  // --- private

  #assertHeadNotSent(what: string): void {
    if (!this.#headSent) return
    throw new Http3HostError(
      'ERR_HTTP_HEADERS_SENT',
      `Cannot ${what} headers after they are sent to the client`,
    )
  }

  /** The bytes that are given to `end`, if they are all there is and short enough for the transport. */
  #wholeBody(chunk: unknown, encoding: unknown): Uint8Array | null {
    if (this.writableLength > 0 || this.writableCorked > 0 || this.errored !== null) return null
    if (chunk === undefined || chunk === null || typeof chunk === 'function') return NO_BYTES
    if (typeof chunk !== 'string') {
      return chunk instanceof Uint8Array && chunk.length <= COPY_CHUNK ? chunk : null
    }
    if (chunk.length > COPY_CHUNK || (encoding && typeof encoding !== 'function')) return null
    return Buffer.from(chunk, this.#defaultEncoding)
  }

  #setContentLength(length: number): void {
    if (this.#headers.has('content-length') || this.#trailers.length > 0) return
    if (!dropsContent(this.#exchange.method, this.#status)) {
      this.#headers.set('content-length', length)
    }
  }

  #write(bytes: Uint8Array, fresh: boolean, callback: WriteCallback): void {
    const exchange = this.#exchange
    try {
      if (!this.#headSent) this.#sendHead(false)
      exchange.writeTimer?.refresh()
      if (this.#contentDropped) {
        // Not at once: a source that is always ready would never let go of the process.
        setImmediate(callback)
        return
      }
      this.#contentWritten += bytes.length
      if (this.#contentLength >= 0 && this.#contentWritten > this.#contentLength) {
        throw this.#mismatch()
      }
      if (this.destroyed) exchange.body.hold(callback)
      else exchange.body.write(bytes, fresh, callback)
    } catch (error) {
      this.#fail(error, callback)
    }
    exchange.connection.wake()
  }

  /** Sends what is left and ends the message. False: too late. */
  #end(): boolean {
    const { stream } = this.#exchange
    const empty = this.#contentWritten === 0 && this.#trailers.length === 0
    if (!this.#headSent) this.#sendHead(empty)
    if (this.#streamEnded) return true
    if (this.#contentDropped) {
      this.#streamEnded = true
      return stream.finish()
    }
    // A short message must not look whole: it is cut off instead of ended.
    if (this.#contentLength >= 0 && this.#contentLength !== this.#contentWritten) {
      throw this.#mismatch()
    }
    const trailers = this.#trailers
    const sent = trailers.length === 0 ? stream.finish() : stream.sendTrailers(trailers)
    this.#streamEnded = sent
    if (!sent) this.#exchange.handleTooLate()
    return sent
  }

  #mismatch(): Error {
    return new Http3HostError(
      'ERR_HTTP3_CONTENT_LENGTH_MISMATCH',
      `the response has ${this.#contentWritten} bytes, its content-length says ${this.#contentLength}`,
    )
  }

  /** A mistake of the application, or fields that the client does not take. */
  #fail(error: unknown, callback: WriteCallback): void {
    // What nobody hears the programmer must see. What a client takes is not the programmer's fault.
    if (this.listenerCount('error') === 0 && !isRefusal(error)) warn(error)
    if (callback === ignoreRoom) this.destroy(error as Error)
    else callback(error as Error)
  }

  /** @throws TypeError for fields that cannot be sent; nothing has happened then. */
  #sendHead(end: boolean): void {
    const status = this.#status
    const { stream, method, connection } = this.#exchange
    const dropped = dropsContent(method, status)
    const lengthless = forbidsLength(method, status)
    const fields = [':status', String(status)]
    this.#headers.writeTo(fields, lengthless)
    if (this.sendDate && !this.#headers.has('date')) fields.push('date', httpDate())
    const expected = dropped || lengthless ? -1 : lengthOf(this.#headers.get('content-length'))
    // Nothing is sent on a stream that is over, and nobody needs to be told.
    let taken = true
    if (!this.destroyed) {
      if (end && expected > 0) throw this.#shortBy(expected)
      try {
        taken = stream.sendHeaders(fields, end)
      } catch (error) {
        // What fields a client takes is its own choice, RFC 9114 §4.2.2: one that takes none must not
        // make the calls of a handler throw. It gets no response.
        if (!isRefusal(error)) throw error
        this.#markHeadSent(dropped, expected)
        this.destroy(error as Error)
        return
      }
    }
    this.#markHeadSent(dropped, expected)
    if (!taken) this.#exchange.handleTooLate()
    else if (end) this.#streamEnded = true
    connection.wake()
  }

  #shortBy(expected: number): Error {
    this.#contentLength = expected
    return this.#mismatch()
  }

  #markHeadSent(contentDropped: boolean, expected: number): void {
    this.#headSent = true
    this.statusMessage ||= STATUS_CODES[this.#status] ?? ''
    this._header = statusLine(this.#status, this.statusMessage)
    this.#contentDropped = contentDropped
    this.#contentLength = expected
  }

  #sendInformational(status: number, fields: readonly string[]): boolean {
    if (this.#headSent || this.destroyed) return false
    let sent = false
    try {
      sent = this.#exchange.stream.sendInformational([':status', String(status), ...fields])
      if (!sent) this.#exchange.handleTooLate()
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.destroy(error as Error)
    }
    this.#exchange.connection.wake()
    return sent
  }
}

/** The client's limit, RFC 9114 §4.2.2. */
function isRefusal(error: unknown): boolean {
  return errorCodeOf(error) === 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE'
}
