// Field sections to bytes, RFC 9204 §4.5, with the static table and literals only: the encoder
// never inserts, so that its Required Insert Count is always zero and nothing can block.

import { encodeHuffman, huffmanLength } from './huffman.ts'
import { SHORT_COOKIE } from './limits.ts'
import { encodePrefixInteger } from './prefix-integer.ts'
import { STATIC_NAMES } from './static-table.ts'

// The most bytes of a prefixed integer.
const MAX_INTEGER = 9

/** Most bytes that `fields` take as a field section. */
export function maxEncodedSize(fields: readonly string[]): number {
  // No character takes more than one byte: Huffman is used when it is shorter.
  let size = 2 + fields.length * MAX_INTEGER
  for (let i = 0; i < fields.length; i++) size += fields[i].length
  return size
}

/** Encodes field sections. It keeps nothing from one to the next. */
export class FieldSectionEncoder {
  #own: Uint8Array
  // Where the section at hand goes, and its end so far.
  #bytes: Uint8Array
  #at: number

  constructor() {
    this.#own = new Uint8Array(1024)
    this.#bytes = this.#own
    this.#at = 0
  }

  /**
   * Encodes `fields` (name, value, name, value, ...; one character per byte; names in lower case)
   * into memory that the encoder keeps: the result is overwritten by the next call.
   *
   * @throws TypeError when a name has no value or a character is above U+00FF.
   */
  encode(fields: readonly string[]): Uint8Array {
    const size = maxEncodedSize(fields)
    if (size > this.#own.length) this.#own = new Uint8Array(Math.max(size, this.#own.length * 2))
    return this.#own.subarray(0, this.write(fields, this.#own, 0))
  }

  /**
   * Encodes `fields` at `offset`, where `maxEncodedSize` bytes must be free, and returns the offset
   * after them.
   *
   * @throws as `encode` does.
   */
  write(fields: readonly string[], bytes: Uint8Array, offset: number): number {
    if (fields.length % 2 !== 0) {
      throw new TypeError(`"fields" expected pairs of name and value, got ${fields.length} strings`)
    }
    // RFC 9204 §4.5.1: Required Insert Count 0, Sign 0, Delta Base 0.
    bytes[offset] = 0
    bytes[offset + 1] = 0
    this.#bytes = bytes
    this.#at = offset + 2
    for (let i = 0; i < fields.length; i += 2) this.#encodeLine(fields[i], fields[i + 1])
    this.#bytes = this.#own
    return this.#at
  }

  #encodeLine(name: string, value: string): void {
    const entry = STATIC_NAMES.get(name)
    const never = isSensitive(name, value)
    if (entry !== undefined) {
      const index = never ? undefined : entry.values.get(value)
      if (index !== undefined) {
        // Indexed Field Line, static: 1 T=1 index(6), RFC 9204 §4.5.2.
        this.#integer(0xc0, 6, index)
        return
      }
      // Literal Field Line with Name Reference, static: 01 N T=1 index(4), RFC 9204 §4.5.4.
      this.#integer(never ? 0x70 : 0x50, 4, entry.index)
    } else {
      // Literal Field Line with Literal Name: 001 N H length(3), RFC 9204 §4.5.6.
      this.#string(never ? 0x30 : 0x20, 3, name)
    }
    this.#string(0, 7, value)
  }

  // A string literal whose Huffman bit stands above the length, RFC 9204 §4.1.2.
  #string(high: number, prefixBits: number, text: string): void {
    const length = huffmanLength(text)
    if (length < 0) {
      throw new TypeError(`"fields" expected characters up to U+00FF, got ${JSON.stringify(text)}`)
    }
    if (length < text.length) {
      this.#integer(high | (1 << prefixBits), prefixBits, length)
      this.#at = encodeHuffman(this.#bytes, this.#at, text)
      return
    }
    this.#integer(high, prefixBits, text.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#at = at
  }

  #integer(high: number, prefixBits: number, value: number): void {
    this.#at = encodePrefixInteger(this.#bytes, this.#at, high, prefixBits, value)
  }
}

/** `fields` as a field section of its own memory. */
export function encodeFieldSection(fields: readonly string[]): Uint8Array {
  return new FieldSectionEncoder().encode(fields).slice()
}

// RFC 9204 §7.1.3: which lines an intermediary must not index either.
function isSensitive(name: string, value: string): boolean {
  switch (name) {
    case 'authorization':
    case 'proxy-authorization':
      return true
    case 'cookie':
      return value.length < SHORT_COOKIE
    default:
      return false
  }
}
