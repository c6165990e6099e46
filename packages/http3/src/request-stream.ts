// One request and its response on a bidirectional stream, RFC 9114 §4.1.

import { QpackError } from '@godwit/qpack'
import type { QuicStream } from '@godwit/quic'
import type { Http3Core } from './core.ts'
import { MessageError } from './core.ts'
import {
  H3_NO_ERROR,
  H3_REQUEST_CANCELLED,
  H3_REQUEST_INCOMPLETE,
  H3_REQUEST_REJECTED,
  Http3Error,
  remoteError,
  stateError,
} from './errors.ts'
import type { Http3Event } from './event.ts'
import type { MessageHead } from './message-fields.ts'
import { checkResponseFields, checkTrailerFields } from './message-fields.ts'
import { hasNoContent, MessageReceiver } from './message-receiver.ts'
import { MessageSender } from './message-sender.ts'
import type { SendOutcome } from './message-sender.ts'
import { ON_FINAL, ON_INTERIM, ON_TUNNEL } from './message-state.ts'

/**
 * An exchange. Methods that send throw for mistakes of the caller alone. Once the stream is given up, by
 * the peer or by `reset`, or the connection is over, each says that it came too late, in whatever
 * order they are called. Methods marked internal are called by `Http3Connection`.
 */
export class RequestStream {
  /** The QUIC stream ID. */
  readonly id: number
  /** Method of the request; empty while it has not arrived. */
  method: string
  /** A place for the layer above to hang its own state on. */
  context: unknown
  readonly #core: Http3Core
  readonly #quic: QuicStream
  readonly #receiver: MessageReceiver
  readonly #sender: MessageSender
  // Everything sent was acknowledged, or given up.
  #sendingOver: boolean
  // Error code of the STOP_SENDING that came before the request did; -1: none.
  #stopCode: number
  // What the host gave up itself, and hears no more of.
  #hostReset: boolean
  #hostStopped: boolean
  // As `isStalled` last saw them; whether the header section was awaited then.
  #bytesTaken: number
  #delivered: number
  #headAwaited: boolean

  /** Internal. */
  constructor(core: Http3Core, quic: QuicStream) {
    this.id = quic.id
    this.method = ''
    this.context = undefined
    this.#core = core
    this.#quic = quic
    this.#receiver = new MessageReceiver(core, this, quic)
    this.#sender = new MessageSender(core, quic)
    this.#sendingOver = false
    this.#stopCode = -1
    this.#hostReset = false
    this.#hostStopped = false
    this.#bytesTaken = -1
    this.#delivered = NaN
    this.#headAwaited = false
    quic.retain()
    core.add(this)
  }

  // --- sending

  /**
   * Server: an interim response (`:status` 1xx, not 101). False: too late, nothing was sent.
   *
   * @throws TypeError for fields that RFC 9114 §4.2 and §4.3.2 do not permit.
   * @throws Http3Error `ERR_HTTP3_STREAM_STATE`, `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`.
   */
  sendInformational(fields: readonly string[]): boolean {
    const head = this.#checkResponse(fields)
    if (head.status >= 200) {
      throw new TypeError(`"fields" expected a ":status" of 1xx, got ${head.status}`)
    }
    return this.#sender.sendHeaders(fields, ON_INTERIM, -1, false)
  }

  /**
   * Server: the final response; `end`: no content follows. (A client's is sent by `request()`.) A
   * response to HEAD, and one with status 204 or 304, has no content. False: too late, nothing was
   * sent.
   *
   * @throws TypeError for fields that RFC 9114 §4.2 and §4.3.2 do not permit.
   * @throws Http3Error `ERR_HTTP3_STREAM_STATE`, `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`,
   *   `ERR_HTTP3_CONTENT_LENGTH`.
   */
  sendHeaders(fields: readonly string[], end: boolean = false): boolean {
    const { status, contentLength } = this.#checkResponse(fields)
    if (status < 200) {
      throw new TypeError(`"fields" expected a ":status" of 200 or above, got ${status}`)
    }
    if (this.method === 'CONNECT' && status < 300) {
      return this.#sender.sendHeaders(fields, ON_TUNNEL, -1, end)
    }
    const expected = hasNoContent(this.method, status) ? 0 : contentLength
    return this.#sender.sendHeaders(fields, ON_FINAL, expected, end)
  }

