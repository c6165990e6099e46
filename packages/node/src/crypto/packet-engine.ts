// Packets on node:crypto in ordinary memory. The IV of an OpenSSL cipher cannot be set anew from
// JavaScript, so every packet makes a cipher object; only the ECB object of AES header protection
// lives as long as its key.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import {
  AEAD_TAG_LENGTH,
  allocatePacketMemory,
  checkPacketKeyLengths,
  PacketKeyBase,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
  type PacketEngine,
  type PacketKey,
  type PacketMemory,
} from '@godwit/crypto'
import { releaseMemory } from '../release-memory.ts'
import { aeadName, type AeadName } from './aead.ts'

const OPTIONS = { authTagLength: AEAD_TAG_LENGTH }

type EcbCipher = ReturnType<typeof createCipheriv>

/** The AEAD of all three suites; subclasses add the mask of header protection. */
abstract class NodePacketKey extends PacketKeyBase {
  readonly #bytes: Uint8Array
  readonly #name: AeadName
  readonly #key: Uint8Array

  constructor(memory: PacketMemory, suite: CipherSuite, key: Uint8Array, iv: Uint8Array) {
    super(memory, iv)
    this.#bytes = memory.bytes
    this.#name = aeadName(suite)
    this.#key = new Uint8Array(key)
  }

  protected seal(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void {
    const bytes = this.#bytes
    const start = offset + headerLength
    const end = start + payloadLength
    const cipher = createCipheriv(this.#name, this.#key, nonce, OPTIONS)
    cipher.setAAD(bytes.subarray(offset, start))
    const ciphertext = cipher.update(bytes.subarray(start, end))
    bytes.set(ciphertext, start)
    releaseMemory(ciphertext)
    cipher.final()
    bytes.set(cipher.getAuthTag(), end)
  }

  protected open(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): boolean {
    const bytes = this.#bytes
    const start = offset + headerLength
    const end = start + payloadLength
    const decipher = createDecipheriv(this.#name, this.#key, nonce, OPTIONS)
    decipher.setAAD(bytes.subarray(offset, start))
    decipher.setAuthTag(bytes.subarray(end, end + AEAD_TAG_LENGTH))
    const plaintext = decipher.update(bytes.subarray(start, end))
    try {
      decipher.final()
    } catch {
      // The only error that `final` of an AEAD knows: the tag does not fit.
      return false
    }
    bytes.set(plaintext, start)
    releaseMemory(plaintext)
    return true
  }

  protected wipeKeys(): void {
    this.#key.fill(0)
  }
}

class AesPacketKey extends NodePacketKey {
  readonly #bytes: Uint8Array
  readonly #headerKey: Uint8Array
  // Made with the first mask: the next key of a key update never needs one.
  #ecb: EcbCipher | null

  constructor(
    memory: PacketMemory,
    suite: CipherSuite,
    key: Uint8Array,
    iv: Uint8Array,
    hp: Uint8Array,
  ) {
    super(memory, suite, key, iv)
    this.#bytes = memory.bytes
    this.#headerKey = new Uint8Array(hp)
    this.#ecb = null
  }

  // RFC 9001 §5.4.3
  protected computeMask(mask: Uint8Array, sampleOffset: number): void {
    const sample = this.#bytes.subarray(sampleOffset, sampleOffset + 16)
    this.#ecb ??= createEcb(this.#headerKey)
    const block = this.#ecb.update(sample)
    for (let i = 0; i < mask.length; i++) mask[i] = block[i]
  }

  protected override wipeKeys(): void {
    super.wipeKeys()
    this.#headerKey.fill(0)
    // OpenSSL wipes the key schedule when the object is collected.
    this.#ecb = null
  }
}

function createEcb(key: Uint8Array): EcbCipher {
  const name = key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb'
  return createCipheriv(name, key, null).setAutoPadding(false)
}

const FIVE_ZEROS = new Uint8Array(5)

class ChaCha20PacketKey extends NodePacketKey {
  readonly #bytes: Uint8Array
  readonly #headerKey: Uint8Array

  constructor(memory: PacketMemory, key: Uint8Array, iv: Uint8Array, hp: Uint8Array) {
    super(memory, TLS_CHACHA20_POLY1305_SHA256, key, iv)
    this.#bytes = memory.bytes
    this.#headerKey = new Uint8Array(hp)
  }

  // RFC 9001 §5.4.4: counter and nonce are the sample, which is how OpenSSL takes its IV.
  protected computeMask(mask: Uint8Array, sampleOffset: number): void {
    const sample = this.#bytes.subarray(sampleOffset, sampleOffset + 16)
    mask.set(createCipheriv('chacha20', this.#headerKey, sample).update(FIVE_ZEROS))
  }

  protected override wipeKeys(): void {
    super.wipeKeys()
    this.#headerKey.fill(0)
  }
}

export class NodePacketEngine implements PacketEngine {
  readonly name = 'node'
  readonly memory: PacketMemory

  constructor(slotCount: number, slotSize?: number) {
    this.memory = allocatePacketMemory(slotCount, slotSize)
  }

  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey {
    checkPacketKeyLengths(suite, key, hp)
    return suite === TLS_CHACHA20_POLY1305_SHA256
      ? new ChaCha20PacketKey(this.memory, key, iv, hp)
      : new AesPacketKey(this.memory, suite, key, iv, hp)
  }
}
