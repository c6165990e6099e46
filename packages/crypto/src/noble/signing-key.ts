// Signing keys on @noble/curves: PKCS #8 (RFC 5958, RFC 5915, RFC 8410) in and out, ECDSA (RFC 6979)
// and Ed25519 (RFC 8032).

import { ed25519 } from '@noble/curves/ed25519.js'
import type { HashName, KeyType, SignatureAlgorithm } from '../constants.ts'
import { CryptoError } from '../errors.ts'
import type { RandomBytes, SigningKey } from '../provider.ts'
import { signatureHash } from '../signature-algorithms.ts'
import {
  DER_BIT_STRING,
  DER_CONTEXT_0,
  DER_CONTEXT_1,
  DER_INTEGER,
  DER_OCTET_STRING,
  DER_SEQUENCE,
  derElement,
  derOid,
  DerReader,
} from './der.ts'
import { nobleDigest } from './hashes.ts'
import { generateScalar, nistCurveByOid, P256, P384, type NistCurve } from './nist-curves.ts'
import {
  encodeEcPublicKey,
  encodeEd25519PublicKey,
  OID_EC_PUBLIC_KEY,
  OID_ED25519,
  OID_RSA_ENCRYPTION,
  OID_RSASSA_PSS,
} from './public-key.ts'

const ECDSA_ALGORITHMS: Record<NistCurve['type'], readonly SignatureAlgorithm[]> = {
  p256: ['ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512'],
  p384: ['ecdsa-sha384', 'ecdsa-sha512', 'ecdsa-sha256'],
  p521: ['ecdsa-sha512', 'ecdsa-sha384', 'ecdsa-sha256'],
}

class EcdsaSigningKey implements SigningKey {
  readonly type: KeyType
  readonly publicKey: Uint8Array
  readonly algorithms: readonly SignatureAlgorithm[]
  readonly #curve: NistCurve
  readonly #scalar: Uint8Array
  readonly #point: Uint8Array

