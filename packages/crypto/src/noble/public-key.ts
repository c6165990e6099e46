// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of the keys that sign: RFC 5480, RFC 8410, RFC 8017.

import { CryptoError } from '../errors.ts'
import { PUBLIC_KEY_MAX_BYTES } from '../limits.ts'
import { DER_BIT_STRING, DER_NULL, DER_SEQUENCE, derElement, derOid, DerReader } from './der.ts'
import { isUncompressedPoint, nistCurveByOid, type NistCurve } from './nist-curves.ts'
import { rsaPublicKey, type RsaPublicKey } from './rsa.ts'

export const OID_EC_PUBLIC_KEY = '2a8648ce3d0201'
export const OID_ED25519 = '2b6570'
export const OID_RSA_ENCRYPTION = '2a864886f70d010101'
export const OID_RSASSA_PSS = '2a864886f70d01010a'

const UNUSED_BITS = Uint8Array.of(0)

export type PublicKey =
  | { readonly type: 'ec'; readonly curve: NistCurve; readonly point: Uint8Array }
  | { readonly type: 'ed25519'; readonly point: Uint8Array }
  | { readonly type: 'rsa'; readonly key: RsaPublicKey; readonly pssOnly: boolean }

/** Reads a SubjectPublicKeyInfo. Throws CryptoError for one that is malformed or not supported. */
export function parsePublicKey(subjectPublicKeyInfo: Uint8Array): PublicKey {
  if (subjectPublicKeyInfo.length > PUBLIC_KEY_MAX_BYTES) throw unsupported('key size')
  const outer = new DerReader(subjectPublicKeyInfo)
  const info = outer.enter(DER_SEQUENCE)
  outer.finish()
  const algorithm = info.enter(DER_SEQUENCE)
  const bits = info.bitString()
  info.finish()
  const oid = algorithm.oid()
  switch (oid) {
    case OID_EC_PUBLIC_KEY: {
      const curve = nistCurveByOid(algorithm.oid())
      algorithm.finish()
      if (curve === null) throw unsupported('elliptic curve')
      if (!isUncompressedPoint(curve, bits)) throw unsupported('point format')
      return { type: 'ec', curve, point: bits }
    }
    case OID_ED25519:
      algorithm.finish()
      if (bits.length !== 32) throw new CryptoError('ERR_CRYPTO_INVALID_KEY', 'Ed25519 key length')
      return { type: 'ed25519', point: bits }
    case OID_RSA_ENCRYPTION:
      if (!algorithm.done) algorithm.read(DER_NULL)
      algorithm.finish()
      return { type: 'rsa', key: parseRsa(bits), pssOnly: false }
    case OID_RSASSA_PSS:
      // Parameters tie the key to a hash (RFC 4055 §3.1); such keys hardly exist.
      if (!algorithm.done) throw unsupported('RSASSA-PSS key with parameters')
      return { type: 'rsa', key: parseRsa(bits), pssOnly: true }
    default:
      throw unsupported('key type')
  }
}

function parseRsa(bits: Uint8Array): RsaPublicKey {
  const outer = new DerReader(bits)
  const numbers = outer.enter(DER_SEQUENCE)
  outer.finish()
  const key = rsaPublicKey(numbers.unsigned(), numbers.unsigned())
  numbers.finish()
  if (key === null) throw unsupported('RSA key size')
  return key
}

/** SubjectPublicKeyInfo of an uncompressed point, RFC 5480 §2. */
export function encodeEcPublicKey(curve: NistCurve, point: Uint8Array): Uint8Array {
  return derElement(
    DER_SEQUENCE,
    derElement(DER_SEQUENCE, derOid(OID_EC_PUBLIC_KEY), derOid(curve.oid)),
    derElement(DER_BIT_STRING, UNUSED_BITS, point),
  )
}

/** SubjectPublicKeyInfo of an Ed25519 key, RFC 8410 §4. */
export function encodeEd25519PublicKey(point: Uint8Array): Uint8Array {
  return derElement(
    DER_SEQUENCE,
    derElement(DER_SEQUENCE, derOid(OID_ED25519)),
    derElement(DER_BIT_STRING, UNUSED_BITS, point),
  )
}

function unsupported(what: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_UNSUPPORTED', `${what} is not supported`)
}
