/* oxlint-disable -- a text to compare, not a program */

// What @godwit/crypto exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/crypto

export declare const AEAD_NONCE_LENGTH = 12

export declare const AEAD_TAG_LENGTH = 16

export interface BlockCipher {
  encrypt(blocks: Uint8Array): void
}

export type CipherSuite =
  | typeof TLS_AES_128_GCM_SHA256
  | typeof TLS_AES_256_GCM_SHA384
  | typeof TLS_CHACHA20_POLY1305_SHA256

export interface CipherSuiteParameters {
  readonly suite: CipherSuite
  readonly keyLength: 16 | 32
  readonly hash: 'sha256' | 'sha384'
  readonly hashLength: 32 | 48
}

export type CreateBlockCipher = (key: Uint8Array) => BlockCipher

export declare class CryptoError extends Error {
  readonly name = 'CryptoError'
  readonly code: CryptoErrorCode
  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions)
}

export type CryptoErrorCode =
  | 'ERR_CRYPTO_INVALID_SHARE'
  | 'ERR_CRYPTO_INVALID_KEY'
  | 'ERR_CRYPTO_NOT_EXPORTABLE'
  | 'ERR_CRYPTO_UNSUPPORTED'

export interface CryptoProvider {
  readonly name: string
  readonly cipherSuites: readonly CipherSuite[]
  readonly groups: readonly NamedGroup[]
  readonly signatureAlgorithms: readonly SignatureAlgorithm[]
  randomBytes(length: number): Uint8Array
  createHash(name: HashName): HashContext
  hmac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array
  hkdfExpand(hash: HashName, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array
  offerKey(group: NamedGroup): KeyOffer
  answerKey(group: NamedGroup, peerShare: Uint8Array): KeyAnswer
  importSigningKey(pkcs8: Uint8Array): SigningKey
  generateSigningKey(type: 'p256' | 'p384' | 'ed25519'): SigningKey
  verify(
    algorithm: SignatureAlgorithm,
    subjectPublicKeyInfo: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean
  seal(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array
  open(
    suite: CipherSuite,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | null
  createPacketEngine(slotCount: number, slotSize?: number): PacketEngine
}

export declare const DEFAULT_SLOT_SIZE = 2048

export interface HashContext {
  update(data: Uint8Array): HashContext
  digest(): Uint8Array
}

export type HashName = 'sha256' | 'sha384' | 'sha512'

export declare class HmacSha256 {
  #private
  static create(variant?: SimdVariant | null): HmacSha256 | null
  private constructor()
  fits(keyLength: number, messageLength: number): boolean
  compute(key: Uint8Array, message: Uint8Array, counted: boolean, length: number): Uint8Array
}

export interface KeyAnswer {
  readonly share: Uint8Array
  readonly secret: Uint8Array
}

export interface KeyOffer {
  readonly group: NamedGroup
  readonly share: Uint8Array
  complete(peerShare: Uint8Array): Uint8Array
}

export type KeyType = 'p256' | 'p384' | 'p521' | 'ed25519' | 'rsa'

export type NamedGroup = typeof SECP256R1 | typeof SECP384R1 | typeof X25519

export declare const PUBLIC_KEY_MAX_BYTES = 1200

export interface PacketEngine {
  readonly name: string
  readonly memory: PacketMemory
  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey
}

export interface PacketKey {
  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void
  removeHeaderProtection(offset: number, pnOffset: number): number
  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean
  dispose(): void
}

export declare abstract class PacketKeyBase implements PacketKey {
  #private
  constructor(memory: PacketMemory, iv: Uint8Array)
  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void
  removeHeaderProtection(offset: number, pnOffset: number): number
  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean
  dispose(): void
  protected abstract seal(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): void
  protected abstract open(
    nonce: Uint8Array,
    offset: number,
    headerLength: number,
    payloadLength: number,
  ): boolean
  protected abstract computeMask(mask: Uint8Array, sampleOffset: number): void
  protected abstract wipeKeys(): void
}

export interface PacketMemory {
  readonly bytes: Uint8Array
  readonly base: number
  readonly slotSize: number
  readonly slotCount: number
}

export declare const RSA_EXPONENT_MAX_BITS = 64

export declare const RSA_MODULUS_MAX_BITS = 8192

export declare const RSA_MODULUS_MIN_BITS = 1024

export type RandomBytes = (length: number) => Uint8Array

export declare const SECP256R1 = 23

export declare const SECP384R1 = 24

export declare const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[]

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

export interface SigningKey {
  readonly type: KeyType
  readonly publicKey: Uint8Array
  readonly algorithms: readonly SignatureAlgorithm[]
  sign(algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array
  exportPkcs8(): Uint8Array
}

export interface SimdEngineOptions {
  readonly slotCount: number
  readonly slotSize?: number
  readonly createBlockCipher: CreateBlockCipher
  readonly variant?: SimdVariant
}

export type SimdVariant = 'plain' | 'relaxed'

export declare const TLS_AES_128_GCM_SHA256 = 4865

export declare const TLS_AES_256_GCM_SHA384 = 4866

export declare const TLS_CHACHA20_POLY1305_SHA256 = 4867

export declare const X25519 = 29

export declare function allocatePacketMemory(slotCount: number, slotSize?: number): PacketMemory

export declare function checkAeadLengths(
  suite: CipherSuite,
  key: Uint8Array,
  nonce: Uint8Array,
): void

export declare function checkPacketKeyLengths(
  suite: CipherSuite,
  key: Uint8Array,
  hp: Uint8Array,
): void

export declare function cipherSuiteParameters(suite: CipherSuite): CipherSuiteParameters

export declare function createNobleProvider(randomBytes?: RandomBytes): CryptoProvider

export declare function createSimdEngine(options: SimdEngineOptions): PacketEngine

export declare function encodeHkdfLabel(
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array

export declare function equalBytes(a: Uint8Array, b: Uint8Array): boolean

export declare function hkdfExpandLabel(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context?: Uint8Array,
  length?: number,
): Uint8Array

export declare function isCipherSuite(value: number): value is CipherSuite

export declare function isSimdAvailable(): boolean

export declare function signatureHash(algorithm: SignatureAlgorithm): HashName | null

export declare function wipe(...secrets: readonly (Uint8Array | null | undefined)[]): void
