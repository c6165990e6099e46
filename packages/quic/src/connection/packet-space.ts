// A packet number space, RFC 9000 §12.3: its keys, what was received in it, and its CRYPTO stream.
// Keys present means usable; discarding drops keys and state together.

import { KeyPhases, UNPROTECT_FAILED, UNPROTECT_OK } from '@godwit/protection'
import type {
  CipherSuite,
  KeyPair,
  PacketKey,
  PacketProtection,
  RandomBytes,
  UnprotectResult,
} from '@godwit/protection'
import {
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  SPACE_APPLICATION,
  SPACE_HANDSHAKE,
  SPACE_INITIAL,
  VERSION_1,
} from '../constants.ts'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, LEVEL_INITIAL } from '../handshake-session.ts'
import type { EncryptionLevel } from '../handshake-session.ts'
import { DEFAULT_MAX_ACK_DELAY } from '../recovery/params.ts'
import { ReceivedPackets } from '../recovery/received-packets.ts'
import type { PacketNumberSpace } from '../recovery/recovery-listener.ts'
import { CryptoStream } from '../streams/crypto-stream.ts'

const LEVELS: readonly EncryptionLevel[] = [LEVEL_INITIAL, LEVEL_HANDSHAKE, LEVEL_APPLICATION]
const PACKET_TYPES: readonly number[] = [PACKET_INITIAL, PACKET_HANDSHAKE, PACKET_ONE_RTT]

/** Packets before the first number is left out, and the widest distance between two such. */
const FIRST_SKIP = 128
const MAX_SKIP_INTERVAL = 16_384

export class PacketSpace {
  readonly index: PacketNumberSpace
  /** The encryption level of its CRYPTO stream. */
  readonly level: EncryptionLevel
  /** The packet type that we send in it. */
  readonly packetType: number
  readonly received: ReceivedPackets
  readonly crypto: CryptoStream
  nextPacketNumber: number
  /** True once keys were discarded, RFC 9001 §4.9: packets of this space mean nothing any more. */
  discarded: boolean
  // Packet number that is not used, and how far the next such is; -1: none is skipped here.
  #skipAt: number
  #skipInterval: number
  readonly #randomBytes: RandomBytes
  // Initial and Handshake have a pair of keys, the application space has phases of them.
  #sealKey: PacketKey | null
  #openKey: PacketKey | null
  #phases: KeyPhases | null

  constructor(index: PacketNumberSpace, randomBytes: RandomBytes) {
    this.index = index
    this.#randomBytes = randomBytes
    this.level = LEVELS[index]
    this.packetType = PACKET_TYPES[index]
    this.received = new ReceivedPackets({
      maxAckDelay: DEFAULT_MAX_ACK_DELAY,
      immediate: index !== SPACE_APPLICATION,
    })
    this.crypto = new CryptoStream()
    this.nextPacketNumber = 0
    this.discarded = false
    this.#skipAt = index === SPACE_APPLICATION ? FIRST_SKIP : -1
    this.#skipInterval = FIRST_SKIP
    this.#sealKey = null
    this.#openKey = null
    this.#phases = null
  }

  get canSeal(): boolean {
    return this.#phases === null ? this.#sealKey !== null : this.#phases.canSeal
  }

  get canOpen(): boolean {
    return this.#phases === null ? this.#openKey !== null : this.#phases.canOpen
  }

  /** The 1-RTT keys; null before they are there and in other spaces. */
  get phases(): KeyPhases | null {
    return this.#phases
  }

  /** Initial keys. Replaces those from before a Retry. */
  installInitialKeys(keys: KeyPair): void {
    this.#disposeKeys()
    this.#sealKey = keys.seal
    this.#openKey = keys.open
  }

  /** Traffic secrets from the handshake; either may come later. The caller wipes them. */
  installSecrets(
    protection: PacketProtection,
    suite: CipherSuite,
    read: Uint8Array | null,
    write: Uint8Array | null,
  ): void {
    if (this.index === SPACE_APPLICATION) {
      this.#phases ??= new KeyPhases(protection, VERSION_1, suite)
      if (read !== null) this.#phases.installOpenSecret(read)
      if (write !== null) this.#phases.installSealSecret(write)
      return
    }
    if (read !== null) this.#openKey = protection.packetKey(VERSION_1, suite, read)
    if (write !== null) this.#sealKey = protection.packetKey(VERSION_1, suite, write)
  }

