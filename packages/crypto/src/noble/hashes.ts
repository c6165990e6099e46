// Hashes, HMAC and HKDF on @noble/hashes.

import { expand } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { HashName } from '../constants.ts'
import type { HashContext } from '../provider.ts'

/** What this backend asks of a running hash of noble. */
interface RunningHash {
  update(data: Uint8Array): unknown
  clone(): RunningHash
  digest(): Uint8Array
}

function hashFunction(name: HashName): typeof sha256 | typeof sha384 | typeof sha512 {
  switch (name) {
    case 'sha256':
      return sha256
    case 'sha384':
      return sha384
    case 'sha512':
      return sha512
    default:
      throw new RangeError(`"hash" expected sha256, sha384 or sha512, got ${String(name)}`)
  }
}

class NobleHash implements HashContext {
  readonly #hash: RunningHash

  constructor(name: HashName) {
    this.#hash = hashFunction(name).create()
  }

  update(data: Uint8Array): HashContext {
    this.#hash.update(data)
    return this
  }

  digest(): Uint8Array {
    return this.#hash.clone().digest()
  }
}

export function nobleCreateHash(name: HashName): HashContext {
  return new NobleHash(name)
}

export function nobleDigest(name: HashName, message: Uint8Array): Uint8Array {
  return hashFunction(name)(message)
}

export function nobleHmac(name: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(hashFunction(name), key, message)
}

export function nobleHkdfExpand(
  name: HashName,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const hash = hashFunction(name)
  // RFC 5869 §2.3
  if (prk.length < hash.outputLen) {
    throw new RangeError(`"prk" expected at least ${hash.outputLen} bytes, got ${prk.length}`)
  }
  if (!Number.isSafeInteger(length) || length < 0 || length > 255 * hash.outputLen) {
    throw new RangeError(`"length" expected 0..${255 * hash.outputLen}, got ${length}`)
  }
  return length === 0 ? new Uint8Array(0) : expand(hash, prk, info, length)
}
