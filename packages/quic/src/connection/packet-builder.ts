// From what is pending to one datagram: up to one packet per space, coalesced (RFC 9000 §12.2),
// frames written straight into packet memory, padding (§14.1), protection. One builder serves all
// connections of an endpoint: between calls it holds nothing.

import {
  AEAD_TAG_LENGTH,
  MIN_INITIAL_DATAGRAM_SIZE,
  PACKET_ONE_RTT,
  PATH_DATA_LENGTH,
  SPACE_APPLICATION,
  SPACE_INITIAL,
  VERSION_1,
} from '../constants.ts'
import { AEAD_LIMIT_REACHED, APPLICATION_ERROR, INTERNAL_ERROR, TransportError } from '../errors.ts'
import {
  connectionCloseLength,
  HANDSHAKE_DONE_LENGTH,
  IMMEDIATE_ACK_LENGTH,
  writeConnectionClose,
  writeHandshakeDone,
  writeImmediateAck,
  writeMtuProbe,
  writePing,
} from '../frame-encoder.ts'
import {
  ACK_DELAY_EXPONENT,
  BASE_DATAGRAM_SIZE,
  LOCAL_CONNECTION_ID_LENGTH,
  MAX_PACKET_NUMBER,
} from '../limits.ts'
import {
  longHeaderLength,
  packetNumberLength,
  shortHeaderLength,
  writeLongHeader,
  writePacketLength,
  writeShortHeader,
} from '../packet-header.ts'
import { PacketWriter } from '../packet-writer.ts'
import type { ConnectionCore } from './core.ts'
import type { PacketSpace } from './packet-space.ts'
import type { Path } from './path.ts'
import { TIMER_PACING } from './timers.ts'

/** Payload that a packet is worth starting for, in bytes: an ACK and a small frame. */
const MIN_PAYLOAD = 48
/** Bytes of a packet that elicits an acknowledgement, RFC 9000 §10.3: 22 more than our connection IDs have. */
const MIN_PACKET_SIZE: number = 22 + LOCAL_CONNECTION_ID_LENGTH
/** Bytes of a datagram with a PATH_CHALLENGE or PATH_RESPONSE, RFC 9000 §8.2. */
const MIN_EXPANDED_SIZE = 1200
const EMPTY = new Uint8Array(0)

/** What a CONNECTION_CLOSE says, RFC 9000 §19.19. */
export interface CloseReason {
  /** True: an application error code, type 0x1d. */
  readonly application: boolean
  readonly errorCode: number
  readonly frameType: number
  readonly reason: Uint8Array
}

/** A packet that is written but not yet protected. */
class PacketDraft {
  readonly writer: PacketWriter
  start: number
  packetNumber: number
  numberOffset: number
  numberLength: number
  payloadStart: number

  constructor(bytes: Uint8Array) {
    this.writer = new PacketWriter(bytes)
    this.start = 0
    this.packetNumber = 0
    this.numberOffset = 0
    this.numberLength = 0
    this.payloadStart = 0
  }

  /** Writes the header of a packet at `start` that ends before `end`. False: no room, or no number left. */
  begin(
    core: ConnectionCore,
    space: PacketSpace,
    start: number,
    end: number,
    dcid: Uint8Array = core.peerIds.current,
  ): boolean {
    const { writer } = this
    const scid = core.localIds.handshakeId
    const token = core.handshake.retryToken
    const number = space.nextPacketNumber
    if (number > MAX_PACKET_NUMBER) return false
    const length = packetNumberLength(number, core.recovery.largestAcked(space.index))
    const type = space.packetType
    const headerLength =
      type === PACKET_ONE_RTT
        ? shortHeaderLength(dcid.length, length)
        : longHeaderLength(type, dcid.length, scid.length, token.length, length)
    if (end - start < headerLength + MIN_PAYLOAD + AEAD_TAG_LENGTH) return false
    this.start = start
    this.packetNumber = number
    this.numberLength = length
    writer.reset(start, end - AEAD_TAG_LENGTH)
    this.numberOffset =
      type === PACKET_ONE_RTT
        ? // KeyPhases sets the Key Phase bit. The spin bit stays 0: RFC 9000 §17.4 leaves it to us.
          writeShortHeader(writer, dcid, false, false, number, length)
        : writeLongHeader(writer, type, VERSION_1, dcid, scid, token, number, length)
    this.payloadStart = writer.position
    return true
  }

