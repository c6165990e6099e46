// AES-GCM packets (NIST SP 800-38D) with keys that stay expanded: noble's `gcm` expands the key and
// builds the GHASH table anew for every message, which costs more than the message.
//
// AES and GHASH of noble look tables up, so their timing can depend on secrets through the cache:
// prefer ChaCha20-Poly1305 with this backend.

import { GHASH } from '@noble/ciphers/_polyval.js'
import { unsafe } from '@noble/ciphers/aes.js'
import { AEAD_TAG_LENGTH } from '../cipher-suites.ts'
import { PacketKeyBase } from '../packet-key-base.ts'
import type { PacketMemory } from '../provider.ts'

const BLOCK = 16
/** A hint for noble's GHASH: windows of four bits, right for packets above 1024 bytes. */
const EXPECTED_LENGTH = 1350

/** GHASH that can start over with the table of its key. */
class RewindableGhash extends GHASH {
  rewind(): void {
    this.s0 = 0
    this.s1 = 0
    this.s2 = 0
    this.s3 = 0
    this.finished = false
  }
}

export class AesGcmPacketKey extends PacketKeyBase {
  readonly #bytes: Uint8Array
  // noble works on 32-bit words, packets start anywhere: data goes through this aligned scratch.
  readonly #scratch: Uint8Array
  readonly #roundKeys: Uint32Array
  readonly #headerRoundKeys: Uint32Array
  readonly #ghash: RewindableGhash
  readonly #counter: Uint8Array
  readonly #lengths: Uint8Array
  readonly #block: Uint8Array
  readonly #tag: Uint8Array

  /** @param scratch aligned to 4 bytes, a multiple of 16 long; shared by the keys of an engine */
  constructor(
    memory: PacketMemory,
    scratch: Uint8Array,
    key: Uint8Array,
    iv: Uint8Array,
    hp: Uint8Array,
  ) {
    super(memory, iv)
    this.#bytes = memory.bytes
    this.#scratch = scratch
    // Copies, since a caller's array need not be aligned.
    const keyCopy = new Uint8Array(key)
    const hpCopy = new Uint8Array(hp)
    this.#roundKeys = unsafe.expandKeyLE(keyCopy)
    this.#headerRoundKeys = unsafe.expandKeyLE(hpCopy)
    keyCopy.fill(0)
    hpCopy.fill(0)
    const hashKey = unsafe.encryptBlock(this.#roundKeys, new Uint8Array(BLOCK))
    this.#ghash = new RewindableGhash(hashKey, EXPECTED_LENGTH)
    hashKey.fill(0)
    this.#counter = new Uint8Array(BLOCK)
    this.#lengths = new Uint8Array(BLOCK)
    this.#block = new Uint8Array(BLOCK)
    this.#tag = new Uint8Array(AEAD_TAG_LENGTH)
  }

  protected seal(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void {
    const start = offset + headerLength
    this.#crypt(nonce, start, start + payloadLength)
    this.#computeTag(nonce, offset, headerLength, payloadLength)
    this.#bytes.set(this.#tag, start + payloadLength)
  }

  protected open(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): boolean {
    const start = offset + headerLength
    const end = start + payloadLength
    this.#computeTag(nonce, offset, headerLength, payloadLength)
    let difference = 0
    for (let i = 0; i < AEAD_TAG_LENGTH; i++) difference |= this.#tag[i] ^ this.#bytes[end + i]
    if (difference !== 0) return false
    this.#crypt(nonce, start, end)
    return true
  }

  // RFC 9001 §5.4.3: AES-ECB of the sample.
  protected computeMask(mask: Uint8Array, sampleOffset: number): void {
    const block = this.#block
    for (let i = 0; i < BLOCK; i++) block[i] = this.#bytes[sampleOffset + i]
    unsafe.encryptBlock(this.#headerRoundKeys, block)
    for (let i = 0; i < mask.length; i++) mask[i] = block[i]
  }

  protected wipeKeys(): void {
    this.#roundKeys.fill(0)
    this.#headerRoundKeys.fill(0)
    this.#ghash.destroy()
    this.#counter.fill(0)
    this.#block.fill(0)
    this.#tag.fill(0)
  }

  // GCTR from counter 2 on, in place: block 1 is kept for the tag (SP 800-38D §7.1).
  #crypt(nonce: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes
    const scratch = this.#scratch
    const counter = this.#counter
    counter.fill(0)
    counter.set(nonce)
    counter[15] = 2
    for (let at = start; at < end; at += scratch.length) {
      const piece = scratch.subarray(0, Math.min(scratch.length, end - at))
      piece.set(bytes.subarray(at, at + piece.length))
      unsafe.ctr32(this.#roundKeys, false, counter, piece, piece)
      bytes.set(piece, at)
    }
  }

  #computeTag(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void {
    const ghash = this.#ghash
    const start = offset + headerLength
    // Lengths in bits, 64 each, of which packets need the low 32 (SP 800-38D §7.1).
    const lengths = this.#lengths
    writeUint32(lengths, 4, headerLength * 8)
    writeUint32(lengths, 12, payloadLength * 8)
    ghash.rewind()
    ghash.update(this.#bytes.subarray(offset, start))
    ghash.update(this.#bytes.subarray(start, start + payloadLength))
    ghash.update(lengths)
    ghash.digestInto(this.#tag)

    const counter = this.#counter
    counter.fill(0)
    counter.set(nonce)
    counter[15] = 1
    unsafe.encryptBlock(this.#roundKeys, counter)
    for (let i = 0; i < AEAD_TAG_LENGTH; i++) this.#tag[i] ^= counter[i]
  }
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
