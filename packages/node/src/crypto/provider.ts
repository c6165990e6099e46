// The CryptoProvider on node:crypto (OpenSSL).

import { randomFillSync } from 'node:crypto'
import {
  SECP256R1,
  SECP384R1,
  SIGNATURE_ALGORITHMS,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  X25519,
  type CipherSuite,
  type CryptoProvider,
  type HashContext,
  type HashName,
  type KeyAnswer,
  type KeyOffer,
  type NamedGroup,
  type PacketEngine,
  type SignatureAlgorithm,
  type SigningKey,
} from '@godwit/crypto'
import { nodeOpen, nodeSeal } from './aead.ts'
import { nodeCreateHash, nodeHkdfExpand, nodeHmac } from './hashes.ts'
import { nodeAnswerKey, nodeOfferKey } from './key-exchange.ts'
import { NodePacketEngine } from './packet-engine.ts'
import { nodeGenerateSigningKey, nodeImportSigningKey, nodeVerify } from './signatures.ts'

export class NodeProvider implements CryptoProvider {
  readonly name: string = 'node'
  readonly cipherSuites: readonly CipherSuite[] = [
    TLS_AES_128_GCM_SHA256,
    TLS_AES_256_GCM_SHA384,
    TLS_CHACHA20_POLY1305_SHA256,
  ]
  readonly groups: readonly NamedGroup[] = [X25519, SECP256R1, SECP384R1]
  readonly signatureAlgorithms: readonly SignatureAlgorithm[] = SIGNATURE_ALGORITHMS

  randomBytes(length: number): Uint8Array {
    return nodeRandomBytes(length)
  }

  createHash(name: HashName): HashContext {
    return nodeCreateHash(name)
  }

  hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
    return nodeHmac(hash, key, message)
  }

  hkdfExpand(hash: HashName, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return nodeHkdfExpand(hash, prk, info, length)
  }

  offerKey(group: NamedGroup): KeyOffer {
    return nodeOfferKey(group)
  }

  answerKey(group: NamedGroup, peerShare: Uint8Array): KeyAnswer {
    return nodeAnswerKey(group, peerShare)
  }

  importSigningKey(pkcs8: Uint8Array): SigningKey {
    return nodeImportSigningKey(pkcs8)
  }

  generateSigningKey(type: 'p256' | 'p384' | 'ed25519'): SigningKey {
    return nodeGenerateSigningKey(type)
  }

  verify(
    algorithm: SignatureAlgorithm,
    subjectPublicKeyInfo: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    return nodeVerify(algorithm, subjectPublicKeyInfo, message, signature)
  }

  seal(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array {
    return nodeSeal(suite, key, nonce, aad, plaintext)
  }

  open(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | null {
    return nodeOpen(suite, key, nonce, aad, ciphertext)
  }

  createPacketEngine(slotCount: number, slotSize?: number): PacketEngine {
    return new NodePacketEngine(slotCount, slotSize)
  }
}

// Random bytes are drawn in advance: a call for a few costs as much as one for all of these.
const POOL_SIZE = 2048
const MAX_POOLED = 64
const pool = new Uint8Array(POOL_SIZE)
let poolUsed = POOL_SIZE

function nodeRandomBytes(length: number): Uint8Array {
  if (length > MAX_POOLED) return randomFillSync(new Uint8Array(length))
  if (length > POOL_SIZE - poolUsed) {
    randomFillSync(pool)
    poolUsed = 0
  }
  const bytes = pool.slice(poolUsed, poolUsed + length)
  pool.fill(0, poolUsed, poolUsed + length)
  poolUsed += length
  return bytes
}

/** The backend on node:crypto: every algorithm of the port, RSA signing included. */
export function createNodeProvider(): CryptoProvider {
  return new NodeProvider()
}