  /**
   * `nextPacketNumber` was used. Now and then a number is left out: whoever acknowledges it has not
   * looked at what it acknowledges (optimistic ACKs, RFC 9000 §21.4), and loss detection says so.
   */
  onPacketNumberUsed(): void {
    this.nextPacketNumber++
    if (this.nextPacketNumber !== this.#skipAt) return
    this.nextPacketNumber++
    if (this.#skipInterval < MAX_SKIP_INTERVAL) this.#skipInterval *= 2
    const [a, b] = this.#randomBytes(2)
    this.#skipAt += this.#skipInterval + (((a << 8) | b) % this.#skipInterval)
  }

  /** Like `PacketKey.protect`. */
  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    if (this.#phases !== null) {
      this.#phases.protect(offset, pnOffset, pnLength, payloadLength, packetNumber)
    } else {
      this.#sealKey?.protect(offset, pnOffset, pnLength, payloadLength, packetNumber)
    }
  }

  /** Like `PacketKey.removeHeaderProtection`; ask `canOpen` first. */
  removeHeaderProtection(offset: number, pnOffset: number): number {
    if (this.#phases !== null) return this.#phases.removeHeaderProtection(offset, pnOffset)
    return this.#openKey === null ? 0 : this.#openKey.removeHeaderProtection(offset, pnOffset)
  }

  /** Like `KeyPhases.unprotect`. */
  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): UnprotectResult {
    if (this.#phases !== null) {
      return this.#phases.unprotect(offset, headerLength, payloadLength, packetNumber)
    }
    if (this.#openKey === null) return UNPROTECT_FAILED
    return this.#openKey.unprotect(offset, headerLength, payloadLength, packetNumber)
      ? UNPROTECT_OK
      : UNPROTECT_FAILED
  }

  /** Drops the keys: nothing is sent or received in this space any more. */
  discard(): void {
    this.discarded = true
    this.#disposeKeys()
    this.crypto.dispose()
  }

  #disposeKeys(): void {
    this.#sealKey?.dispose()
    this.#openKey?.dispose()
    this.#phases?.dispose()
    this.#sealKey = null
    this.#openKey = null
    this.#phases = null
  }
}

/** The three spaces of a connection and the discarding of their keys, RFC 9001 §4.9. */
export class PacketSpaces {
  readonly initial: PacketSpace
  readonly handshake: PacketSpace
  readonly application: PacketSpace
  readonly all: readonly PacketSpace[]
  #discardRequested: number

  constructor(randomBytes: RandomBytes) {
    this.initial = new PacketSpace(SPACE_INITIAL, randomBytes)
    this.handshake = new PacketSpace(SPACE_HANDSHAKE, randomBytes)
    this.application = new PacketSpace(SPACE_APPLICATION, randomBytes)
    this.all = [this.initial, this.handshake, this.application]
    this.#discardRequested = 0
  }

  /** The space of an encryption level that has CRYPTO data. */
  ofLevel(level: EncryptionLevel): PacketSpace {
    if (level === LEVEL_INITIAL) return this.initial
    return level === LEVEL_HANDSHAKE ? this.handshake : this.application
  }

  /**
   * Asks for a space to go. It goes at `takeDiscard`, when no packet of it is being read or written
   * any more: a frame that ends a space may have others behind it in the same packet.
   */
  requestDiscard(space: PacketSpace): void {
    if (!space.discarded) this.#discardRequested |= 1 << space.index
  }

  /** The next space whose discarding was asked for, discarded now; or null. */
  takeDiscard(): PacketSpace | null {
    if (this.#discardRequested === 0) return null
    for (const space of this.all) {
      if ((this.#discardRequested & (1 << space.index)) === 0) continue
      this.#discardRequested &= ~(1 << space.index)
      space.discard()
      return space
    }
    return null
  }

  discardAll(): void {
    for (const space of this.all) space.discard()
  }
}