  /**
   * Queues content. The stream keeps a reference until it is acknowledged: do not change it.
   *
   * @throws TypeError when `chunk` is no Uint8Array.
   * @throws Http3Error `ERR_HTTP3_STREAM_STATE`, or `ERR_HTTP3_CONTENT_LENGTH` for more than was
   *   announced.
   */
  sendData(chunk: Uint8Array): SendOutcome {
    return this.#sender.sendData(chunk)
  }

  /**
   * Like `sendData`, in one piece with the frame's header: `frame` consists of
   * `dataHeaderLength(length)` bytes that are free for the header and `length` bytes of content.
   *
   * @throws RangeError when `frame` has another length; else as `sendData` does.
   */
  sendFramed(frame: Uint8Array, length: number): SendOutcome {
    return this.#sender.sendFramed(frame, length)
  }

  /**
   * Sends the trailer section and ends the message. False: too late, nothing was sent.
   *
   * @throws as `sendHeaders` and `finish` do.
   */
  sendTrailers(fields: readonly string[]): boolean {
    checkPairs(fields)
    const wrong = checkTrailerFields(fields)
    if (wrong !== null) throw new TypeError(`"fields" expected a trailer section: ${wrong}`)
    return this.#sender.sendTrailers(fields)
  }

  /**
   * Ends the message; no-op when it has ended. False: too late, the peer will not see it whole.
   *
   * @throws Http3Error `ERR_HTTP3_STREAM_STATE`, or `ERR_HTTP3_CONTENT_LENGTH` when content is
   *   missing: `reset` the stream then.
   */
  finish(): boolean {
    return this.#sender.finish()
  }

  /**
   * Abandons what we send (RESET_STREAM); no further event about sending. No-op when it was
   * acknowledged or reset.
   *
   * @throws RangeError when `errorCode` is no integer from 0 to 2^53-1, here and below.
   */
  reset(errorCode: number): void {
    checkErrorCode(errorCode)
    this.#hostReset = true
    this.#endSending(errorCode)
  }

  // --- receiving

