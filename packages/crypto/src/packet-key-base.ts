// What every packet key in JavaScript does alike, RFC 9001 §5.3 and §5.4: the nonce, the sample, and
// the header bits under the mask. A backend adds the AEAD and the cipher of the mask.

import { AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH } from './cipher-suites.ts'
import type { PacketKey, PacketMemory } from './provider.ts'

/** Bytes of ciphertext that header protection samples, RFC 9001 §5.4.2. */
const SAMPLE_LENGTH = 16
/** The sample starts as if the packet number took this many bytes, RFC 9001 §5.4.2. */
const SAMPLE_DISTANCE = 4

/**
 * A packet key short of its ciphers. Subclasses keep key material in #private fields, so that
 * neither `inspect` nor JSON shows it.
 */
export abstract class PacketKeyBase implements PacketKey {
  readonly #bytes: Uint8Array
  readonly #iv: Uint8Array
  readonly #nonce: Uint8Array
  readonly #mask: Uint8Array
  #disposed: boolean

  constructor(memory: PacketMemory, iv: Uint8Array) {
    if (iv.length !== AEAD_NONCE_LENGTH) {
      throw new RangeError(`"iv" expected ${AEAD_NONCE_LENGTH} bytes, got ${iv.length}`)
    }
    this.#bytes = memory.bytes
    this.#iv = new Uint8Array(iv)
    this.#nonce = new Uint8Array(AEAD_NONCE_LENGTH)
    this.#mask = new Uint8Array(5)
    this.#disposed = false
  }

  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    const bytes = this.#bytes
    const headerLength = pnOffset + pnLength - offset
    // RFC 9001 §5.4.2: there must be enough ciphertext to sample.
    if (!(pnLength >= 1 && pnLength <= 4 && payloadLength + pnLength >= SAMPLE_DISTANCE)) {
      throw new RangeError(
        `"payloadLength" and "pnLength" expected at least 4 together, got ${payloadLength} and ${pnLength}`,
      )
    }
    this.#checkRegion(offset, headerLength + payloadLength + AEAD_TAG_LENGTH)
    this.#writeNonce(packetNumber)
    this.seal(this.#nonce, offset, headerLength, payloadLength)

    const mask = this.#mask
    this.computeMask(mask, pnOffset + SAMPLE_DISTANCE)
    bytes[offset] ^= mask[0] & ((bytes[offset] & 0x80) === 0 ? 0x1f : 0x0f)
    for (let i = 0; i < pnLength; i++) bytes[pnOffset + i] ^= mask[1 + i]
  }

  removeHeaderProtection(offset: number, pnOffset: number): number {
    const bytes = this.#bytes
    this.#checkRegion(offset, pnOffset - offset + SAMPLE_DISTANCE + SAMPLE_LENGTH)
    const mask = this.#mask
    this.computeMask(mask, pnOffset + SAMPLE_DISTANCE)
    bytes[offset] ^= mask[0] & ((bytes[offset] & 0x80) === 0 ? 0x1f : 0x0f)
    const pnLength = (bytes[offset] & 0x03) + 1
    let packetNumber = 0
    for (let i = 0; i < pnLength; i++) {
      bytes[pnOffset + i] ^= mask[1 + i]
      packetNumber = packetNumber * 256 + bytes[pnOffset + i]
    }
    return packetNumber
  }

  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    this.#checkRegion(offset, headerLength + payloadLength + AEAD_TAG_LENGTH)
    if (payloadLength < 0) return false
    this.#writeNonce(packetNumber)
    return this.open(this.#nonce, offset, headerLength, payloadLength)
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#iv.fill(0)
    this.#nonce.fill(0)
    this.#mask.fill(0)
    this.wipeKeys()
  }

  /**
   * Encrypts `payloadLength` bytes behind the header at `offset` and writes the tag after them; the
   * header is the associated data.
   */
  protected abstract seal(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void
  /** The inverse of `seal`; false: not authentic. */
  protected abstract open(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): boolean
  /** Writes the header protection mask of the 16 bytes at `sampleOffset`, RFC 9001 §5.4.1. */
  protected abstract computeMask(mask: Uint8Array, sampleOffset: number): void
  /** Overwrites the subclass's key material. */
  protected abstract wipeKeys(): void

  // RFC 9001 §5.3: the packet number, left-padded to the size of the IV, XOR the IV.
  #writeNonce(packetNumber: number): void {
    if (!Number.isSafeInteger(packetNumber) || packetNumber < 0) {
      throw new RangeError(`"packetNumber" expected an integer 0..2^53-1, got ${packetNumber}`)
    }
    const nonce = this.#nonce
    nonce.set(this.#iv)
    const high = Math.floor(packetNumber / 0x100000000)
    nonce[4] ^= high >>> 24
    nonce[5] ^= high >>> 16
    nonce[6] ^= high >>> 8
    nonce[7] ^= high
    nonce[8] ^= packetNumber >>> 24
    nonce[9] ^= packetNumber >>> 16
    nonce[10] ^= packetNumber >>> 8
    nonce[11] ^= packetNumber
  }

  #checkRegion(offset: number, length: number): void {
    if (this.#disposed) throw new Error('the packet key was disposed of')
    if (!(offset >= 0 && length > 0 && offset + length <= this.#bytes.length)) {
      throw new RangeError(`"offset" expected ${length} bytes inside packet memory, got ${offset}`)
    }
  }
}
