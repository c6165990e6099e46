// What the handshake and packet protection need to know of a cipher suite, RFC 9846 appendix B.4.

import {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
  type CipherSuiteParameters,
} from './constants.ts'

/** Length of the nonce of every suite, in bytes. */
export const AEAD_NONCE_LENGTH = 12
/** Length of the tag of every suite, in bytes. */
export const AEAD_TAG_LENGTH = 16

const AES_128_GCM: CipherSuiteParameters = {
  suite: TLS_AES_128_GCM_SHA256,
  keyLength: 16,
  hash: 'sha256',
  hashLength: 32,
}
const AES_256_GCM: CipherSuiteParameters = {
  suite: TLS_AES_256_GCM_SHA384,
  keyLength: 32,
  hash: 'sha384',
  hashLength: 48,
}
const CHACHA20_POLY1305: CipherSuiteParameters = {
  suite: TLS_CHACHA20_POLY1305_SHA256,
  keyLength: 32,
  hash: 'sha256',
  hashLength: 32,
}

/** True for the code point of a suite that godwit knows. */
export function isCipherSuite(value: number): value is CipherSuite {
  return (
    value === TLS_AES_128_GCM_SHA256 ||
    value === TLS_AES_256_GCM_SHA384 ||
    value === TLS_CHACHA20_POLY1305_SHA256
  )
}

/** The sizes and the hash of `suite`. Throws RangeError for a code point that is none. */
export function cipherSuiteParameters(suite: CipherSuite): CipherSuiteParameters {
  switch (suite) {
    case TLS_AES_128_GCM_SHA256:
      return AES_128_GCM
    case TLS_AES_256_GCM_SHA384:
      return AES_256_GCM
    case TLS_CHACHA20_POLY1305_SHA256:
      return CHACHA20_POLY1305
    default:
      throw new RangeError(`"suite" expected a TLS 1.3 cipher suite, got ${String(suite)}`)
  }
}

/** Throws RangeError unless AEAD and header protection key have the length of `suite`. */
export function checkPacketKeyLengths(suite: CipherSuite, key: Uint8Array, hp: Uint8Array): void {
  const { keyLength } = cipherSuiteParameters(suite)
  if (key.length !== keyLength || hp.length !== keyLength) {
    throw new RangeError(
      `"key" and "hp" expected ${keyLength} bytes, got ${key.length} and ${hp.length}`,
    )
  }
}

/** Throws RangeError unless key and nonce have the lengths of `suite`. */
export function checkAeadLengths(suite: CipherSuite, key: Uint8Array, nonce: Uint8Array): void {
  const { keyLength } = cipherSuiteParameters(suite)
  if (key.length !== keyLength || nonce.length !== AEAD_NONCE_LENGTH) {
    throw new RangeError(
      `"key" and "nonce" expected ${keyLength} and ${AEAD_NONCE_LENGTH} bytes, got ${key.length} and ${nonce.length}`,
    )
  }
}
