// Finds a path from a certificate to a trusted one among candidates in any order, RFC 5280 §6.1 and
// RFC 4158: depth first, trusted issuers first, every check at the edge where it becomes possible,
// with backtracking because cross-signed issuers have several certificates for one name and key.

import type { CryptoProvider } from '@godwit/crypto'
import { formatTime } from './calendar.ts'
import { type Certificate, isSelfIssued, parseCertificate } from './certificate.ts'
import { describe } from './describe.ts'
import { equalNames, nameKey } from './distinguished-name.ts'
import { X509Error } from './errors.ts'
import { MAX_PATH_CERTIFICATES } from './limits.ts'
import { checkNameConstraints } from './name-constraints.ts'
import { OID_ANY_EXTENDED_KEY_USAGE, OID_CLIENT_AUTH, OID_SERVER_AUTH } from './oids.ts'
import { publicKeyType } from './public-key.ts'
import { keyFits, signatureAlgorithmOf } from './signature-algorithm.ts'
import { equalContents } from './text.ts'
import type { TrustStore } from './trust-store.ts'
import { WorkBudget, WorkLimitError } from './work-budget.ts'

/** What a path must be good for. */
export interface PathContext {
  readonly trustStore: TrustStore
  readonly usage: 'server' | 'client'
  readonly time: number
  readonly crypto: CryptoProvider
}

interface CheckedSignature {
  readonly issuerKey: Uint8Array
  readonly isGood: boolean
}

export class PathBuilder {
  readonly #context: PathContext
  readonly #budget: WorkBudget
  readonly #intermediates: Map<string, Certificate[]>
  readonly #checked: Map<Certificate, CheckedSignature[]>
  #failure: X509Error | null
  #failureRank: number

  /** `others`: DER of what the peer sent besides its own certificate. */
  constructor(context: PathContext, others: readonly Uint8Array[]) {
    this.#context = context
    this.#budget = new WorkBudget()
    this.#intermediates = new Map()
    this.#checked = new Map()
    this.#failure = null
    this.#failureRank = -1
    others.forEach((der, i) => {
      this.#addIntermediate(der, i + 2)
    })
  }

  /** The path, `leaf` first and the anchor last. Throws the X509Error that says most. */
  build(leaf: Certificate): Certificate[] {
    if (this.#context.trustStore.has(leaf)) return [leaf]
    const path = this.#extend([leaf])
    if (path !== null) return path
    throw this.#failure ?? unknownIssuer([leaf])
  }

  // A certificate that does not parse may be one that is not needed: the error waits until no path
  // was found without it.
  #addIntermediate(der: Uint8Array, position: number): void {
    let certificate: Certificate
    try {
      certificate = parseCertificate(der)
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause
      const message = `certificate ${position} of the chain: ${cause.message}`
      this.#fail(new X509Error(cause.code, message, { cause }), 0.5)
      return
    }
    const key = nameKey(certificate.subject)
    const same = this.#intermediates.get(key)
    if (same === undefined) this.#intermediates.set(key, [certificate])
    else if (!same.some((known) => equalContents(known.raw, der))) same.push(certificate)
  }

