// Frame headers, RFC 9114 §7.1: type and length, each a variable-length integer.

import { encodeVarint, varintLength } from '@godwit/wire'
import { FRAME_DATA } from './constants.ts'

/** Reads a frame header from bytes that are split anywhere. */
export class FrameHeaderReader {
  /** Valid once `complete`; above 2^53-1 rounded, which no known type or sensible length is. */
  type: number
  length: number
  complete: boolean
  #value: number
  #left: number
  #inLength: boolean

  constructor() {
    this.type = 0
    this.length = 0
    this.complete = false
    this.#value = 0
    this.#left = 0
    this.#inLength = false
  }

  /** Reads from `bytes[at, end)` until `complete`; returns the offset after what it took. */
  read(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      const byte = bytes[at++]
      if (this.#left === 0) {
        this.#left = 1 << (byte >>> 6)
        this.#value = byte & 0x3f
      } else {
        this.#value = this.#value * 0x100 + byte
      }
      if (--this.#left > 0) continue
      if (this.#inLength) {
        this.length = this.#value
        this.#inLength = false
        this.complete = true
        return at
      }
      this.type = this.#value
      this.#inLength = true
    }
    return at
  }

  /** Makes ready for the next header. */
  reset(): void {
    this.complete = false
  }

  /** True in the middle of a header. */
  get started(): boolean {
    return this.#inLength || this.#left > 0
  }
}

/** Bytes of the header of a DATA frame with `length` bytes of content. */
export function dataHeaderLength(length: number): number {
  return 1 + varintLength(length)
}

/** Writes the header of a DATA frame with `length` bytes of content to the start of `frame`. */
export function writeDataHeader(frame: Uint8Array, length: number): void {
  frame[0] = FRAME_DATA
  encodeVarint(frame, 1, length)
}
