// Loss detection over the three packet number spaces, RFC 9002 §6 and appendix A: which packets were
// acknowledged, which are lost, when to probe. What that means for capacity is for the path to say that
// each packet went to (path-capacity.ts).

import {
  FRAME_ACK,
  FRAME_ACK_ECN,
  SPACE_APPLICATION,
  SPACE_HANDSHAKE,
  SPACE_INITIAL,
} from '../constants.ts'
import { PROTOCOL_VIOLATION, TransportError } from '../errors.ts'
import type { AckRecord } from '../frame.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { AckSample } from './congestion-controller.ts'
import { emptyAckSample } from './congestion-controller.ts'
import { LossTimer } from './loss-timer.ts'
import { GRANULARITY, PACKET_THRESHOLD, PROBES_PER_PTO, TIME_THRESHOLD } from './params.ts'
import type { Bytes, Millis } from './params.ts'
import type { PathCapacities, PathCapacity } from './path-capacity.ts'
import { extendsLossRun } from './persistent-congestion.ts'
import type { PacketNumberSpace, RecoveryListener } from './recovery-listener.ts'
import { reportAcked, reportLost } from './report-lost.ts'
import {
  SENT_ACK_ELICITING,
  SENT_IN_FLIGHT,
  SENT_MTU_PROBE,
  SENT_NEWLY_ACKED,
  SENT_OUTSTANDING,
  SENT_PROBED,
  SENT_ACKED,
  NO_PATH,
  SentPackets,
} from './sent-packets.ts'

const OUTSTANDING_IN_FLIGHT: number = SENT_OUTSTANDING | SENT_IN_FLIGHT

export interface LossDetectionOptions {
  readonly side: 'client' | 'server'
  readonly paths: PathCapacities
  readonly listener: RecoveryListener
}

export class LossDetection {
  /** Packets declared lost, those with an ACK only left out. */
  packetsLost: number
  bytesLost: Bytes

  readonly #listener: RecoveryListener
  readonly #paths: PathCapacities
  /** By packet number space. */
  readonly #sent: readonly SentPackets[]
  readonly #probes: Uint8Array
  readonly #timer: LossTimer
  #hasHandshakeKeys: boolean
  /** Scratch: what a path tells its controller of the ACK frame at hand. */
  readonly #sample: AckSample
  /** Scratch: paths beside the current one that the ACK frame at hand told something of. */
  readonly #otherPaths: Set<PathCapacity>

  constructor(options: LossDetectionOptions) {
    this.packetsLost = 0
    this.bytesLost = 0
    this.#listener = options.listener
    this.#paths = options.paths
    this.#sent = [new SentPackets(), new SentPackets(), new SentPackets()]
    this.#probes = new Uint8Array(3)
    this.#timer = new LossTimer(options.paths, this.#sent, options.side === 'server')
    this.#hasHandshakeKeys = false
    this.#sample = emptyAckSample()
    this.#otherPaths = new Set()
  }

  // --- input

