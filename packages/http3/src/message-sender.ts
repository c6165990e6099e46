// Our half of an exchange: field sections and content to frames on a request stream, RFC 9114 §4.1.
// Every call is answered in every state: it does its work, says as a value that it came too late, or
// throws for a mistake of the caller.

import type { QuicStream } from '@godwit/quic'
import type { Http3Core } from './core.ts'
import { H3_INTERNAL_ERROR, Http3Error, stateError } from './errors.ts'
import { dataHeaderLength, writeDataHeader } from './frame-header.ts'
import {
  ILLEGAL,
  isMessageOver,
  MESSAGE_ABORTED,
  MESSAGE_ENDED,
  MESSAGE_START,
  nextMessageState,
  ON_ABORT,
  ON_DATA,
  ON_END,
  ON_TRAILERS,
  STATE_NAMES,
} from './message-state.ts'

/**
 * What became of content:
 *
 * - 'sent': there is room for more.
 * - 'full': it is queued, and no more should be now: a 'writable' event tells when there is room.
 * - 'too-late': nothing was queued and nothing more will be. The stream was given up, by the peer or
 *   by `reset`, or the connection is over.
 */
export type SendOutcome = 'sent' | 'full' | 'too-late'

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
   * A header section that was checked. False: too late.
   *
   * @param event ON_INTERIM, ON_FINAL or ON_TUNNEL.
   * @param contentLength how much content must follow; -1: any.
   */
  sendHeaders(
    fields: readonly string[],
    event: number,
    contentLength: number,
    end: boolean,
  ): boolean {
    const state = this.#next(event)
    if (state === MESSAGE_ABORTED) return false
    if (end && contentLength > 0) throw contentLengthError(contentLength, 0)
    this.#quic.write(this.#core.encodeHeaders(fields))
    this.#state = state
    this.#contentExpected = contentLength
    return end ? this.finish() : true
  }

  sendData(chunk: Uint8Array): SendOutcome {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(`"chunk" expected a Uint8Array, got ${typeof chunk}`)
    }
    const state = this.#next(ON_DATA)
    if (state === MESSAGE_ABORTED) return 'too-late'
    if (chunk.length === 0) return 'sent'
    this.#countContent(chunk.length)
    const header = new Uint8Array(dataHeaderLength(chunk.length))
    writeDataHeader(header, chunk.length)
    this.#quic.write(header)
    return this.#quic.write(chunk) ? 'sent' : 'full'
  }

  /** `frame` ends with the content; in front of it, `dataHeaderLength` bytes are free. */
  sendFramed(frame: Uint8Array, length: number): SendOutcome {
    if (frame.length !== dataHeaderLength(length) + length) {
      throw new RangeError(
        `"length" expected what "frame" holds after its header, got ${length} of ${frame.length}`,
      )
    }
    const state = this.#next(ON_DATA)
    if (state === MESSAGE_ABORTED) return 'too-late'
    if (length === 0) return 'sent'
    this.#countContent(length)
    writeDataHeader(frame, length)
    return this.#quic.write(frame) ? 'sent' : 'full'
  }

  /** Ends the message with trailers. False: too late. */
  sendTrailers(fields: readonly string[]): boolean {
    const state = this.#next(ON_TRAILERS)
    if (state === MESSAGE_ABORTED) return false
    this.#checkContentLength()
    this.#quic.write(this.#core.encodeHeaders(fields))
    this.#state = state
    return this.finish()
  }

  /** Ends the message; true, too, when it has ended already. False: too late. */
  finish(): boolean {
    if (this.#state === MESSAGE_ENDED) return true
    const state = this.#next(ON_END)
    if (state === MESSAGE_ABORTED) return false
    this.#checkContentLength()
    this.#state = state
    this.#quic.finish()
    return true
  }

  reset(errorCode: number): void {
    if (this.#state === MESSAGE_ABORTED) return
    this.abort()
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

  /** Grows with every byte of content that is acknowledged. */
  get delivered(): number {
    return this.#contentSent - this.#quic.bufferedAmount
  }

  // The state after `event`. What ended the stream below is known there before its event comes here.
  #next(event: number): number {
    if (!this.over && (this.#core.closed || !this.#quic.writable)) this.abort()
    const state = nextMessageState(this.#state, event)
    if (state === ILLEGAL) {
      throw stateError(`not permitted in state "${STATE_NAMES[this.#state]}" of the message`)
    }
    return state
  }

  // ON_DATA leads from a state to itself, so that only the amount changes.
  #countContent(length: number): void {
    const sent = this.#contentSent + length
    if (this.#contentExpected >= 0 && sent > this.#contentExpected) {
      throw contentLengthError(this.#contentExpected, sent)
    }
    this.#contentSent = sent
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