  /**
   * The next bytes of content, or null when there are none now. Not reading stops the sender.
   * Poll events afterwards: reading may bring 'trailers', 'end' or 'reset'.
   */
  readData(): Uint8Array | null {
    if (this.#receiver.over || this.#core.closed) return null
    try {
      return this.#receiver.read()
    } catch (error) {
      this.#handleFailure(error)
      return null
    }
  }

  /** Reads no more: STOP_SENDING, and no further event about receiving. No-op when it has ended. */
  stopSending(errorCode: number): void {
    checkErrorCode(errorCode)
    this.#hostStopped = true
    if (this.#receiver.over) return
    this.#receiver.abort()
    this.#stopSending(errorCode)
    this.handleReceived()
  }

  /** Both `reset` and `stopSending`. */
  cancel(errorCode: number = H3_REQUEST_CANCELLED): void {
    this.reset(errorCode)
    this.stopSending(errorCode)
  }

  // --- reads

  /** Bytes, with the headers of their frames, that can be sent before the outcome is 'full'. */
  get writableAmount(): number {
    return this.#quic.writableAmount
  }

  /** True until the message was ended or given up: `sendData` has an effect (after the headers). */
  get writable(): boolean {
    return !this.#sender.over && !this.#core.closed && this.#quic.writable
  }

  /** True when nothing more will be received: the message is complete and read, or given up. */
  get ended(): boolean {
    return this.#receiver.over
  }

  /** Bytes queued and not yet acknowledged. */
  get bufferedAmount(): number {
    return this.#quic.bufferedAmount
  }

  // --- internal

  /** Internal: sends a request that was checked. */
  sendRequest(fields: readonly string[], head: MessageHead, end: boolean): void {
    this.method = head.method
    if (head.method === 'CONNECT') this.#sender.sendHeaders(fields, ON_TUNNEL, -1, end)
    else this.#sender.sendHeaders(fields, ON_FINAL, head.contentLength, end)
  }

  /** Internal. */
  handleReadable(): void {
    if (this.#receiver.over) return
    try {
      this.#receiver.handleReadable()
    } catch (error) {
      this.#handleFailure(error)
    }
  }

  /** Internal. */
  handleWritable(): void {
    if (!this.#sender.over) this.#core.events.push({ type: 'writable', stream: this })
  }

  /** Internal: the peer abandoned its half. */
  handleReset(errorCode: number): void {
    if (this.#receiver.over) return
    this.#core.countGlitch()
    this.#endReceiving(remoteError(errorCode, 'the peer reset the stream'))
    if (!this.#core.isServer) this.#giveUpSending(H3_REQUEST_CANCELLED)
    // RFC 9114 §4.1: nobody else will abort the response to a request that did not arrive.
    else if (!this.#receiver.surfaced) this.#giveUpSending(H3_REQUEST_INCOMPLETE)
  }

  /** Internal: the peer wants no more of our half. */
  handleStopSending(errorCode: number): void {
    if (this.#sendingOver) return
    // RFC 9114 §4.1: a server asks so, with H3_NO_ERROR, for the rest of a request that it does not
    // need. A client that wants no response has made us work for nothing, whatever its code.
    if (this.#core.isServer || errorCode !== H3_NO_ERROR) this.#core.countGlitch()
    if (!this.#visible) this.#stopCode = errorCode
    this.#giveUpSending(errorCode)
  }

  /** Internal: the host is being told of the request, and now of what it could not be told before. */
  handleSurfaced(): void {
    const errorCode = this.#stopCode
    if (errorCode >= 0) this.#core.events.push({ type: 'stop-sending', stream: this, errorCode })
  }

  /** Internal: everything we sent was acknowledged. */
  handleFinished(): void {
    if (this.#sendingOver || !this.#sender.over) return
    if (this.#visible) this.#core.events.push({ type: 'finished', stream: this })
    if (this.#core.isServer) this.#core.countSuccess()
    this.#handleSent()
  }

  /** Internal: our receiving half is over. */
  handleReceived(): void {
    if (this.#sendingOver) this.#core.remove(this)
  }

  /**
   * Internal: the peer, going away, will not process the request (RFC 9114 §5.2). One that it answers
   * nevertheless is let alone.
   */
  handleRejected(): void {
    this.handleReadable()
    if (this.#receiver.bytesTaken > 0) return
    const message = 'the server is going away'
    const error = new Http3Error(H3_REQUEST_REJECTED, message, { remote: true })
    this.#giveUp(error, H3_REQUEST_CANCELLED)
  }

  /**
   * Internal: whether nothing has moved since the last call although it was the peer's turn. Of a
   * header section all must come between two calls: bytes one by one are an attack (slowloris).
   */
  isStalled(): boolean {
    const { bytesTaken, waiting, surfaced } = this.#receiver
    const { delivered } = this.#sender
    const { bufferedAmount } = this.#quic
    const moved = bytesTaken !== this.#bytesTaken || delivered !== this.#delivered
    const headLate = waiting && !surfaced && this.#headAwaited
    this.#bytesTaken = bytesTaken
    this.#delivered = delivered
    this.#headAwaited = waiting && !surfaced
    if (headLate) return true
    return !moved && (waiting || (bufferedAmount > 0 && !this.#sendingOver))
  }

  /** Internal: gives up on a peer that lets us wait. */
  handleStalled(): void {
    const errorCode = this.#receiver.surfaced ? H3_REQUEST_CANCELLED : H3_REQUEST_INCOMPLETE
    this.#giveUp(new Http3Error(errorCode, 'the peer lets us wait'), errorCode)
    this.#core.countGlitch()
  }

  /** Internal: the connection is over. */
  drop(): void {
    this.#receiver.abort()
    // What was acknowledged stays so: calls after it are the caller's mistake, as before.
    if (!this.#sendingOver) this.#sender.abort()
    this.#sendingOver = true
  }

  /** Internal: the layer below need not keep the stream. */
  release(): void {
    this.#quic.release()
  }

  /**
   * Internal: whether the host is still to hear of an event. It is not when it gave up that half while
   * the event waited to be polled.
   */
  isNews(type: Http3Event['type']): boolean {
    const sending = type === 'writable' || type === 'stop-sending' || type === 'finished'
    return sending ? !this.#hostReset : !this.#hostStopped
  }

  // The host knows of the stream.
  get #visible(): boolean {
    return !this.#core.isServer || this.#receiver.surfaced
  }

  #checkResponse(fields: readonly string[]): MessageHead {
    if (!this.#core.isServer) throw stateError('a client does not send responses')
    checkPairs(fields)
    const head = this.#core.head
    const wrong = checkResponseFields(fields, head)
    if (wrong !== null) throw new TypeError(`"fields" expected a response: ${wrong}`)
    return head
  }

  // Gives up what is left of both halves, for something that the peer did.
  #giveUp(error: Http3Error, errorCode: number): void {
    if (!this.#receiver.over) {
      this.#stopSending(errorCode)
      this.#endReceiving(error)
    }
    this.#giveUpSending(errorCode)
  }

  // The peer's message will not be complete.
  #endReceiving(error: Http3Error): void {
    this.#receiver.abort()
    const { errorCode } = error
    if (this.#visible) this.#core.events.push({ type: 'reset', stream: this, errorCode, error })
    this.handleReceived()
  }

  // Our half ends, and it was not the host who ended it.
  #giveUpSending(errorCode: number): void {
    if (this.#sendingOver) return
    if (this.#visible) this.#core.events.push({ type: 'stop-sending', stream: this, errorCode })
    this.#endSending(errorCode)
  }

  #endSending(errorCode: number): void {
    if (this.#sendingOver) return
    this.#sender.reset(errorCode)
    this.#handleSent()
  }

  #handleSent(): void {
    this.#sendingOver = true
    if (this.#receiver.over) this.#core.remove(this)
  }

  #stopSending(errorCode: number): void {
    if (!this.#core.closed && !this.#quic.ended) this.#quic.stopSending(errorCode)
  }

  // The one place where what the peer did wrong on a request stream ends.
  #handleFailure(error: unknown): void {
    if (error instanceof MessageError) this.#handleMessageError(error)
    else if (error instanceof Http3Error) this.#core.fail(error)
    else if (error instanceof QpackError) {
      this.#core.fail(new Http3Error(error.errorCode, error.message, { cause: error }))
    } else throw error
  }

  #handleMessageError(error: MessageError): void {
    const { code, errorCode } = error
    if (!this.#visible && code === 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE' && this.#quic.writable) {
      // RFC 9114 §4.2.2: the status says more than an error code. The rest is then not wanted:
      // RFC 9114 §4.1 has H3_NO_ERROR for this.
      this.#sender.sendHeaders([':status', '431', 'content-length', '0'], ON_FINAL, 0, true)
      this.#stopSending(H3_NO_ERROR)
      this.#endReceiving(error)
    } else {
      this.#giveUp(error, errorCode)
    }
    this.#core.countGlitch()
  }
}

function checkErrorCode(errorCode: number): void {
  if (!Number.isSafeInteger(errorCode) || errorCode < 0) {
    throw new RangeError(`"errorCode" expected an integer 0..2^53-1, got ${String(errorCode)}`)
  }
}

/** @throws TypeError when a name has no value. */
export function checkPairs(fields: readonly string[]): void {
  if (fields.length % 2 !== 0) {
    throw new TypeError(`"fields" expected pairs of name and value, got ${fields.length} strings`)
  }
}
