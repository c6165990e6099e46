// Key exchange on node:crypto. X25519 goes through KeyObjects, which Node imports and exports as JWK
// ten times faster than as DER; the NIST curves through ECDH objects.

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type ECDH,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import {
  CryptoError,
  SECP256R1,
  SECP384R1,
  X25519,
  type KeyAnswer,
  type KeyOffer,
  type NamedGroup,
} from '@godwit/crypto'
import { plain } from './bytes.ts'

// Exporting a key just generated can hang the process in Node.js 20: `export` holds the key's lock
// while it allocates, and when that sets off a garbage collection, the finalizer of the object that
// generated the key waits for the same lock. So the public key is encoded while that object is in use.
const ENCODED_AT_ONCE = { publicKeyEncoding: { format: 'jwk' } } as const

// The types of Node know of no such encoding for X25519.
const generateX25519 = generateKeyPairSync as unknown as (
  type: 'x25519',
  options: typeof ENCODED_AT_ONCE,
) => { privateKey: KeyObject; publicKey: JsonWebKey }

class X25519Offer implements KeyOffer {
  readonly group: NamedGroup = X25519
  readonly share: Uint8Array
  #privateKey: KeyObject | null

  constructor(privateKey: KeyObject, publicKey: JsonWebKey) {
    this.#privateKey = privateKey
    this.share = new Uint8Array(Buffer.from(publicKey.x as string, 'base64url')) // RFC 8037 §2: an OKP has x
  }

  complete(peerShare: Uint8Array): Uint8Array {
    const privateKey = takeKey(this.#privateKey)
    this.#privateKey = null
    if (peerShare.length !== 32) throw invalidShare()
    try {
      const x = Buffer.from(peerShare).toString('base64url')
      const key = { kty: 'OKP', crv: 'X25519', x }
      const publicKey = createPublicKey({ key, format: 'jwk' })
      // OpenSSL refuses a secret of all zeros, as RFC 9846 §7.4.2 demands.
      return plain(diffieHellman({ privateKey, publicKey }))
    } catch (error) {
      throw invalidShare(error)
    }
  }
}

class NistOffer implements KeyOffer {
  readonly group: NamedGroup
  readonly share: Uint8Array
  #ecdh: ECDH | null

  constructor(group: NamedGroup, ecdh: ECDH) {
    this.group = group
    this.#ecdh = ecdh
    this.share = plain(ecdh.getPublicKey())
  }

  complete(peerShare: Uint8Array): Uint8Array {
    const ecdh = takeKey(this.#ecdh)
    this.#ecdh = null
    // RFC 9846 §4.3.8.2: points are uncompressed. OpenSSL would take other forms as well.
    if (peerShare.length !== this.share.length || peerShare[0] !== 0x04) throw invalidShare()
    try {
      return plain(ecdh.computeSecret(peerShare))
    } catch (error) {
      throw invalidShare(error)
    }
  }
}

/** A fresh key share. */
export function nodeOfferKey(group: NamedGroup): KeyOffer {
  if (group === X25519) {
    const { privateKey, publicKey } = generateX25519('x25519', ENCODED_AT_ONCE)
    return new X25519Offer(privateKey, publicKey)
  }
  const ecdh = createECDH(curveName(group))
  ecdh.generateKeys()
  return new NistOffer(group, ecdh)
}

/** A key share of a given private key, for test vectors. */
export function nodeOfferOf(group: NamedGroup, privateKey: Uint8Array): KeyOffer {
  if (group === X25519) {
    const pkcs8 = Buffer.concat([
      Buffer.from('302e020100300506032b656e04220420', 'hex'),
      privateKey,
    ])
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    return new X25519Offer(key, createPublicKey(key).export({ format: 'jwk' }))
  }
  const ecdh = createECDH(curveName(group))
  ecdh.setPrivateKey(privateKey)
  return new NistOffer(group, ecdh)
}

export function nodeAnswerKey(group: NamedGroup, peerShare: Uint8Array): KeyAnswer {
  const offer = nodeOfferKey(group)
  return { share: offer.share, secret: offer.complete(peerShare) }
}

function curveName(group: NamedGroup): string {
  if (group === SECP256R1) return 'prime256v1'
  if (group === SECP384R1) return 'secp384r1'
  throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', `named group ${group} is not supported`)
}

function takeKey<T>(key: T | null): T {
  if (key === null) throw new Error('the key offer was completed before')
  return key
}

function invalidShare(cause?: unknown): CryptoError {
  return new CryptoError('ERR_CRYPTO_INVALID_SHARE', "the peer's key share is invalid", { cause })
}
