// The 1-RTT keys of one connection through its key updates, RFC 9001 §6.
//
// Keys are counted in generations; the Key Phase bit of a packet is the lowest bit of the number of
// its generation. Sealing and opening move separately: we may be one generation ahead after our own
// update, until the peer follows. For opening, three keys are at hand: the current one, the next
// (made beforehand, so that an update takes no longer than any other packet, RFC 9001 §6.3, but not
// before some packets have come: many connections end sooner), and for a while the previous one,
// for packets that the network reordered.

import { wipe, type CipherSuite, type PacketKey } from '@godwit/crypto'
import { confidentialityLimit, integrityLimit } from './aead-limits.ts'
import type { PacketProtection } from './packet-protection.ts'
import type { Version } from './version-parameters.ts'

/** Results of `KeyPhases.unprotect`. The packet is not authentic: drop it. */
export const UNPROTECT_FAILED = 0
/** The packet is open. */
export const UNPROTECT_OK = 1
/**
 * The packet is open and is the first of a key update; from now on we seal with new keys too. The
 * caller calls `discardPreviousKey` three PTO later (RFC 9001 §6.5).
 */
export const UNPROTECT_KEY_UPDATED = 2
/** The packet is authentic and breaks RFC 9001 §6.2 or §6.4: close with KEY_UPDATE_ERROR (0x0e). */
export const UNPROTECT_KEY_UPDATE_ERROR = 3

export type UnprotectResult =
  | typeof UNPROTECT_FAILED
  | typeof UNPROTECT_OK
  | typeof UNPROTECT_KEY_UPDATED
  | typeof UNPROTECT_KEY_UPDATE_ERROR

/** Key Phase bit of a short header's first byte, RFC 9000 §17.3.1. */
const KEY_PHASE_BIT = 0x04

/** Packets opened with the first key before the next one is made, unless a packet asks for it. */
const PACKETS_BEFORE_NEXT_KEY = 16

/** The keys of the application packet number space, RFC 9001 §6. */
export class KeyPhases {
  readonly #protection: PacketProtection
  readonly #version: Version
  readonly #suite: CipherSuite
  readonly #bytes: Uint8Array
  readonly #confidentialityLimit: number
  readonly #integrityLimit: number

  #sealKey: PacketKey | null
  #sealSecret: Uint8Array | null
  #sealHeaderProtection: Uint8Array | null
  #sealGeneration: number
  #sealedPackets: number
  // Packet number of the first packet that the current seal key protected, or -1.
  #firstSealed: number
  #acknowledged: boolean

  #openKey: PacketKey | null
  #previousOpenKey: PacketKey | null
  #nextOpenKey: PacketKey | null
  // Secret of #nextOpenKey; of #openKey while there is no next one.
  #nextOpenSecret: Uint8Array | null
  // Packets to open before the next key is made; 0: it is made.
  #untilNextKey: number
  #openHeaderProtection: Uint8Array | null
  #openGeneration: number
  // Packet numbers that the current open key opened: lowest and highest, or Infinity and -1.
  #lowestOpened: number
  #highestOpened: number
  #failedPackets: number

  constructor(protection: PacketProtection, version: Version, suite: CipherSuite) {
    this.#protection = protection
    this.#version = version
    this.#suite = suite
    this.#bytes = protection.engine.memory.bytes
    this.#confidentialityLimit = confidentialityLimit(suite)
    this.#integrityLimit = integrityLimit(suite)
    this.#sealKey = null
    this.#sealSecret = null
    this.#sealHeaderProtection = null
    this.#sealGeneration = 0
    this.#sealedPackets = 0
    this.#firstSealed = -1
    this.#acknowledged = false
    this.#openKey = null
    this.#previousOpenKey = null
    this.#nextOpenKey = null
    this.#nextOpenSecret = null
    this.#untilNextKey = PACKETS_BEFORE_NEXT_KEY
    this.#openHeaderProtection = null
    this.#openGeneration = 0
    this.#lowestOpened = Infinity
    this.#highestOpened = -1
    this.#failedPackets = 0
  }

