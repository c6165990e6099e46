// From a datagram to frames: coalesced packets (RFC 9000 §12.2), keys, header protection, packet
// numbers, decryption (RFC 9001 §5.3-§5.5), and what is checked before a frame is looked at.

import {
  UNPROTECT_FAILED,
  UNPROTECT_KEY_UPDATE_ERROR,
  UNPROTECT_KEY_UPDATED,
} from '@godwit/protection'
import {
  AEAD_TAG_LENGTH,
  MIN_INITIAL_DATAGRAM_SIZE,
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_NUMBER_LENGTH_BITS,
  PACKET_ONE_RTT,
  PACKET_RETRY,
  PACKET_VERSION_NEGOTIATION,
  RESERVED_BITS_LONG,
  RESERVED_BITS_SHORT,
  SPACE_HANDSHAKE,
  SUPPORTED_VERSIONS,
} from '../constants.ts'
import {
  AEAD_LIMIT_REACHED,
  KEY_UPDATE_ERROR,
  PROTOCOL_VIOLATION,
  TransportError,
  VersionNegotiationError,
} from '../errors.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../limits.ts'
import { decodeHeader, decodePacketNumber } from '../packet-header.ts'
import type { PacketHeader } from '../packet-header.ts'
import type { ConnectionCore } from './core.ts'
import { FrameHandlers } from './frame-handlers.ts'
import type { PacketSpace } from './packet-space.ts'
import { handleRetry } from './retry.ts'
import { TIMER_KEY_DISCARD } from './timers.ts'
import { UndecryptablePackets } from './undecryptable-packets.ts'

/** Bytes after the start of the packet number that header protection needs, RFC 9001 §5.4.2. */
const SAMPLE_REACH = 4 + AEAD_TAG_LENGTH

export class PacketReceiver {
  readonly #core: ConnectionCore
  readonly #handlers: FrameHandlers
  readonly #bytes: Uint8Array
  readonly #early: UndecryptablePackets

  constructor(core: ConnectionCore) {
    this.#core = core
    this.#handlers = new FrameHandlers(core)
    this.#bytes = core.shared.protection.engine.memory.bytes
    this.#early = new UndecryptablePackets()
  }

  /** The peer's CONNECTION_CLOSE, once it has come. */
  get peerClose(): { readonly error: Error | null } | null {
    return this.#handlers.peerClose
  }

  /**
   * Handles the packets of one datagram.
   *
   * @throws TransportError for a violation in an authentic packet, VersionNegotiationError.
   */
  handleDatagram(now: number, ecn: number, offset: number, length: number): void {
    this.#handlePackets(now, now, ecn, offset, offset + length, length)
    if (this.#early.length > 0) this.#handleEarlyPackets(now, offset)
  }

  // Packets that waited for keys: opened in the slot of the datagram that brought the keys, whose
  // bytes nobody needs any more.
  #handleEarlyPackets(now: number, offset: number): void {
    const { handshake, application } = this.#core.spaces
    const handshakeReady = handshake.canOpen || handshake.discarded
    if (!application.canOpen && !handshakeReady) return
    const { base, slotSize } = this.#core.shared.protection.engine.memory
    const slot = offset - ((offset - base) % slotSize)
    for (const { receivedAt, bytes } of this.#early.take()) {
      if (this.peerClose !== null) return
      this.#bytes.set(bytes, slot)
      this.#handlePackets(now, receivedAt, 0, slot, slot + bytes.length, bytes.length)
    }
  }