  /**
   * A packet left for the current path. Takes tokens, `ackEliciting` and `inFlight` from the writer. `size` is that of
   * the whole packet, header and tag included. Numbers left out since the last one are remembered as
   * skipped: acknowledging one of them is an error (against optimistic ACKs).
   */
  onPacketSent(
    now: Millis,
    space: PacketNumberSpace,
    packetNumber: number,
    size: Bytes,
    writer: PacketWriter,
  ): void {
    const path = this.#paths.current
    this.#add(now, space, packetNumber, size, writer, path.number)
    if (writer.ackEliciting && this.#probes[space] > 0) this.#probes[space]--
    if (!writer.inFlight) return
    path.onPacketSent(now, this.#sent[space], packetNumber)
    this.#timer.set(now)
  }

  /**
   * A packet of the application space left for another path than the current one: a PATH_CHALLENGE or
   * PATH_RESPONSE. It is there to be acknowledged, and counts for nothing else (RFC 9000 §9.4).
   */
  onPathProbeSent(now: Millis, packetNumber: number, size: Bytes, writer: PacketWriter): void {
    this.#add(now, SPACE_APPLICATION, packetNumber, size, writer, NO_PATH)
  }

  /** A probe for the path MTU left: an ordinary packet, but that its loss slows nothing down (RFC 9000 §14.4). */
  onMtuProbeSent(now: Millis, packetNumber: number, size: Bytes, writer: PacketWriter): void {
    this.onPacketSent(now, SPACE_APPLICATION, packetNumber, size, writer)
    this.#sent[SPACE_APPLICATION].markMtuProbe(packetNumber)
  }

  /**
   * Packets go to another path from now on, the current one of `PathCapacities`. Those that went to the
   * one before stay with it (RFC 9000 §9.4). The handshake is confirmed.
   */
  onPathChanged(now: Millis): void {
    this.#sent[SPACE_APPLICATION].lostSince = -1
    this.#timer.ptoCount = 0
    this.#timer.set(now)
  }

  /**
   * RFC 9002 appendix A.7.
   * @param ack with `delay` in milliseconds (AckRecord.scaleDelay).
   * @throws TransportError PROTOCOL_VIOLATION: a number that was never sent (RFC 9000 §13.1).
   */
  onAckReceived(now: Millis, space: PacketNumberSpace, ack: AckRecord): void {
    const sent = this.#sent[space]
    if (ack.largest >= sent.next || sent.acknowledgedSkipped(ack) >= 0) {
      const frameType = ack.ecn ? FRAME_ACK_ECN : FRAME_ACK
      throw new TransportError(PROTOCOL_VIOLATION, frameType, 'ACK of a packet that was never sent')
    }
    // Ranges below `base` tell nothing new; those that remain are looked at upwards, since whoever
    // gets the tokens (stream buffers) does best in order.
    let ranges = 0
    while (ranges < ack.rangeCount && ack.rangeLargest[ranges] >= sent.base) ranges++
    const ackEliciting = sent.markAcked(ack, ranges)
    if (ack.largest > sent.largestAcked) sent.largestAcked = ack.largest
    if (ackEliciting < 0) return
    if (ackEliciting > 0) {
      this.#updateRtt(now, sent, ack)
      this.#probes[space] = 0
    }
    // RFC 9002 appendix A.7 and RFC 9000 §13.4.2: here validated ECN-CE counts become congestion
    // events once ECT is set on what is sent.
    this.#detectLost(now, space)
    this.#reportAcked(now, space, sent, ack, ranges)
    sent.trim()
    this.#paths.current.reportAcked(now, this.#sample)
    if (this.#otherPaths.size > 0) {
      for (const path of this.#otherPaths) path.reportAcked(now, this.#sample)
      this.#otherPaths.clear()
    }

    if (space === SPACE_HANDSHAKE) this.#timer.peerValidatedAddress = true
    // RFC 9002 §6.2.1: a client that is not sure that the server has validated its address keeps
    // the backoff.
    if (this.#timer.peerValidatedAddress) this.#timer.ptoCount = 0
    this.#timer.set(now)
  }

  /** To call when `timeout()` has come; early calls do nothing. RFC 9002 appendix A.9. */
  onTimeout(now: Millis): void {
    if (now < this.#timer.timeout) return
    const lossSpace = this.#timer.lossSpace()
    if (this.#sent[lossSpace].lossTime !== Infinity) {
      this.#detectLost(now, lossSpace)
      this.#sent[lossSpace].trim()
      this.#timer.set(now)
      return
    }
    const space = this.#timer.ptoSpace()
    if (space === -1) {
      // RFC 9002 §6.2.2.1: against the deadlock of a server at its amplification limit.
      this.#probes[this.#hasHandshakeKeys ? SPACE_HANDSHAKE : SPACE_INITIAL] = 1
    } else {
      this.requestProbes(space, PROBES_PER_PTO)
    }
    // RFC 9002 §6.2.1: "When a PTO timer expires, the PTO backoff MUST be increased".
    this.#timer.ptoCount++
    this.#timer.set(now)
  }

  /**
   * `count` ack-eliciting packets of the space are to go now, and one of every other space with data in
   * flight (RFC 9002 §6.2.4). Nothing is lost by that, and the PTO keeps its backoff.
   */
  requestProbes(space: PacketNumberSpace, count: number): void {
    for (let other = SPACE_INITIAL; other <= SPACE_APPLICATION; other++) {
      if (other === space) this.#probes[other] = count
      else if (this.#sent[other].ackElicitingCount > 0 && this.#probes[other] === 0) {
        this.#probes[other] = 1
      }
    }
  }

  /**
   * Keys of the space were discarded: its packets are forgotten, neither acknowledged nor lost, and
   * leave the bytes in flight (RFC 9002 §6.4). The congestion controller's state stays.
   */
  onSpaceDiscarded(now: Millis, space: PacketNumberSpace): void {
    this.#forgetSent(now, space)
    this.#sent[space].release()
  }

  /**
   * A client obeys a Retry, RFC 9002 §6.3: what its Initial packets carried is reported as lost, and of
   * them nothing is left but their numbers, which are not used again (RFC 9000 §17.2.5.3).
   */
  onRetry(now: Millis): void {
    while (this.offerProbeTokens(SPACE_INITIAL)) continue
    this.#forgetSent(now, SPACE_INITIAL)
    this.#paths.current.onRetry()
  }

  /** The connection is over: nothing more is sent, and no timer of this is asked for. */
  dispose(): void {
    for (const sent of this.#sent) sent.release()
  }

  /** RFC 9001 §4.1.2: from now on 1-RTT packets set the PTO. */
  setHandshakeConfirmed(now: Millis): void {
    this.#timer.handshakeConfirmed = true
    this.#timer.peerValidatedAddress = true
    this.#timer.set(now)
  }

  /** A client's anti-deadlock probe is a Handshake packet from now on, RFC 9002 §6.2.2.1. */
  setHasHandshakeKeys(now: Millis): void {
    this.#hasHandshakeKeys = true
    this.#timer.set(now)
  }

  /** A server may not send more until the client does: no PTO meanwhile, RFC 9002 §6.2.2.1. */
  setAtAmplificationLimit(now: Millis, atLimit: boolean): void {
    if (atLimit === this.#timer.atAmplificationLimit) return
    this.#timer.atAmplificationLimit = atLimit
    this.#timer.set(now)
  }

  /** The peer's max_ack_delay in milliseconds; 25 before it is known (RFC 9000 §18.2). */
  setMaxAckDelay(maxAckDelay: Millis): void {
    this.#timer.maxAckDelay = maxAckDelay
  }

  // --- output

  /** When `onTimeout` is wanted; Infinity: never. */
  timeout(): Millis {
    return this.#timer.timeout
  }

  /**
   * Ack-eliciting packets that the space must send now whatever window and pacer say (RFC 9002
   * §7.5); each ack-eliciting packet sent counts down.
   */
  probesPending(space: PacketNumberSpace): number {
    return this.#probes[space]
  }

  /** Whether a probe of any space is pending. */
  get probing(): boolean {
    return this.#probes[0] + this.#probes[1] + this.#probes[2] > 0
  }

  /**
   * For a probe with nothing new to carry: reports the tokens of the oldest unacknowledged packets,
   * as many as one packet holds, to `onTokenLost` while they stay in flight (RFC 9002 §6.2.4). False:
   * nothing left to offer, send PING.
   */
  offerProbeTokens(space: PacketNumberSpace): boolean {
    const sent = this.#sent[space]
    let room = this.#paths.current.maxDatagramSize
    let useful = false
    for (let n = sent.base; n < sent.next; n++) {
      const flags = sent.flags(n)
      if ((flags & SENT_ACK_ELICITING) === 0 || (flags & (SENT_OUTSTANDING | SENT_PROBED)) !== 1) {
        continue
      }
      if (useful && sent.size(n) > room) break
      sent.markProbed(n)
      if (!reportLost(this.#listener, space, sent, n)) continue
      useful = true
      room -= sent.size(n)
    }
    return useful
  }

  /** So much is in flight in the application space that new data must wait for acknowledgements. */
  get crowded(): boolean {
    return this.#sent[SPACE_APPLICATION].crowded
  }

  // --- reads

  /** Whether something of the space that elicits an ACK is neither acknowledged nor lost. */
  hasInFlight(space: PacketNumberSpace): boolean {
    return this.#sent[space].ackElicitingCount > 0
  }

  /** When the last ack-eliciting packet of the space was sent; 0 before the first. */
  lastAckElicitingAt(space: PacketNumberSpace): Millis {
    return this.#sent[space].lastAckElicitingAt
  }

  /** Largest packet number of ours that the peer acknowledged, -1 before the first. */
  largestAcked(space: PacketNumberSpace): number {
    return this.#sent[space].largestAcked
  }

  /** PTO of the application space without backoff: smoothed_rtt + max(4*rttvar, 1) + max_ack_delay. */
  ptoInterval(): Millis {
    return this.#timer.interval
  }

  /** Probe timeouts since the last acknowledgement. */
  get ptoCount(): number {
    return this.#timer.ptoCount
  }

  // --- acknowledgement

  #reportAcked(
    now: Millis,
    space: PacketNumberSpace,
    sent: SentPackets,
    ack: AckRecord,
    ranges: number,
  ): void {
    for (let r = ranges - 1; r >= 0; r--) {
      const end = ack.rangeLargest[r]
      for (let n = Math.max(ack.rangeSmallest[r], sent.base); n <= end; n++) {
        const flags = sent.flags(n)
        if ((flags & SENT_NEWLY_ACKED) === 0) continue
        if ((flags & SENT_IN_FLIGHT) !== 0) {
          this.#touch(sent, n)?.addAcked(now, sent, n)
        }
        reportAcked(this.#listener, space, sent, n)
        sent.settleAcked(n)
      }
    }
  }

  #updateRtt(now: Millis, sent: SentPackets, ack: AckRecord): void {
    // RFC 9002 §5.1: only when the largest acknowledged is newly acknowledged.
    if (ack.largest < sent.base) return
    if ((sent.flags(ack.largest) & SENT_NEWLY_ACKED) === 0) return
    const path = this.#pathOf(sent, ack.largest)
    if (path === null) return
    let delay = ack.delay
    const sample = now - sent.sentTime(ack.largest)
    // RFC 9002 §5.3: max_ack_delay counts when the handshake is confirmed. Before that an ACK may come
    // late since its packet waited for keys, or since the first one was lost and a probe repeats it.
    // "MAY ignore the acknowledgment delay for Initial packets": not here, for the same reason.
    if (this.#timer.handshakeConfirmed) delay = Math.min(delay, this.#timer.maxAckDelay)
    // RFC 9002 §5.3 (deviates): nothing is subtracted from the first sample, so one that is mostly
    // delay would make the PTO longer than not knowing does, for many round trips. It is not taken.
    else if (!path.rtt.hasSample && delay > sample / 2) return
    path.rtt.update(now, sample, delay)
  }

  // --- loss

  #forgetSent(now: Millis, space: PacketNumberSpace): void {
    const sent = this.#sent[space]
    for (let n = sent.base; n < sent.next; n++) {
      if ((sent.flags(n) & OUTSTANDING_IN_FLIGHT) !== OUTSTANDING_IN_FLIGHT) continue
      this.#pathOf(sent, n)?.forget(sent.size(n))
    }
    sent.forget()
    this.#probes[space] = 0
    // RFC 9002 §6.2.2: "the PTO and loss detection timers MUST be reset".
    this.#timer.ptoCount = 0
    this.#timer.set(now)
  }

  /** RFC 9002 appendix A.10 and B.8; §7.6.2. The caller trims. */
  #detectLost(now: Millis, space: PacketNumberSpace): void {
    const sent = this.#sent[space]
    const current = this.#paths.current
    const { rtt } = current
    const delay = Math.max(TIME_THRESHOLD * Math.max(rtt.latest, rtt.smoothed), GRANULARITY)
    let persistent = false
    sent.lossTime = Infinity
    // Both thresholds fall monotonically with the packet number: the first packet that is not lost
    // ends the search.
    for (let n = sent.base; n <= sent.largestAcked; n++) {
      const flags = sent.flags(n)
      if ((flags & (SENT_ACKED | SENT_NEWLY_ACKED)) !== 0) {
        sent.lostSince = -1
        continue
      }
      if ((flags & SENT_OUTSTANDING) === 0) continue
      const sentTime = sent.sentTime(n)
      if (sentTime + delay > now && sent.largestAcked < n + PACKET_THRESHOLD) {
        sent.lossTime = sentTime + delay
        break
      }
      this.#lose(now, space, sent, n)
      if ((flags & SENT_ACK_ELICITING) === 0 || (flags & SENT_MTU_PROBE) !== 0) continue
      if (sent.path(n) !== current.number) continue
      if (extendsLossRun(this.#sent, space, sentTime, rtt, this.ptoInterval())) persistent = true
    }
    this.#reportLost(now)
    if (persistent) current.onPersistentCongestion()
  }

  /** An outstanding packet is lost. `#reportLost` tells the controllers. */
  #lose(now: Millis, space: PacketNumberSpace, sent: SentPackets, packetNumber: number): void {
    const flags = sent.flags(packetNumber)
    if ((flags & SENT_IN_FLIGHT) !== 0) {
      const size = sent.size(packetNumber)
      const path = this.#touch(sent, packetNumber)
      // RFC 9000 §14.4: the loss of a probe for the path MTU is no sign of congestion.
      if ((flags & SENT_MTU_PROBE) !== 0) path?.forget(size)
      else path?.addLost(now, sent, packetNumber)
      this.bytesLost += size
      this.packetsLost++
    }
    sent.remove(packetNumber)
    if ((flags & SENT_PROBED) === 0) reportLost(this.#listener, space, sent, packetNumber)
  }

  #reportLost(now: Millis): void {
    this.#paths.current.reportLost(now)
    if (this.#otherPaths.size === 0) return
    for (const path of this.#otherPaths) path.reportLost(now)
    this.#otherPaths.clear()
  }

  /** The record of packets in flight is full: its oldest counts as lost, whatever the thresholds say. */
  #giveUpOldest(now: Millis, space: PacketNumberSpace): void {
    const sent = this.#sent[space]
    this.#lose(now, space, sent, sent.base)
    this.#reportLost(now)
    sent.lostSince = -1
    sent.trim()
  }

  // --- paths

  #add(
    now: Millis,
    space: PacketNumberSpace,
    packetNumber: number,
    size: Bytes,
    writer: PacketWriter,
    path: number,
  ): void {
    const sent = this.#sent[space]
    while (!sent.reserve(packetNumber, writer.tokenCount)) this.#giveUpOldest(now, space)
    sent.add(now, packetNumber, size, writer, path)
  }

  /** The capacity that a packet was sent on; null: its path is no more, or it belonged to none. */
  #pathOf(sent: SentPackets, packetNumber: number): PathCapacity | null {
    const { current } = this.#paths
    const number = sent.path(packetNumber)
    return number === current.number ? current : this.#paths.find(number)
  }

  /** The same, to be told at the end of what the ACK frame at hand said of its packets. */
  #touch(sent: SentPackets, packetNumber: number): PathCapacity | null {
    const path = this.#pathOf(sent, packetNumber)
    if (path !== null && path !== this.#paths.current) this.#otherPaths.add(path)
    return path
  }
}
