// Strict DER (X.690 §10): definite lengths in their shortest form, tag numbers below 31, minimal
// integers, nothing left over. The caller names what it reads, so that an error can say it.

import { ByteReader } from '@godwit/wire'
import { malformed, X509Error } from './errors.ts'
import { MAX_DER_DEPTH, MAX_OID_LENGTH } from './limits.ts'

export const TAG_BOOLEAN = 0x01
export const TAG_INTEGER = 0x02
export const TAG_BIT_STRING = 0x03
export const TAG_OCTET_STRING = 0x04
export const TAG_NULL = 0x05
export const TAG_OID = 0x06
export const TAG_UTF8_STRING = 0x0c
export const TAG_PRINTABLE_STRING = 0x13
export const TAG_TELETEX_STRING = 0x14
export const TAG_IA5_STRING = 0x16
export const TAG_UTC_TIME = 0x17
export const TAG_GENERALIZED_TIME = 0x18
export const TAG_UNIVERSAL_STRING = 0x1c
export const TAG_BMP_STRING = 0x1e
export const TAG_SEQUENCE = 0x30
export const TAG_SET = 0x31

/** `[number]` with a primitive encoding. */
export const contextTag = (number: number): number => 0x80 | number
/** `[number]` with a constructed encoding. */
export const constructedContextTag = (number: number): number => 0xa0 | number

/** Reads the elements of one constructed element (or of a whole text) in order. */
export class DerReader {
  readonly #reader: ByteReader
  readonly #depth: number
  #tag: number
  #raw: Uint8Array

  constructor(bytes: Uint8Array, depth: number = 0) {
    if (depth > MAX_DER_DEPTH) {
      throw new X509Error('ERR_X509_LIMIT', `DER is nested deeper than ${MAX_DER_DEPTH} levels`)
    }
    this.#reader = new ByteReader(bytes)
    this.#depth = depth
    this.#tag = -1
    this.#raw = bytes
  }

  /** The contents of the next element, whose tag must be `tag`. */
  element(tag: number, what: string): Uint8Array {
    const contents = this.any(what)
    if (this.#tag !== tag) {
      throw malformed(
        `${what}: expected tag 0x${tag.toString(16)}, got 0x${this.#tag.toString(16)}`,
      )
    }
    return contents
  }

  /** The contents of the next element, whatever it is; `lastTag` and `lastRaw` tell more. */
  any(what: string): Uint8Array {
    const reader = this.#reader
    const start = reader.position
    const tag = reader.u8()
    if ((tag & 0x1f) === 0x1f) throw malformed(`${what}: a tag number above 30`)
    let length = reader.u8()
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size === 0) throw malformed(`${what}: an indefinite length is not DER`)
      if (size > 3) throw malformed(`${what}: a length of ${size} bytes`)
      length = size === 1 ? reader.u8() : size === 2 ? reader.u16() : reader.u24()
      if (length < (size === 1 ? 0x80 : size === 2 ? 0x100 : 0x10000)) {
        throw malformed(`${what}: a length that is not in its shortest form`)
      }
    }
    const contents = reader.view(length)
    if (!reader.ok) throw malformed(`${what}: ends too early`)
    this.#tag = tag
    this.#raw = reader.bytes.subarray(start, reader.position)
    return contents
  }

  /** A reader of the elements within the next element, whose tag must be `tag`. */
  constructed(tag: number, what: string): DerReader {
    return new DerReader(this.element(tag, what), this.#depth + 1)
  }

  sequence(what: string): DerReader {
    return this.constructed(TAG_SEQUENCE, what)
  }

  /** Like `constructed`, or null (and nothing read) when the next element has another tag. */
  optional(tag: number, what: string): DerReader | null {
    return this.peek() === tag ? this.constructed(tag, what) : null
  }

  /** Contents of an INTEGER: big-endian, two's complement, checked to be minimal. */
  integer(what: string): Uint8Array {
    const contents = this.element(TAG_INTEGER, what)
    checkInteger(contents, what)
    return contents
  }

  /** An INTEGER from 0 to 2^31-1. */
  smallInteger(what: string): number {
    const contents = this.integer(what)
    if (contents.length > 4 || contents[0] > 0x7f) throw malformed(`${what}: out of range`)
    let value = 0
    for (const byte of contents) value = (value << 8) | byte
    return value
  }

  /**
   * A BOOLEAN DEFAULT FALSE. DER forbids to write a default; enough certificates in use do it all
   * the same (`cA FALSE`, `critical FALSE`), and it can mean only one thing.
   */
  booleanDefaultFalse(what: string): boolean {
    if (this.peek() !== TAG_BOOLEAN) return false
    const contents = this.element(TAG_BOOLEAN, what)
    if (contents.length !== 1 || (contents[0] !== 0xff && contents[0] !== 0)) {
      throw malformed(`${what}: a BOOLEAN that is neither TRUE nor FALSE`)
    }
    return contents[0] === 0xff
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(what: string): string {
    return decodeOid(this.element(TAG_OID, what), what)
  }

  /** A BIT STRING of whole bytes, as keys and signatures are. */
  bitStringBytes(what: string): Uint8Array {
    const contents = this.element(TAG_BIT_STRING, what)
    if (contents.length === 0 || contents[0] !== 0) {
      throw malformed(`${what}: a BIT STRING that is not a whole number of bytes`)
    }
    return contents.subarray(1)
  }

  /** The tag of the next element, -1 at the end. */
  peek(): number {
    return this.#reader.peek()
  }

  /** True when everything was read. */
  get done(): boolean {
    return this.#reader.done
  }

  /** Throws when something is left. */
  end(what: string): void {
    if (!this.done) throw malformed(`${what}: ${this.#reader.remaining} bytes too many`)
  }

  /** Tag of the element that was read last. */
  get lastTag(): number {
    return this.#tag
  }

  /** The element that was read last with its tag and length. */
  get lastRaw(): Uint8Array {
    return this.#raw
  }
}

/** X.690 §8.3.2: at least one byte, and the first nine bits neither all zero nor all one. */
export function checkInteger(contents: Uint8Array, what: string): void {
  const padded =
    contents.length > 1 &&
    ((contents[0] === 0 && contents[1] < 0x80) || (contents[0] === 0xff && contents[1] >= 0x80))
  if (contents.length === 0 || padded) throw malformed(`${what}: an INTEGER that is not minimal`)
}

/** X.690 §8.19. */
function decodeOid(contents: Uint8Array, what: string): string {
  const length = contents.length
  if (length === 0 || length > MAX_OID_LENGTH || contents[length - 1] >= 0x80) {
    throw malformed(`${what}: a bad object identifier`)
  }
  const arcs: string[] = []
  // UUIDs under 2.25 have arcs of 128 bits.
  let arc = 0n
  let first = true
  for (const byte of contents) {
    if (first && byte === 0x80) throw malformed(`${what}: an object identifier that is not minimal`)
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    first = byte < 0x80
    if (!first) continue
    if (arcs.length === 0) {
      const top = arc < 40n ? 0n : arc < 80n ? 1n : 2n
      arcs.push(top.toString())
      arc -= top * 40n
    }
    arcs.push(arc.toString())
    arc = 0n
  }
  return arcs.join('.')
}
