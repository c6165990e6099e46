// Issues certificates, RFC 5280 §4: enough for a development authority and for tests.

import type { CryptoProvider, SigningKey } from '@godwit/crypto'
import { encodeTime } from './calendar.ts'
import { parseCertificate } from './certificate.ts'
import {
  constructedContextTag,
  contextTag,
  TAG_OCTET_STRING,
  TAG_UTF8_STRING,
} from './der-reader.ts'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSet,
  encodeSmallInteger,
  encodeTrue,
  encodeUnsignedInteger,
} from './der-writer.ts'
import { X509Error } from './errors.ts'
import { KEY_USAGES, type KeyUsage } from './extensions.ts'
import { encodeAltNames, encodeNameConstraints } from './issue-names.ts'
import {
  OID_AUTHORITY_KEY_IDENTIFIER,
  OID_BASIC_CONSTRAINTS,
  OID_CLIENT_AUTH,
  OID_COMMON_NAME,
  OID_EXTENDED_KEY_USAGE,
  OID_KEY_USAGE,
  OID_NAME_CONSTRAINTS,
  OID_SERVER_AUTH,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_IDENTIFIER,
} from './oids.ts'
import { publicKeyBits } from './public-key.ts'
import { encodeSignatureAlgorithm, SIGNING_ALGORITHMS } from './signature-algorithm.ts'
import { encodeUtf8, equalContents } from './text.ts'

