// A certificate chain with its private key, checked when it is loaded: what is wrong with it shows
// at start and not at the first connection.

import type { SigningKey } from '@godwit/crypto'
import { type Certificate, parseCertificate } from './certificate.ts'
import { describe } from './describe.ts'
import { X509Error } from './errors.ts'
import { MAX_CHAIN_CERTIFICATES } from './limits.ts'
import { inContext } from './path-builder.ts'
import { publicKeyBits, publicKeyType } from './public-key.ts'
import { namesOf } from './server-name.ts'
import { equalContents } from './text.ts'

/** What an endpoint proves itself with. */
export interface Identity {
  /** DER, its own certificate first, as they go into the Certificate message. */
  readonly chain: readonly Uint8Array[]
  readonly key: SigningKey
  /** The first certificate of the chain; `verifyServerName(leaf, name)` tells what it serves. */
  readonly leaf: Certificate
  /** DNS names (wildcards as written) and IP addresses of the leaf, for people. */
  readonly names: readonly string[]
}

/**
 * Joins a chain (DER, its own certificate first) and its private key. Throws {@link X509Error}:
 * `ERR_X509_NO_CERTIFICATE`, `ERR_X509_MALFORMED` (with the position), `ERR_X509_LIMIT`,
 * `ERR_X509_WEAK_ALGORITHM` or `ERR_X509_UNSUPPORTED_ALGORITHM` for the leaf's key, and
 * `ERR_X509_KEY_MISMATCH` when the key belongs to another certificate.
 */
export function loadIdentity(options: {
  readonly certificates: readonly Uint8Array[]
  readonly key: SigningKey
}): Identity {
  const { certificates, key } = options
  if (certificates.length === 0) {
    throw new X509Error('ERR_X509_NO_CERTIFICATE', 'a private key without a certificate')
  }
  if (certificates.length > MAX_CHAIN_CERTIFICATES) {
    throw new X509Error('ERR_X509_LIMIT', `a chain of ${certificates.length} certificates`)
  }
  const parsed = certificates.map((der, i) => {
    try {
      return parseCertificate(der)
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause
      const message = `certificate ${i + 1} of ${certificates.length}: ${cause.message}`
      throw new X509Error(cause.code, message, { cause })
    }
  })
  const leaf = parsed[0]
  const leafType = inContext(leaf, () => publicKeyType(leaf.subjectPublicKeyInfo))
  if (!hasKey(leaf, key)) {
    const owner = parsed.findIndex((certificate) => hasKey(certificate, key))
    const hint =
      owner > 0
        ? `it belongs to certificate ${owner + 1} of the chain, which must come first`
        : `the certificate's key is ${leafType}, this one is ${key.type}, or made apart from it`
    throw new X509Error(
      'ERR_X509_KEY_MISMATCH',
      `the private key does not belong to ${describe(leaf)}: ${hint}`,
    )
  }
  return { chain: certificates.slice(), key, leaf, names: namesOf(leaf) }
}

// The key's own bits: the AlgorithmIdentifier around them can be written in more than one way.
function hasKey(certificate: Certificate, key: SigningKey): boolean {
  return equalContents(
    publicKeyBits(certificate.subjectPublicKeyInfo),
    publicKeyBits(key.publicKey),
  )
}
