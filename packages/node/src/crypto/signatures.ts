// Signing keys and verification on node:crypto.

import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto'
import {
  CryptoError,
  PUBLIC_KEY_MAX_BYTES,
  SIGNATURE_ALGORITHMS,
  signatureHash,
  type KeyType,
  type SignatureAlgorithm,
  type SigningKey,
} from '@godwit/crypto'
import { plain } from './bytes.ts'
import { keyTypeOf } from './key-kind.ts'

const ECDSA_ALGORITHMS: Partial<Record<KeyType, readonly SignatureAlgorithm[]>> = {
  p256: ['ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512'],
  p384: ['ecdsa-sha384', 'ecdsa-sha512', 'ecdsa-sha256'],
  p521: ['ecdsa-sha512', 'ecdsa-sha384', 'ecdsa-sha256'],
}

class NodeSigningKey implements SigningKey {
  readonly type: KeyType
  readonly publicKey: Uint8Array
  readonly algorithms: readonly SignatureAlgorithm[]
  readonly #key: KeyObject

  constructor(type: KeyType, key: KeyObject) {
    this.type = type
    this.#key = key
    this.publicKey = plain(createPublicKey(key).export({ format: 'der', type: 'spki' }))
    this.algorithms = algorithmsOf(type, key)
  }

  sign(algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
    if (!this.algorithms.includes(algorithm)) {
      throw new CryptoError(
        'ERR_CRYPTO_UNSUPPORTED',
        `a key of type ${this.type} does not sign ${algorithm}`,
      )
    }
    return plain(sign(signatureHash(algorithm), message, keyInput(algorithm, this.#key)))
  }

  exportPkcs8(): Uint8Array {
    return plain(this.#key.export({ format: 'der', type: 'pkcs8' }))
  }
}

function algorithmsOf(type: KeyType, key: KeyObject): readonly SignatureAlgorithm[] {
  if (type === 'ed25519') return ['ed25519']
  if (type !== 'rsa') return ECDSA_ALGORITHMS[type] ?? []
  const pssOnly = key.asymmetricKeyType === 'rsa-pss'
  const hash = key.asymmetricKeyDetails?.hashAlgorithm
  return SIGNATURE_ALGORITHMS.filter(
    (algorithm) =>
      (algorithm.startsWith('rsa-pss-') &&
        (hash === undefined || hash === signatureHash(algorithm))) ||
      (algorithm.startsWith('rsa-pkcs1-') && !pssOnly),
  )
}

// A key is encoded while it is generated: exporting it later can hang, see key-exchange.ts.
const ENCODING = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
}

// None of the overloads of Node's types fits two of these types at once.
const generateEncoded = generateKeyPairSync as unknown as (
  type: 'ec' | 'ed25519',
  options: typeof ENCODING & { namedCurve?: string },
) => { privateKey: Buffer }

export function nodeGenerateSigningKey(type: 'p256' | 'p384' | 'ed25519'): SigningKey {
  const { privateKey } = generatePair(type)
  const key = nodeImportSigningKey(privateKey)
  privateKey.fill(0)
  return key
}

function generatePair(type: 'p256' | 'p384' | 'ed25519'): { privateKey: Buffer } {
  switch (type) {
    case 'p256':
      return generateEncoded('ec', { namedCurve: 'prime256v1', ...ENCODING })
    case 'p384':
      return generateEncoded('ec', { namedCurve: 'secp384r1', ...ENCODING })
    case 'ed25519':
      return generateEncoded('ed25519', ENCODING)
    default:
      throw new RangeError(`"type" expected p256, p384 or ed25519, got ${String(type)}`)
  }
}

export function nodeImportSigningKey(pkcs8: Uint8Array): SigningKey {
  let key: KeyObject
  try {
    // A view on the same memory: node:crypto asks for a Buffer here.
    const der = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length)
    key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch (error) {
    throw new CryptoError('ERR_CRYPTO_INVALID_KEY', 'the private key is malformed', {
      cause: error,
    })
  }
  const type = keyTypeOf(key)
  if (type === null) {
    throw new CryptoError(
      'ERR_CRYPTO_UNSUPPORTED',
      `a private key of type ${key.asymmetricKeyType ?? 'unknown'} is not supported`,
    )
  }
  return new NodeSigningKey(type, key)
}

export function nodeVerify(
  algorithm: SignatureAlgorithm,
  subjectPublicKeyInfo: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (subjectPublicKeyInfo.length > PUBLIC_KEY_MAX_BYTES) return false
  try {
    const key = publicKeyOf(subjectPublicKeyInfo)
    if (!fits(algorithm, key)) return false
    return verify(signatureHash(algorithm), message, keyInput(algorithm, key), signature)
  } catch {
    // A key or a signature that does not parse verifies nothing.
    return false
  }
}

// Keys of authorities and servers that were met lately, by their encoding: to parse one takes as long as
// to verify a signature with it.
const PUBLIC_KEYS = new Map<string, KeyObject>()
const MAX_PUBLIC_KEYS = 64

function publicKeyOf(spki: Uint8Array): KeyObject {
  const der = Buffer.from(spki.buffer, spki.byteOffset, spki.length)
  const name = der.toString('latin1')
  let key = PUBLIC_KEYS.get(name)
  if (key === undefined) {
    key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    // Most are met again soon or never: all are forgotten at once, which keeps the table young.
    if (PUBLIC_KEYS.size >= MAX_PUBLIC_KEYS) PUBLIC_KEYS.clear()
    PUBLIC_KEYS.set(name, key)
  }
  return key
}

function fits(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  const type = keyTypeOf(key)
  if (algorithm === 'ed25519') return type === 'ed25519'
  if (algorithm.startsWith('ecdsa-')) return type === 'p256' || type === 'p384' || type === 'p521'
  return type === 'rsa' && (algorithm.startsWith('rsa-pss-') || key.asymmetricKeyType === 'rsa')
}

function keyInput(algorithm: SignatureAlgorithm, key: KeyObject): SignKeyObjectInput {
  if (!algorithm.startsWith('rsa-')) return { key, dsaEncoding: 'der' }
  if (algorithm.startsWith('rsa-pkcs1-')) return { key, padding: constants.RSA_PKCS1_PADDING }
  // RFC 9846 §4.2.3: the salt is as long as the hash.
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
}
