// What tests of the SIMD engine share.

import { createCipheriv } from 'node:crypto'
import type { CipherSuite, CreateBlockCipher } from '../../src/index.ts'
import { bestVariant } from '../../src/simd/wasm.ts'
import type { SimdVariant } from '../../src/simd/wasm.ts'

export const SUITES: readonly CipherSuite[] = [0x1301, 0x1302, 0x1303]

/** The builds of the module that run here. */
export const variants: readonly SimdVariant[] =
  bestVariant() === 'relaxed' ? ['plain', 'relaxed'] : ['plain']

/** Length of a suite's keys in bytes. */
export const keyLengthOf = (suite: CipherSuite): number => (suite === 0x1301 ? 16 : 32)

/** Node's AES in ECB mode. */
export function nativeAes(key: Uint8Array): (blocks: Uint8Array) => Uint8Array {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', key, null)
  cipher.setAutoPadding(false)
  return (blocks) => cipher.update(blocks)
}

/** Node's AES, with a count of the calls and a copy of what the last one was asked to encrypt. */
export function blockCiphers(): {
  readonly count: { calls: number; blocks: number; last: Uint8Array }
  readonly create: CreateBlockCipher
} {
  const count = { calls: 0, blocks: 0, last: new Uint8Array(0) }
  return {
    count,
    create: (key) => {
      const encrypt = nativeAes(key)
      return {
        encrypt: (blocks) => {
          count.calls++
          count.blocks += blocks.length / 16
          count.last = blocks.slice()
          blocks.set(encrypt(blocks))
        },
      }
    },
  }
}
