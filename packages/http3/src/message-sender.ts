// Our half of an exchange: field sections and content to frames on a request stream, RFC 9114 §4.1.
// Calls out of order throw; once the peer or we have given up the stream, calls do nothing.

import type { QuicStream } from '@godwit/quic'
import type { Http3Core } from './core.ts'
import { H3_INTERNAL_ERROR, Http3Error, stateError } from './errors.ts'
import { dataHeaderLength, writeDataHeader } from './frame-header.ts'
import {
  ILLEGAL,
  isMessageOver,
  MESSAGE_ABORTED,
  MESSAGE_START,
  nextMessageState,
  ON_ABORT,
  ON_DATA,
  ON_END,
  ON_TRAILERS,
  STATE_NAMES,
} from './message-state.ts'

export class MessageSender {
  readonly #core: Http3Core
  readonly #quic: QuicStream
  #state: number
  #contentExpected: number
  #contentSent: number

  constructor(core: Http3Core, quic: QuicStream) {
    this.#core = core
    this.#quic = quic
    this.#state = MESSAGE_START
    this.#contentExpected = -1
    this.#contentSent = 0
  }

  /**
   * A header section that was checked.
   *
   * @param event ON_INTERIM, ON_FINAL or ON_TUNNEL.
   * @param contentLength how much content must follow; -1: any.
   */
  sendHeaders(fields: readonly string[], event: number, contentLength: number, end: boolean): void {
    const state = this.#next(event)
    if (this.#dead) return
    if (end && contentLength > 0) throw contentLengthError(contentLength, 0)
    this.#quic.write(this.#core.encodeHeaders(fields))
    this.#state = state
    this.#contentExpected = contentLength
    if (end) this.finish()
  }

  sendData(chunk: Uint8Array): boolean {
    if (!this.#beginData(chunk.length)) return true
    const header = new Uint8Array(dataHeaderLength(chunk.length))
    writeDataHeader(header, chunk.length)
    this.#quic.write(header)
    return this.#quic.write(chunk)
  }

  /** `frame` ends with the content; in front of it, `dataHeaderLength` bytes are free. */
  sendFramed(frame: Uint8Array, length: number): boolean {
    if (!this.#beginData(length)) return true
    writeDataHeader(frame, length)
    return this.#quic.write(frame)
  }

  sendTrailers(fields: readonly string[]): void {
    const state = this.#next(ON_TRAILERS)
    if (this.#dead) return
    this.#checkContentLength()
    this.#quic.write(this.#core.encodeHeaders(fields))
    this.#state = state
    this.finish()
  }

  finish(): void {
    if (isMessageOver(this.#state)) return
    const state = this.#next(ON_END)
    if (this.#dead) return
    this.#checkContentLength()
    this.#state = state
    this.#quic.finish()
  }

  reset(errorCode: number): void {
    if (this.#state === MESSAGE_ABORTED) return
    this.#state = MESSAGE_ABORTED
    if (!this.#core.closed) this.#quic.reset(errorCode)
  }

  /** The stream was reset, or the connection is over. */
  abort(): void {
    this.#state = nextMessageState(this.#state, ON_ABORT)
  }

  /** True when the message was ended or given up. */
  get over(): boolean {
    return isMessageOver(this.#state)
  }

  // Counts content that is about to be sent. False: there is nothing to send, or nobody to send to.
  #beginData(length: number): boolean {
    const state = this.#next(ON_DATA)
    if (this.#dead || length === 0) return false
    const sent = this.#contentSent + length
    if (this.#contentExpected >= 0 && sent > this.#contentExpected) {
      throw contentLengthError(this.#contentExpected, sent)
    }
    this.#state = state
    this.#contentSent = sent
    return true
  }

  /** Grows with every byte of content that is acknowledged. */
  get delivered(): number {
    return this.#contentSent - this.#quic.bufferedAmount
  }

  // What is sent now goes nowhere, and the host has been told, or will be by an event to come.
  get #dead(): boolean {
    return this.#state === MESSAGE_ABORTED || this.#core.closed || !this.#quic.writable
  }

  #next(event: number): number {
    if (this.#state === MESSAGE_ABORTED) return MESSAGE_ABORTED
    const state = nextMessageState(this.#state, event)
    if (state === ILLEGAL) {
      throw stateError(`not permitted in state "${STATE_NAMES[this.#state]}" of the message`)
    }
    return state
  }

  #checkContentLength(): void {
    if (this.#contentExpected >= 0 && this.#contentSent !== this.#contentExpected) {
      throw contentLengthError(this.#contentExpected, this.#contentSent)
    }
  }
}

// RFC 9114 §4.1.2: the message would be malformed.
function contentLengthError(expected: number, got: number): Http3Error {
  return new Http3Error(
    H3_INTERNAL_ERROR,
    `content expected ${expected} bytes, as announced or as the response permits, got ${got}`,
    { code: 'ERR_HTTP3_CONTENT_LENGTH' },
  )
}
