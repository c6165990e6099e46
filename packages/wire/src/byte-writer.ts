// A cursor that writes into memory of the caller. Sizes are known before writing (`varintLength`
// and the `...Length` functions beside every encoder), so there is no growing and no "full" error:
// writing past the end is a bug of ours and throws a RangeError.

import { encodeVarint, varintLength } from './varint.ts'

/** Writes big-endian integers, variable-length integers and byte strings into a region. */
export class ByteWriter {
  bytes: Uint8Array
  /** Offset in `bytes` of the next byte to write. */
  position: number
  /** Offset in `bytes` after the last byte that may be written. */
  end: number

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Points the writer at another region. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Bytes that still fit. */
  get remaining(): number {
    return this.end - this.position
  }

  #claim(length: number): number {
    const at = this.position
    if (!(length >= 0 && length <= this.end - at)) {
      throw new RangeError(`"length" expected 0..${this.end - at}, the bytes left, got ${length}`)
    }
    this.position = at + length
    return at
  }

  u8(value: number): void {
    this.bytes[this.#claim(1)] = value
  }

  u16(value: number): void {
    const at = this.#claim(2)
    this.bytes[at] = value >>> 8
    this.bytes[at + 1] = value
  }

  u24(value: number): void {
    const at = this.#claim(3)
    this.bytes[at] = value >>> 16
    this.bytes[at + 1] = value >>> 8
    this.bytes[at + 2] = value
  }

  u32(value: number): void {
    const at = this.#claim(4)
    this.bytes[at] = value >>> 24
    this.bytes[at + 1] = value >>> 16
    this.bytes[at + 2] = value >>> 8
    this.bytes[at + 3] = value
  }

  /** A variable-length integer in the fewest bytes, RFC 9000 §16. */
  varint(value: number): void {
    encodeVarint(this.bytes, this.#claim(varintLength(value)), value)
  }

  /** A copy of `data`. */
  copy(data: Uint8Array): void {
    this.bytes.set(data, this.#claim(data.length))
  }

  /** `length` zero bytes. */
  zeros(length: number): void {
    const at = this.#claim(length)
    this.bytes.fill(0, at, at + length)
  }
}
