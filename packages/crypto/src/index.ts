export { equalBytes, wipe } from './bytes.ts'
export {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  checkAeadLengths,
  checkPacketKeyLengths,
  cipherSuiteParameters,
  isCipherSuite,
} from './cipher-suites.ts'
export {
  SECP256R1,
  SECP384R1,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  X25519,
} from './constants.ts'
export type {
  CipherSuite,
  CipherSuiteParameters,
  HashName,
  KeyType,
  NamedGroup,
  SignatureAlgorithm,
} from './constants.ts'
export { CryptoError } from './errors.ts'
export type { CryptoErrorCode } from './errors.ts'
export { encodeHkdfLabel, hkdfExpandLabel } from './hkdf.ts'
export type {
  CryptoProvider,
  HashContext,
  KeyAnswer,
  KeyOffer,
  PacketEngine,
  PacketKey,
  PacketMemory,
  RandomBytes,
  SigningKey,
} from './provider.ts'
export {
  PUBLIC_KEY_MAX_BYTES,
  RSA_EXPONENT_MAX_BITS,
  RSA_MODULUS_MAX_BITS,
  RSA_MODULUS_MIN_BITS,
} from './limits.ts'
export { createNobleProvider } from './noble/provider.ts'
export { SIGNATURE_ALGORITHMS, signatureHash } from './signature-algorithms.ts'
// For those who write a backend.
export { PacketKeyBase } from './packet-key-base.ts'
export { allocatePacketMemory, DEFAULT_SLOT_SIZE } from './packet-memory.ts'
export type { BlockCipher, CreateBlockCipher } from './simd/aes-key.ts'
export { createSimdEngine, isSimdAvailable } from './simd/engine.ts'
export type { SimdEngineOptions } from './simd/engine.ts'
export { HmacSha256 } from './simd/hmac-sha256.ts'
export type { SimdVariant } from './simd/wasm.ts'
