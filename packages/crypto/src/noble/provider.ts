// The portable CryptoProvider, on @noble: no platform API but a source of randomness. It is the
// reference that other backends are held equal to. What is secret takes constant time as far as
// noble promises it; AES does not (tables), so ChaCha20-Poly1305 comes first.

import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { randomBytes as platformRandomBytes } from '@noble/hashes/utils.js'
import { checkAeadLengths } from '../cipher-suites.ts'
import {
  SECP256R1,
  SECP384R1,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  X25519,
  type CipherSuite,
  type HashName,
  type NamedGroup,
  type SignatureAlgorithm,
} from '../constants.ts'
import type {
  CryptoProvider,
  HashContext,
  KeyAnswer,
  KeyOffer,
  PacketEngine,
  RandomBytes,
  SigningKey,
} from '../provider.ts'
import { SIGNATURE_ALGORITHMS } from '../signature-algorithms.ts'
import { nobleCreateHash, nobleHkdfExpand, nobleHmac } from './hashes.ts'
import { nobleAnswerKey, nobleOfferKey } from './key-exchange.ts'
import { NoblePacketEngine } from './packet-engine.ts'
import { nobleGenerateSigningKey, nobleImportSigningKey } from './signing-key.ts'
import { nobleVerify } from './verify.ts'

class NobleProvider implements CryptoProvider {
  readonly name = 'noble'
  readonly cipherSuites: readonly CipherSuite[] = [
    TLS_CHACHA20_POLY1305_SHA256,
    TLS_AES_128_GCM_SHA256,
    TLS_AES_256_GCM_SHA384,
  ]
  readonly groups: readonly NamedGroup[] = [X25519, SECP256R1, SECP384R1]
  readonly signatureAlgorithms: readonly SignatureAlgorithm[] = SIGNATURE_ALGORITHMS
  readonly #randomBytes: RandomBytes

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes
  }

  randomBytes(length: number): Uint8Array {
    return this.#randomBytes(length)
  }

  createHash(name: HashName): HashContext {
    return nobleCreateHash(name)
  }

  hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
    return nobleHmac(hash, key, message)
  }

  hkdfExpand(hash: HashName, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return nobleHkdfExpand(hash, prk, info, length)
  }

  offerKey(group: NamedGroup): KeyOffer {
    return nobleOfferKey(group, this.#randomBytes)
  }

  answerKey(group: NamedGroup, peerShare: Uint8Array): KeyAnswer {
    return nobleAnswerKey(group, peerShare, this.#randomBytes)
  }

  importSigningKey(pkcs8: Uint8Array): SigningKey {
    return nobleImportSigningKey(pkcs8)
  }

  generateSigningKey(type: 'p256' | 'p384' | 'ed25519'): SigningKey {
    return nobleGenerateSigningKey(type, this.#randomBytes)
  }

  verify(
    algorithm: SignatureAlgorithm,
    subjectPublicKeyInfo: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    return nobleVerify(algorithm, subjectPublicKeyInfo, message, signature)
  }

  seal(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array {
    checkAeadLengths(suite, key, nonce)
    const cipher = suite === TLS_CHACHA20_POLY1305_SHA256 ? chacha20poly1305 : gcm
    return cipher(key, nonce, aad).encrypt(plaintext)
  }

  open(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | null {
    checkAeadLengths(suite, key, nonce)
    const cipher = suite === TLS_CHACHA20_POLY1305_SHA256 ? chacha20poly1305 : gcm
    try {
      return cipher(key, nonce, aad).decrypt(ciphertext)
    } catch {
      return null
    }
  }

  createPacketEngine(slotCount: number, slotSize?: number): PacketEngine {
    return new NoblePacketEngine(slotCount, slotSize)
  }
}

/**
 * The portable backend: everything in JavaScript. It verifies RSA signatures but does not sign with
 * RSA (`ERR_CRYPTO_UNSUPPORTED`): big-integer arithmetic in JavaScript takes a time that depends on
 * the private key.
 *
 * @param randomBytes the source of all randomness; by default `crypto.getRandomValues` of the platform
 */
export function createNobleProvider(
  randomBytes: RandomBytes = platformRandomBytes,
): CryptoProvider {
  return new NobleProvider(randomBytes)
}
