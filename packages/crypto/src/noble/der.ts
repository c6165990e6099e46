// As much DER (X.690) as keys need: a strict reader and a writer of tag-length-value. Certificates
// are read by the x509 package.

import { CryptoError } from '../errors.ts'

export const DER_INTEGER = 0x02
export const DER_BIT_STRING = 0x03
export const DER_OCTET_STRING = 0x04
export const DER_NULL = 0x05
export const DER_OID = 0x06
export const DER_SEQUENCE = 0x30
export const DER_CONTEXT_0 = 0xa0
export const DER_CONTEXT_1 = 0xa1

function malformed(what: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_INVALID_KEY', `the key is malformed: ${what}`)
}

/** Reads elements one after another. Throws CryptoError `ERR_CRYPTO_INVALID_KEY`. */
export class DerReader {
  readonly #bytes: Uint8Array
  #position: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#position = 0
  }

  get done(): boolean {
    return this.#position === this.#bytes.length
  }

  /** Tag of the next element, or -1 at the end. */
  get nextTag(): number {
    return this.done ? -1 : this.#bytes[this.#position]
  }

  /** The content of the next element, which must carry `tag`. A view. */
  read(tag: number): Uint8Array {
    const bytes = this.#bytes
    let at = this.#position
    if (bytes.length - at < 2 || bytes[at] !== tag) throw malformed('unexpected element')
    at++
    let length = bytes[at++]
    if (length >= 0x80) {
      const lengthBytes = length & 0x7f
      if (lengthBytes === 0 || lengthBytes > 3 || bytes.length - at < lengthBytes) {
        throw malformed('length')
      }
      length = 0
      for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[at++]
      // X.690 §10.1: the fewest bytes.
      if (length < 0x80 || length < 2 ** (8 * (lengthBytes - 1))) throw malformed('length')
    }
    if (length > bytes.length - at) throw malformed('truncated')
    this.#position = at + length
    return bytes.subarray(at, at + length)
  }

  /** Like `read` for an element that holds others. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag))
  }

  /** An object identifier, its content in hexadecimal. */
  oid(): string {
    return toHex(this.read(DER_OID))
  }

  /** A non-negative INTEGER as big-endian bytes without a leading zero. A view. */
  unsigned(): Uint8Array {
    const content = this.read(DER_INTEGER)
    if (content.length === 0 || (content[0] & 0x80) !== 0) throw malformed('negative integer')
    if (content[0] !== 0 || content.length === 1) return content
    if ((content[1] & 0x80) === 0) throw malformed('integer not minimal')
    return content.subarray(1)
  }

  /** A BIT STRING of whole bytes. A view. */
  bitString(): Uint8Array {
    const content = this.read(DER_BIT_STRING)
    if (content.length === 0 || content[0] !== 0) throw malformed('bit string')
    return content.subarray(1)
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (!this.done) throw malformed('trailing bytes')
  }
}

/** One element: tag, length, and the parts as its content. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >>> 8, length & 0xff]
  const element = new Uint8Array(header.length + length)
  element.set(header)
  let at = header.length
  for (const part of parts) {
    element.set(part, at)
    at += part.length
  }
  return element
}

/** An object identifier whose content is given in hexadecimal. */
export function derOid(hex: string): Uint8Array {
  const content = new Uint8Array(hex.length / 2)
  for (let i = 0; i < content.length; i++) {
    content[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  }
  return derElement(DER_OID, content)
}

function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}
