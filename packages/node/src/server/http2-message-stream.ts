// A stream of node:http2 in the shape of http3's RequestStream, so that requests over TCP get the same
// objects, with the same manners, as those over HTTP/3. Node's own objects for HTTP/2 do not survive
// what Express does to prototypes, and throw where ours tell.

import { constants, type ServerHttp2Stream } from 'node:http2'

import {
  H3_INTERNAL_ERROR,
  H3_NO_ERROR,
  H3_REQUEST_CANCELLED,
  H3_REQUEST_REJECTED,
  type SendOutcome,
} from '@godwit/http3'
import { Http3HostError } from '../errors.ts'
import type { ExchangeHandler } from '../exchange.ts'
import type { MessageStream } from '../message-stream.ts'

type Http2Fields = Record<string, string | string[]>

export class Http2MessageStream implements MessageStream {
  readonly id: number
  readonly #stream: ServerHttp2Stream
  #trailers: Http2Fields
  #error: Error | null
  /** What comes is thrown away: the handler wants no more of it. */
  #discarding: boolean
  /** The end of the response was given to Node, which asks for trailers last. */
  #wholeSent: boolean

  constructor(stream: ServerHttp2Stream) {
    this.id = stream.id ?? -1
    this.#stream = stream
    this.#trailers = {}
    this.#error = null
    this.#discarding = false
    this.#wholeSent = false
  }

  /** Tells `handler` what happens from now on. `end`: the request has no content. */
  start(handler: ExchangeHandler, end: boolean): void {
    const stream = this.#stream
    stream.on('error', (error: Error) => {
      this.#error = error
    })
    stream.on('aborted', () => this.#tellLost(handler))
    stream.on('close', () => this.#tellLost(handler))
    stream.on('drain', () => handler.onWritable())
    stream.on('wantTrailers', () => this.#sendTrailers())
    if (end) {
      stream.resume()
      return
    }
    stream.on('trailers', (_headers: unknown, _flags: number, raw?: readonly string[]) => {
      if (raw !== undefined) handler.onTrailers(raw)
    })
    stream.on('readable', () => {
      if (this.#discarding) this.#discard()
      else handler.onData()
    })
    stream.on('end', () => handler.onEnd())
  }

  // --- sending

  sendInformational(fields: readonly string[]): boolean {
    if (!this.#writable) return false
    this.#stream.additionalHeaders(objectOf(fields))
    return true
  }

  sendHeaders(fields: readonly string[], end: boolean): boolean {
    if (!this.#writable) return false
    // Trailers may still come: Node asks for them at the end, and puts up with none.
    // The response has its date, or wants none. The types do not know of that option.
    const options = { endStream: end, waitForTrailers: !end, sendDate: false }
    this.#stream.respond(objectOf(fields), options)
    this.#wholeSent = end
    return true
  }

  sendData(chunk: Uint8Array): SendOutcome {
    if (!this.#writable) return 'too-late'
    return this.#stream.write(chunk) ? 'sent' : 'full'
  }

  sendFramed(frame: Uint8Array, length: number): SendOutcome {
    return this.sendData(frame.subarray(frame.length - length))
  }

  /** Node's stream keeps a reference to whatever it is given, and says when it is too much. */
  get writableAmount(): number {
    return Infinity
  }

  sendTrailers(fields: readonly string[]): boolean {
    this.#trailers = objectOf(fields)
    return this.finish()
  }

  finish(): boolean {
    const stream = this.#stream
    if (stream.destroyed || stream.closed) return false
    if (!stream.writableEnded) stream.end()
    return true
  }

  reset(errorCode: number): void {
    const stream = this.#stream
    if (!stream.destroyed && !stream.closed) stream.close(http2Code(errorCode))
  }

  // --- receiving

  readData(): Uint8Array | null {
    if (this.#discarding) return null
    return this.#stream.read() as Buffer | null // sound: no encoding is set
  }

  /** HTTP/2 has no way to stop one half: what still comes is dropped, until the response is whole. */
  stopSending(): void {
    this.#discarding = true
    if (this.#stream.destroyed || this.#stream.closed) return
    this.#discard()
    if (this.#wholeSent) this.#stopClient()
  }

  // --- private

  get #writable(): boolean {
    const stream = this.#stream
    return !stream.destroyed && !stream.closed && !stream.writableEnded
  }

  #discard(): void {
    while (this.#stream.read() !== null);
  }

  #sendTrailers(): void {
    try {
      this.#stream.sendTrailers(this.#trailers)
      this.#wholeSent = true
      if (this.#discarding) this.#stopClient()
    } catch {
      // The fields are not HTTP/2's, or the stream ended meanwhile: the message cannot be whole.
      this.reset(H3_INTERNAL_ERROR)
    }
  }

  /** RFC 9113 §8.1: after a whole response the client is asked to send no more, without an error. */
  #stopClient(): void {
    const stream = this.#stream
    setImmediate(() => {
      if (!stream.destroyed && !stream.closed && !stream.readableEnded) stream.close()
    })
  }

  /** The client is gone, or all is over: then nobody minds. */
  #tellLost(handler: ExchangeHandler): void {
    const { rstCode } = this.#stream
    const message = `the client reset the stream with code ${rstCode ?? constants.NGHTTP2_NO_ERROR}`
    const cause = this.#error === null ? {} : { cause: this.#error }
    handler.onSessionClosed(new Http3HostError('ERR_HTTP3_STREAM_RESET', message, cause))
  }
}

/** RFC 9114 §8.1's codes as those of RFC 9113 §7. */
function http2Code(errorCode: number): number {
  switch (errorCode) {
    case H3_NO_ERROR:
      return constants.NGHTTP2_NO_ERROR
    case H3_REQUEST_CANCELLED:
      return constants.NGHTTP2_CANCEL
    case H3_REQUEST_REJECTED:
      return constants.NGHTTP2_REFUSED_STREAM
    case H3_INTERNAL_ERROR:
      return constants.NGHTTP2_INTERNAL_ERROR
    default:
      return constants.NGHTTP2_PROTOCOL_ERROR
  }
}

function objectOf(fields: readonly string[]): Http2Fields {
  const object = Object.create(null) as Http2Fields
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    const earlier = object[name]
    if (earlier === undefined) object[name] = value
    else if (Array.isArray(earlier)) earlier.push(value)
    else object[name] = [earlier, value]
  }
  return object
}