  #handlePackets(
    now: number,
    receivedAt: number,
    ecn: number,
    start: number,
    end: number,
    size: number,
  ): void {
    const { reader, header, drops } = this.#core.shared
    let at = start
    let firstDcid = -1
    while (at < end && this.peerClose === null) {
      // The scratch reader is everybody's: what a packet's frames caused may have used it.
      reader.reset(this.#bytes, at, end)
      if (!decodeHeader(reader, LOCAL_CONNECTION_ID_LENGTH, header)) {
        drops.malformed++
        return
      }
      at = header.end
      if (firstDcid < 0) firstDcid = header.dcidStart
      else if (!this.#sameDcid(header, firstDcid)) {
        // RFC 9000 §12.2: "Receivers SHOULD ignore any subsequent packets with a different
        // Destination Connection ID than the first packet in the datagram."
        drops.mismatchedConnectionId++
        continue
      }
      this.#handlePacket(now, receivedAt, ecn, header, size)
      this.discardSpaces(now)
    }
  }

  #sameDcid(header: PacketHeader, firstDcid: number): boolean {
    // A packet of another length would have been routed elsewhere.
    for (let i = 0; i < header.dcidLength; i++) {
      if (this.#bytes[header.dcidStart + i] !== this.#bytes[firstDcid + i]) return false
    }
    return true
  }

  #handlePacket(
    now: number,
    receivedAt: number,
    ecn: number,
    header: PacketHeader,
    datagramSize: number,
  ): void {
    const { drops } = this.#core.shared
    const space = this.#spaceOf(now, header, datagramSize)
    if (space === null) return
    if (!space.canOpen) {
      // RFC 9001 §5.7: packets that came before their keys MAY be kept.
      const keep = !space.discarded && this.#early.add(now, this.#bytes, header.start, header.end)
      if (!keep) drops.noKeys++
      this.#core.repair.onWithoutKeys(now, space)
      return
    }
    const { start, packetNumberOffset, end } = header
    if (end - packetNumberOffset < SAMPLE_REACH) {
      drops.malformed++
      return
    }
    const truncated = space.removeHeaderProtection(start, packetNumberOffset)
    const numberLength = (this.#bytes[start] & PACKET_NUMBER_LENGTH_BITS) + 1
    const packetNumber = decodePacketNumber(space.received.largest, truncated, numberLength)
    const payloadStart = packetNumberOffset + numberLength
    const payloadLength = end - payloadStart - AEAD_TAG_LENGTH
    const result = space.unprotect(start, payloadStart - start, payloadLength, packetNumber)
    if (result === UNPROTECT_FAILED) {
      drops.notAuthentic++
      // RFC 9001 §6.6
      if (space.phases?.openLimitReached === true) {
        throw new TransportError(AEAD_LIMIT_REACHED, 0, 'too many packets that are not authentic')
      }
      return
    }
    if (!this.#acceptSource(header)) {
      drops.mismatchedConnectionId++
      return
    }
    // RFC 9000 §17.2, §17.3.1: nonzero reserved bits are a PROTOCOL_VIOLATION, after both
    // protections were removed.
    const reserved = header.type === PACKET_ONE_RTT ? RESERVED_BITS_SHORT : RESERVED_BITS_LONG
    if ((this.#bytes[start] & reserved) !== 0) {
      throw new TransportError(PROTOCOL_VIOLATION, 0, 'reserved bits of the header are not zero')
    }
    if (result === UNPROTECT_KEY_UPDATE_ERROR) {
      throw new TransportError(KEY_UPDATE_ERROR, 0, 'a key update out of turn')
    }
    if (result === UNPROTECT_KEY_UPDATED) {
      // RFC 9001 §6.5: old read keys stay for three PTO, for what the network reordered.
      const discardAt = now + 3 * this.#core.recovery.ptoInterval()
      this.#core.timers.set(TIMER_KEY_DISCARD, discardAt)
    }
    if (space.received.isDuplicate(packetNumber)) {
      drops.duplicate++
      return
    }
    this.#core.counts.packetsReceived++
    this.#core.idle.onReceived(now)
    this.#onAuthentic(space)
    const payloadEnd = payloadStart + payloadLength
    const { dcidStart } = header
    const { paths } = this.#core
    const oneRtt = header.type === PACKET_ONE_RTT
    if (oneRtt) paths.onPacket(now, this.#bytes, dcidStart)
    const newest = packetNumber > space.received.largest
    const ackEliciting = this.#handlers.handlePayload(
      now,
      space,
      dcidStart,
      payloadStart,
      payloadEnd,
    )
    space.received.onPacketReceived(receivedAt, packetNumber, ackEliciting, ecn)
    if (oneRtt && newest && this.#handlers.nonProbing) paths.follow(now)
    if (ackEliciting) {
      this.#core.repair.onAckEliciting(now, space)
      this.#core.keepAlive.onAckEliciting()
    }
  }

  /** The space of a packet, or null when a packet of this type is not taken. */
  #spaceOf(now: number, header: PacketHeader, datagramSize: number): PacketSpace | null {
    const { spaces, side, shared } = this.#core
    switch (header.type) {
      case PACKET_ONE_RTT:
        return spaces.application
      case PACKET_HANDSHAKE:
        return spaces.handshake
      case PACKET_INITIAL:
        if (side === 'server' && datagramSize < MIN_INITIAL_DATAGRAM_SIZE) {
          // RFC 9000 §14.1: "A server MUST discard an Initial packet that is carried in a UDP
          // datagram with a payload that is smaller than [...] 1200 bytes."
          shared.drops.initialTooSmall++
          return null
        }
        if (side === 'client' && header.tokenStart !== header.tokenEnd) {
          // RFC 9000 §17.2.2: an Initial with a token from a server MUST be discarded (or be an
          // error, which would let anyone end the connection).
          shared.drops.unexpectedType++
          return null
        }
        return spaces.initial
      case PACKET_VERSION_NEGOTIATION:
        this.#handleVersionNegotiation(header)
        return null
      case PACKET_RETRY:
        if (!handleRetry(this.#core, now, this.#bytes, header)) shared.drops.unexpectedType++
        return null
      default:
        // 0-RTT, which we offer to nobody yet, and versions that we do not speak.
        shared.drops.unexpectedType++
        return null
    }
  }

  // RFC 9000 §7.2: the first packet tells the peer's connection ID for the handshake, "any
  // subsequent packet [...] with a different Source Connection ID MUST be discarded".
  #acceptSource(header: PacketHeader): boolean {
    if (header.type === PACKET_ONE_RTT) return true
    const { handshake, peerIds } = this.#core
    const { scidStart, scidLength } = header
    const expected = handshake.ids.peerSource
    if (expected === null) {
      const id = this.#bytes.slice(scidStart, scidStart + scidLength)
      handshake.ids.peerSource = id
      peerIds.replaceInitial(id)
      return true
    }
    if (expected.length !== scidLength) return false
    for (let i = 0; i < scidLength; i++) {
      if (this.#bytes[scidStart + i] !== expected[i]) return false
    }
    return true
  }

  #onAuthentic(space: PacketSpace): void {
    const { side, path, spaces } = this.#core
    if (side !== 'server' || space.index !== SPACE_HANDSHAKE) return
    // RFC 9000 §8.1: a packet protected with Handshake keys shows that the client received the
    // Initial. RFC 9001 §4.9.1: a server MUST discard Initial keys when it first successfully
    // processes a Handshake packet.
    path.validate()
    spaces.requestDiscard(spaces.initial)
  }

  #handleVersionNegotiation(header: PacketHeader): void {
    const { side, counts, handshake, shared } = this.#core
    const original = handshake.ids.originalDestination
    const { scidStart, scidLength, tokenStart, tokenEnd } = header
    // RFC 9000 §6.2: ignored by a server, after any other packet, and when it does not answer what
    // we sent. RFC 8999 §6: its Source Connection ID is our Destination Connection ID.
    let ours = scidLength === original.length
    for (let i = 0; i < scidLength && ours; i++) ours = this.#bytes[scidStart + i] === original[i]
    if (side === 'server' || counts.packetsReceived > 0 || !ours) {
      shared.drops.unexpectedType++
      return
    }
    const versions: number[] = []
    const view = this.#bytes
    for (let at = tokenStart; at + 4 <= tokenEnd; at += 4) {
      versions.push(
        ((view[at] << 24) | (view[at + 1] << 16) | (view[at + 2] << 8) | view[at + 3]) >>> 0,
      )
    }
    // "A client MUST discard a Version Negotiation packet that lists the QUIC version selected by
    // the client." RFC 8999 §6: also one whose list is empty or truncated.
    const whole = versions.length > 0 && (tokenEnd - tokenStart) % 4 === 0
    if (!whole || versions.some((version) => SUPPORTED_VERSIONS.includes(version))) {
      shared.drops.unexpectedType++
      return
    }
    throw new VersionNegotiationError(versions)
  }

  /** Discards the spaces whose end was asked for meanwhile, RFC 9001 §4.9. */
  discardSpaces(now: number): void {
    const { spaces, recovery } = this.#core
    for (let space = spaces.takeDiscard(); space !== null; space = spaces.takeDiscard()) {
      recovery.onSpaceDiscarded(now, space.index)
    }
  }
}
