// AEAD outside packets on node:crypto, and OpenSSL's names of the suites.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import {
  AEAD_TAG_LENGTH,
  checkAeadLengths,
  TLS_AES_128_GCM_SHA256,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
} from '@godwit/crypto'

// Typed as one of node's GCM names: its typings have an overload for each family of AEADs, and all
// of them give the same methods.
export type AeadName = 'aes-128-gcm' | 'aes-256-gcm'

const OPTIONS = { authTagLength: AEAD_TAG_LENGTH }

export function aeadName(suite: CipherSuite): AeadName {
  if (suite === TLS_AES_128_GCM_SHA256) return 'aes-128-gcm'
  if (suite === TLS_CHACHA20_POLY1305_SHA256) return 'chacha20-poly1305' as AeadName
  return 'aes-256-gcm'
}

export function nodeSeal(
  suite: CipherSuite,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  checkAeadLengths(suite, key, nonce)
  const cipher = createCipheriv(aeadName(suite), key, nonce, OPTIONS)
  cipher.setAAD(aad)
  const sealed = new Uint8Array(plaintext.length + AEAD_TAG_LENGTH)
  sealed.set(cipher.update(plaintext))
  cipher.final()
  sealed.set(cipher.getAuthTag(), plaintext.length)
  return sealed
}

export function nodeOpen(
  suite: CipherSuite,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | null {
  checkAeadLengths(suite, key, nonce)
  const length = ciphertext.length - AEAD_TAG_LENGTH
  if (length < 0) return null
  const decipher = createDecipheriv(aeadName(suite), key, nonce, OPTIONS)
  decipher.setAAD(aad)
  decipher.setAuthTag(ciphertext.subarray(length))
  const plaintext = new Uint8Array(length)
  plaintext.set(decipher.update(ciphertext.subarray(0, length)))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    return null
  }
  return plaintext
}
