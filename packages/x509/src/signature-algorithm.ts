// AlgorithmIdentifiers of signatures, mapped to what a CryptoProvider verifies. RFC 5280 §4.1.1.2,
// RFC 5758 §3.2, RFC 8017 appendix A.2, RFC 8410 §3.

import type { HashName, KeyType, SignatureAlgorithm } from '@godwit/crypto'
import { constructedContextTag, DerReader, TAG_NULL, TAG_SEQUENCE } from './der-reader.ts'
import { encodeNull, encodeOid, encodeSequence } from './der-writer.ts'
import { X509Error } from './errors.ts'
import {
  OID_DSA_SHA1,
  OID_ECDSA_SHA1,
  OID_ECDSA_SHA256,
  OID_ECDSA_SHA384,
  OID_ECDSA_SHA512,
  OID_ED25519,
  OID_MGF1,
  OID_RSA_MD2,
  OID_RSA_MD5,
  OID_RSA_PSS,
  OID_RSA_SHA1,
  OID_RSA_SHA1_OIW,
  OID_RSA_SHA256,
  OID_RSA_SHA384,
  OID_RSA_SHA512,
  OID_SHA256,
  OID_SHA384,
  OID_SHA512,
} from './oids.ts'

/** An AlgorithmIdentifier, RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string
  /** DER of the parameters, null when absent. */
  readonly parameters: Uint8Array | null
  readonly raw: Uint8Array
}

const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  [OID_ECDSA_SHA256, 'ecdsa-sha256'],
  [OID_ECDSA_SHA384, 'ecdsa-sha384'],
  [OID_ECDSA_SHA512, 'ecdsa-sha512'],
  [OID_ED25519, 'ed25519'],
  [OID_RSA_SHA256, 'rsa-pkcs1-sha256'],
  [OID_RSA_SHA384, 'rsa-pkcs1-sha384'],
  [OID_RSA_SHA512, 'rsa-pkcs1-sha512'],
])

/** Collisions of their hashes are made in practice (SHA-1: 2017, MD5: 2004). */
const WEAK: ReadonlyMap<string, string> = new Map([
  [OID_RSA_MD2, 'RSA with MD2'],
  [OID_RSA_MD5, 'RSA with MD5'],
  [OID_RSA_SHA1, 'RSA with SHA-1'],
  [OID_RSA_SHA1_OIW, 'RSA with SHA-1'],
  [OID_ECDSA_SHA1, 'ECDSA with SHA-1'],
  [OID_DSA_SHA1, 'DSA with SHA-1'],
])

/** Lengths in bytes, which for RSASSA-PSS are those of the salt too. */
const PSS_HASHES: ReadonlyMap<string, readonly [hash: HashName, length: number]> = new Map<
  string,
  readonly [HashName, number]
>([
  [OID_SHA256, ['sha256', 32]],
  [OID_SHA384, ['sha384', 48]],
  [OID_SHA512, ['sha512', 64]],
])

/** Reads an AlgorithmIdentifier. */
export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const sequence = reader.constructed(TAG_SEQUENCE, what)
  const raw = reader.lastRaw
  const oid = sequence.oid(what)
  let parameters: Uint8Array | null = null
  if (!sequence.done) {
    sequence.any(what)
    parameters = sequence.lastRaw
  }
  sequence.end(what)
  return { oid, parameters, raw }
}

/**
 * How a certificate was signed. Throws {@link X509Error} `ERR_X509_WEAK_ALGORITHM` or
 * `ERR_X509_UNSUPPORTED_ALGORITHM`.
 */
