// Verification of a peer's certificate chain: RFC 5280 §6, RFC 9846 §4.4.2, RFC 9525.

import type { CryptoProvider } from '@godwit/crypto'
import { type Certificate, parseCertificate } from './certificate.ts'
import { describe } from './describe.ts'
import { X509Error } from './errors.ts'
import { MAX_CHAIN_CERTIFICATES } from './limits.ts'
import {
  checkCriticalExtensions,
  checkExtendedKeyUsage,
  checkValidity,
  inContext,
  PathBuilder,
} from './path-builder.ts'
import { publicKeyType } from './public-key.ts'
import { namesOf, verifyServerName } from './server-name.ts'
import { printable } from './text.ts'
import type { TrustStore } from './trust-store.ts'

/** What to verify, and against what. */
export interface VerifyOptions {
  /** DER as the peer sent them: its own certificate first, the others in any order. */
  readonly chain: readonly Uint8Array[]
  readonly trustStore: TrustStore
  /** The DNS name or IP literal that the certificate must be for; null: names are not checked. */
  readonly serverName: string | null
  /** What the peer is, so what its certificate must be good for. */
  readonly usage: 'server' | 'client'
  /** Now, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number
  readonly crypto: CryptoProvider
}

/**
 * Verifies a chain and returns the path, the peer's certificate first and the trusted one last (one
 * and the same when the peer's own certificate is in the store). Revocation is not checked. Throws
 * {@link X509Error} with a code that says why; `RangeError` when `time` is not a number.
 */
export function verifyCertificateChain(options: VerifyOptions): Certificate[] {
  const { chain, trustStore, serverName, usage, time, crypto } = options
  if (!Number.isFinite(time)) {
    throw new RangeError(`"time" expected milliseconds since the epoch, got ${time}`)
  }
  if (chain.length === 0) {
    throw new X509Error('ERR_X509_NO_CERTIFICATE', 'the peer sent no certificate')
  }
  if (chain.length > MAX_CHAIN_CERTIFICATES) {
    throw new X509Error('ERR_X509_LIMIT', `a chain of ${chain.length} certificates`)
  }
  const leaf = parseCertificate(chain[0])
  checkCriticalExtensions(leaf)
  checkValidity(leaf, time)
  checkLeafUsage(leaf, usage)
  inContext(leaf, () => publicKeyType(leaf.subjectPublicKeyInfo))
  const context = { trustStore, usage, time, crypto }
  const path = new PathBuilder(context, chain.slice(1)).build(leaf)
  if (serverName !== null && !verifyServerName(leaf, serverName)) {
    const names = namesOf(leaf)
    const valid = names.length === 0 ? 'no name (subjectAltName is empty)' : listNames(names)
    throw new X509Error(
      'ERR_X509_NAME_MISMATCH',
      `${describe(leaf)} is not for ${printable(serverName)}; it is for ${valid}`,
    )
  }
  return path
}

function checkLeafUsage(leaf: Certificate, usage: 'server' | 'client'): void {
  // RFC 9846 §4.5.1.2: if keyUsage is present, the digitalSignature bit MUST be set.
  if (leaf.keyUsage !== null && !leaf.keyUsage.has('digitalSignature')) {
    throw new X509Error(
      'ERR_X509_KEY_USAGE',
      `${describe(leaf)} is not allowed to sign handshakes (keyUsage without digitalSignature)`,
    )
  }
  checkExtendedKeyUsage(leaf, usage)
}

const SHOWN_NAMES = 8

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).join(', ')
  const more = names.length - SHOWN_NAMES
  return more > 0 ? `${shown} and ${more} more` : shown
}
