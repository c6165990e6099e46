// ChaCha20-Poly1305 packets (RFC 8439 §2.8), in place, on noble's ChaCha20 and Poly1305.

import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { chacha20, hchacha } from '@noble/ciphers/chacha.js'
import { AEAD_TAG_LENGTH } from '../cipher-suites.ts'
import { PacketKeyBase } from '../packet-key-base.ts'
import type { PacketMemory } from '../provider.ts'

const ZEROS = new Uint8Array(32)
/** "expand 32-byte k" in ASCII, RFC 8439 §2.3: the first four words of the state. */
/* prettier-ignore */
const SIGMA = Uint8Array.of(
  0x65, 0x78, 0x70, 0x61, 0x6e, 0x64, 0x20, 0x33, 0x32, 0x2d, 0x62, 0x79, 0x74, 0x65, 0x20, 0x6b,
)
const SIGMA_WORDS = new Uint32Array(SIGMA.buffer)
const SIGMA_0 = 0x61707865
const SIGMA_1 = 0x3320646e

export class ChaCha20Poly1305PacketKey extends PacketKeyBase {
  readonly #bytes: Uint8Array
  readonly #key: Uint8Array
  readonly #headerKey: Uint32Array
  readonly #authenticatorKey: Uint8Array
  readonly #sample: Uint32Array
  readonly #sampleBytes: Uint8Array
  readonly #block: Uint32Array
  readonly #blockView: DataView
  readonly #lengths: Uint8Array
  readonly #tag: Uint8Array

  constructor(memory: PacketMemory, key: Uint8Array, iv: Uint8Array, hp: Uint8Array) {
    super(memory, iv)
    this.#bytes = memory.bytes
    this.#key = new Uint8Array(key)
    this.#headerKey = new Uint32Array(8)
    new Uint8Array(this.#headerKey.buffer).set(hp)
    this.#authenticatorKey = new Uint8Array(32)
    this.#sample = new Uint32Array(4)
    this.#sampleBytes = new Uint8Array(this.#sample.buffer)
    this.#block = new Uint32Array(8)
    this.#blockView = new DataView(this.#block.buffer)
    this.#lengths = new Uint8Array(16)
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

  // RFC 9001 §5.4.4: the first five bytes of the ChaCha20 block whose counter and nonce are the
  // sample. noble's chacha20 refuses the counter 2^32-1, which a peer may well sample: so the block
  // function alone is used (as HChaCha20, which leaves out the final addition of the constants).
  protected computeMask(mask: Uint8Array, sampleOffset: number): void {
    for (let i = 0; i < 16; i++) this.#sampleBytes[i] = this.#bytes[sampleOffset + i]
    hchacha(SIGMA_WORDS, this.#headerKey, this.#sample, this.#block)
    const first = this.#blockView.getUint32(0, true) + SIGMA_0
    const second = this.#blockView.getUint32(4, true) + SIGMA_1
    mask[0] = first
    mask[1] = first >>> 8
    mask[2] = first >>> 16
    mask[3] = first >>> 24
    mask[4] = second
  }

  protected wipeKeys(): void {
    this.#key.fill(0)
    this.#headerKey.fill(0)
    this.#authenticatorKey.fill(0)
    this.#block.fill(0)
    this.#tag.fill(0)
  }

  // RFC 8439 §2.8: the payload is encrypted from counter 1 on.
  #crypt(nonce: Uint8Array, start: number, end: number): void {
    const payload = this.#bytes.subarray(start, end)
    chacha20(this.#key, nonce, payload, payload, 1)
  }

  // RFC 8439 §2.8: Poly1305 under the key of block 0, over header, payload and their lengths.
  #computeTag(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void {
    const start = offset + headerLength
    const authenticatorKey = this.#authenticatorKey
    chacha20(this.#key, nonce, ZEROS, authenticatorKey, 0)
    const lengths = this.#lengths
    writeUint32LittleEndian(lengths, 0, headerLength)
    writeUint32LittleEndian(lengths, 8, payloadLength)
    const mac = poly1305.create(authenticatorKey)
    mac.update(this.#bytes.subarray(offset, start))
    mac.update(ZEROS.subarray(0, -headerLength & 15))
    mac.update(this.#bytes.subarray(start, start + payloadLength))
    mac.update(ZEROS.subarray(0, -payloadLength & 15))
    mac.update(lengths)
    mac.digestInto(this.#tag)
    mac.destroy()
  }
}

function writeUint32LittleEndian(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}
