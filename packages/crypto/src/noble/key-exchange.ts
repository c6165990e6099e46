// Key exchange on @noble/curves: X25519 (RFC 7748) and ECDH on P-256 and P-384.

import { x25519 } from '@noble/curves/ed25519.js'
import { SECP256R1, SECP384R1, X25519, type NamedGroup } from '../constants.ts'
import { CryptoError } from '../errors.ts'
import type { KeyAnswer, KeyOffer, RandomBytes } from '../provider.ts'
import { generateScalar, isUncompressedPoint, P256, P384, type NistCurve } from './nist-curves.ts'

class X25519Offer implements KeyOffer {
  readonly group: NamedGroup = X25519
  readonly share: Uint8Array
  #privateKey: Uint8Array | null

  constructor(privateKey: Uint8Array) {
    this.#privateKey = privateKey
    this.share = x25519.getPublicKey(privateKey)
  }

  complete(peerShare: Uint8Array): Uint8Array {
    const privateKey = takeKey(this.#privateKey)
    this.#privateKey = null
    try {
      if (peerShare.length !== 32) throw invalidShare()
      // noble throws when the secret is all zeros, as RFC 9846 §7.4.2 demands.
      return x25519.getSharedSecret(privateKey, peerShare)
    } catch (error) {
      throw invalidShare(error)
    } finally {
      privateKey.fill(0)
    }
  }
}

class NistOffer implements KeyOffer {
  readonly group: NamedGroup
  readonly share: Uint8Array
  readonly #curve: NistCurve
  #privateKey: Uint8Array | null

  constructor(group: NamedGroup, curve: NistCurve, privateKey: Uint8Array) {
    this.group = group
    this.#curve = curve
    this.#privateKey = privateKey
    this.share = curve.ecdsa.getPublicKey(privateKey, false)
  }

  complete(peerShare: Uint8Array): Uint8Array {
    const privateKey = takeKey(this.#privateKey)
    this.#privateKey = null
    try {
      if (!isUncompressedPoint(this.#curve, peerShare)) throw invalidShare()
      // RFC 9846 §7.4.2: the secret is the x-coordinate.
      const point = this.#curve.ecdsa.getSharedSecret(privateKey, peerShare, false)
      return point.slice(1, 1 + this.#curve.length)
    } catch (error) {
      throw invalidShare(error)
    } finally {
      privateKey.fill(0)
    }
  }
}

/** A fresh key share. */
export function nobleOfferKey(group: NamedGroup, randomBytes: RandomBytes): KeyOffer {
  return nobleOfferOf(group, generatePrivateKey(group, randomBytes))
}

/** A key share of a given private key, which the offer takes over and wipes. */
export function nobleOfferOf(group: NamedGroup, privateKey: Uint8Array): KeyOffer {
  if (group === X25519) return new X25519Offer(privateKey)
  return new NistOffer(group, curveOf(group), privateKey)
}

export function nobleAnswerKey(
  group: NamedGroup,
  peerShare: Uint8Array,
  randomBytes: RandomBytes,
): KeyAnswer {
  const offer = nobleOfferKey(group, randomBytes)
  return { share: offer.share, secret: offer.complete(peerShare) }
}

function generatePrivateKey(group: NamedGroup, randomBytes: RandomBytes): Uint8Array {
  if (group === X25519) return new Uint8Array(randomBytes(32))
  return generateScalar(curveOf(group), randomBytes)
}

function curveOf(group: NamedGroup): NistCurve {
  if (group === SECP256R1) return P256
  if (group === SECP384R1) return P384
  throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', `named group ${group} is not supported`)
}

function takeKey(privateKey: Uint8Array | null): Uint8Array {
  if (privateKey === null) throw new Error('the key offer was completed before')
  return privateKey
}

function invalidShare(cause?: unknown): CryptoError {
  if (cause instanceof CryptoError) return cause
  return new CryptoError('ERR_CRYPTO_INVALID_SHARE', "the peer's key share is invalid", { cause })
}