  #extend(path: readonly Certificate[]): Certificate[] | null {
    const child = path[path.length - 1]
    let hasCandidate = false
    for (const { issuer, isAnchor } of this.#candidates(child)) {
      if (path.some((known) => isSameAuthority(known, issuer))) continue
      this.#budget.spendCandidate()
      hasCandidate = true
      const longer = [...path, issuer]
      try {
        if (longer.length > MAX_PATH_CERTIFICATES) {
          throw new X509Error('ERR_X509_LIMIT', `a path of more than ${MAX_PATH_CERTIFICATES}`)
        }
        this.#checkIssuer(path, issuer, isAnchor)
        this.#checkSignature(child, issuer)
      } catch (error) {
        if (!(error instanceof X509Error) || error instanceof WorkLimitError) throw error
        this.#fail(error, error.code === 'ERR_X509_UNKNOWN_ISSUER' ? 0 : path.length)
        continue
      }
      if (isAnchor) return longer
      const found = this.#extend(longer)
      if (found !== null) return found
    }
    if (!hasCandidate) this.#fail(unknownIssuer(path), 0)
    return null
  }

  // Trusted issuers first, then those whose key identifier fits (a hint only, RFC 4158 §3.5.12).
  #candidates(child: Certificate): { issuer: Certificate; isAnchor: boolean }[] {
    let anchors: Certificate[] = []
    try {
      anchors = this.#context.trustStore.bySubject(child.issuer)
    } catch (error) {
      if (!(error instanceof X509Error)) throw error
      this.#fail(error, 0.5)
    }
    const sent = this.#intermediates.get(nameKey(child.issuer)) ?? []
    const byHint = (a: Certificate, b: Certificate): number =>
      Number(hasOtherKeyId(child, a)) - Number(hasOtherKeyId(child, b))
    return [
      ...anchors.sort(byHint).map((issuer) => ({ issuer, isAnchor: true })),
      ...sent.toSorted(byHint).map((issuer) => ({ issuer, isAnchor: false })),
    ]
  }

  // RFC 5280 §6.1.4 (k) to (o), and the name constraints of (g) applied downwards at once.
  #checkIssuer(path: readonly Certificate[], issuer: Certificate, isAnchor: boolean): void {
    const { basicConstraints, keyUsage, nameConstraints } = issuer
    // Versions 1 and 2 have no way to say that they are an authority: only trust makes them one.
    if (issuer.version === 3 ? basicConstraints?.isCa !== true : !isAnchor) {
      throw new X509Error(
        'ERR_X509_NOT_CA',
        `${describe(issuer)} issued ${describe(path[path.length - 1])} but is no authority`,
      )
    }
    if (keyUsage !== null && !keyUsage.has('keyCertSign')) {
      throw new X509Error(
        'ERR_X509_KEY_USAGE',
        `${describe(issuer)} is not allowed to sign certificates (keyUsage)`,
      )
    }
    checkCriticalExtensions(issuer)
    checkValidity(issuer, this.#context.time)
    checkExtendedKeyUsage(issuer, this.#context.usage)
    const below = path.filter((certificate, i) => i > 0 && !isSelfIssued(certificate)).length
    const pathLength = basicConstraints?.pathLength ?? null
    if (pathLength !== null && below > pathLength) {
      throw new X509Error(
        'ERR_X509_PATH_LENGTH',
        `${describe(issuer)} allows ${pathLength} authorities below it, the chain has ${below}`,
      )
    }
    if (nameConstraints === null) return
    for (let i = 0; i < path.length; i += 1) {
      // RFC 5280 §6.1.3 (b): not for self-issued certificates, unless it is the final one.
      if (i > 0 && isSelfIssued(path[i])) continue
      checkNameConstraints(issuer, nameConstraints, path[i], this.#budget)
    }
  }

  #checkSignature(child: Certificate, issuer: Certificate): void {
    const algorithm = inContext(child, () => signatureAlgorithmOf(child.signatureAlgorithm))
    const type = inContext(issuer, () => publicKeyType(issuer.subjectPublicKeyInfo))
    const { crypto } = this.#context
    if (!crypto.signatureAlgorithms.includes(algorithm)) {
      throw new X509Error(
        'ERR_X509_UNSUPPORTED_ALGORITHM',
        `${describe(child)}: no ${algorithm} in the cryptography provider "${crypto.name}"`,
      )
    }
    const issuerKey = issuer.subjectPublicKeyInfo
    const checked = this.#checked.get(child) ?? []
    this.#checked.set(child, checked)
    let isGood = checked.find((known) => equalContents(known.issuerKey, issuerKey))?.isGood
    if (isGood === undefined) {
      this.#budget.spendSignature()
      isGood =
        keyFits(type, algorithm) && crypto.verify(algorithm, issuerKey, child.tbs, child.signature)
      checked.push({ issuerKey, isGood })
    }
    if (isGood) return
    if (hasOtherKeyId(child, issuer)) {
      throw new X509Error(
        'ERR_X509_UNKNOWN_ISSUER',
        `${describe(child)} was issued by another "${issuer.subject.text}" than the known one: ` +
          'the names are the same, the keys are not',
      )
    }
    throw new X509Error(
      'ERR_X509_BAD_SIGNATURE',
      `the signature of ${describe(child)} is not by the key of ${describe(issuer)}`,
    )
  }

  // Of all the reasons that no path was found, the one from farthest up says most; that an issuer is
  // not known says least.
  #fail(error: X509Error, rank: number): void {
    if (rank <= this.#failureRank) return
    this.#failure = error
    this.#failureRank = rank
  }
}

