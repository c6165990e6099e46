// Code points of TLS 1.3 (RFC 9846) that name cryptographic algorithms.

/** Cipher suites, RFC 9846 appendix B.4. */
export const TLS_AES_128_GCM_SHA256 = 0x1301
export const TLS_AES_256_GCM_SHA384 = 0x1302
export const TLS_CHACHA20_POLY1305_SHA256 = 0x1303

/** Named groups, RFC 9846 §4.3.7. */
export const SECP256R1 = 0x0017
export const SECP384R1 = 0x0018
export const X25519 = 0x001d

/** A cipher suite's code point. */
export type CipherSuite =
  | typeof TLS_AES_128_GCM_SHA256
  | typeof TLS_AES_256_GCM_SHA384
  | typeof TLS_CHACHA20_POLY1305_SHA256

/** A named group's code point. */
export type NamedGroup = typeof SECP256R1 | typeof SECP384R1 | typeof X25519

export type HashName = 'sha256' | 'sha384' | 'sha512'

/**
 * How a signature is made, without the key's curve: what an X.509 AlgorithmIdentifier says. TLS
 * schemes, which tie curve and hash together, are mapped onto these by the tls package.
 */
export type SignatureAlgorithm =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'ed25519'
  | 'rsa-pkcs1-sha256'
  | 'rsa-pkcs1-sha384'
  | 'rsa-pkcs1-sha512'
  | 'rsa-pss-sha256'
  | 'rsa-pss-sha384'
  | 'rsa-pss-sha512'

/** The kinds of signing keys. */
export type KeyType = 'p256' | 'p384' | 'p521' | 'ed25519' | 'rsa'

/** AEAD key, nonce and tag sizes of a suite in bytes, and its hash. */
export interface CipherSuiteParameters {
  readonly suite: CipherSuite
  readonly keyLength: 16 | 32
  readonly hash: 'sha256' | 'sha384'
  readonly hashLength: 32 | 48
}
