// The SIMD packet engine: a PacketEngine whose memory is WebAssembly memory and whose work is done
// by the module that assembly/ is compiled to. Constant time throughout (docs/constant-time.md).

import { AEAD_NONCE_LENGTH, checkPacketKeyLengths } from '../cipher-suites.ts'
import { TLS_CHACHA20_POLY1305_SHA256 } from '../constants.ts'
import type { CipherSuite } from '../constants.ts'
import { CryptoError } from '../errors.ts'
import { checkSlots, DEFAULT_SLOT_SIZE } from '../packet-memory.ts'
import type { PacketEngine, PacketKey, PacketMemory } from '../provider.ts'
import { AesSimdKey } from './aes-key.ts'
import type { CreateBlockCipher } from './aes-key.ts'
import { Arena } from './arena.ts'
import { ChachaSimdKey } from './chacha-key.ts'
import { bestVariant, instantiate } from './wasm.ts'
import type { SimdVariant } from './wasm.ts'

export interface SimdEngineOptions {
  readonly slotCount: number
  /** Bytes of a slot. Default 2048. */
  readonly slotSize?: number
  /** The host's native AES, which makes the keystream of long packets. */
  readonly createBlockCipher: CreateBlockCipher
  /** Default: the fastest that this JavaScript engine runs. */
  readonly variant?: SimdVariant
}

/** True when this JavaScript engine has WebAssembly with SIMD. */
export function isSimdAvailable(): boolean {
  return bestVariant() !== null
}

/**
 * A packet engine on WebAssembly SIMD. Throws CryptoError `ERR_CRYPTO_UNSUPPORTED` where there is
 * none (`isSimdAvailable` tells).
 */
export function createSimdEngine(options: SimdEngineOptions): PacketEngine {
  const variant = options.variant ?? bestVariant()
  if (variant === null) {
    throw new CryptoError(
      'ERR_CRYPTO_UNSUPPORTED',
      'this JavaScript engine has no WebAssembly SIMD',
    )
  }
  const { slotCount, slotSize = DEFAULT_SLOT_SIZE } = options
  checkSlots(slotCount, slotSize)
  const arena = new Arena((size) => instantiate(variant, size), slotCount * slotSize)
  return new SimdEngine(arena, variant, slotCount, slotSize, options.createBlockCipher)
}

class SimdEngine implements PacketEngine {
  readonly name: string
  readonly memory: PacketMemory
  readonly #arena: Arena
  readonly #createBlockCipher: CreateBlockCipher

  constructor(
    arena: Arena,
    variant: SimdVariant,
    slotCount: number,
    slotSize: number,
    createBlockCipher: CreateBlockCipher,
  ) {
    this.name = variant === 'relaxed' ? 'simd-relaxed' : 'simd'
    this.memory = { bytes: arena.slots, base: 0, slotSize, slotCount }
    this.#arena = arena
    this.#createBlockCipher = createBlockCipher
  }

  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey {
    checkPacketKeyLengths(suite, key, hp)
    if (iv.length !== AEAD_NONCE_LENGTH) {
      throw new RangeError(`"iv" expected ${AEAD_NONCE_LENGTH} bytes, got ${iv.length}`)
    }
    if (suite === TLS_CHACHA20_POLY1305_SHA256) return new ChachaSimdKey(this.#arena, key, iv, hp)
    return new AesSimdKey(this.#arena, this.#createBlockCipher, key, iv, hp)
  }
}
