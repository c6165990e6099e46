// One web Request answered by one web Response over a session. Bodies stream both ways: a response
// that is not read stops the server, a request body is pulled as the connection takes it.

import { H3_NO_ERROR, H3_REQUEST_CANCELLED } from '@godwit/http3'
import type { RequestStream } from '@godwit/http3'
import { Http3HostError } from '../errors.ts'
import { fieldValue, isConnectionField } from '../fields.ts'
import {
  BODY_HIGH_WATER_MARK,
  CHUNKS_PER_TURN,
  SILENCE_LIMIT,
  SILENCE_ROUND_TRIPS,
} from '../limits.ts'
import { nextTurn } from '../next-turn.ts'
import type { Http3ClientSession, PendingExchange } from './session.ts'

/** The web's Response takes no status above. */
const MAX_STATUS = 599

/**
 * Sends `request`; `body` is what it was made of, for its length. Rejects as `fetch` does. `onSilence`: is
 * called when nothing at all comes of the connection for a while; then this rejects as for a lost one.
 */
export function fetchOver(
  session: Http3ClientSession,
  request: Request,
  body: unknown,
  onSilence?: () => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const exchange = new FetchExchange(session, request, body, resolve, reject)
    if (onSilence !== undefined) exchange.watchSilence(onSilence)
    if (request.signal.aborted) exchange.fail(request.signal.reason)
    else session.startExchange(exchange)
  })
}

