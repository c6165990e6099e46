// The backend that Node uses by default: asymmetric work, hashes and AES by node:crypto, packets by
// the SIMD engine of @godwit/crypto.

import { createCipheriv } from 'node:crypto'
import { createSimdEngine, type BlockCipher, type PacketEngine } from '@godwit/crypto'
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

  override createPacketEngine(slotCount: number, slotSize?: number): PacketEngine {
    return createSimdEngine({
      slotCount,
      ...(slotSize === undefined ? {} : { slotSize }),
      createBlockCipher,
    })
  }
}