  get empty(): boolean {
    return this.writer.position === this.payloadStart
  }

  /** Offset after the packet as it stands. */
  get end(): number {
    return this.writer.position + AEAD_TAG_LENGTH
  }

  /**
   * RFC 9001 §5.4.2: packet number and payload are 4 bytes at least. RFC 9000 §10.3: packets should
   * be long enough for a stateless reset to pass for one; those that elicit nothing are let be, as
   * PADDING would count against the congestion window for good.
   */
  padToMinimum(): void {
    this.writer.padTo(this.numberOffset + 4)
    if (this.writer.ackEliciting) this.writer.padTo(this.start + MIN_PACKET_SIZE - AEAD_TAG_LENGTH)
  }

  seal(space: PacketSpace): void {
    const { writer, start, numberOffset, numberLength, payloadStart, packetNumber } = this
    const payloadLength = writer.position - payloadStart
    if (space.packetType !== PACKET_ONE_RTT) {
      const length = numberLength + payloadLength + AEAD_TAG_LENGTH
      writePacketLength(writer.bytes, numberOffset, length)
    }
    space.protect(start, numberOffset, numberLength, payloadLength, packetNumber)
  }
}

export class PacketBuilder {
  /** By packet number space. */
  readonly #drafts: readonly PacketDraft[]
  /** The spaces of the packets of the datagram under way, in order: the first `#count`. */
  readonly #spaces: PacketSpace[]
  #count: number
  #expand: boolean
  #probing: boolean

  constructor(bytes: Uint8Array) {
    this.#drafts = [new PacketDraft(bytes), new PacketDraft(bytes), new PacketDraft(bytes)]
    this.#spaces = []
    this.#count = 0
    this.#expand = false
    this.#probing = false
  }

