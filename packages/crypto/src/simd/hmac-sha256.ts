// HMAC-SHA-256 in WebAssembly, for the derivation of keys: some forty in each handshake, each of less
// than two blocks, where node:crypto spends more on the objects around a hash than on the hash.

import { MAX_HMAC_MESSAGE } from '../limits.ts'
import { bestVariant, instantiate } from './wasm.ts'
import type { SimdExports, SimdVariant } from './wasm.ts'

/** Bytes of a block of SHA-256, and of the longest key that is taken. */
const BLOCK = 64
const DIGEST = 32

// Behind what the module keeps for itself, assembly/layout.ts.
const KEY = 4096
const TARGET: number = KEY + BLOCK
const MESSAGE: number = TARGET + DIGEST
/** Padding takes so many bytes behind a message. */
const PADDING = 72

export class HmacSha256 {
  readonly #exports: SimdExports
  readonly #bytes: Uint8Array

  /** Null where there is no WebAssembly with SIMD. @param variant for tests; else the fastest. */
  static create(variant: SimdVariant | null = bestVariant()): HmacSha256 | null {
    return variant === null ? null : new HmacSha256(variant)
  }

  private constructor(variant: SimdVariant) {
    const { exports, bytes } = instantiate(variant, MESSAGE + MAX_HMAC_MESSAGE + PADDING)
    this.#exports = exports
    this.#bytes = bytes
  }

  /** True when key and message are short enough for `compute`; `counted` when expanding. */
  fits(keyLength: number, messageLength: number): boolean {
    return keyLength <= BLOCK && messageLength <= MAX_HMAC_MESSAGE
  }

  /** The first `length` bytes, at most 32, of HMAC(key, message), or of HMAC(key, message || 0x01). */
  compute(key: Uint8Array, message: Uint8Array, counted: boolean, length: number): Uint8Array {
    const messageLength = counted ? message.length + 1 : message.length
    if (!this.fits(key.length, messageLength) || !(length >= 0 && length <= DIGEST)) {
      throw new RangeError(
        `expected at most ${BLOCK} bytes of key, ${MAX_HMAC_MESSAGE} of message, and ${DIGEST} of digest`,
      )
    }
    const bytes = this.#bytes
    copy(bytes, KEY, key)
    copy(bytes, MESSAGE, message)
    if (counted) bytes[MESSAGE + message.length] = 1
    this.#exports.hmacSha256(KEY, key.length, MESSAGE, messageLength, TARGET)
    const digest = new Uint8Array(length)
    for (let i = 0; i < length; i++) digest[i] = bytes[TARGET + i]
    for (let i = 0; i < DIGEST; i++) bytes[TARGET + i] = 0
    return digest
  }
}

// For so few bytes a loop is faster than a call of `set`.
function copy(target: Uint8Array, at: number, source: Uint8Array): void {
  for (let i = 0; i < source.length; i++) target[at + i] = source[i]
}