  constructor(curve: NistCurve, scalar: Uint8Array) {
    this.type = curve.type
    this.#curve = curve
    this.#scalar = scalar
    this.#point = curve.ecdsa.getPublicKey(scalar, false)
    this.publicKey = encodeEcPublicKey(curve, this.#point)
    this.algorithms = ECDSA_ALGORITHMS[curve.type]
  }

  sign(algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
    checkAlgorithm(this, algorithm)
    const digest = nobleDigest(signatureHash(algorithm) as HashName, message)
    const options = { prehash: false, lowS: false, format: 'der' } as const
    return this.#curve.ecdsa.sign(digest, this.#scalar, options)
  }

  exportPkcs8(): Uint8Array {
    const privateKey = derElement(
      DER_SEQUENCE,
      derElement(DER_INTEGER, Uint8Array.of(1)),
      derElement(DER_OCTET_STRING, this.#scalar),
      derElement(DER_CONTEXT_1, derElement(DER_BIT_STRING, Uint8Array.of(0), this.#point)),
    )
    return derElement(
      DER_SEQUENCE,
      derElement(DER_INTEGER, Uint8Array.of(0)),
      derElement(DER_SEQUENCE, derOid(OID_EC_PUBLIC_KEY), derOid(this.#curve.oid)),
      derElement(DER_OCTET_STRING, privateKey),
    )
  }
}

class Ed25519SigningKey implements SigningKey {
  readonly type = 'ed25519'
  readonly publicKey: Uint8Array
  readonly algorithms: readonly SignatureAlgorithm[] = ['ed25519']
  readonly #seed: Uint8Array

  constructor(seed: Uint8Array) {
    this.#seed = seed
    this.publicKey = encodeEd25519PublicKey(ed25519.getPublicKey(seed))
  }

  sign(algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
    checkAlgorithm(this, algorithm)
    return ed25519.sign(message, this.#seed)
  }

  exportPkcs8(): Uint8Array {
    return derElement(
      DER_SEQUENCE,
      derElement(DER_INTEGER, Uint8Array.of(0)),
      derElement(DER_SEQUENCE, derOid(OID_ED25519)),
      derElement(DER_OCTET_STRING, derElement(DER_OCTET_STRING, this.#seed)),
    )
  }
}

export function nobleGenerateSigningKey(
  type: 'p256' | 'p384' | 'ed25519',
  randomBytes: RandomBytes,
): SigningKey {
  switch (type) {
    case 'p256':
      return new EcdsaSigningKey(P256, generateScalar(P256, randomBytes))
    case 'p384':
      return new EcdsaSigningKey(P384, generateScalar(P384, randomBytes))
    case 'ed25519':
      return new Ed25519SigningKey(new Uint8Array(randomBytes(32)))
    default:
      throw new RangeError(`"type" expected p256, p384 or ed25519, got ${String(type)}`)
  }
}

/** Reads PKCS #8, RFC 5958 §2. */
export function nobleImportSigningKey(pkcs8: Uint8Array): SigningKey {
  const outer = new DerReader(pkcs8)
  const info = outer.enter(DER_SEQUENCE)
  outer.finish()
  const version = info.unsigned()
  if (version.length !== 1 || version[0] > 1) throw invalid('unknown PKCS #8 version')
  const algorithm = info.enter(DER_SEQUENCE)
  const privateKey = info.read(DER_OCTET_STRING)
  // Attributes and public key, both optional: RFC 5958 §2.
  if (info.nextTag === DER_CONTEXT_0) info.read(DER_CONTEXT_0)
  if (info.nextTag === 0x81) info.read(0x81)
  info.finish()
  const oid = algorithm.oid()
  switch (oid) {
    case OID_EC_PUBLIC_KEY: {
      const curve = nistCurveByOid(algorithm.oid())
      algorithm.finish()
      if (curve === null) throw unsupported('this elliptic curve is not supported')
      return new EcdsaSigningKey(curve, parseEcPrivateKey(curve, privateKey))
    }
    case OID_ED25519: {
      algorithm.finish()
      const inner = new DerReader(privateKey)
      const seed = inner.read(DER_OCTET_STRING)
      inner.finish()
      if (seed.length !== 32) throw invalid('an Ed25519 key has 32 bytes')
      return new Ed25519SigningKey(new Uint8Array(seed))
    }
    case OID_RSA_ENCRYPTION:
    case OID_RSASSA_PSS:
      throw unsupported(
        'the portable crypto backend does not sign with RSA: use an ECDSA or Ed25519 key, or the node backend',
      )
    default:
      throw unsupported('this type of private key is not supported')
  }
}

// ECPrivateKey, RFC 5915 §3.
function parseEcPrivateKey(curve: NistCurve, privateKey: Uint8Array): Uint8Array {
  const outer = new DerReader(privateKey)
  const key = outer.enter(DER_SEQUENCE)
  outer.finish()
  const version = key.unsigned()
  if (version.length !== 1 || version[0] !== 1) throw invalid('unknown ECPrivateKey version')
  const octets = key.read(DER_OCTET_STRING)
  if (key.nextTag === DER_CONTEXT_0) {
    const parameters = key.enter(DER_CONTEXT_0)
    if (parameters.oid() !== curve.oid) throw invalid('the key names two curves')
    parameters.finish()
  }
  const point = key.nextTag === DER_CONTEXT_1 ? key.enter(DER_CONTEXT_1).bitString() : null
  key.finish()
  // RFC 5915 §3 fixes the length; some encoders leave leading zeros out.
  if (octets.length > curve.length) throw invalid('the private key is too long')
  const scalar = new Uint8Array(curve.length)
  scalar.set(octets, curve.length - octets.length)
  if (!curve.ecdsa.utils.isValidSecretKey(scalar)) throw invalid('the private key is out of range')
  if (point !== null && !samePoint(curve, scalar, point)) {
    throw invalid('the public key in the file is not that of the private key')
  }
  return scalar
}

function samePoint(curve: NistCurve, scalar: Uint8Array, point: Uint8Array): boolean {
  const expected = curve.ecdsa.getPublicKey(scalar, point.length === 1 + curve.length)
  return expected.length === point.length && expected.every((byte, i) => byte === point[i])
}

function checkAlgorithm(key: SigningKey, algorithm: SignatureAlgorithm): void {
  if (key.algorithms.includes(algorithm)) return
  throw unsupported(`a key of type ${key.type} does not sign ${algorithm}`)
}

function invalid(message: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_INVALID_KEY', message)
}

function unsupported(message: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_UNSUPPORTED', message)
}
