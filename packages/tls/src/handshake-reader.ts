// Cuts the byte stream of CRYPTO frames into handshake messages (RFC 9846 §4): they may be split
// anywhere and coalesced anyhow. A message that lies whole in the input is handed out without a
// copy; of a split one exactly its own bytes are kept, so that memory is bounded by its limit.

import { ALERT_DECODE_ERROR } from './alerts.ts'
import { TlsError } from './errors.ts'

const EMPTY = new Uint8Array(0)
const HEADER_LENGTH = 4

/** Reassembles messages of one encryption level after the other. */
export class HandshakeReader {
  // The beginning of a message whose end has not come.
  #pending: Uint8Array
  #pendingLength: number
  #input: Uint8Array
  #position: number

  constructor() {
    this.#pending = EMPTY
    this.#pendingLength = 0
    this.#input = EMPTY
    this.#position = 0
  }

  /** Adds input, which `next` must have consumed before the next call. */
  feed(data: Uint8Array): void {
    this.#input = data
    this.#position = 0
  }

  /** HandshakeType of the message in front, known from its first byte; -1 when there is none. */
  get type(): number {
    if (this.#pendingLength > 0) return this.#pending[0]
    return this.#position < this.#input.length ? this.#input[this.#position] : -1
  }

  /** True when no byte is left, at which point keys may change (RFC 9846 §5.1). */
  get idle(): boolean {
    return this.#pendingLength === 0 && this.#position === this.#input.length
  }

  /**
   * The message in front with its header, valid until the next call, or null when its end has not
   * come. Throws TlsError decode_error for a body above `limit` bytes as soon as its header is there.
   */
  next(limit: number): Uint8Array | null {
    const input = this.#input
    if (this.#pendingLength === 0) {
      const left = input.length - this.#position
      if (left >= HEADER_LENGTH) {
        const length = HEADER_LENGTH + this.#bodyLength(input, this.#position, limit)
        if (left >= length) {
          const message = input.subarray(this.#position, this.#position + length)
          this.#position += length
          return message
        }
      }
    }
    if (!this.#fill(HEADER_LENGTH)) return null
    const length = HEADER_LENGTH + this.#bodyLength(this.#pending, 0, limit)
    if (!this.#fill(length)) return null
    const message = this.#pending
    this.#pending = EMPTY
    this.#pendingLength = 0
    return message.subarray(0, length)
  }

  /** Forgets everything. */
  clear(): void {
    this.#pending = EMPTY
    this.#pendingLength = 0
    this.#input = EMPTY
    this.#position = 0
  }

  #bodyLength(bytes: Uint8Array, at: number, limit: number): number {
    const length = (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
    if (length > limit) {
      throw new TlsError(
        ALERT_DECODE_ERROR,
        `handshake message of ${length} bytes, above the limit of ${limit}`,
      )
    }
    return length
  }

  // Moves input to `pending` until that has `length` bytes; false when the input ends before.
  #fill(length: number): boolean {
    const wanted = length - this.#pendingLength
    if (wanted <= 0) return true
    const taken = Math.min(wanted, this.#input.length - this.#position)
    const end = this.#pendingLength + taken
    if (end > this.#pending.length) {
      // Doubles instead of trusting the length that the peer announces.
      const grown = new Uint8Array(Math.max(end, Math.min(2 * this.#pending.length, length), 64))
      grown.set(this.#pending.subarray(0, this.#pendingLength))
      this.#pending = grown
    }
    this.#pending.set(
      this.#input.subarray(this.#position, this.#position + taken),
      this.#pendingLength,
    )
    this.#pendingLength = end
    this.#position += taken
    return taken === wanted
  }
}
