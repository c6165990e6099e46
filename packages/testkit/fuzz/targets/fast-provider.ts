// The portable backend with a memory: runs of one target derive the same keys again and again, and
// most of their time would go there.

import { createNobleProvider } from '@godwit/crypto'
import type { CryptoProvider, HashName } from '@godwit/crypto'
import { seededRandomBytes } from '../../src/prng.ts'

/** Results that are kept; then it begins anew. */
const MAX_KEPT = 4096

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

export function createFastProvider(seed: number): CryptoProvider {
  const provider = createNobleProvider(seededRandomBytes(seed))
  const kept = new Map<string, Uint8Array>()
  const remember = (key: string, make: () => Uint8Array): Uint8Array => {
    let value = kept.get(key)
    if (value === undefined) {
      if (kept.size === MAX_KEPT) kept.clear()
      kept.set(key, (value = make()))
    }
    // Callers wipe what they are given.
    return value.slice()
  }
  const hmac = (hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array =>
    remember(`${hash} ${key.length} ${text(key)} ${text(message)}`, () =>
      provider.hmac(hash, key, message),
    )
  const hkdfExpand = (
    hash: HashName,
    prk: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array =>
    remember(`${hash} ${length} > ${prk.length} ${text(prk)} ${text(info)}`, () =>
      provider.hkdfExpand(hash, prk, info, length),
    )
  return {
    name: provider.name,
    cipherSuites: provider.cipherSuites,
    groups: provider.groups,
    signatureAlgorithms: provider.signatureAlgorithms,
    randomBytes: (length) => provider.randomBytes(length),
    createHash: (name) => provider.createHash(name),
    hmac,
    hkdfExpand,
    offerKey: (group) => provider.offerKey(group),
    answerKey: (group, peerShare) => provider.answerKey(group, peerShare),
    importSigningKey: (pkcs8) => provider.importSigningKey(pkcs8),
    generateSigningKey: (type) => provider.generateSigningKey(type),
    verify: (algorithm, publicKey, message, signature) =>
      provider.verify(algorithm, publicKey, message, signature),
    seal: (suite, key, nonce, aad, plaintext) => provider.seal(suite, key, nonce, aad, plaintext),
    open: (suite, key, nonce, aad, ciphertext) => provider.open(suite, key, nonce, aad, ciphertext),
    createPacketEngine: (slotCount, slotSize) => provider.createPacketEngine(slotCount, slotSize),
  }
}
