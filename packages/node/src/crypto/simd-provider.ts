// The backend that Node uses by default: asymmetric work, hashes and AES by node:crypto, packets and
// the derivation of keys by the SIMD engine of @godwit/crypto.

import { createCipheriv } from 'node:crypto'
import {
  createSimdEngine,
  HmacSha256,
  type BlockCipher,
  type HashName,
  type PacketEngine,
} from '@godwit/crypto'
import { NodeProvider } from './provider.ts'
import { releaseMemory } from '../release-memory.ts'

/** A long-lived AES-ECB object: its `update` makes keystream without an object per packet. */
function createBlockCipher(key: Uint8Array): BlockCipher {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', key, null)
  cipher.setAutoPadding(false)
  return {
    encrypt: (blocks) => {
      const keystream = cipher.update(blocks)
      blocks.set(keystream)
      keystream.fill(0)
      releaseMemory(keystream)
    },
  }
}

/** node:crypto with packet protection in WebAssembly SIMD. */
export class SimdProvider extends NodeProvider {
  override readonly name: string = 'simd'
  // Null where the engine does not run: then all is node:crypto's.
  readonly #hmac: HmacSha256 | null = HmacSha256.create()

  override hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
    const hmac = this.#hmac
    return hash === 'sha256' && hmac?.fits(key.length, message.length) === true
      ? hmac.compute(key, message, false, 32)
      : super.hmac(hash, key, message)
  }

  // RFC 5869 §2.3: up to the length of the hash it is one HMAC.
  override hkdfExpand(
    hash: HashName,
    prk: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array {
    const hmac = this.#hmac
    return hash === 'sha256' &&
      length >= 0 &&
      length <= 32 &&
      prk.length >= 32 &&
      hmac?.fits(prk.length, info.length + 1) === true
      ? hmac.compute(prk, info, true, length)
      : super.hkdfExpand(hash, prk, info, length)
  }

  override createPacketEngine(slotCount: number, slotSize?: number): PacketEngine {
    return createSimdEngine({
      slotCount,
      ...(slotSize === undefined ? {} : { slotSize }),
      createBlockCipher,
    })
  }
}