/** Throws `ERR_X509_CRITICAL_EXTENSION`, RFC 5280 §4.2: MUST reject what it does not recognize. */
export function checkCriticalExtensions(certificate: Certificate): void {
  const oids = certificate.unknownCriticalExtensions
  if (oids.length === 0) return
  throw new X509Error(
    'ERR_X509_CRITICAL_EXTENSION',
    `${describe(certificate)} has the critical extension ${oids[0]}, which is not understood`,
  )
}

/** Throws `ERR_X509_NOT_YET_VALID` or `ERR_X509_EXPIRED`. */
export function checkValidity(certificate: Certificate, time: number): void {
  const { notBefore, notAfter } = certificate
  if (time < notBefore) {
    throw new X509Error(
      'ERR_X509_NOT_YET_VALID',
      `${describe(certificate)} is valid from ${formatTime(notBefore)}, now is ${formatTime(time)}`,
    )
  }
  // The last second counts whole.
  if (time >= notAfter + 1000) {
    throw new X509Error(
      'ERR_X509_EXPIRED',
      `${describe(certificate)} expired at ${formatTime(notAfter)}, now is ${formatTime(time)}`,
    )
  }
}

/**
 * Throws `ERR_X509_EXTENDED_KEY_USAGE` when the extension is there and lists neither the usage nor
 * any. In authorities it limits what they may issue for, as all verifiers of TLS have it.
 */
export function checkExtendedKeyUsage(certificate: Certificate, usage: 'server' | 'client'): void {
  const purposes = certificate.extendedKeyUsage
  if (purposes === null || purposes.includes(OID_ANY_EXTENDED_KEY_USAGE)) return
  if (purposes.includes(usage === 'server' ? OID_SERVER_AUTH : OID_CLIENT_AUTH)) return
  throw new X509Error(
    'ERR_X509_EXTENDED_KEY_USAGE',
    `${describe(certificate)} is not for TLS ${usage}s (extKeyUsage ${purposes.join(', ')})`,
  )
}

/** Runs `read` and puts into its X509Error which certificate it was about. */
export function inContext<T>(certificate: Certificate, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause
    throw new X509Error(cause.code, `${describe(certificate)}: ${cause.message}`, { cause })
  }
}

// One authority may have many certificates; a path that meets it twice only goes in a circle.
function isSameAuthority(a: Certificate, b: Certificate): boolean {
  return (
    equalContents(a.subjectPublicKeyInfo, b.subjectPublicKeyInfo) &&
    equalNames(a.subject, b.subject)
  )
}

function hasOtherKeyId(child: Certificate, issuer: Certificate): boolean {
  const wanted = child.authorityKeyIdentifier
  const found = issuer.subjectKeyIdentifier
  return wanted !== null && found !== null && !equalContents(wanted, found)
}

function unknownIssuer(path: readonly Certificate[]): X509Error {
  const last = path[path.length - 1]
  if (!isSelfIssued(last) || hasOtherKeyId(last, last)) {
    return new X509Error(
      'ERR_X509_UNKNOWN_ISSUER',
      `${describe(last)} was issued by "${last.issuer.text}", which is neither trusted nor sent along`,
    )
  }
  return new X509Error(
    path.length === 1 ? 'ERR_X509_SELF_SIGNED' : 'ERR_X509_UNKNOWN_ISSUER',
    `${describe(last)} is signed by itself and not trusted`,
  )
}