export function signatureAlgorithmOf(identifier: AlgorithmIdentifier): SignatureAlgorithm {
  const { oid, parameters } = identifier
  const weak = WEAK.get(oid)
  if (weak !== undefined) {
    throw new X509Error('ERR_X509_WEAK_ALGORITHM', `signed by ${weak}, which is broken`)
  }
  if (oid === OID_RSA_PSS) return pssAlgorithmOf(parameters)
  const algorithm = ALGORITHMS.get(oid)
  if (algorithm === undefined) throw unsupported(`the signature algorithm ${oid}`)
  // RFC 4055 §5 demands NULL for RSA and to accept its absence; the others have no parameters.
  const isNull = parameters?.[0] === TAG_NULL && parameters.length === 2
  if (parameters !== null && !(isNull && algorithm.startsWith('rsa'))) {
    throw unsupported(`${algorithm} with parameters`)
  }
  return algorithm
}

/** Whether a key of this kind can have made a signature of that algorithm. */
export function keyFits(type: KeyType, algorithm: SignatureAlgorithm): boolean {
  if (type === 'ed25519') return algorithm === 'ed25519'
  return algorithm.startsWith(type === 'rsa' ? 'rsa-' : 'ecdsa-')
}

/** The algorithm that we sign certificates with, given the issuer's key. */
export const SIGNING_ALGORITHMS: Readonly<Record<KeyType, SignatureAlgorithm>> = {
  p256: 'ecdsa-sha256',
  p384: 'ecdsa-sha384',
  p521: 'ecdsa-sha512',
  ed25519: 'ed25519',
  rsa: 'rsa-pkcs1-sha256',
}

/** DER of the AlgorithmIdentifier of an algorithm that has no parameters but NULL. */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  for (const [oid, name] of ALGORITHMS) {
    if (name !== algorithm) continue
    const identifier = encodeOid(oid)
    return algorithm.startsWith('rsa')
      ? encodeSequence(identifier, encodeNull())
      : encodeSequence(identifier)
  }
  throw new TypeError(`"algorithm" expected one without parameters, got ${algorithm}`)
}

/**
 * RSASSA-PSS-params, RFC 8017 appendix A.2.3. Only what TLS uses too: one hash for both purposes,
 * a salt of its length. All defaults are SHA-1, so the fields must be there.
 */
function pssAlgorithmOf(parameters: Uint8Array | null): SignatureAlgorithm {
  if (parameters === null) throw unsupported('RSASSA-PSS without parameters')
  const what = 'RSASSA-PSS parameters'
  const reader = new DerReader(parameters).sequence(what)
  const hashField = reader.optional(constructedContextTag(0), what)
  const maskField = reader.optional(constructedContextTag(1), what)
  const saltField = reader.optional(constructedContextTag(2), what)
  const trailerField = reader.optional(constructedContextTag(3), what)
  reader.end(what)
  if (hashField === null || maskField === null) {
    throw new X509Error('ERR_X509_WEAK_ALGORITHM', 'signed by RSASSA-PSS with SHA-1')
  }
  const hashOid = readHash(hashField)
  const mask = readAlgorithm(maskField, what)
  const maskReader = mask.parameters === null ? null : new DerReader(mask.parameters)
  const maskHashOid = maskReader === null ? '' : readHash(maskReader)
  const [hash, hashLength] = PSS_HASHES.get(hashOid) ?? ['', 0]
  const saltLength = saltField === null ? 20 : saltField.smallInteger(what)
  const trailer = trailerField === null ? 1 : trailerField.smallInteger(what)
  const usual = mask.oid === OID_MGF1 && maskHashOid === hashOid && trailer === 1
  if (hash === '' || !usual || saltLength !== hashLength) {
    throw unsupported(
      'RSASSA-PSS with other parameters than one SHA-2 hash and a salt of its length',
    )
  }
  return `rsa-pss-${hash}`
}

// An AlgorithmIdentifier of a hash: NULL or no parameters, RFC 4055 §2.1.
function readHash(reader: DerReader): string {
  const { oid, parameters } = readAlgorithm(reader, 'RSASSA-PSS hash')
  reader.end('RSASSA-PSS hash')
  if (parameters !== null && parameters[0] !== TAG_NULL) throw unsupported('a hash with parameters')
  return oid
}

function unsupported(what: string): X509Error {
  return new X509Error('ERR_X509_UNSUPPORTED_ALGORITHM', `${what} is not supported`)
}
