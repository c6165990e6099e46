// A cursor over bytes that latches the first failure: decoders read field after field and look at
// `ok` once, so truncated input can neither throw nor read out of bounds.

import { MAX_VARINT } from './varint.ts'

const EMPTY = new Uint8Array(0)

/**
 * Reads big-endian integers, variable-length integers and byte strings from a region of a
 * `Uint8Array`. After a read past the end, or a number above 2^53-1, `ok` is false for good, every
 * further read returns 0 (or an empty array), and `position` no longer moves.
 */
export class ByteReader {
  bytes: Uint8Array
  /** Offset in `bytes` of the next byte to read. */
  position: number
  /** Offset in `bytes` after the last byte that may be read. */
  end: number
  /** False once a read has failed. */
  ok: boolean

  constructor(bytes: Uint8Array = EMPTY, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.ok = true
  }

  /** Points the reader at another region, so that one reader serves every packet. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.ok = true
  }

  /** Bytes left. */
  get remaining(): number {
    return this.end - this.position
  }

  /** True when every byte has been read and no read has failed. */
  get done(): boolean {
    return this.ok && this.position === this.end
  }

  /** Latches failure from outside, for a decoder that found an illegal value. */
  fail(): void {
    this.ok = false
  }

  #take(length: number): number {
    const at = this.position
    // Written so that a negative length or NaN fails as well.
    if (!this.ok || !(length >= 0 && length <= this.end - at)) {
      this.ok = false
      return -1
    }
    this.position = at + length
    return at
  }

  u8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : this.bytes[at]
  }

  u16(): number {
    const at = this.#take(2)
    if (at < 0) return 0
    return (this.bytes[at] << 8) | this.bytes[at + 1]
  }

  u24(): number {
    const at = this.#take(3)
    if (at < 0) return 0
    return (this.bytes[at] << 16) | (this.bytes[at + 1] << 8) | this.bytes[at + 2]
  }

  u32(): number {
    const at = this.#take(4)
    if (at < 0) return 0
    const b = this.bytes
    return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0
  }

  /** The next byte without moving, or -1 when there is none. */
  peek(): number {
    return this.ok && this.position < this.end ? this.bytes[this.position] : -1
  }

  /** A variable-length integer, RFC 9000 §16; one above 2^53-1 fails the reader. */
  varint(): number {
    const value = this.#varint()
    if (value <= MAX_VARINT) return value
    this.ok = false
    return 0
  }

  /**
   * A variable-length integer for which any value is legal (a limit, an identifier); one above
   * 2^53-1 is returned as 2^53-1.
   */
  varintSaturated(): number {
    const value = this.#varint()
    return value <= MAX_VARINT ? value : MAX_VARINT
  }

  // May return a number above 2^53-1, rounded.
  #varint(): number {
    const at = this.position
    if (!this.ok || at >= this.end) {
      this.ok = false
      return 0
    }
    const b = this.bytes
    const first = b[at]
    const length = 1 << (first >>> 6)
    if (length > this.end - at) {
      this.ok = false
      return 0
    }
    this.position = at + length
    if (length === 1) return first
    if (length === 2) return ((first & 0x3f) << 8) | b[at + 1]
    const high = ((first & 0x3f) << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]
    if (length === 4) return high
    const low = ((b[at + 4] << 24) | (b[at + 5] << 16) | (b[at + 6] << 8) | b[at + 7]) >>> 0
    return high * 0x100000000 + low
  }

  /** A view (not a copy) of the next `length` bytes. */
  view(length: number): Uint8Array {
    const at = this.#take(length)
    return at < 0 ? EMPTY : this.bytes.subarray(at, at + length)
  }

  /** A copy of the next `length` bytes. */
  copy(length: number): Uint8Array {
    const at = this.#take(length)
    // Not slice: that of a Buffer does not copy.
    return at < 0 ? EMPTY : new Uint8Array(this.bytes.subarray(at, at + length))
  }

  /** Moves over `length` bytes. */
  skip(length: number): void {
    this.#take(length)
  }
}
