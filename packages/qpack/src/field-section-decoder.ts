// Bytes to field sections, RFC 9204 §4.5, for a decoder that offers no dynamic table: a section
// that refers to one could not have been made by a conformant encoder (RFC 9204 §3.2.3).

import { decodeByteString } from './byte-string.ts'
import { QPACK_DECOMPRESSION_FAILED, QpackError } from './errors.ts'
import { decodeHuffman, maxDecodedLength } from './huffman.ts'
import { DEFAULT_MAX_SECTION_LINES, DEFAULT_MAX_SECTION_SIZE, LINE_OVERHEAD } from './limits.ts'
import { PrefixIntegerReader } from './prefix-integer.ts'
import { STATIC_TABLE, STATIC_TABLE_LENGTH } from './static-table.ts'

const NOTHING = new Uint8Array(0)
const MIN_SCRATCH = 256

export interface FieldSectionDecoderOptions {
  /** Largest section, in bytes of names and values plus 32 for each line. Default 65536. */
  readonly maxSize?: number
  /** Most lines. Default 1024. */
  readonly maxLines?: number
}

/** Decodes whole field sections. */
export class FieldSectionDecoder {
  readonly #maxSize: number
  readonly #maxLines: number
  readonly #reader: PrefixIntegerReader
  #scratch: Uint8Array
  // Bytes that the section being decoded may still grow by; below zero: too large.
  #left: number

  constructor(options: FieldSectionDecoderOptions = {}) {
    this.#maxSize = options.maxSize ?? DEFAULT_MAX_SECTION_SIZE
    this.#maxLines = options.maxLines ?? DEFAULT_MAX_SECTION_LINES
    this.#scratch = NOTHING
    this.#reader = new PrefixIntegerReader(this.#scratch, 0, 0)
    this.#left = 0
  }

  /**
   * The field lines of `bytes[start, end)`: name, value, name, value, ... Null when the section
   * exceeds a limit; it was decoded only so far as to see that.
   *
   * @throws QpackError `ERR_QPACK_DECOMPRESSION_FAILED`
   */
  decode(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string[] | null {
    const reader = this.#reader
    reader.reset(bytes, start, end)
    this.#decodePrefix()
    const fields: string[] = []
    this.#left = this.#maxSize
    while (reader.position < end) {
      // Checked while decoding: a static reference of one byte stands for a line of up to 100.
      this.#left -= LINE_OVERHEAD
      if (this.#left < 0 || fields.length === 2 * this.#maxLines) return null
      if (!this.#decodeLine(bytes[reader.position], fields)) return null
    }
    return fields
  }

  // RFC 9204 §4.5.1.
  #decodePrefix(): void {
    const reader = this.#reader
    const requiredInsertCount = reader.read(8)
    const sign = reader.ok && reader.position < reader.end ? reader.bytes[reader.position] >>> 7 : 0
    reader.read(7)
    if (!reader.ok) throw failed('the prefix is truncated or too large')
    // RFC 9204 §4.5.1.1: with a table of no capacity only zero can have been encoded.
    if (requiredInsertCount !== 0) throw failed('the section needs a dynamic table')
    // RFC 9204 §4.5.1.2: "The value of Base MUST NOT be negative."
    if (sign === 1) throw failed('the Base is negative')
  }

  // False: too large.
  #decodeLine(first: number, fields: string[]): boolean {
    if (first >= 0x80) {
      // Indexed Field Line: 1 T index(6), RFC 9204 §4.5.2.
      if ((first & 0x40) === 0) throw failed('an indexed field line refers to the dynamic table')
      const index = this.#staticIndex(6)
      const name = STATIC_TABLE[2 * index]
      const value = STATIC_TABLE[2 * index + 1]
      this.#left -= name.length + value.length
      if (this.#left < 0) return false
      fields.push(name, value)
      return true
    }
    let name: string | null
    if (first >= 0x40) {
      // Literal Field Line with Name Reference: 01 N T index(4), RFC 9204 §4.5.4.
      if ((first & 0x10) === 0) throw failed('a name refers to the dynamic table')
      name = STATIC_TABLE[2 * this.#staticIndex(4)]
      this.#left -= name.length
    } else if (first >= 0x20) {
      // Literal Field Line with Literal Name: 001 N H length(3), RFC 9204 §4.5.6.
      name = this.#string(first & 0x08, 3)
    } else {
      // With a post-base index: 0001 index(4) or 0000 N index(3), RFC 9204 §4.5.3 and §4.5.5.
      throw failed('a post-base index refers to the dynamic table')
    }
    if (name === null) return false
    const reader = this.#reader
    const value =
      reader.position < reader.end
        ? this.#string(reader.bytes[reader.position] & 0x80, 7)
        : this.#string(0, 7)
    if (value === null) return false
    fields.push(name, value)
    return true
  }

  #staticIndex(prefixBits: number): number {
    const index = this.#reader.read(prefixBits)
    if (!this.#reader.ok) throw failed('an index is truncated or too large')
    // RFC 9204 §3.1: "When the decoder encounters an invalid static table index in a field line
    // representation, it MUST treat this as a connection error of type QPACK_DECOMPRESSION_FAILED."
    if (index >= STATIC_TABLE_LENGTH) throw failed(`no static table entry ${index}`)
    return index
  }

  // A string literal, RFC 9204 §4.1.2. Null: too large.
  #string(huffman: number, prefixBits: number): string | null {
    const reader = this.#reader
    const length = reader.read(prefixBits)
    if (!reader.ok || length > reader.end - reader.position) {
      throw failed('a string is truncated')
    }
    const start = reader.position
    const end = start + length
    reader.position = end
    if (huffman === 0) {
      this.#left -= length
      return this.#left < 0 ? null : decodeByteString(reader.bytes, start, end)
    }
    // The longest code has 30 bits: less than this decoded cannot be, so do not decode it first.
    if (Math.floor((length * 8) / 30) - 1 > this.#left) return null
    if (maxDecodedLength(length) > this.#scratch.length) {
      this.#scratch = new Uint8Array(Math.max(MIN_SCRATCH, maxDecodedLength(length)))
    }
    const decoded = decodeHuffman(reader.bytes, start, end, this.#scratch)
    if (decoded < 0) throw failed('a string is not in Huffman code')
    this.#left -= decoded
    return this.#left < 0 ? null : decodeByteString(this.#scratch, 0, decoded)
  }
}

function failed(message: string): QpackError {
  return new QpackError(QPACK_DECOMPRESSION_FAILED, message)
}
