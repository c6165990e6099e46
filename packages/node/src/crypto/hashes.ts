// Hashes, HMAC and HKDF on node:crypto.

import { createHash, createHmac, type Hash } from 'node:crypto'
import type { HashContext, HashName } from '@godwit/crypto'
import { plain } from './bytes.ts'

const FIRST_BLOCK = Uint8Array.of(1)

class NodeHash implements HashContext {
  readonly #hash: Hash

  constructor(name: HashName) {
    this.#hash = createHash(name)
  }

  update(data: Uint8Array): HashContext {
    this.#hash.update(data)
    return this
  }

  digest(): Uint8Array {
    return plain(this.#hash.copy().digest())
  }
}

export function nodeCreateHash(name: HashName): HashContext {
  return new NodeHash(name)
}

export function nodeHmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  return plain(createHmac(hash, key).update(message).digest())
}

// node:crypto's hkdfSync does Extract as well and costs five times as much as one HMAC, which is all
// that the keys of TLS and QUIC take.
export function nodeHkdfExpand(
  hash: HashName,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const hashLength = hash === 'sha256' ? 32 : hash === 'sha384' ? 48 : 64
  // RFC 5869 §2.3
  if (prk.length < hashLength) {
    throw new RangeError(`"prk" expected at least ${hashLength} bytes, got ${prk.length}`)
  }
  if (!Number.isSafeInteger(length) || length < 0 || length > 255 * hashLength) {
    throw new RangeError(`"length" expected 0..${255 * hashLength}, got ${length}`)
  }
  if (length <= hashLength) {
    // Every key of TLS and QUIC is one block.
    const block = createHmac(hash, prk).update(info).update(FIRST_BLOCK).digest()
    return new Uint8Array(block.buffer, block.byteOffset, length)
  }
  const output = new Uint8Array(length)
  let block: Uint8Array | null = null
  for (let at = 0, counter = 1; at < length; counter++) {
    const hmac = createHmac(hash, prk)
    if (block !== null) hmac.update(block)
    block = hmac.update(info).update(Uint8Array.of(counter)).digest()
    output.set(block.subarray(0, length - at), at)
    at += hashLength
  }
  return output
}
