// The peer's control stream, RFC 9114 §6.2.1 and §7.2: SETTINGS first and once, then what concerns
// the connection.

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
import {
  H3_EXCESSIVE_LOAD,
  H3_FRAME_ERROR,
  H3_FRAME_UNEXPECTED,
  H3_ID_ERROR,
  H3_MISSING_SETTINGS,
  Http3Error,
} from './errors.ts'
import { FrameHeaderReader } from './frame-header.ts'
import { FREE_IDLE_FRAMES, MAX_SETTINGS_LENGTH } from './limits.ts'
import type { PeerSettings } from './settings.ts'
import { decodeSettings } from './settings.ts'

/** Who acts on what the control stream says. */
export interface ControlHandler {
  handleSettings(settings: PeerSettings): void
  /** `id` above 2^53-1 comes as 2^53-1. */
  handleGoaway(id: number): void
}

export class ControlReader {
  readonly #core: Http3Core
  readonly #handler: ControlHandler
  readonly #header: FrameHeaderReader
  #settingsSeen: boolean
  #inPayload: boolean
  #left: number
  // Payload of the frame at hand, as far as it has arrived; null for one that is skipped.
  #payload: Uint8Array | null
  #frames: number
  #maxPushId: number
  #goawayId: number

  constructor(core: Http3Core, handler: ControlHandler) {
    this.#core = core
    this.#handler = handler
    this.#header = new FrameHeaderReader()
    this.#settingsSeen = false
    this.#inPayload = false
    this.#left = 0
    this.#payload = null
    this.#frames = 0
    this.#maxPushId = -1
    this.#goawayId = Infinity
  }

  /**
   * Takes the next bytes of the stream, split anywhere.
   *
   * @throws Http3Error
   */
  handle(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    // A frame may end the connection: nothing after it counts.
    while (at < end && !this.#core.closed) {
      if (!this.#inPayload) {
        at = this.#header.read(bytes, at, end)
        if (!this.#header.complete) return
        this.#header.reset()
        this.#handleFrame(this.#header.type, this.#header.length)
      } else {
        const taken = Math.min(end - at, this.#left)
        this.#payload?.set(bytes.subarray(at, at + taken), this.#payload.length - this.#left)
        this.#left -= taken
        at += taken
      }
      if (this.#inPayload && this.#left === 0) this.#handlePayload()
    }
  }

  #handleFrame(type: number, length: number): void {
    // RFC 9114 §9: not even an unknown type may come first.
    if (!this.#settingsSeen && type !== FRAME_SETTINGS) {
      throw new Http3Error(H3_MISSING_SETTINGS, 'the control stream does not begin with SETTINGS')
    }
    if (++this.#frames > FREE_IDLE_FRAMES) this.#core.countGlitch()
    this.#inPayload = true
    this.#left = length
    this.#payload = null
    switch (type) {
      case FRAME_SETTINGS:
        if (this.#settingsSeen) throw unexpected('a second SETTINGS')
        if (length > MAX_SETTINGS_LENGTH) {
          throw new Http3Error(H3_EXCESSIVE_LOAD, `SETTINGS of ${length} bytes`)
        }
        this.#payload = new Uint8Array(length)
        return
      case FRAME_GOAWAY:
      case FRAME_CANCEL_PUSH:
      case FRAME_MAX_PUSH_ID:
        // RFC 9114 §7.2.7: "A server MUST NOT send a MAX_PUSH_ID frame."
        if (type === FRAME_MAX_PUSH_ID && !this.#core.isServer) {
          throw unexpected('MAX_PUSH_ID from a server')
        }
        if (length < 1 || length > 8) throw frameError(type)
        this.#payload = new Uint8Array(length)
        return
      case FRAME_DATA:
      case FRAME_HEADERS:
      case FRAME_PUSH_PROMISE:
        throw unexpected(`frame type 0x${type.toString(16)} on the control stream`)
      default:
        if (isHttp2Frame(type)) throw unexpected(`frame type 0x${type.toString(16)} of HTTP/2`)
    }
  }

  #handlePayload(): void {
    const type = this.#header.type
    const payload = this.#payload
    this.#inPayload = false
    this.#payload = null
    if (payload === null) return
    if (type === FRAME_SETTINGS) {
      this.#settingsSeen = true
      this.#handler.handleSettings(decodeSettings(payload))
      return
    }
    // RFC 9114 §7.1: the payload is exactly one identifier.
    if (1 << (payload[0] >>> 6) !== payload.length) throw frameError(type)
    const id = identifier(payload)
    if (type === FRAME_GOAWAY) this.#handleGoaway(id, payload)
    else if (type === FRAME_MAX_PUSH_ID) this.#handleMaxPushId(id)
    // RFC 9114 §7.2.3: we never promise a push, nor permit one, so that every push ID is wrong.
    else throw new Http3Error(H3_ID_ERROR, `CANCEL_PUSH of push ID ${id}, which does not exist`)
  }

  // RFC 9114 §5.2 and §7.2.6.
  #handleGoaway(id: number, payload: Uint8Array): void {
    // From a server: the ID of a request stream. The lowest two bits are looked at in the bytes
    // because an ID above 2^53-1, which servers send at first, is not exact as a number.
    if (!this.#core.isServer && (payload[payload.length - 1] & 0x03) !== 0) {
      throw new Http3Error(H3_ID_ERROR, `GOAWAY with ${id}, which is not a request stream`)
    }
    if (id > this.#goawayId) {
      throw new Http3Error(H3_ID_ERROR, `GOAWAY with ${id} after ${this.#goawayId}`)
    }
    if (id === this.#goawayId) return // nothing new
    this.#goawayId = id
    this.#handler.handleGoaway(id)
  }

  // RFC 9114 §7.2.7: "a MAX_PUSH_ID frame cannot reduce the maximum push ID". We never push.
  #handleMaxPushId(id: number): void {
    if (id < this.#maxPushId) {
      throw new Http3Error(H3_ID_ERROR, `MAX_PUSH_ID ${id} after ${this.#maxPushId}`)
    }
    this.#maxPushId = id
  }
}

function identifier(payload: Uint8Array): number {
  let id = payload[0] & 0x3f
  for (let i = 1; i < payload.length; i++) id = id * 0x100 + payload[i]
  return Math.min(id, Number.MAX_SAFE_INTEGER)
}

function unexpected(message: string): Http3Error {
  return new Http3Error(H3_FRAME_UNEXPECTED, message)
}

function frameError(type: number): Http3Error {
  return new Http3Error(H3_FRAME_ERROR, `bad length of frame type 0x${type.toString(16)}`)
}
