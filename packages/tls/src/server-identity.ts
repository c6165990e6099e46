// Which certificate a server shows (RFC 9846 §4.5.1.2), and its Certificate message.

import { equalBytes } from '@godwit/crypto'
import { parseCertificate } from '@godwit/x509'
import type { Identity } from '@godwit/x509'

import { ALERT_HANDSHAKE_FAILURE, ALERT_UNRECOGNIZED_NAME } from './alerts.ts'
import { TlsError } from './errors.ts'
import { encodeCertificate } from './messages/certificate.ts'
import { isCertificateAlgorithmOffered, selectScheme } from './signature-schemes.ts'
import type { SignatureScheme } from './signature-schemes.ts'

/** The identity to show and the scheme to sign by. */
export interface SelectedIdentity {
  readonly identity: Identity
  readonly scheme: SignatureScheme
}

/**
 * The first identity whose key the client can verify, and whose chain is signed only by algorithms
 * that it named; else the first with such a key (§4.5.1.2: the server SHOULD go on with a chain of
 * its choice). Throws TlsError unrecognized_name without candidates, handshake_failure without a
 * common scheme.
 */
export function selectServerIdentity(
  candidates: Identity | readonly Identity[] | null,
  signatureAlgorithms: readonly number[],
  signatureAlgorithmsCert: readonly number[],
): SelectedIdentity {
  const identities: readonly Identity[] =
    candidates === null ? [] : 'chain' in candidates ? [candidates] : candidates
  if (identities.length === 0) {
    throw new TlsError(ALERT_UNRECOGNIZED_NAME, 'there is no certificate for that name')
  }
  let fallback: SelectedIdentity | null = null
  for (const identity of identities) {
    const scheme = selectScheme(identity.key, signatureAlgorithms)
    if (scheme === null) continue
    const selected = { identity, scheme }
    if (identities.length === 1) return selected
    if (isChainOffered(identity, signatureAlgorithmsCert)) return selected
    fallback ??= selected
  }
  if (fallback === null) {
    throw new TlsError(ALERT_HANDSHAKE_FAILURE, 'no certificate suits what the client can verify')
  }
  return fallback
}

// Per identity, because the chain never changes: encoding and parsing are not done per handshake.
const MESSAGES = new WeakMap<Identity, Uint8Array>()
const CHAIN_ALGORITHMS = new WeakMap<Identity, readonly string[]>()

/** The Certificate message of an identity. Shared: not to be changed. */
export function certificateMessage(identity: Identity): Uint8Array {
  let message = MESSAGES.get(identity)
  if (message === undefined) {
    message = encodeCertificate(identity.chain)
    MESSAGES.set(identity, message)
  }
  return message
}

function isChainOffered(identity: Identity, offered: readonly number[]): boolean {
  let algorithms = CHAIN_ALGORITHMS.get(identity)
  if (algorithms === undefined) {
    algorithms = chainAlgorithms(identity.chain)
    CHAIN_ALGORITHMS.set(identity, algorithms)
  }
  return algorithms.every((oid) => isCertificateAlgorithmOffered(oid, offered))
}

// Signatures that the client will verify: those of self-signed certificates are not among them.
function chainAlgorithms(chain: readonly Uint8Array[]): string[] {
  const algorithms: string[] = []
  for (const der of chain) {
    const { issuer, subject, signatureAlgorithm } = parseCertificate(der)
    if (equalBytes(issuer.raw, subject.raw)) continue
    algorithms.push(signatureAlgorithm.oid)
  }
  return algorithms
}