class FetchExchange implements PendingExchange {
  readonly fields: readonly string[]
  readonly bodyless: boolean
  readonly #session: Http3ClientSession
  readonly #request: Request
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: unknown) => void
  readonly #onAbort: () => void
  #stream: RequestStream | null
  #uploading: ReadableStreamDefaultReader<Uint8Array> | null
  #onRoom: (() => void) | null
  #download: ReadableStreamDefaultController<Uint8Array> | null
  #onChunk: (() => void) | null
  #over: boolean
  #silenceTimer: NodeJS.Timeout | undefined

  constructor(
    session: Http3ClientSession,
    request: Request,
    body: unknown,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.fields = requestFields(request, body)
    this.bodyless = request.body === null
    this.#session = session
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
    this.#onAbort = () => this.fail(request.signal.reason)
    this.#stream = null
    this.#uploading = null
    this.#onRoom = null
    this.#download = null
    this.#onChunk = null
    this.#over = false
    this.#silenceTimer = undefined
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** A server that was killed tells nobody, and the idle timeout is long: so it is not waited for. */
  watchSilence(onSilence: () => void): void {
    const session = this.#session
    const before = session.stats.packetsReceived
    const limit = Math.max(SILENCE_LIMIT, SILENCE_ROUND_TRIPS * session.stats.smoothedRtt)
    this.#silenceTimer = setTimeout(() => {
      if (this.#over || session.stats.packetsReceived > before) return
      onSilence()
      const message = 'nothing is heard of the server any more'
      this.fail(new Http3HostError('ERR_HTTP3_SESSION_CLOSED', message))
    }, limit).unref()
  }

  /** Ends the exchange before its time: the response, or its body, fails with `error`. */
  fail(error: unknown): void {
    if (this.#over) {
      // The response is whole, and what is left of the request goes nowhere.
      this.#stopUpload()
      return
    }
    this.#stream?.cancel(H3_REQUEST_CANCELLED)
    this.#settle()
    this.#stopUpload()
    if (this.#download === null) this.#reject(error)
    else this.#download.error(error)
    this.#onChunk?.()
  }

  // --- PendingExchange

  onStream(stream: RequestStream): void {
    this.#stream = stream
    const { body } = this.#request
    if (body !== null) this.#upload(stream, body).catch((error: unknown) => this.fail(error))
  }

  onResponse(fields: readonly string[], end: boolean): void {
    const status = Number(fieldValue(fields, ':status'))
    if (status > MAX_STATUS) {
      const message = `a Response cannot tell status ${status}`
      this.fail(new Http3HostError('ERR_HTTP_INVALID_STATUS_CODE', message))
      return
    }
    let response: Response
    try {
      response = this.#responseOf(status, fields)
    } catch (error) {
      this.fail(error) // the web's types do not hold what HTTP permits
      return
    }
    if (end) this.onEnd()
    this.#resolve(response)
  }

  onData(): void {
    this.#onChunk?.()
  }

  onEnd(): void {
    if (this.#over) return
    this.#settle()
    this.#download?.close()
    this.#onChunk?.()
  }

  onWritable(): void {
    const onRoom = this.#onRoom
    this.#onRoom = null
    onRoom?.()
  }

  onReset(error: Error): void {
    this.fail(error)
  }

  onStopSending(errorCode: number): void {
    // RFC 9114 §4.1: with NO_ERROR the response does not depend on the rest of the request. When there
    // is no rest, no code matters: servers also drop a request that they need not read to its end.
    const wasSent = this.#uploading === null
    this.#stopUpload()
    if (wasSent || errorCode === H3_NO_ERROR) return
    this.fail(
      new Http3HostError('ERR_HTTP3_STREAM_RESET', 'the server reads no more', { errorCode }),
    )
  }

  onSessionClosed(error: Error): void {
    this.fail(error)
  }

  onInformational(): void {
    // fetch has no place for interim responses.
  }

  onTrailers(): void {
    // Nor for trailers.
  }

  // --- private

  #responseOf(status: number, fields: readonly string[]): Response {
    const headers = new Headers()
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] as string
      if (!name.startsWith(':')) headers.append(name, fields[at + 1] as string)
    }
    const empty = status === 204 || status === 205 || status === 304
    const body = empty || this.#request.method === 'HEAD' ? null : this.#responseBody()
    const response = new Response(body, { status, headers })
    Object.defineProperty(response, 'url', { value: this.#request.url })
    return response
  }

  #responseBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#download = controller
        },
        pull: () => this.#nextChunk(),
        cancel: () => {
          if (this.#over) return
          this.#stream?.cancel(H3_REQUEST_CANCELLED)
          this.#settle()
          this.#stopUpload()
        },
      },
      // A small response is over as soon as it arrived, even if nobody reads it.
      new ByteLengthQueuingStrategy({ highWaterMark: BODY_HIGH_WATER_MARK }),
    )
  }

  /** Resolves when a chunk was delivered, or none will be. */
  #nextChunk(): Promise<void> {
    return new Promise((resolve) => {
      const deliver = (): void => {
        if (!this.#over) {
          const chunk = this.#stream?.readData() ?? null
          this.#session.wake()
          if (chunk === null) return
          this.#download?.enqueue(chunk)
        }
        this.#onChunk = null
        resolve()
      }
      this.#onChunk = deliver
      deliver()
    })
  }

  /** Sends the body. Rejects with what its source failed with. */
  async #upload(stream: RequestStream, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader()
    this.#uploading = reader
    for (let count = 1; ; count++) {
      const { done, value } = await reader.read()
      if (this.#uploading === null) return
      if (done) break
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`"body" expected chunks of Uint8Array, got ${typeof value}`)
      }
      // The chunk is its maker's: the transport keeps what it is given until it is acknowledged.
      const outcome = stream.sendData(new Uint8Array(value))
      this.#session.wake()
      // An event is on the way that says whether the request goes on without the rest.
      if (outcome === 'too-late') return
      if (outcome === 'full') {
        await new Promise<void>((resolve) => {
          this.#onRoom = resolve
        })
      } else if (count % CHUNKS_PER_TURN === 0) {
        await nextTurn()
      }
    }
    this.#uploading = null
    stream.finish()
    if (this.#over) this.#session.removeExchange(stream.id)
    this.#session.wake()
  }

  /** What is left of the request's body is not needed. */
  #stopUpload(): void {
    const reader = this.#uploading
    this.#uploading = null
    if (reader !== null) reader.cancel().catch(() => {})
    else if (this.#stream === null) cancelRequestBody(this.#request)
    if (this.#over && this.#stream !== null) this.#session.removeExchange(this.#stream.id)
    this.onWritable()
  }

  #settle(): void {
    this.#over = true
    clearTimeout(this.#silenceTimer)
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    if (this.#stream === null) this.#session.dropExchange(this)
    else if (this.#uploading === null) this.#session.removeExchange(this.#stream.id)
    this.#session.wake()
  }
}

/** The request will not be sent: the source of its body is told. */
export function cancelRequestBody({ body }: Request): void {
  if (body !== null && !body.locked) body.cancel().catch(() => {})
}

function requestFields(request: Request, body: unknown): string[] {
  const url = new URL(request.url)
  const fields = [':method', request.method, ':scheme', 'https', ':authority', url.host]
  fields.push(':path', `${url.pathname}${url.search}`)
  const length = request.body === null ? null : lengthOf(body)
  for (const [name, value] of request.headers) {
    if (isConnectionField(name) || name === 'host' || name === 'content-length') continue
    fields.push(name, value)
  }
  if (length !== null) fields.push('content-length', String(length))
  if (!request.headers.has('accept')) fields.push('accept', '*/*')
  if (!request.headers.has('user-agent')) fields.push('user-agent', 'godwit')
  return fields
}

/** Bytes of a body whose length is known beforehand, or null. */
function lengthOf(body: unknown): number | null {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof URLSearchParams) return Buffer.byteLength(body.toString())
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength
  if (body instanceof Blob) return body.size
  return null
}
