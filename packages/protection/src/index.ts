export { confidentialityLimit, integrityLimit } from './aead-limits.ts'
export {
  KeyPhases,
  UNPROTECT_FAILED,
  UNPROTECT_KEY_UPDATE_ERROR,
  UNPROTECT_KEY_UPDATED,
  UNPROTECT_OK,
} from './key-phases.ts'
export type { UnprotectResult } from './key-phases.ts'
export {
  PacketProtection,
  RETRY_INTEGRITY_TAG_LENGTH,
  STATELESS_RESET_TOKEN_LENGTH,
} from './packet-protection.ts'
export type { KeyPair } from './packet-protection.ts'
export { VERSION_1, VERSION_2 } from './version-parameters.ts'
export type { Version } from './version-parameters.ts'
// What quic needs of crypto, so that it imports only this package.
export {
  AEAD_TAG_LENGTH,
  equalBytes,
  isCipherSuite,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  wipe,
} from '@godwit/crypto'
export type {
  CipherSuite,
  PacketEngine,
  PacketKey,
  PacketMemory,
  RandomBytes,
} from '@godwit/crypto'