  /** Installs the traffic secret of what we send. It is copied: the caller wipes its own. */
  installSealSecret(secret: Uint8Array): void {
    const hp = this.#protection.headerProtectionKey(this.#version, this.#suite, secret)
    this.#sealKey = this.#protection.nextPacketKey(this.#version, this.#suite, secret, hp)
    this.#sealHeaderProtection = hp
    this.#sealSecret = new Uint8Array(secret)
  }

  /** Installs the traffic secret of what we receive. It is copied: the caller wipes its own. */
  installOpenSecret(secret: Uint8Array): void {
    const hp = this.#protection.headerProtectionKey(this.#version, this.#suite, secret)
    this.#openKey = this.#protection.nextPacketKey(this.#version, this.#suite, secret, hp)
    this.#openHeaderProtection = hp
    this.#nextOpenSecret = new Uint8Array(secret)
  }

  /**
   * Protects a short-header packet in place, like `PacketKey.protect`, after setting its Key Phase
   * bit. Look at `sealLimitReached` first.
   */
  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    const key = this.#sealKey
    if (key === null) throw new Error('no 1-RTT keys to seal with')
    if ((this.#sealGeneration & 1) === 0) this.#bytes[offset] &= ~KEY_PHASE_BIT
    else this.#bytes[offset] |= KEY_PHASE_BIT
    if (this.#firstSealed < 0) this.#firstSealed = packetNumber
    this.#sealedPackets++
    key.protect(offset, pnOffset, pnLength, payloadLength, packetNumber)
  }

  /** Like `PacketKey.removeHeaderProtection`: the key for it is the same in all phases. */
  removeHeaderProtection(offset: number, pnOffset: number): number {
    const key = this.#openKey
    if (key === null) throw new Error('no 1-RTT keys to open with')
    return key.removeHeaderProtection(offset, pnOffset)
  }

  /**
   * Opens a short-header packet in place, its header clear, with the key that its Key Phase bit and
   * its full packet number call for (RFC 9001 §6.3, §6.4).
   */
  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): UnprotectResult {
    const openKey = this.#openKey
    if (openKey === null) return UNPROTECT_FAILED
    const samePhase = ((this.#bytes[offset] & KEY_PHASE_BIT) !== 0) === this.#openPhase
    if (samePhase) {
      if (!openKey.unprotect(offset, headerLength, payloadLength, packetNumber)) return this.#fail()
      if (packetNumber < this.#lowestOpened) this.#lowestOpened = packetNumber
      if (packetNumber > this.#highestOpened) this.#highestOpened = packetNumber
      if (this.#untilNextKey > 0 && --this.#untilNextKey === 0) this.#makeNextOpenKey()
      return UNPROTECT_OK
    }
    const previous = this.#previousOpenKey
    if (previous !== null && packetNumber < this.#lowestOpened) {
      if (!previous.unprotect(offset, headerLength, payloadLength, packetNumber)) {
        return this.#fail()
      }
      return UNPROTECT_OK
    }
    this.#untilNextKey = 0
    if (this.#nextOpenKey === null) this.#makeNextOpenKey()
    const nextOpenKey = this.#nextOpenKey as PacketKey | null // set by the line above
    if (!nextOpenKey?.unprotect(offset, headerLength, payloadLength, packetNumber)) {
      return this.#fail()
    }
    // RFC 9001 §6.4: packets with higher packet numbers MUST be protected with the same or newer
    // keys than packets with lower packet numbers.
    if (packetNumber < this.#highestOpened) return UNPROTECT_KEY_UPDATE_ERROR
    // RFC 9001 §6.2: the peer updated twice, although we sent nothing under the keys of the first
    // update that could have confirmed it.
    const sealFollows = this.#sealGeneration === this.#openGeneration
    if (sealFollows && this.#sealGeneration > 0 && this.#firstSealed < 0) {
      return UNPROTECT_KEY_UPDATE_ERROR
    }
    this.#advanceOpen(packetNumber)
    if (sealFollows) this.#advanceSeal()
    return UNPROTECT_KEY_UPDATED
  }

  /** Tells that the peer acknowledged packets up to `largestAcknowledged`. */
  onAckReceived(largestAcknowledged: number): void {
    if (this.#firstSealed >= 0 && largestAcknowledged >= this.#firstSealed)
      this.#acknowledged = true
  }

  /**
   * Starts a key update of ours. False, and nothing is done, while one is under way: a packet of
   * the current phase must have been acknowledged first (RFC 9001 §6.1). The caller makes sure that
   * the handshake is confirmed.
   */
  initiateUpdate(): boolean {
    if (!this.#acknowledged || this.#sealGeneration !== this.#openGeneration) return false
    if (this.#sealKey === null || this.#openKey === null) return false
    this.#advanceSeal()
    return true
  }

  /** Forgets the key of the phase before: three PTO after an update, RFC 9001 §6.5. */
  discardPreviousKey(): void {
    this.#previousOpenKey?.dispose()
    this.#previousOpenKey = null
  }

  /** Wipes all keys and secrets; nothing can be sealed or opened afterwards. */
  dispose(): void {
    this.#sealKey?.dispose()
    this.#openKey?.dispose()
    this.#nextOpenKey?.dispose()
    this.discardPreviousKey()
    wipe(
      this.#sealSecret,
      this.#sealHeaderProtection,
      this.#nextOpenSecret,
      this.#openHeaderProtection,
    )
    this.#sealKey = null
    this.#openKey = null
    this.#nextOpenKey = null
    this.#sealSecret = null
    this.#sealHeaderProtection = null
    this.#nextOpenSecret = null
    this.#openHeaderProtection = null
  }

  /** True when packets can be sealed. */
  get canSeal(): boolean {
    return this.#sealKey !== null
  }

  /** True when packets can be opened. */
  get canOpen(): boolean {
    return this.#openKey !== null
  }

  /** The Key Phase bit of what we send: 0 or 1. */
  get keyPhase(): number {
    return this.#sealGeneration & 1
  }

  /** True while the key of the phase before is kept. */
  get hasPreviousKey(): boolean {
    return this.#previousOpenKey !== null
  }

  /** Packets sealed with the current key. */
  get sealedPackets(): number {
    return this.#sealedPackets
  }

  /** Packets that did not open, over all phases. */
  get failedPackets(): number {
    return this.#failedPackets
  }

  /**
   * True when the current key may seal nothing more but a packet that closes the connection with
   * AEAD_LIMIT_REACHED (0x0f): RFC 9001 §6.6. One packet is held back for it.
   */
  get sealLimitReached(): boolean {
    return this.#sealedPackets >= this.#confidentialityLimit - 1
  }

  /** True when half of what the key may seal is used: a key update is due, RFC 9001 §6.6. */
  get updateDue(): boolean {
    return this.#sealedPackets >= this.#confidentialityLimit / 2
  }

  /** True when so many packets failed that the connection must close, RFC 9001 §6.6. */
  get openLimitReached(): boolean {
    return this.#failedPackets >= this.#integrityLimit
  }

  get #openPhase(): boolean {
    return (this.#openGeneration & 1) === 1
  }

  #fail(): UnprotectResult {
    this.#failedPackets++
    return UNPROTECT_FAILED
  }

  #advanceOpen(packetNumber: number): void {
    this.#previousOpenKey?.dispose()
    this.#previousOpenKey = this.#openKey
    this.#openKey = this.#nextOpenKey
    this.#openGeneration++
    this.#lowestOpened = packetNumber
    this.#highestOpened = packetNumber
    this.#makeNextOpenKey()
  }

  #makeNextOpenKey(): void {
    const secret = this.#nextOpenSecret as Uint8Array // set by installOpenSecret, like the next
    const hp = this.#openHeaderProtection as Uint8Array
    const next = this.#protection.nextSecret(this.#version, this.#suite, secret)
    wipe(secret)
    this.#nextOpenSecret = next
    this.#nextOpenKey = this.#protection.nextPacketKey(this.#version, this.#suite, next, hp)
  }

  #advanceSeal(): void {
    const secret = this.#sealSecret
    const hp = this.#sealHeaderProtection
    this.#sealGeneration++
    this.#sealedPackets = 0
    this.#firstSealed = -1
    this.#acknowledged = false
    if (secret === null || hp === null) return
    const next = this.#protection.nextSecret(this.#version, this.#suite, secret)
    this.#sealKey?.dispose()
    this.#sealKey = this.#protection.nextPacketKey(this.#version, this.#suite, next, hp)
    wipe(secret)
    this.#sealSecret = next
  }
}
