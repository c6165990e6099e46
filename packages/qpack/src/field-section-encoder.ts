// Field sections to bytes, RFC 9204 §4.5, with the static table and literals only: the encoder
// never inserts, so that its Required Insert Count is always zero and nothing can block.

import { encodeHuffman, huffmanLength } from './huffman.ts'
import { SHORT_COOKIE } from './limits.ts'
import { encodePrefixInteger } from './prefix-integer.ts'
import { STATIC_NAMES } from './static-table.ts'

// The most bytes of a prefixed integer.
const MAX_INTEGER = 9

/** Encodes field sections into memory that it keeps. */
export class FieldSectionEncoder {
  #bytes: Uint8Array
  #length: number

  constructor() {
    this.#bytes = new Uint8Array(1024)
    this.#length = 0
  }

  /**
   * Encodes `fields` (name, value, name, value, ...; one character per byte; names in lower case).
   * The result is overwritten by the next call.
   *
   * @throws TypeError when a name has no value or a character is above U+00FF.
   */
  encode(fields: readonly string[]): Uint8Array {
    if (fields.length % 2 !== 0) {
      throw new TypeError(`"fields" expected pairs of name and value, got ${fields.length} strings`)
    }
    // RFC 9204 §4.5.1: Required Insert Count 0, Sign 0, Delta Base 0.
    this.#bytes[0] = 0
    this.#bytes[1] = 0
    this.#length = 2
    for (let i = 0; i < fields.length; i += 2) this.#encodeLine(fields[i], fields[i + 1])
    return this.#bytes.subarray(0, this.#length)
  }

  #encodeLine(name: string, value: string): void {
    // No character takes more than one byte: Huffman is used when it is shorter.
    this.#reserve(2 * MAX_INTEGER + name.length + value.length)
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
      this.#length = encodeHuffman(this.#bytes, this.#length, text)
      return
    }
    this.#integer(high, prefixBits, text.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#length = at
  }

  #integer(high: number, prefixBits: number, value: number): void {
    this.#length = encodePrefixInteger(this.#bytes, this.#length, high, prefixBits, value)
  }

  #reserve(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
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