/** A certification authority whose private key we hold. */
export interface Authority {
  /** DER. */
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

/** What goes into a certificate. */
export interface IssueOptions {
  readonly crypto: CryptoProvider
  /** Who signs. Null or absent: the certificate signs itself with `key`. */
  readonly issuer?: Authority | null
  /** Common name, at most 64 characters; '' for no subject, when there are subjectAltNames. */
  readonly subject: string
  /** The subject's key; of an issued certificate only the public half is used. */
  readonly key: SigningKey
  /** DNS names (also `*.example.org`) and IP literals. Default none. */
  readonly subjectAltNames?: readonly string[]
  /** Milliseconds since 1970-01-01T00:00:00Z; parts of a second are dropped. */
  readonly notBefore: number
  /** Milliseconds since 1970-01-01T00:00:00Z; parts of a second are dropped. */
  readonly notAfter: number
  /** Whether the subject may issue certificates itself. Default false. */
  readonly isCa?: boolean
  /** How many authorities may stand below this one, 0 to 127. Default: any number. */
  readonly pathLength?: number
  /** extKeyUsage. Default `['server']`, and none for an authority. */
  readonly usages?: readonly ('server' | 'client')[]
  /** DNS names and address blocks (`10.0.0.0/8`) that an authority is held to. Default: any. */
  readonly permittedNames?: readonly string[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * Issues a version 3 certificate with a random serial number and key identifiers, and returns its
 * DER. It is not checked that `issuer` is allowed to issue it. Throws TypeError or RangeError for
 * options that no certificate can hold, `ERR_X509_KEY_MISMATCH` when the issuer's key is not that of
 * its certificate.
 */
export function issueCertificate(options: IssueOptions): Uint8Array {
  const { crypto, key, notBefore, notAfter } = options
  const issuer = options.issuer ?? null
  const names = options.subjectAltNames ?? []
  const isCa = options.isCa ?? false
  const usages = options.usages ?? (isCa ? [] : ['server' as const])
  const permittedNames = options.permittedNames ?? []
  checkOptions(options, names)

  const subjectName = encodeCommonName(options.subject)
  const subjectKeyId = keyIdentifier(crypto, key.publicKey)
  let issuerName = subjectName
  let issuerKeyId = subjectKeyId
  if (issuer !== null) {
    const certificate = parseCertificate(issuer.certificate)
    if (!equalContents(certificate.subjectPublicKeyInfo, issuer.key.publicKey)) {
      throw new X509Error('ERR_X509_KEY_MISMATCH', "the issuer's key is not of its certificate")
    }
    issuerName = certificate.subject.raw
    issuerKeyId = certificate.subjectKeyIdentifier ?? keyIdentifier(crypto, issuer.key.publicKey)
  }

  const extensions = [
    encodeExtension(OID_BASIC_CONSTRAINTS, true, encodeBasicConstraints(isCa, options.pathLength)),
    encodeExtension(
      OID_KEY_USAGE,
      true,
      encodeKeyUsage(isCa ? ['keyCertSign', 'cRLSign'] : ['digitalSignature']),
    ),
    encodeExtension(OID_SUBJECT_KEY_IDENTIFIER, false, encodeOctetString(subjectKeyId)),
    encodeExtension(
      OID_AUTHORITY_KEY_IDENTIFIER,
      false,
      encodeSequence(encodeElement(contextTag(0), issuerKeyId)),
    ),
  ]
  if (usages.length > 0) {
    const purposes = usages.map((usage) =>
      encodeOid(usage === 'server' ? OID_SERVER_AUTH : OID_CLIENT_AUTH),
    )
    extensions.push(encodeExtension(OID_EXTENDED_KEY_USAGE, false, encodeSequence(...purposes)))
  }
  if (names.length > 0) {
    // RFC 5280 §4.1.2.6: critical when the subject is empty.
    const critical = options.subject === ''
    extensions.push(encodeExtension(OID_SUBJECT_ALT_NAME, critical, encodeAltNames(names)))
  }
  if (permittedNames.length > 0) {
    const constraints = encodeNameConstraints(permittedNames)
    extensions.push(encodeExtension(OID_NAME_CONSTRAINTS, true, constraints))
  }

  const signingKey = issuer === null ? key : issuer.key
  const algorithm = SIGNING_ALGORITHMS[signingKey.type]
  const algorithmIdentifier = encodeSignatureAlgorithm(algorithm)
  const tbs = encodeSequence(
    encodeElement(constructedContextTag(0), encodeSmallInteger(2)),
    encodeUnsignedInteger(randomSerialNumber(crypto)),
    algorithmIdentifier,
    issuerName,
    encodeSequence(encodeTime(notBefore), encodeTime(notAfter)),
    subjectName,
    key.publicKey,
    encodeElement(constructedContextTag(3), encodeSequence(...extensions)),
  )
  const signature = signingKey.sign(algorithm, tbs)
  return encodeSequence(tbs, algorithmIdentifier, encodeBitString(signature))
}

/** For `createDevelopmentAuthority`. */
export interface DevelopmentAuthorityOptions {
  readonly crypto: CryptoProvider
  /** Now, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number
  /** Common name. Default 'godwit development CA'. */
  readonly name?: string
  /** Days of validity. Default 365. */
  readonly days?: number
  /** DNS names and address blocks that it may certify. Default: any. */
  readonly permittedNames?: readonly string[]
}

/** A fresh P-256 authority that may issue end-entity certificates only. */
export function createDevelopmentAuthority(options: DevelopmentAuthorityOptions): Authority {
  const { crypto, time, permittedNames = [] } = options
  const key = crypto.generateSigningKey('p256')
  const certificate = issueCertificate({
    crypto,
    subject: options.name ?? 'godwit development CA',
    key,
    notBefore: time - HOUR,
    notAfter: time + (options.days ?? 365) * DAY,
    isCa: true,
    pathLength: 0,
    permittedNames,
  })
  return { certificate, key }
}

/** For `createDevelopmentIdentity`. */
export interface DevelopmentIdentityOptions {
  readonly crypto: CryptoProvider
  /** Now, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number
  /** Who signs. Null or absent: the certificate signs itself. */
  readonly authority?: Authority | null
  /** DNS names and IP literals. Default localhost, 127.0.0.1 and ::1. */
  readonly names?: readonly string[]
  /** Days of validity. Default 13: by its hash, WebTransport takes a certificate of up to 14. */
  readonly days?: number
}

/** A server's certificate and its key. */
export interface DevelopmentIdentity {
  /** DER. */
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

/** A fresh P-256 key with a certificate for a server, valid from an hour ago (clocks differ). */
export function createDevelopmentIdentity(
  options: DevelopmentIdentityOptions,
): DevelopmentIdentity {
  const { crypto, time, authority = null } = options
  const names = options.names ?? ['localhost', '127.0.0.1', '::1']
  const key = crypto.generateSigningKey('p256')
  const certificate = issueCertificate({
    crypto,
    issuer: authority,
    subject: (names[0] ?? 'localhost').slice(0, MAX_COMMON_NAME),
    key,
    subjectAltNames: names,
    notBefore: time - HOUR,
    notAfter: time + (options.days ?? 13) * DAY,
  })
  return { certificate, key }
}

/** Characters, RFC 5280 appendix A.1 (ub-common-name). */
const MAX_COMMON_NAME = 64

/** Last second of the year 9999, RFC 5280 §4.1.2.5.2. */
const MAX_TIME = 253_402_300_799_999

function checkOptions(options: IssueOptions, names: readonly string[]): void {
  const { subject, notBefore, notAfter, pathLength } = options
  if (subject.length > MAX_COMMON_NAME) {
    throw new RangeError(`"subject" expected at most ${MAX_COMMON_NAME} characters, got ${subject}`)
  }
  if (subject === '' && names.length === 0) {
    throw new RangeError('"subject" expected a name, as there are no subjectAltNames; got none')
  }
  for (const [name, time] of [
    ['notBefore', notBefore],
    ['notAfter', notAfter],
  ] as const) {
    if (!(time >= 0 && time <= MAX_TIME)) {
      throw new RangeError(`"${name}" expected milliseconds since 1970, got ${time}`)
    }
  }
  if (notAfter < notBefore) throw new RangeError('"notAfter" expected a time after notBefore')
  if (pathLength === undefined) return
  if (options.isCa !== true) throw new TypeError('"pathLength" expected only with isCa')
  if (!Number.isInteger(pathLength) || pathLength < 0 || pathLength > 127) {
    throw new RangeError(`"pathLength" expected an integer from 0 to 127, got ${pathLength}`)
  }
}

function encodeCommonName(commonName: string): Uint8Array {
  if (commonName === '') return encodeSequence()
  const value = encodeElement(TAG_UTF8_STRING, encodeUtf8(commonName))
  return encodeSequence(encodeSet(encodeSequence(encodeOid(OID_COMMON_NAME), value)))
}

function encodeExtension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [encodeTrue()] : []
  return encodeSequence(encodeOid(oid), ...flag, encodeElement(TAG_OCTET_STRING, value))
}

function encodeBasicConstraints(isCa: boolean, pathLength: number | undefined): Uint8Array {
  if (!isCa) return encodeSequence()
  const limit = pathLength === undefined ? [] : [encodeSmallInteger(pathLength)]
  return encodeSequence(encodeTrue(), ...limit)
}

function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  // The usages here are all among the first eight bits.
  let bits = 0
  for (const usage of usages) bits |= 0x80 >> KEY_USAGES.indexOf(usage)
  // X.690 §11.2.2: trailing zero bits of a named bit list are left out.
  const unusedBits = 31 - Math.clz32(bits & -bits)
  return encodeBitString(Uint8Array.of(bits), unusedBits)
}

// RFC 7093 §2 method 1: the first 160 bits of SHA-256, since SHA-1 is not among our hashes.
function keyIdentifier(crypto: CryptoProvider, subjectPublicKeyInfo: Uint8Array): Uint8Array {
  const bits = publicKeyBits(subjectPublicKeyInfo)
  return crypto.createHash('sha256').update(bits).digest().slice(0, 20)
}

// Positive, of 16 bytes, 126 of its bits random.
function randomSerialNumber(crypto: CryptoProvider): Uint8Array {
  const serialNumber = crypto.randomBytes(16).slice()
  serialNumber[0] = (serialNumber[0] & 0x3f) | 0x40
  return serialNumber
}
