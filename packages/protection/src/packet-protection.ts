// The keys of QUIC packet protection, RFC 9001 §5, for one packet engine: Initial secrets, packet
// keys from traffic secrets, the Retry integrity tag, and stateless reset tokens.

import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  cipherSuiteParameters,
  equalBytes,
  hkdfExpandLabel,
  TLS_AES_128_GCM_SHA256,
  wipe,
  type CipherSuite,
  type CipherSuiteParameters,
  type CryptoProvider,
  type PacketEngine,
  type PacketKey,
} from '@godwit/crypto'
import { versionParameters, type Version } from './version-parameters.ts'

/** Bytes of a stateless reset token, RFC 9000 §10.3. */
export const STATELESS_RESET_TOKEN_LENGTH = 16
/** Bytes of the Retry Integrity Tag, RFC 9001 §5.8. */
export const RETRY_INTEGRITY_TAG_LENGTH = 16

const EMPTY = new Uint8Array(0)

/** The keys of one encryption level: `seal` for what we send, `open` for what we receive. */
export interface KeyPair {
  readonly seal: PacketKey
  readonly open: PacketKey
}

/** Derives packet keys. One per endpoint: it holds no state of a connection. */
export class PacketProtection {
  readonly #provider: CryptoProvider
  readonly #engine: PacketEngine

  constructor(provider: CryptoProvider, engine: PacketEngine) {
    this.#provider = provider
    this.#engine = engine
  }

  get engine(): PacketEngine {
    return this.#engine
  }

  /**
   * Initial keys, RFC 9001 §5.2: from the Destination Connection ID of the client's first Initial
   * (after a Retry: of the Initial that answers it).
   */
  initialKeys(
    version: Version,
    destinationConnectionId: Uint8Array,
    side: 'client' | 'server',
  ): KeyPair {
    const salt = versionParameters(version).initialSalt
    const initialSecret = this.#provider.hmac('sha256', salt, destinationConnectionId)
    const clientSecret = this.#expandLabel('sha256', initialSecret, 'client in', 32)
    const serverSecret = this.#expandLabel('sha256', initialSecret, 'server in', 32)
    const client = this.packetKey(version, TLS_AES_128_GCM_SHA256, clientSecret)
    const server = this.packetKey(version, TLS_AES_128_GCM_SHA256, serverSecret)
    wipe(initialSecret, clientSecret, serverSecret)
    return side === 'client' ? { seal: client, open: server } : { seal: server, open: client }
  }

  /** The packet key of a traffic secret, RFC 9001 §5.1. The caller keeps and wipes the secret. */
  packetKey(version: Version, suite: CipherSuite, secret: Uint8Array): PacketKey {
    const hp = this.headerProtectionKey(version, suite, secret)
    const key = this.nextPacketKey(version, suite, secret, hp)
    wipe(hp)
    return key
  }

  /** The header protection key of a traffic secret, RFC 9001 §5.4: it outlives key updates. */
  headerProtectionKey(version: Version, suite: CipherSuite, secret: Uint8Array): Uint8Array {
    const { hash, keyLength } = secretParameters(suite, secret)
    const label = versionParameters(version).headerProtectionLabel
    return this.#expandLabel(hash, secret, label, keyLength)
  }

  /** The traffic secret after a key update, RFC 9001 §6.1. */
  nextSecret(version: Version, suite: CipherSuite, secret: Uint8Array): Uint8Array {
    const { hash, hashLength } = secretParameters(suite, secret)
    return this.#expandLabel(hash, secret, versionParameters(version).updateLabel, hashLength)
  }

  /**
   * The packet key of a traffic secret with a header protection key that is given, since "the
   * header protection key is not updated" (RFC 9001 §6.1). Both are copied.
   */
  nextPacketKey(
    version: Version,
    suite: CipherSuite,
    secret: Uint8Array,
    headerProtectionKey: Uint8Array,
  ): PacketKey {
    const { hash, keyLength } = secretParameters(suite, secret)
    const { keyLabel, ivLabel } = versionParameters(version)
    const key = this.#expandLabel(hash, secret, keyLabel, keyLength)
    const iv = this.#expandLabel(hash, secret, ivLabel, AEAD_NONCE_LENGTH)
    const packetKey = this.#engine.createPacketKey(suite, key, iv, headerProtectionKey)
    wipe(key, iv)
    return packetKey
  }

  /**
   * The Retry Integrity Tag, RFC 9001 §5.8.
   *
   * @param originalDestinationConnectionId that of the Initial which the Retry answers
   * @param retryWithoutTag the Retry packet up to its tag
   */
  retryIntegrityTag(
    version: Version,
    originalDestinationConnectionId: Uint8Array,
    retryWithoutTag: Uint8Array,
  ): Uint8Array {
    const { retryKey, retryNonce } = versionParameters(version)
    const idLength = originalDestinationConnectionId.length
    const pseudoPacket = new Uint8Array(1 + idLength + retryWithoutTag.length)
    pseudoPacket[0] = idLength
    pseudoPacket.set(originalDestinationConnectionId, 1)
    pseudoPacket.set(retryWithoutTag, 1 + idLength)
    return this.#provider.seal(TLS_AES_128_GCM_SHA256, retryKey, retryNonce, pseudoPacket, EMPTY)
  }

  /** True when `retry`, a whole Retry packet, ends in the right tag (RFC 9001 §5.8). */
  verifyRetry(
    version: Version,
    originalDestinationConnectionId: Uint8Array,
    retry: Uint8Array,
  ): boolean {
    const tagAt = retry.length - RETRY_INTEGRITY_TAG_LENGTH
    if (tagAt < 0) return false
    const expected = this.retryIntegrityTag(
      version,
      originalDestinationConnectionId,
      retry.subarray(0, tagAt),
    )
    return equalBytes(expected, retry.subarray(tagAt))
  }

  /**
   * The stateless reset token of one of our connection IDs, RFC 9000 §10.3.2: a pseudorandom
   * function of a static key (at least 32 random bytes) that an endpoint keeps over a restart.
   */
  statelessResetToken(staticKey: Uint8Array, connectionId: Uint8Array): Uint8Array {
    const token = this.#provider.hmac('sha256', staticKey, connectionId)
    return new Uint8Array(token.subarray(0, STATELESS_RESET_TOKEN_LENGTH))
  }

  /** Free bytes that every packet needs behind its payload. */
  get tagLength(): number {
    return AEAD_TAG_LENGTH
  }

  #expandLabel(
    hash: 'sha256' | 'sha384',
    secret: Uint8Array,
    label: string,
    length: number,
  ): Uint8Array {
    return hkdfExpandLabel(this.#provider, hash, secret, label, EMPTY, length)
  }
}

function secretParameters(suite: CipherSuite, secret: Uint8Array): CipherSuiteParameters {
  const parameters = cipherSuiteParameters(suite)
  if (secret.length !== parameters.hashLength) {
    throw new RangeError(`"secret" expected ${parameters.hashLength} bytes, got ${secret.length}`)
  }
  return parameters
}
