// One request with its response on the server: what both share, and what is true of them. The objects
// that the application gets are faces of this one. Applications, middleware and frameworks write to
// them what they like; nothing of ours depends on it.

import type { Readable, Writable } from 'node:stream'

import { H3_INTERNAL_ERROR, H3_NO_ERROR } from '@godwit/http3'
import { BodyWriter } from '../body-writer.ts'
import { Http3HostError } from '../errors.ts'
import type { ExchangeHandler } from '../exchange.ts'
import type { MessageStream } from '../message-stream.ts'
import { emitSafely, throwLater } from '../user-code.ts'
import type { ServerConnection } from './connection.ts'
import { RequestSocket } from './request-socket.ts'
import { Http3ServerStream } from './stream.ts'

const NO_FIELDS: readonly string[] = []

/** Joins a stream's events with its request and response. */
export class ServerExchange implements ExchangeHandler {
  readonly connection: ServerConnection
  readonly stream: MessageStream
  readonly body: BodyWriter
  /** The method as it came. */
  readonly method: string
  /** The whole request has arrived, and was read from the connection. */
  complete: boolean
  /** The client went away before the request was complete, or before the answer was. */
  aborted: boolean
  trailerFields: readonly string[]
  /** Timers of `setTimeout`, which what moves on the stream puts off. */
  readTimer: NodeJS.Timeout | null
  writeTimer: NodeJS.Timeout | null
  #request: Readable | null
  #response: Writable | null
  /** The Readable wants more. */
  #wanted: boolean
  #tooLate: boolean
  #socket: RequestSocket | null
  #publicStream: Http3ServerStream | null

  constructor(connection: ServerConnection, stream: MessageStream, method: string, end: boolean) {
    this.connection = connection
    this.stream = stream
    this.body = new BodyWriter(stream, () => this.handleTooLate())
    this.method = method
    this.complete = end
    this.aborted = false
    this.trailerFields = NO_FIELDS
    this.readTimer = null
    this.writeTimer = null
    this.#request = null
    this.#response = null
    this.#wanted = false
    this.#tooLate = false
    this.#socket = null
    this.#publicStream = null
  }

  /** Before anything else: the faces of this exchange. */
  join(request: Readable, response: Writable): void {
    this.#request = request
    this.#response = response
  }

  // --- commands

  /** Moves what has arrived, and what will, into the request until that has enough. */
  read(): void {
    this.#wanted = true
    this.#pull()
  }

  /** Ends both messages before their time. `errorCode` is RFC 9114 §8.1's. */
  destroy(error?: Error, errorCode: number = H3_INTERNAL_ERROR): void {
    this.stream.reset(errorCode)
    if (!this.complete) this.stream.stopSending(errorCode)
    this.#response?.destroy(error)
    this.#request?.destroy(error)
    this.connection.wake()
  }

  // --- reads

  /** True when neither message goes on. */
  get over(): boolean {
    return this.#response?.destroyed === true && this.#request?.destroyed === true
  }

  get socket(): RequestSocket {
    this.#socket ??= new RequestSocket(this.connection, this)
    return this.#socket
  }

  get publicStream(): Http3ServerStream {
    this.#publicStream ??= new Http3ServerStream(this)
    return this.#publicStream
  }

  // --- events of the stream

  onData(): void {
    this.readTimer?.refresh()
    if (this.#wanted) this.#pull()
  }

  onTrailers(fields: readonly string[]): void {
    this.trailerFields = fields
  }

  onEnd(): void {
    this.complete = true
    this.#settle()
    if (this.#wanted) this.#pull()
    this.#dropUnread()
  }

  onWritable(): void {
    this.writeTimer?.refresh()
    try {
      this.body.handleWritable()
    } catch (error) {
      throwLater(error) // a 'drain' listener's, or a write callback's
    }
  }

  onReset(error: Error): void {
    this.#abortRequest(error)
  }

  onStopSending(errorCode: number): void {
    this.#abortResponse(readsNoMore(errorCode))
  }

  onSessionClosed(error: Error): void {
    this.#abortRequest(error)
    this.#abortResponse(error)
    this.#dropUnread()
  }

  onResponse(): void {
    // A client sends none: http3 has refused it.
  }

  onInformational(): void {
    // As above.
  }

  // --- events of request and response

  /** A command of the response came too late. Its event may still be on the way, or have been lost. */
  handleTooLate(): void {
    if (this.#tooLate) return
    this.#tooLate = true
    // Not inside of the call that came too late: the handler would see events in the middle of it.
    process.nextTick(() => this.#abortResponse(readsNoMore()))
  }

  /** The response is destroyed: a body that nobody is reading will not be read. */
  handleResponseOver(): void {
    const request = this.#request as Readable // sound: joined before anything happens
    if (!request.destroyed) {
      if (request.readableEnded || !this.#isReading) request.destroy()
      else request.once('end', () => request.destroy())
    }
    this.#settle()
  }

  /** The request is destroyed. */
  handleRequestOver(): void {
    if (!this.complete && !this.aborted) {
      this.stream.stopSending(H3_NO_ERROR)
      this.connection.wake()
    }
    this.#settle()
  }

  // --- private

  /** True while somebody reads the body, or has paused to go on with it. */
  get #isReading(): boolean {
    const request = this.#request as Readable
    if (request.readableFlowing === true) return true
    return request.listenerCount('readable') > 0 || request.listenerCount('data') > 0
  }

  /** Whoever read has stopped since the response was over: the request would stay for ever. */
  #dropUnread(): void {
    const request = this.#request as Readable
    if (this.#response?.destroyed === true && !request.destroyed && !this.#isReading) {
      request.destroy()
    }
  }

  #pull(): void {
    const request = this.#request as Readable
    while (this.#wanted) {
      const chunk = this.stream.readData()
      if (chunk === null) break
      try {
        const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        if (!request.push(bytes)) this.#wanted = false
      } catch (error) {
        throwLater(error) // a 'data' listener's: it has had the chunk
      }
    }
    if (this.complete && this.#wanted) {
      this.#wanted = false
      request.push(null)
    }
    this.connection.wake()
  }

  /** The client took its request back, or the connection is gone. */
  #abortRequest(cause: Error): void {
    const request = this.#request as Readable
    if (this.complete || this.aborted || request.destroyed) return
    this.#tellAborted()
    const message = 'the request was aborted by the client'
    request.destroy(new Http3HostError('ERR_HTTP3_STREAM_RESET', message, { cause }))
  }

  /** The client reads no more, or is gone. As in node:http 'close' tells, without an error. */
  #abortResponse(cause: Error): void {
    const response = this.#response as Writable
    if (response.writableFinished || response.destroyed) return
    // Who cancels a response cancels a request that nobody reads, too.
    if (!this.#isReading) this.#abortRequest(cause)
    if (this.complete && !this.aborted) this.#tellAborted()
    response.destroy()
  }

  #tellAborted(): void {
    const request = this.#request as Readable
    this.aborted = true
    if (!request.closed) emitSafely(request, 'aborted')
  }

  /** When both are over nobody needs the stream's events. */
  #settle(): void {
    const request = this.#request as Readable
    if (this.#response?.destroyed !== true) return
    if (request.destroyed || this.complete) this.connection.removeExchange(this.stream.id)
    if (request.destroyed) this.#socket?.handleOver()
  }
}

function readsNoMore(errorCode: number = -1): Error {
  const message = 'the client reads no more'
  return new Http3HostError('ERR_HTTP3_STREAM_RESET', message, { errorCode })
}