  /**
   * Writes the next datagram of a connection at `offset`.
   *
   * @returns its size; 0 when there is nothing to send, or nothing may be sent now.
   * @throws TransportError AEAD_LIMIT_REACHED, INTERNAL_ERROR when no packet number is left
   */
  build(core: ConnectionCore, now: number, offset: number, limit: number): number {
    const { path, spaces } = core
    core.paths.sending = path
    const allowance = path.challengePending ? path.allowance : path.dataAllowance
    const end = offset + Math.min(limit, path.maxDatagramSize, allowance)
    this.#count = 0
    this.#expand = false
    this.#probing = core.recovery.probing
    let at = offset
    for (let i = 0; i < spaces.all.length; i++) {
      const space = spaces.all[i]
      if (!space.canSeal) continue
      const draft = this.#drafts[i]
      if (!this.#writePacket(core, now, space, draft, at, end)) continue
      at = draft.end
      this.#spaces[this.#count++] = space
    }
    if (this.#count === 0) return 0
    at = this.#pad(core, offset, end)
    for (let i = 0; i < this.#count; i++) this.#finish(core, now, this.#spaces[i])
    return at - offset
  }

  /**
   * Writes a datagram for another path than the active one, with the PATH_CHALLENGE and PATH_RESPONSE
   * frames that wait for it, and nothing else: a probe, RFC 9000 §9.1.
   *
   * @returns its size; 0 when there is none to send, or nothing may be sent now.
   * @throws TransportError AEAD_LIMIT_REACHED, INTERNAL_ERROR when no packet number is left
   */
  buildProbe(core: ConnectionCore, now: number, offset: number, limit: number): number {
    const { paths, recovery, counts } = core
    if (paths.otherCount === 0) return 0
    const space = core.spaces.application
    for (let path = paths.nextProbe(null); path !== null; path = paths.nextProbe(path)) {
      const end = offset + Math.min(limit, BASE_DATAGRAM_SIZE, path.allowance)
      const draft = this.#drafts[SPACE_APPLICATION]
      checkLimits(core, space)
      if (!draft.begin(core, space, offset, end, path.peerId)) continue
      this.#writePathFrames(core, now, path, draft.writer, end - offset)
      if (draft.empty) continue
      draft.padToMinimum()
      if (this.#expand) draft.writer.padTo(end - AEAD_TAG_LENGTH)
      draft.seal(space)
      space.onPacketNumberUsed()
      counts.packetsSent++
      const size = draft.end - offset
      recovery.onPathProbeSent(now, draft.packetNumber, size, draft.writer)
      paths.sending = path
      return size
    }
    return 0
  }

  /**
   * Writes a datagram that is larger than what the path is known to carry, RFC 9000 §14.4. No data is in
   * it, so that none is late when it is lost.
   *
   * @returns its size; 0 when none is due.
   * @throws TransportError AEAD_LIMIT_REACHED, INTERNAL_ERROR when no packet number is left
   */
  buildMtuProbe(core: ConnectionCore, now: number, offset: number, limit: number): number {
    const { path, paths, recovery, counts } = core
    const size = path.mtuProbeSize(now)
    if (size === 0 || size > limit || !path.validated || !maySend(core, size)) return 0
    const space = core.spaces.application
    const draft = this.#drafts[SPACE_APPLICATION]
    checkLimits(core, space)
    if (!draft.begin(core, space, offset, offset + size)) return 0
    const { writer, packetNumber } = draft
    writeMtuProbe(writer, packetNumber)
    writer.padTo(offset + size - AEAD_TAG_LENGTH)
    draft.seal(space)
    space.onPacketNumberUsed()
    counts.packetsSent++
    recovery.onMtuProbeSent(now, packetNumber, size, writer)
    path.onMtuProbeSent(now, packetNumber)
    paths.sending = path
    return size
  }

  /**
   * Writes a datagram with CONNECTION_CLOSE in every space that the peer may be able to read, RFC
   * 9000 §10.2.3: 1-RTT alone once the handshake is confirmed, before that all that we have keys for.
   *
   * @returns its size; 0 when there is no key or no room for it.
   */
  buildClose(core: ConnectionCore, offset: number, limit: number, close: CloseReason): number {
    const { path, spaces, handshake } = core
    const end = offset + Math.min(limit, path.maxDatagramSize, path.allowance)
    this.#count = 0
    this.#expand = false
    let at = offset
    for (let i = 0; i < spaces.all.length; i++) {
      const space = spaces.all[i]
      if (!space.canSeal || (handshake.confirmed && i !== SPACE_APPLICATION)) continue
      const draft = this.#drafts[i]
      if (!draft.begin(core, space, at, end)) continue
      writeClose(draft.writer, space, close)
      if (draft.empty) continue
      draft.padToMinimum()
      at = draft.end
      this.#spaces[this.#count++] = space
    }
    if (this.#count === 0) return 0
    at = this.#pad(core, offset, end)
    for (let i = 0; i < this.#count; i++) {
      const space = this.#spaces[i]
      this.#drafts[space.index].seal(space)
      space.onPacketNumberUsed()
    }
    return at - offset
  }

  // True when the draft holds a packet.
  #writePacket(
    core: ConnectionCore,
    now: number,
    space: PacketSpace,
    draft: PacketDraft,
    at: number,
    end: number,
  ): boolean {
    const { recovery, path } = core
    const probe = recovery.probesPending(space.index) > 0
    // RFC 9002 §6.2.4: a probe of one space takes along what waits in others, whatever the congestion
    // window says. Otherwise a ServerHello that was declared lost waits for room that Handshake packets
    // take, which nobody can acknowledge without it.
    const free = probe || (this.#probing && space.index !== SPACE_APPLICATION)
    if (probe && !hasData(core, space)) recovery.offerProbeTokens(space.index)
    const data = (probe || hasData(core, space)) && mayElicit(core, now, free)
    // A probe says again what was received: the ACK that said so may have been lost, too, and then
    // the peer repeats what is here instead of what is missing.
    const ack = data
      ? space.received.hasAck() || (probe && space.received.canAck)
      : space.received.ackRequired(now)
    if (!data && !ack) return false
    checkLimits(core, space)
    if (!draft.begin(core, space, at, end)) return false
    const { writer } = draft
    let others = data
    if (data && space.index === SPACE_APPLICATION && path.hasPending()) {
      // Before the ACK, which would fill what little may be sent to an address that is not validated.
      // That takes nothing else; nor does a challenge that did not ask the congestion controller.
      const small = !path.validated && end - at < MIN_EXPANDED_SIZE
      const excess = path.challengePending && !maySend(core, path.maxDatagramSize)
      others = !small && !excess
      this.#writePathFrames(core, now, path, writer, end - at)
    }
    if (ack) space.received.writeAck(now, writer, ACK_DELAY_EXPONENT)
    if (others) {
      if (space.index === SPACE_APPLICATION) this.#writeApplicationFrames(core, now, writer, probe)
      else space.crypto.writeFrames(writer)
      if (probe && !writer.ackEliciting && writer.remaining > 0) writePing(writer)
    } else if (space.index === SPACE_APPLICATION && insists(core, space)) {
      if (!writer.ackEliciting && writer.remaining > 0) writePing(writer)
    }
    if (draft.empty) return false
    draft.padToMinimum()
    return true
  }

  /**
   * RFC 9000 §8.2.1, §8.2.2: "An endpoint MUST expand datagrams that contain a PATH_CHALLENGE frame"
   * or a PATH_RESPONSE frame to 1200 bytes, unless the anti-amplification limit forbids.
   *
   * @param room bytes that the datagram may have
   */
  #writePathFrames(
    core: ConnectionCore,
    now: number,
    path: Path,
    writer: PacketWriter,
    room: number,
  ): void {
    this.#expand = room >= MIN_EXPANDED_SIZE
    const data = path.challengePending ? core.shared.randomBytes(PATH_DATA_LENGTH) : null
    if (path.writeFrames(writer, data, this.#expand)) core.paths.onChallengeSent(now, path)
  }

  // Control frames first: they are small, and data that waits may wait for them.
  #writeApplicationFrames(
    core: ConnectionCore,
    now: number,
    writer: PacketWriter,
    probe: boolean,
  ): void {
    const { handshake, localIds, peerIds, spaces, streams, ackFrequency } = core
    // draft-ietf-quic-ack-frequency §7: so that the answer to a probe is not delayed.
    if (probe && ackFrequency.enabled && writer.remaining >= IMMEDIATE_ACK_LENGTH) {
      writeImmediateAck(writer)
    }
    if (ackFrequency.pending) ackFrequency.writeFrame(writer)
    if (handshake.handshakeDonePending && writer.remaining >= HANDSHAKE_DONE_LENGTH) {
      writeHandshakeDone(writer)
      handshake.handshakeDonePending = false
    }
    if (spaces.application.crypto.hasPending()) spaces.application.crypto.writeFrames(writer)
    peerIds.writeFrames(writer)
    localIds.writeFrames(writer)
    streams.writeControlFrames(now, writer)
    streams.writeStreamFrames(writer)
  }

  /**
   * PADDING in the last packet where the datagram must be large, RFC 9000 §14.1: every Initial of a
   * client, and a server's that elicits an acknowledgement. Returns the end of the datagram.
   */
  #pad(core: ConnectionCore, offset: number, end: number): number {
    const last = this.#drafts[this.#spaces[this.#count - 1].index]
    const withInitial = this.#spaces[0].index === SPACE_INITIAL
    const large =
      withInitial && (core.side === 'client' || this.#drafts[SPACE_INITIAL].writer.ackEliciting)
    if (large || this.#expand) {
      last.writer.padTo(Math.min(end, offset + MIN_INITIAL_DATAGRAM_SIZE) - AEAD_TAG_LENGTH)
    }
    return last.end
  }

  #finish(core: ConnectionCore, now: number, space: PacketSpace): void {
    const draft = this.#drafts[space.index]
    const { writer } = draft
    draft.seal(space)
    space.onPacketNumberUsed()
    core.counts.packetsSent++
    if (writer.ackEliciting) core.idle.onAckElicitingSent(now)
    core.recovery.onPacketSent(
      now,
      space.index,
      draft.packetNumber,
      draft.end - draft.start,
      writer,
    )
    // RFC 9001 §4.9.1: "a client MUST discard Initial keys when it first sends a Handshake packet".
    if (core.side === 'client' && space === core.spaces.handshake) {
      core.spaces.requestDiscard(core.spaces.initial)
    }
  }
}

/** Whether a space has something to send that elicits an acknowledgement. */
function hasData(core: ConnectionCore, space: PacketSpace): boolean {
  if (space.index !== SPACE_APPLICATION) return space.crypto.hasPending()
  return (
    core.streams.hasPending() ||
    core.handshake.handshakeDonePending ||
    core.path.hasPending() ||
    space.crypto.hasPending() ||
    core.localIds.hasPending() ||
    core.peerIds.hasPending()
  )
}

/**
 * Whether an ACK alone is to be acknowledged, so that it is repeated when it is lost. RFC 9000 §13.2.4 lets a
 * receiver do that at times: here when it tells of a gap, and nothing else of ours is in flight. Some peers
 * (OpenSSL, aioquic, quinn) answer a probe timeout with PING, and repeat what was lost only when the
 * PING is acknowledged; with the ACK lost they wait for twice as long.
 */
function insists(core: ConnectionCore, space: PacketSpace): boolean {
  const { recovery, handshake, path } = core
  return (
    space.received.reportsGap &&
    handshake.confirmed &&
    !recovery.hasInFlight(SPACE_APPLICATION) &&
    maySend(core, path.maxDatagramSize)
  )
}

/** Whether the congestion window, and the record of sent packets, have room for a packet in flight of `bytes`. */
function maySend({ paths, recovery }: ConnectionCore, bytes: number): boolean {
  return !recovery.crowded && paths.current.canSend(bytes)
}

/** Whether amplification limit, congestion window and pacer let something ack-eliciting go. */
function mayElicit(core: ConnectionCore, now: number, probe: boolean): boolean {
  const { path, paths, timers } = core
  // RFC 9000 §9.4: a challenge is no load worth the name, and what is in flight may be so on a path that
  // is no more.
  if (path.challengePending) return true
  if (path.blocked) return false
  // RFC 9002 §7.5: probes are not held back by the congestion controller.
  if (probe) return true
  if (!maySend(core, path.maxDatagramSize)) return false
  const at = paths.current.nextSendTime(now)
  if (at <= now) return true
  timers.set(TIMER_PACING, at)
  return false
}

function checkLimits(core: ConnectionCore, space: PacketSpace): void {
  // RFC 9000 §12.3: "the sender MUST close the connection without sending a CONNECTION_CLOSE frame or any
  // further packets". There is no number for them: `PacketDraft.begin`.
  if (space.nextPacketNumber > MAX_PACKET_NUMBER) {
    throw new TransportError(INTERNAL_ERROR, 0, 'no packet number is left')
  }
  const { phases } = space
  if (phases === null) return
  // RFC 9001 §6.6: "Endpoints MUST initiate a key update before sending more protected packets than
  // the confidentiality limit", and stop when they could not.
  if (phases.sealLimitReached) {
    throw new TransportError(AEAD_LIMIT_REACHED, 0, 'too many packets under one key')
  }
  if (phases.updateDue && core.handshake.confirmed) phases.initiateUpdate()
}

function writeClose(writer: PacketWriter, space: PacketSpace, close: CloseReason): void {
  const { application, errorCode, frameType } = close
  if (application && space.index !== SPACE_APPLICATION) {
    // RFC 9000 §10.2.3: a close of type 0x1d "MUST be replaced by a CONNECTION_CLOSE of type 0x1c
    // when sending the frame in Initial or Handshake packets", with APPLICATION_ERROR and no reason.
    writeConnectionClose(writer, false, APPLICATION_ERROR, 0, EMPTY)
    return
  }
  let { reason } = close
  const length = connectionCloseLength(application, errorCode, frameType, reason)
  if (length > writer.remaining) reason = EMPTY
  if (connectionCloseLength(application, errorCode, frameType, reason) > writer.remaining) return
  writeConnectionClose(writer, application, errorCode, frameType, reason)
}
