// SubjectPublicKeyInfo, RFC 5280 §4.1.2.7, RFC 5480 §2, RFC 8017 appendix A.1, RFC 8410 §4.

import type { KeyType } from '@godwit/crypto'
import { DerReader, TAG_NULL, TAG_OID } from './der-reader.ts'
import { malformed, X509Error } from './errors.ts'
import { MAX_RSA_BITS, MAX_RSA_EXPONENT_LENGTH, MIN_RSA_BITS } from './limits.ts'
import {
  OID_EC_PUBLIC_KEY,
  OID_ED25519,
  OID_RSA_ENCRYPTION,
  OID_SECP256R1,
  OID_SECP384R1,
  OID_SECP521R1,
} from './oids.ts'

const CURVES: ReadonlyMap<string, KeyType> = new Map<string, KeyType>([
  [OID_SECP256R1, 'p256'],
  [OID_SECP384R1, 'p384'],
  [OID_SECP521R1, 'p521'],
])

/** Length of an uncompressed point's coordinate in bytes. */
const COORDINATE_LENGTHS: Readonly<Record<'p256' | 'p384' | 'p521', number>> = {
  p256: 32,
  p384: 48,
  p521: 66,
}

/**
 * The kind of key in a SubjectPublicKeyInfo. Throws {@link X509Error}:
 * `ERR_X509_UNSUPPORTED_ALGORITHM` for other kinds and curves, `ERR_X509_WEAK_ALGORITHM` for RSA
 * below 2048 bits, `ERR_X509_LIMIT` for RSA above 8192 bits, `ERR_X509_MALFORMED`.
 */
export function publicKeyType(subjectPublicKeyInfo: Uint8Array): KeyType {
  const { oid, parameters, key } = readPublicKey(subjectPublicKeyInfo)
  switch (oid) {
    case OID_RSA_ENCRYPTION:
      // RFC 3279 §2.3.1: the parameters field MUST have ASN.1 type NULL.
      if (parameters === null || parameters[0] !== TAG_NULL) {
        throw malformed('RSA public key: parameters are not NULL')
      }
      checkRsaKey(key)
      return 'rsa'
    case OID_EC_PUBLIC_KEY: {
      const type = curveOf(parameters)
      const length = COORDINATE_LENGTHS[type]
      const whole = key.length === 1 + 2 * length && key[0] === 0x04
      const compressed = key.length === 1 + length && (key[0] === 0x02 || key[0] === 0x03)
      if (!whole && !compressed) throw malformed('EC public key: not a point of its curve')
      return type
    }
    case OID_ED25519:
      // RFC 8410 §3: the parameters MUST be absent.
      if (parameters !== null || key.length !== 32) throw malformed('Ed25519 public key: malformed')
      return 'ed25519'
    default:
      throw unsupported(`a public key of the kind ${oid}`)
  }
}

/** The subjectPublicKey bits: what key identifiers are hashes of, RFC 5280 §4.2.1.2. */
export function publicKeyBits(subjectPublicKeyInfo: Uint8Array): Uint8Array {
  return readPublicKey(subjectPublicKeyInfo).key
}

function readPublicKey(subjectPublicKeyInfo: Uint8Array): {
  oid: string
  parameters: Uint8Array | null
  key: Uint8Array
} {
  const outer = new DerReader(subjectPublicKeyInfo)
  const info = outer.sequence('subjectPublicKeyInfo')
  outer.end('subjectPublicKeyInfo')
  const algorithm = info.sequence('subjectPublicKeyInfo.algorithm')
  const oid = algorithm.oid('subjectPublicKeyInfo.algorithm')
  let parameters: Uint8Array | null = null
  if (!algorithm.done) {
    algorithm.any('subjectPublicKeyInfo.algorithm')
    parameters = algorithm.lastRaw
  }
  algorithm.end('subjectPublicKeyInfo.algorithm')
  const key = info.bitStringBytes('subjectPublicKey')
  info.end('subjectPublicKeyInfo')
  return { oid, parameters, key }
}

function curveOf(parameters: Uint8Array | null): 'p256' | 'p384' | 'p521' {
  // RFC 5480 §2.1.1: implicitCurve and specifiedCurve MUST NOT be used.
  if (parameters === null || parameters[0] !== TAG_OID) {
    throw unsupported('an EC public key without a named curve')
  }
  const oid = new DerReader(parameters).oid('EC public key: curve')
  const type = CURVES.get(oid)
  if (type !== 'p256' && type !== 'p384' && type !== 'p521') throw unsupported(`the curve ${oid}`)
  return type
}

function checkRsaKey(key: Uint8Array): void {
  const outer = new DerReader(key)
  const reader = outer.sequence('RSA public key')
  outer.end('RSA public key')
  const modulus = reader.integer('RSA modulus')
  const exponent = reader.integer('RSA exponent')
  reader.end('RSA public key')
  if (modulus[0] >= 0x80 || exponent[0] >= 0x80) throw malformed('RSA public key: negative')
  const top = modulus[0] === 0 ? 1 : 0
  const bits = (modulus.length - top) * 8 - Math.clz32(modulus[top] ?? 0) + 24
  if (bits < MIN_RSA_BITS) {
    throw new X509Error(
      'ERR_X509_WEAK_ALGORITHM',
      `an RSA key of ${bits} bits; at least ${MIN_RSA_BITS} are needed`,
    )
  }
  if (bits > MAX_RSA_BITS) {
    throw new X509Error('ERR_X509_LIMIT', `an RSA key of ${bits} bits; at most ${MAX_RSA_BITS}`)
  }
  const odd = (modulus[modulus.length - 1] & exponent[exponent.length - 1] & 1) === 1
  const one = exponent.length === 1 && exponent[0] === 1
  if (!odd || one) throw malformed('RSA public key: not a possible one')
  if (exponent.length > MAX_RSA_EXPONENT_LENGTH) {
    throw new X509Error('ERR_X509_LIMIT', `an RSA exponent of ${exponent.length} bytes`)
  }
}

function unsupported(what: string): X509Error {
  return new X509Error('ERR_X509_UNSUPPORTED_ALGORITHM', `${what} is not supported`)
}
