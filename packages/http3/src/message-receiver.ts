// The peer's half of an exchange: bytes of a request stream to field sections and content, RFC 9114
// §4.1 and §7. Content is pulled: at most one array of the transport's is held while nobody reads.

import type { QuicStream } from '@godwit/quic'
import {
  FRAME_CANCEL_PUSH,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_MAX_PUSH_ID,
  FRAME_PUSH_PROMISE,
  FRAME_SETTINGS,
  isHttp2Frame,
} from './constants.ts'
import type { Http3Core } from './core.ts'
import { MessageError } from './core.ts'
import {
  H3_EXCESSIVE_LOAD,
  H3_FRAME_ERROR,
  H3_FRAME_UNEXPECTED,
  H3_ID_ERROR,
  H3_MESSAGE_ERROR,
  H3_REQUEST_INCOMPLETE,
  Http3Error,
} from './errors.ts'
import { FrameHeaderReader } from './frame-header.ts'
import {
  FREE_IDLE_FRAMES,
  MAX_INTERIM_RESPONSES,
  MAX_PARTIAL_SECTION_BYTES,
  SECTION_PREFIX,
} from './limits.ts'
import { checkRequestFields, checkResponseFields, checkTrailerFields } from './message-fields.ts'
import {
  ILLEGAL,
  isMessageOver,
  MESSAGE_START,
  MESSAGE_TUNNEL,
  nextMessageState,
  ON_ABORT,
  ON_DATA,
  ON_END,
  ON_FINAL,
  ON_INTERIM,
  ON_TRAILERS,
  ON_TUNNEL,
} from './message-state.ts'
import type { RequestStream } from './request-stream.ts'

// What the next byte belongs to.
const IN_HEADER = 0
const IN_DATA = 1
const IN_SECTION = 2
const IN_UNKNOWN = 3

const EMPTY = new Uint8Array(0)

export class MessageReceiver {
  /** True once a header section was handed to the host. */
  surfaced: boolean
  readonly #core: Http3Core
  readonly #stream: RequestStream
  readonly #quic: QuicStream
  readonly #header: FrameHeaderReader
  #state: number
  #part: number
  #frameLeft: number
  // What was read from the transport and not yet used: #chunk[#at..].
  #chunk: Uint8Array
  #at: number
  // A HEADERS frame that arrived in part.
  #section: Uint8Array
  #sectionLength: number
  // The header section, held until it is known whether the message ends with it.
  #head: string[] | null
  #dataSignalled: boolean
  #contentExpected: number
  #contentReceived: number
  #interimResponses: number
  #idleFrames: number
  #bytesTaken: number

  constructor(core: Http3Core, stream: RequestStream, quic: QuicStream) {
    this.surfaced = false
    this.#core = core
    this.#stream = stream
    this.#quic = quic
    this.#header = new FrameHeaderReader()
    this.#state = MESSAGE_START
    this.#part = IN_HEADER
    this.#frameLeft = 0
    this.#chunk = EMPTY
    this.#at = 0
    this.#section = EMPTY
    this.#sectionLength = 0
    this.#head = null
    this.#dataSignalled = false
    this.#contentExpected = -1
    this.#contentReceived = 0
    this.#interimResponses = 0
    this.#idleFrames = 0
    this.#bytesTaken = 0
  }

