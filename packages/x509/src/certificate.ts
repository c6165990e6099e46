// A parsed certificate, RFC 5280 §4.1. Parsing checks the form; whether a certificate is valid now,
// for this purpose and by whom is the verifier's question.

import { readTime } from './calendar.ts'
import {
  constructedContextTag,
  contextTag,
  DerReader,
  TAG_INTEGER,
  TAG_SEQUENCE,
} from './der-reader.ts'
import { type DistinguishedName, equalNames, readName } from './distinguished-name.ts'
import { malformed, X509Error } from './errors.ts'
import { type Extensions, NO_EXTENSIONS, readExtensions } from './extensions.ts'
import { MAX_CERTIFICATE_LENGTH, MAX_SERIAL_NUMBER_LENGTH } from './limits.ts'
import { type AlgorithmIdentifier, readAlgorithm } from './signature-algorithm.ts'
import { equalContents } from './text.ts'

/** A certificate; byte arrays are views of the DER that was given to `parseCertificate`. */
export interface Certificate extends Extensions {
  /** The whole certificate, DER. */
  readonly raw: Uint8Array
  /** The part that is signed. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  /** Contents of the INTEGER: big-endian, two's complement. */
  readonly serialNumber: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  /** First moment of validity, milliseconds since 1970-01-01T00:00:00Z. */
  readonly notBefore: number
  /** Last moment of validity, milliseconds since 1970-01-01T00:00:00Z. */
  readonly notAfter: number
  /** DER of SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array
}

/**
 * Parses one certificate in DER; trailing bytes are an error. `der` is not copied and must not
 * change afterwards. Throws {@link X509Error} `ERR_X509_MALFORMED` or `ERR_X509_LIMIT`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const { raw, tbsRaw, tbs, signatureAlgorithm, signature } = open(der)
  const version = readVersion(tbs)
  const serialNumber = readSerialNumber(tbs)
  const innerAlgorithm = readAlgorithm(tbs, 'signature')
  // RFC 5280 §4.1.1.2: MUST contain the same algorithm identifier as the signature field.
  if (!equalContents(innerAlgorithm.raw, signatureAlgorithm.raw)) {
    throw malformed('signatureAlgorithm: differs inside and outside of the signed part')
  }
  const issuer = readName(tbs, 'issuer')
  const validity = tbs.sequence('validity')
  const notBefore = readTime(validity, 'notBefore')
  const notAfter = readTime(validity, 'notAfter')
  validity.end('validity')
  const subject = readName(tbs, 'subject')
  tbs.element(TAG_SEQUENCE, 'subjectPublicKeyInfo')
  const subjectPublicKeyInfo = tbs.lastRaw
  // issuerUniqueID and subjectUniqueID, RFC 5280 §4.1.2.8: not used by anybody.
  for (const tag of [contextTag(1), contextTag(2)]) {
    if (tbs.peek() !== tag) continue
    if (version === 1) throw malformed('unique identifier in a version 1 certificate')
    tbs.any('unique identifier')
  }
  let extensions = NO_EXTENSIONS
  const explicit = tbs.optional(constructedContextTag(3), 'extensions')
  if (explicit !== null) {
    if (version !== 3) throw malformed(`extensions in a version ${version} certificate`)
    extensions = readExtensions(explicit)
  }
  tbs.end('tbsCertificate')
  // One object literal with all fields: every certificate has the same shape.
  return {
    raw,
    tbs: tbsRaw,
    version,
    serialNumber,
    signatureAlgorithm,
    signature,
    issuer,
    subject,
    notBefore,
    notAfter,
    subjectPublicKeyInfo,
    subjectAltNames: extensions.subjectAltNames,
    basicConstraints: extensions.basicConstraints,
    keyUsage: extensions.keyUsage,
    extendedKeyUsage: extensions.extendedKeyUsage,
    nameConstraints: extensions.nameConstraints,
    authorityKeyIdentifier: extensions.authorityKeyIdentifier,
    subjectKeyIdentifier: extensions.subjectKeyIdentifier,
    unknownCriticalExtensions: extensions.unknownCriticalExtensions,
  }
}

/** The subject alone, for looking certificates up before parsing them. Throws like the parser. */
export function parseSubject(der: Uint8Array): DistinguishedName {
  const { tbs } = open(der)
  readVersion(tbs)
  readSerialNumber(tbs)
  tbs.element(TAG_SEQUENCE, 'signature')
  tbs.element(TAG_SEQUENCE, 'issuer')
  tbs.element(TAG_SEQUENCE, 'validity')
  return readName(tbs, 'subject')
}

/** Whether issuer and subject are the same name (RFC 5280 §3.2: self-issued). */
export function isSelfIssued(certificate: Certificate): boolean {
  return equalNames(certificate.issuer, certificate.subject)
}

function open(der: Uint8Array): {
  raw: Uint8Array
  tbsRaw: Uint8Array
  tbs: DerReader
  signatureAlgorithm: AlgorithmIdentifier
  signature: Uint8Array
} {
  if (der.length > MAX_CERTIFICATE_LENGTH) {
    throw new X509Error('ERR_X509_LIMIT', `a certificate of ${der.length} bytes`)
  }
  const outer = new DerReader(der)
  const certificate = outer.sequence('certificate')
  outer.end('certificate')
  const tbs = certificate.sequence('tbsCertificate')
  const tbsRaw = certificate.lastRaw
  const signatureAlgorithm = readAlgorithm(certificate, 'signatureAlgorithm')
  const signature = certificate.bitStringBytes('signatureValue')
  certificate.end('certificate')
  return { raw: der, tbsRaw, tbs, signatureAlgorithm, signature }
}

function readVersion(tbs: DerReader): 1 | 2 | 3 {
  const explicit = tbs.optional(constructedContextTag(0), 'version')
  if (explicit === null) return 1
  const version = explicit.smallInteger('version') + 1
  explicit.end('version')
  if (version === 2 || version === 3) return version
  throw malformed(`version: ${version} is unknown, or a default that is written out`)
}

function readSerialNumber(tbs: DerReader): Uint8Array {
  // Not `integer`: RFC 5280 §4.1.2.2 wants users to handle what non-conforming CAs put here.
  const serialNumber = tbs.element(TAG_INTEGER, 'serialNumber')
  if (serialNumber.length === 0 || serialNumber.length > MAX_SERIAL_NUMBER_LENGTH) {
    throw malformed(`serialNumber: ${serialNumber.length} bytes`)
  }
  return serialNumber
}
