/* oxlint-disable -- a text to compare, not a program */

// What @godwit/protection exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/protection

export { AEAD_TAG_LENGTH } from '@godwit/crypto'

export { CipherSuite } from '@godwit/crypto'

export interface KeyPair {
  readonly seal: PacketKey
  readonly open: PacketKey
}

export declare class KeyPhases {
  #private
  constructor(protection: PacketProtection, version: Version, suite: CipherSuite)
  installSealSecret(secret: Uint8Array): void
  installOpenSecret(secret: Uint8Array): void
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
  ): UnprotectResult
  onAckReceived(largestAcknowledged: number): void
  initiateUpdate(): boolean
  discardPreviousKey(): void
  dispose(): void
  get canSeal(): boolean
  get canOpen(): boolean
  get keyPhase(): number
  get hasPreviousKey(): boolean
  get sealedPackets(): number
  get failedPackets(): number
  get sealLimitReached(): boolean
  get updateDue(): boolean
  get openLimitReached(): boolean
}

export { PacketEngine } from '@godwit/crypto'

export { PacketKey } from '@godwit/crypto'

export { PacketMemory } from '@godwit/crypto'

export declare class PacketProtection {
  #private
  constructor(provider: CryptoProvider, engine: PacketEngine)
  get engine(): PacketEngine
  initialKeys(
    version: Version,
    destinationConnectionId: Uint8Array,
    side: 'client' | 'server',
  ): KeyPair
  packetKey(version: Version, suite: CipherSuite, secret: Uint8Array): PacketKey
  headerProtectionKey(version: Version, suite: CipherSuite, secret: Uint8Array): Uint8Array
  nextSecret(version: Version, suite: CipherSuite, secret: Uint8Array): Uint8Array
  nextPacketKey(
    version: Version,
    suite: CipherSuite,
    secret: Uint8Array,
    headerProtectionKey: Uint8Array,
  ): PacketKey
  retryIntegrityTag(
    version: Version,
    originalDestinationConnectionId: Uint8Array,
    retryWithoutTag: Uint8Array,
  ): Uint8Array
  verifyRetry(
    version: Version,
    originalDestinationConnectionId: Uint8Array,
    retry: Uint8Array,
  ): boolean
  statelessResetToken(staticKey: Uint8Array, connectionId: Uint8Array): Uint8Array
  get tagLength(): number
}

export declare const RETRY_INTEGRITY_TAG_LENGTH = 16

export { RandomBytes } from '@godwit/crypto'

export declare const STATELESS_RESET_TOKEN_LENGTH = 16

export { TLS_AES_128_GCM_SHA256 } from '@godwit/crypto'

export { TLS_AES_256_GCM_SHA384 } from '@godwit/crypto'

export { TLS_CHACHA20_POLY1305_SHA256 } from '@godwit/crypto'

export declare const UNPROTECT_FAILED = 0

export declare const UNPROTECT_KEY_UPDATED = 2

export declare const UNPROTECT_KEY_UPDATE_ERROR = 3

export declare const UNPROTECT_OK = 1

export type UnprotectResult =
  | typeof UNPROTECT_FAILED
  | typeof UNPROTECT_OK
  | typeof UNPROTECT_KEY_UPDATED
  | typeof UNPROTECT_KEY_UPDATE_ERROR

export declare const VERSION_1 = 1

export declare const VERSION_2 = 1798521807

export type Version = number

export declare function confidentialityLimit(suite: CipherSuite): number

export { equalBytes } from '@godwit/crypto'

export declare function integrityLimit(suite: CipherSuite): number

export { isCipherSuite } from '@godwit/crypto'

export { wipe } from '@godwit/crypto'
