// What is common to the signature algorithms of all backends.

import type { HashName, SignatureAlgorithm } from './constants.ts'

/** The hash of `algorithm`; null for Ed25519, which signs the message itself. */
export function signatureHash(algorithm: SignatureAlgorithm): HashName | null {
  if (algorithm === 'ed25519') return null
  return algorithm.slice(algorithm.lastIndexOf('-') + 1) as HashName // the names end so
}

/** All algorithms, the preferred first: short and fast ones, then PSS, then what X.509 still has. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = [
  'ecdsa-sha256',
  'ed25519',
  'ecdsa-sha384',
  'ecdsa-sha512',
  'rsa-pss-sha256',
  'rsa-pss-sha384',
  'rsa-pss-sha512',
  'rsa-pkcs1-sha256',
  'rsa-pkcs1-sha384',
  'rsa-pkcs1-sha512',
]
