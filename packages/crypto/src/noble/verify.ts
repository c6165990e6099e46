// Signature verification on @noble/curves, and RSA on BigInt.

import { ed25519 } from '@noble/curves/ed25519.js'
import type { HashName, SignatureAlgorithm } from '../constants.ts'
import { signatureHash } from '../signature-algorithms.ts'
import { nobleDigest } from './hashes.ts'
import { parsePublicKey, type PublicKey } from './public-key.ts'
import { verifyPkcs1, verifyPss } from './rsa.ts'

export function nobleVerify(
  algorithm: SignatureAlgorithm,
  subjectPublicKeyInfo: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verifyWith(parsePublicKey(subjectPublicKeyInfo), algorithm, message, signature)
  } catch {
    // A key or a signature that does not parse verifies nothing.
    return false
  }
}

function verifyWith(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const hash = signatureHash(algorithm)
  if (hash === null) {
    // RFC 8032 §5.1.7 to the letter, not the laxer rules of ZIP 215.
    if (key.type !== 'ed25519') return false
    return ed25519.verify(signature, message, key.point, { zip215: false })
  }
  if (algorithm.startsWith('ecdsa-')) {
    if (key.type !== 'ec') return false
    const digest = nobleDigest(hash satisfies HashName, message)
    const options = { prehash: false, lowS: false, format: 'der' } as const
    return key.curve.ecdsa.verify(signature, digest, key.point, options)
  }
  if (key.type !== 'rsa') return false
  if (algorithm.startsWith('rsa-pss-')) return verifyPss(key.key, hash, message, signature)
  return !key.pssOnly && verifyPkcs1(key.key, hash, message, signature)
}