  /**
   * Takes what the transport has, up to the first content.
   *
   * @throws MessageError for the stream, Http3Error or QpackError for the connection.
   */
  handleReadable(): void {
    const content = this.#advance()
    if (isMessageOver(this.#state)) return
    this.#surfaceHead(false)
    if (content && !this.#dataSignalled) {
      this.#dataSignalled = true
      this.#core.events.push({ type: 'data', stream: this.#stream })
    }
  }

  /** The next content, or null. Throws as `handleReadable` does. */
  read(): Uint8Array | null {
    if (!this.#advance()) {
      this.#dataSignalled = false
      return null
    }
    const chunk = this.#chunk
    const from = this.#at
    const to = Math.min(chunk.length, from + this.#frameLeft)
    this.#at = to
    this.#frameLeft -= to - from
    if (this.#frameLeft === 0) this.#part = IN_HEADER
    return from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to)
  }

  /** Receives no more, and forgets what it holds. */
  abort(): void {
    this.#state = nextMessageState(this.#state, ON_ABORT)
    this.#release()
  }

  /** True when nothing more will be received. */
  get over(): boolean {
    return isMessageOver(this.#state)
  }

  /** True when it is the peer's turn: the host has taken everything, and more must come. */
  get waiting(): boolean {
    return !this.over && this.#state !== MESSAGE_TUNNEL && !this.#dataSignalled
  }

  /** Bytes taken from the transport. */
  get bytesTaken(): number {
    return this.#bytesTaken
  }

  // Goes on to the next content. False: there is none now.
  #advance(): boolean {
    while (!isMessageOver(this.#state)) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return false
      switch (this.#part) {
        case IN_HEADER:
          this.#at = this.#header.read(this.#chunk, this.#at, this.#chunk.length)
          if (this.#header.complete) {
            this.#header.reset()
            this.#handleFrame(this.#header.type, this.#header.length)
          }
          break
        case IN_DATA:
          return true
        case IN_SECTION:
          this.#takeSection()
          break
        default:
          this.#skip()
      }
    }
    return false
  }

  #nextChunk(): boolean {
    const next = this.#quic.read()
    this.#chunk = next ?? EMPTY
    this.#at = 0
    if (next !== null) {
      this.#bytesTaken += next.length
      return true
    }
    if (this.#quic.ended) this.#handleEnd()
    return false
  }

  // A frame begins. RFC 9114 §7.
  #handleFrame(type: number, length: number): void {
    switch (type) {
      case FRAME_DATA:
        return this.#handleData(length)
      case FRAME_HEADERS:
        return this.#handleHeaders(length)
      case FRAME_PUSH_PROMISE:
        // RFC 9114 §7.2.5: a client may not send it, and we, as a client, permit no push ID.
        if (this.#core.isServer) throw unexpected('PUSH_PROMISE from a client')
        throw new Http3Error(H3_ID_ERROR, 'PUSH_PROMISE, but no push was permitted')
      case FRAME_CANCEL_PUSH:
      case FRAME_SETTINGS:
      case FRAME_GOAWAY:
      case FRAME_MAX_PUSH_ID:
        throw unexpected(`frame type 0x${type.toString(16)} on a request stream`)
      default:
        if (isHttp2Frame(type)) throw unexpected(`frame type 0x${type.toString(16)} of HTTP/2`)
        // RFC 9114 §9: unknown types are ignored. Nothing of them is kept.
        if (length === 0) this.#countIdleFrame()
        this.#frameLeft = length
        this.#part = length === 0 ? IN_HEADER : IN_UNKNOWN
    }
  }

  #handleData(length: number): void {
    const state = nextMessageState(this.#state, ON_DATA)
    if (state === ILLEGAL) throw unexpected('DATA outside of the content of a message')
    this.#state = state
    if (length === 0) return this.#countIdleFrame()
    this.#contentReceived += length
    if (this.#contentExpected >= 0 && this.#contentReceived > this.#contentExpected) {
      throw malformed(`more content than the ${this.#contentExpected} bytes announced`)
    }
    this.#frameLeft = length
    this.#part = IN_DATA
  }

  #handleHeaders(length: number): void {
    if (this.#state !== MESSAGE_START && nextMessageState(this.#state, ON_TRAILERS) === ILLEGAL) {
      throw unexpected('HEADERS after the end of a message')
    }
    // A section that is larger than its limit before decoding is so afterwards.
    if (length > this.#core.maxFieldSectionSize + SECTION_PREFIX) throw tooLarge()
    this.#frameLeft = length
    this.#part = IN_SECTION
    if (length === 0) this.#handleSection(EMPTY, 0, 0)
  }

  #takeSection(): void {
    const from = this.#at
    const available = Math.min(this.#chunk.length - from, this.#frameLeft)
    this.#at += available
    this.#frameLeft -= available
    if (this.#sectionLength === 0 && this.#frameLeft === 0) {
      this.#handleSection(this.#chunk, from, this.#at)
      return
    }
    const length = this.#sectionLength + available
    this.#core.partialSectionBytes += available
    if (this.#core.partialSectionBytes > MAX_PARTIAL_SECTION_BYTES) {
      this.#core.partialSectionBytes -= available
      throw tooLarge()
    }
    if (length > this.#section.length) {
      // Grows with what arrives, not with what the frame's length promises.
      const size = Math.min(Math.max(256, 2 * length), length + this.#frameLeft)
      const section = new Uint8Array(size)
      section.set(this.#section.subarray(0, this.#sectionLength))
      this.#section = section
    }
    this.#section.set(this.#chunk.subarray(from, this.#at), this.#sectionLength)
    this.#sectionLength = length
    if (this.#frameLeft > 0) return
    const section = this.#section
    this.#releaseSection()
    this.#handleSection(section, 0, length)
  }

  #handleSection(bytes: Uint8Array, start: number, end: number): void {
    this.#part = IN_HEADER
    const fields = this.#core.decoder.decode(bytes, start, end)
    if (fields === null) throw tooLarge()
    if (this.#state !== MESSAGE_START) return this.#handleTrailers(fields)
    if (this.#core.isServer) this.#handleRequest(fields)
    else this.#handleResponse(fields)
  }

  #handleRequest(fields: string[]): void {
    const head = this.#core.head
    const wrong = checkRequestFields(fields, head)
    if (wrong !== null) throw malformed(wrong)
    this.#stream.method = head.method
    const tunnel = head.method === 'CONNECT'
    this.#state = nextMessageState(this.#state, tunnel ? ON_TUNNEL : ON_FINAL)
    if (!tunnel) this.#contentExpected = head.contentLength
    this.#head = fields
  }

  #handleResponse(fields: string[]): void {
    const head = this.#core.head
    const wrong = checkResponseFields(fields, head)
    if (wrong !== null) throw malformed(wrong)
    if (head.status < 200) {
      this.#state = nextMessageState(this.#state, ON_INTERIM)
      if (++this.#interimResponses > MAX_INTERIM_RESPONSES) {
        throw new MessageError(H3_EXCESSIVE_LOAD, 'too many interim responses')
      }
      this.#core.events.push({ type: 'informational', stream: this.#stream, fields })
      return
    }
    // RFC 9110 §9.3.6: a client ignores Content-Length in a successful response to CONNECT.
    const method = this.#stream.method
    const tunnel = method === 'CONNECT' && head.status < 300
    this.#state = nextMessageState(this.#state, tunnel ? ON_TUNNEL : ON_FINAL)
    if (!tunnel) {
      this.#contentExpected = hasNoContent(method, head.status) ? 0 : head.contentLength
    }
    this.#head = fields
  }

  #handleTrailers(fields: string[]): void {
    const wrong = checkTrailerFields(fields)
    if (wrong !== null) throw malformed(wrong)
    this.#state = nextMessageState(this.#state, ON_TRAILERS)
    this.#surfaceHead(false)
    this.#core.events.push({ type: 'trailers', stream: this.#stream, fields })
  }

  #skip(): void {
    const skipped = Math.min(this.#chunk.length - this.#at, this.#frameLeft)
    this.#at += skipped
    this.#frameLeft -= skipped
    if (this.#frameLeft === 0) this.#part = IN_HEADER
  }

  #handleEnd(): void {
    // RFC 9114 §7.1: "When a stream terminates cleanly, if the last frame on the stream was
    // truncated, this MUST be treated as a connection error of type H3_FRAME_ERROR."
    if (this.#part !== IN_HEADER || this.#header.started) {
      throw new Http3Error(H3_FRAME_ERROR, 'the stream ended inside a frame')
    }
    if (this.#state === MESSAGE_START) {
      // RFC 9114 §4.1.
      if (this.#core.isServer) throw new MessageError(H3_REQUEST_INCOMPLETE, 'no whole request')
      throw malformed('the stream ended without a final response')
    }
    if (this.#contentExpected >= 0 && this.#contentReceived !== this.#contentExpected) {
      throw malformed(
        `${this.#contentReceived} bytes of content where ${this.#contentExpected} were announced`,
      )
    }
    this.#state = nextMessageState(this.#state, ON_END)
    if (this.#head === null) this.#core.events.push({ type: 'end', stream: this.#stream })
    else this.#surfaceHead(true)
    this.#release()
    if (!this.#core.isServer) this.#core.countSuccess()
    this.#stream.handleReceived()
  }

  #surfaceHead(end: boolean): void {
    const fields = this.#head
    if (fields === null) return
    this.#head = null
    this.surfaced = true
    const type = this.#core.isServer ? 'request' : 'response'
    this.#core.events.push({ type, stream: this.#stream, fields, end })
    this.#stream.handleSurfaced()
  }

  #countIdleFrame(): void {
    if (++this.#idleFrames > FREE_IDLE_FRAMES) this.#core.countGlitch()
  }

  #release(): void {
    this.#releaseSection()
    this.#chunk = EMPTY
    this.#at = 0
    this.#head = null
  }

  #releaseSection(): void {
    this.#core.partialSectionBytes -= this.#sectionLength
    this.#section = EMPTY
    this.#sectionLength = 0
  }
}

/** True for a response that has no content whatever its Content-Length says, RFC 9110 §6.4.1. */
export function hasNoContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

function unexpected(message: string): Http3Error {
  return new Http3Error(H3_FRAME_UNEXPECTED, message)
}

function malformed(message: string): MessageError {
  return new MessageError(H3_MESSAGE_ERROR, message)
}

function tooLarge(): MessageError {
  return new MessageError(H3_EXCESSIVE_LOAD, 'a field section is too large', {
    code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE',
  })
}
