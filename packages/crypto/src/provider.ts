// The port through which every other package does cryptography. Backends: `noble` here (portable,
// the reference) and `node` in packages/node; contract suites in testkit hold them equal.
// Everything is synchronous; a key that lives elsewhere (KMS, HSM) will get a port of its own.

import type { CipherSuite, HashName, KeyType, NamedGroup, SignatureAlgorithm } from './constants.ts'

/** Returns `length` fresh random bytes. Injected by the host; tests give a seeded one. */
export type RandomBytes = (length: number) => Uint8Array

/** A hash that is fed piece by piece. */
export interface HashContext {
  update(data: Uint8Array): HashContext
  /** The hash of everything so far; the context goes on (transcript hashes need many). */
  digest(): Uint8Array
}

/** The client's half of a key exchange, waiting for the server's share. */
export interface KeyOffer {
  readonly group: NamedGroup
  /** The share for the wire: key_exchange of a KeyShareEntry, RFC 9846 §4.3.8. */
  readonly share: Uint8Array
  /**
   * The shared secret. Throws CryptoError `ERR_CRYPTO_INVALID_SHARE` for a share that is malformed,
   * off the curve, or leads to an all-zero secret (RFC 8446 §7.4.2). Wipes the private key.
   */
  complete(peerShare: Uint8Array): Uint8Array
}

/** The server's half: its share, and the secret that the client will reach. */
export interface KeyAnswer {
  readonly share: Uint8Array
  readonly secret: Uint8Array
}

/** A private key that signs. Secret bytes do not show in `inspect` or JSON. */
export interface SigningKey {
  readonly type: KeyType
  /** The public key as SubjectPublicKeyInfo DER, RFC 5280 §4.1.2.7. */
  readonly publicKey: Uint8Array
  /** The algorithms that `sign` accepts. */
  readonly algorithms: readonly SignatureAlgorithm[]
  /** Signs `message` (not its hash). ECDSA signatures are DER, as in TLS and X.509. */
  sign(algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array
  /** The private key as PKCS #8 DER, or throws `ERR_CRYPTO_NOT_EXPORTABLE`. */
  exportPkcs8(): Uint8Array
}

/**
 * The memory that packets live in: `slotCount` slots of `slotSize` bytes, the first at `base`.
 * It is never moved or grown while in use. A packet starts anywhere in a slot and keeps 16 bytes
 * of slack behind its tag.
 */
export interface PacketMemory {
  readonly bytes: Uint8Array
  readonly base: number
  readonly slotSize: number
  readonly slotCount: number
}

/**
 * Protects or opens packets of one direction and one key phase, in place in packet memory.
 * Offsets are into `PacketMemory.bytes`.
 */
export interface PacketKey {
  /**
   * Encrypts the payload and protects the header of the packet at `offset`: header up to and
   * including the packet number (at `pnOffset`, `pnLength` bytes), then `payloadLength` bytes of
   * plaintext, then 16 free bytes for the tag. `payloadLength + pnLength` is at least 4
   * (RFC 9001 §5.4.2). Never call it twice with one packet number.
   */
  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void
  /**
   * Removes header protection in place (first byte and packet number) and returns the truncated
   * packet number; its length is in the now clear first byte. The caller has checked that 20 bytes
   * follow `pnOffset` (RFC 9001 §5.4.2).
   */
  removeHeaderProtection(offset: number, pnOffset: number): number
  /**
   * Decrypts in place: `headerLength` bytes of clear header at `offset`, then `payloadLength` bytes
   * of ciphertext (tag not counted), then the tag. False: not authentic; the slot holds garbage.
   */
  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean
  /** Wipes key material. The key must not be used afterwards. */
  dispose(): void
}

/** Makes packet keys that work on one packet memory. */
export interface PacketEngine {
  readonly name: string
  readonly memory: PacketMemory
  /** `key`, `iv` and `hp` as derived by RFC 9001 §5.1; copied, the caller wipes its own. */
  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey
}

/** Everything that godwit asks of a cryptographic library. */
export interface CryptoProvider {
  readonly name: string
  /** Supported suites, groups and signature algorithms, the preferred ones first. */
  readonly cipherSuites: readonly CipherSuite[]
  readonly groups: readonly NamedGroup[]
  readonly signatureAlgorithms: readonly SignatureAlgorithm[]

  randomBytes(length: number): Uint8Array
  createHash(name: HashName): HashContext
  hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array
  /** HKDF-Expand, RFC 5869 §2.3. (HKDF-Extract is `hmac(hash, salt, inputKeyingMaterial)`.) */
  hkdfExpand(hash: HashName, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array

  /** A fresh key share of `group`. */
  offerKey(group: NamedGroup): KeyOffer
  /** Answers a client's share. Throws like `KeyOffer.complete`. */
  answerKey(group: NamedGroup, peerShare: Uint8Array): KeyAnswer

  /** Reads a PKCS #8 private key. Throws CryptoError `ERR_CRYPTO_INVALID_KEY`. */
  importSigningKey(pkcs8: Uint8Array): SigningKey
  generateSigningKey(type: 'p256' | 'p384' | 'ed25519'): SigningKey
  /** False for a wrong signature, and for any key or signature that does not parse. */
  verify(
    algorithm: SignatureAlgorithm,
    subjectPublicKeyInfo: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean

  /** AEAD outside packets (Retry integrity, tickets): ciphertext and tag in a new array. */
  seal(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array
  /** The plaintext, or null when not authentic. */
  open(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | null

  /** A packet engine with `slotCount` slots of at least `slotSize` bytes (2048 unless told). */
  createPacketEngine(slotCount: number, slotSize?: number): PacketEngine
}
