// A request of a client as a Duplex: what is written is its body, what is read is the response's.

import { Duplex } from 'node:stream'

import { H3_NO_ERROR, H3_REQUEST_CANCELLED } from '@godwit/http3'
import type { RequestStream } from '@godwit/http3'
import { BodyWriter } from '../body-writer.ts'
import { Http3HostError } from '../errors.ts'
import { fieldValue, headersOf, rawHeadersOf, type IncomingHeaders } from '../fields.ts'
import { BODY_HIGH_WATER_MARK } from '../limits.ts'
import { emitSafely, throwLater } from '../user-code.ts'
import type { Http3ClientSession, PendingExchange } from './session.ts'

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly headers: IncomingHeaders
  /** Name, value, name, value… as they came. */
  readonly rawHeaders: readonly string[]
}

/**
 * Events beside a Duplex's: 'response' (head), 'informational' (head of a 1xx), 'trailers'
 * (headers). The body ends with 'end' only when it is complete: a truncated one is an 'error'.
 */
export class Http3ClientRequest extends Duplex {
  /** Null until 'response'. */
  response: ResponseHead | null
  trailers: IncomingHeaders
  readonly session: Http3ClientSession
  /** The side that the session talks to. */
  readonly exchange: PendingExchange
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #stream: RequestStream | null
  /** Made for the first piece: most requests have no content. */
  #body: BodyWriter | null
  /** A write or end that came before the server permitted the stream. */
  #whenOpen: (() => void) | null
  #wanted: boolean
  #complete: boolean
  #sendingStopped: boolean

  constructor(
    session: Http3ClientSession,
    fields: readonly string[],
    endStream: boolean,
    signal: AbortSignal | undefined,
  ) {
    super({ highWaterMark: BODY_HIGH_WATER_MARK, decodeStrings: false })
    this.session = session
    this.response = null
    this.trailers = Object.create(null) as IncomingHeaders
    this.#signal = signal
    this.#onAbort = () => this.destroy(signal?.reason as Error)
    this.#stream = null
    this.#body = null
    this.#whenOpen = null
    this.#wanted = false
    this.#complete = false
    this.#sendingStopped = endStream
    this.exchange = new ClientExchange(this, fields, endStream)
    if (endStream) this.end()
    if (signal?.aborted === true) process.nextTick(this.#onAbort)
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  // --- reads

  /** RFC 9000 §2.1 stream ID; -1 while the request waits for the server to permit it. */
  get streamId(): number {
    return this.#stream?.id ?? -1
  }

  // --- Duplex

  override _read(): void {
    this.#wanted = true
    this.handleData()
  }

  override _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    if (this.#stream === null) {
      this.#whenOpen = () => this._write(chunk, encoding, callback)
    } else if (this.#sendingStopped) {
      // Not at once: a source that is always ready would never let go of the process.
      setImmediate(callback)
    } else {
      const isText = typeof chunk === 'string'
      const bytes = isText ? Buffer.from(chunk, encoding) : chunk
      this.#bodyOn(this.#stream).write(bytes, isText, callback)
      this.session.wake()
    }
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#sendingStopped) {
      callback()
    } else if (this.#stream === null) {
      this.#whenOpen = () => this._final(callback)
    } else if (this.#stream.finish()) {
      this.#sendingStopped = true
      this.session.wake()
      callback()
    } else {
      // An event is on the way that says whether the request goes on without its end.
      this.#bodyOn(this.#stream).hold(callback)
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    if (this.#stream === null) {
      this.session.dropExchange(this.exchange)
    } else {
      if (!this.#complete || !this.#sendingStopped) this.#stream.cancel(H3_REQUEST_CANCELLED)
      this.session.removeExchange(this.#stream.id)
      this.session.wake()
    }
    this.#body?.fail(error)
    callback(error)
  }

  // --- events of the stream, by way of `exchange`

  /** @internal */
  handleStream(stream: RequestStream): void {
    this.#stream = stream
    const whenOpen = this.#whenOpen
    this.#whenOpen = null
    whenOpen?.()
  }

  /** @internal */
  handleResponse(fields: readonly string[], end: boolean): void {
    this.response = headOf(fields)
    emitSafely(this, 'response', this.response)
    if (end) this.handleEnd()
  }

  /** @internal */
  handleTrailers(fields: readonly string[]): void {
    this.trailers = headersOf(fields)
    emitSafely(this, 'trailers', this.trailers)
  }

  /** @internal */
  handleWritable(): void {
    this.#body?.handleWritable()
  }

  /** @internal */
  handleEnd(): void {
    this.#complete = true
    this.push(null)
  }

  /** @internal */
  handleStopSending(errorCode: number): void {
    // All of it was sent: servers also drop a request that they need not read to its end.
    if (this.#sendingStopped) return
    this.#sendingStopped = true
    if (errorCode === H3_NO_ERROR) {
      // RFC 9114 §4.1: the response does not depend on the rest of the request.
      this.#body?.discard()
    } else {
      this.destroy(
        new Http3HostError('ERR_HTTP3_STREAM_RESET', 'the server reads no more', { errorCode }),
      )
    }
  }

  /** @internal */
  handleData(): void {
    while (this.#wanted && this.#stream !== null && !this.#complete) {
      const chunk = this.#stream.readData()
      if (chunk === null) break
      try {
        this.#wanted = this.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      } catch (error) {
        throwLater(error) // a 'data' listener's: it has had the chunk
      }
    }
    this.session.wake()
  }

  #bodyOn(stream: RequestStream): BodyWriter {
    // When it is too late an event is on the way that ends the request, or its body.
    this.#body ??= new BodyWriter(stream, () => {})
    return this.#body
  }
}

/**
 * Joins a stream's events with its request. A class, not a literal: V8 comes to allocate literals that
 * often live long in the old generation, where each keeps its request alive until a full collection.
 */
class ClientExchange implements PendingExchange {
  readonly fields: readonly string[]
  readonly bodyless: boolean
  readonly #request: Http3ClientRequest

  constructor(request: Http3ClientRequest, fields: readonly string[], bodyless: boolean) {
    this.#request = request
    this.fields = fields
    this.bodyless = bodyless
  }

  onStream(stream: RequestStream): void {
    this.#request.handleStream(stream)
  }

  onResponse(fields: readonly string[], end: boolean): void {
    this.#request.handleResponse(fields, end)
  }

  onInformational(fields: readonly string[]): void {
    emitSafely(this.#request, 'informational', headOf(fields))
  }

  onData(): void {
    this.#request.handleData()
  }

  onTrailers(fields: readonly string[]): void {
    this.#request.handleTrailers(fields)
  }

  onEnd(): void {
    this.#request.handleEnd()
  }

  onWritable(): void {
    this.#request.handleWritable()
  }

  onReset(error: Error): void {
    this.#request.destroy(error)
  }

  onStopSending(errorCode: number): void {
    this.#request.handleStopSending(errorCode)
  }

  onSessionClosed(error: Error): void {
    this.#request.destroy(error)
  }
}

function headOf(fields: readonly string[]): ResponseHead {
  return {
    status: Number(fieldValue(fields, ':status')),
    headers: headersOf(fields),
    rawHeaders: rawHeadersOf(fields),
  }
}
