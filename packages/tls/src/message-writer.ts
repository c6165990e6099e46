// Builds a handshake message (RFC 9846 §4): TLS vectors carry their length in front, so a vector is
// opened, written and closed, and its length filled in then.

const FIRST_SIZE = 2048
const MAX_SPARE = 16_384
const NOTHING = new Uint8Array(0)

// The buffer of the last message that was finished, for the next one.
let spare: Uint8Array | null = null

/** A growing buffer that begins with a handshake header. One per message; off the hot path. */
export class MessageWriter {
  #bytes: Uint8Array
  #length: number

  constructor(type: number) {
    this.#bytes = spare ?? new Uint8Array(FIRST_SIZE)
    spare = null
    this.#length = 4
    this.#bytes[0] = type
  }

  u8(value: number): void {
    const at = this.#claim(1)
    this.#bytes[at] = value
  }

  u16(value: number): void {
    const at = this.#claim(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
  }

  u32(value: number): void {
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  bytes(source: Uint8Array): void {
    const at = this.#claim(source.length)
    this.#bytes.set(source, at)
  }

  /** Characters as bytes; the caller has made sure that all are below 256. */
  latin1(text: string): void {
    const at = this.#claim(text.length)
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i)
  }

  /** Begins a vector whose length takes `lengthBytes` bytes; give the result to `close`. */
  open(lengthBytes: 1 | 2 | 3): number {
    return this.#claim(lengthBytes) * 4 + lengthBytes
  }

  close(vector: number): void {
    const lengthBytes = vector & 3
    const at = vector >>> 2
    this.#putLength(at, lengthBytes, this.#length - at - lengthBytes)
  }

  /** The whole message, header included. Nothing may be written afterwards. */
  finish(): Uint8Array {
    this.#putLength(1, 3, this.#length - 4)
    const message = this.#bytes.slice(0, this.#length)
    if (this.#bytes.length <= MAX_SPARE) spare = this.#bytes
    this.#bytes = NOTHING
    return message
  }

  #putLength(at: number, lengthBytes: number, length: number): void {
    if (length >= 2 ** (8 * lengthBytes)) {
      throw new RangeError(`vector of ${length} bytes does not fit in ${lengthBytes} length bytes`)
    }
    for (let i = 0; i < lengthBytes; i++) {
      this.#bytes[at + i] = length >>> (8 * (lengthBytes - 1 - i))
    }
  }

  #claim(length: number): number {
    const at = this.#length
    const end = at + length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#length = end
    return at
  }
}
