// Packet numbers received in one packet number space, and when to acknowledge them, RFC 9000 §13.2
// and draft-ietf-quic-ack-frequency §6, whose terms describe both.

import { RangeSet, varintLength } from '@godwit/wire'
import { FRAME_ACK, FRAME_ACK_ECN } from '../constants.ts'
import { MAX_RECEIVED_RANGES } from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { ACK_ELICITING_THRESHOLD, REORDERING_THRESHOLD } from './params.ts'
import type { Millis } from './params.ts'
import { TOKEN_ACK } from './tokens.ts'

export interface ReceivedPacketsOptions {
  /** Our max_ack_delay in milliseconds, RFC 9000 §18.2. */
  readonly maxAckDelay: Millis
  /** True for the Initial and Handshake spaces: acknowledge at once, RFC 9000 §13.2.1. */
  readonly immediate: boolean
}

// Codepoints of the IP header's ECN field, RFC 3168 §5.
const ECN_ECT1 = 1
const ECN_ECT0 = 2
const ECN_CE = 3

export class ReceivedPackets {
  #maxAckDelay: Millis
  /** Ack-Eliciting Threshold: an ACK goes when more packets than this have come since the last. */
  #ackElicitingThreshold: number
  #reorderingThreshold: number
  /** Sequence number of the ACK_FREQUENCY frame obeyed; -1 before the first. */
  #frequencySequence: number
  /** The packet whose frames are being handled, or one before it, asked for an immediate ACK. */
  #requested: boolean
  readonly #immediate: boolean
  /** Received, at or above `#floor` when the set was full once. */
  readonly #received: RangeSet
  /** Everything below counts as received. */
  #floor: number
  /** What lies below is not reported any more: the peer knows (RFC 9000 §13.2.4). */
  #reportFrom: number
  #largest: number
  #largestReceivedAt: Millis
  #largestAckEliciting: number
  /** Largest Acknowledged of our last ACK frame, -1 before the first. */
  #largestReported: number
  /** Packets since the last ACK that we wrote; and of them the ack-eliciting ones. */
  #unreported: number
  #unreportedAckEliciting: number
  #deadline: Millis
  #ect0: number
  #ect1: number
  #ce: number
  /** The last packet was marked CE. */
  #congested: boolean

  constructor(options: ReceivedPacketsOptions) {
    this.#maxAckDelay = options.maxAckDelay
    this.#ackElicitingThreshold = ACK_ELICITING_THRESHOLD - 1
    this.#reorderingThreshold = REORDERING_THRESHOLD
    this.#frequencySequence = -1
    this.#requested = false
    this.#immediate = options.immediate
    this.#received = new RangeSet(MAX_RECEIVED_RANGES)
    this.#floor = 0
    this.#reportFrom = 0
    this.#largest = -1
    this.#largestReceivedAt = 0
    this.#largestAckEliciting = -1
    this.#largestReported = -1
    this.#unreported = 0
    this.#unreportedAckEliciting = 0
    this.#deadline = Infinity
    this.#ect0 = 0
    this.#ect1 = 0
    this.#ce = 0
    this.#congested = false
  }

  /**
   * A packet that is no duplicate was opened and all its frames processed (RFC 9000 §13.1).
   * @param ecn the codepoint of the IP header, 0..3.
   */
  onPacketReceived(now: Millis, packetNumber: number, ackEliciting: boolean, ecn: number): void {
    this.#received.add(packetNumber, packetNumber + 1)
    if (this.#received.length === MAX_RECEIVED_RANGES) {
      // A full set forgets its lowest range when it gets another. RFC 9000 §13.2.3: "A receiver
      // MUST retain an ACK Range unless it can ensure that it will not subsequently accept packets
      // with numbers in that range."
      this.#floor = this.#received.min
    }
    if (packetNumber < this.#reportFrom) this.#reportFrom = packetNumber
    if (packetNumber > this.#largest) {
      this.#largest = packetNumber
      this.#largestReceivedAt = now
    }
    if (ecn === ECN_ECT0) this.#ect0++
    else if (ecn === ECN_ECT1) this.#ect1++
    else if (ecn === ECN_CE) this.#ce++
    const congestion = ecn === ECN_CE && (!this.#congested || this.#ackElicitingThreshold <= 1)
    this.#congested = ecn === ECN_CE
    this.#unreported++
    if (ackEliciting) this.#onAckEliciting(now, packetNumber, congestion)
  }

  /** IMMEDIATE_ACK: the packet with it, which `onPacketReceived` tells of, is acknowledged at once. */
  requestAck(): void {
    this.#requested = true
  }

  /**
   * ACK_FREQUENCY with valid values; older than the last one it is ignored.
   * @param ackElicitingThreshold packets that may come without an ACK.
   * @param maxAckDelay in milliseconds.
   * @param reorderingThreshold 0: reordering is no reason for an ACK.
   */
  setFrequency(
    sequenceNumber: number,
    ackElicitingThreshold: number,
    maxAckDelay: Millis,
    reorderingThreshold: number,
  ): void {
    if (sequenceNumber <= this.#frequencySequence) return
    this.#frequencySequence = sequenceNumber
    this.#ackElicitingThreshold = ackElicitingThreshold
    this.#maxAckDelay = maxAckDelay
    this.#reorderingThreshold = reorderingThreshold
  }

  /**
   * Writes an ACK frame with as many ranges as fit, newest first (RFC 9000 §13.2.3), and counts what
   * was received as reported.
   * @param ackDelayExponent our ack_delay_exponent; 3 in the Initial and Handshake spaces.
   * @returns false when there is nothing to report, or no room for one range.
   */
  writeAck(now: Millis, writer: PacketWriter, ackDelayExponent: number): boolean {
    const top = this.#received.length - 1
    if (top < 0) return false
    const ecn = this.#ect0 + this.#ect1 + this.#ce > 0
    const delay = this.#encodedDelay(now, ackDelayExponent)
    const first = this.#received.end(top) - 1 - this.#received.start(top)
    // The Range Count takes one byte: there are at most 63 ranges after the first.
    let length = 2 + varintLength(this.#largest) + varintLength(delay) + varintLength(first)
    if (ecn) length += varintLength(this.#ect0) + varintLength(this.#ect1) + varintLength(this.#ce)
    const room = writer.remaining
    if (length > room) return false
    let last = top
    while (last > 0 && this.#received.end(last - 1) > this.#reportFrom) {
      length += this.#rangeLength(last - 1)
      if (length > room) break
      last--
    }

    writer.u8(ecn ? FRAME_ACK_ECN : FRAME_ACK)
    writer.varint(this.#largest)
    writer.varint(delay)
    writer.varint(top - last)
    writer.varint(first)
    for (let i = top - 1; i >= last; i--) {
      writer.varint(this.#gap(i))
      writer.varint(this.#received.end(i) - 1 - this.#received.start(i))
    }
    if (ecn) {
      writer.varint(this.#ect0)
      writer.varint(this.#ect1)
      writer.varint(this.#ce)
    }
    writer.addAckToken(TOKEN_ACK, this.#largest)
    this.#unreported = 0
    this.#unreportedAckEliciting = 0
    this.#deadline = Infinity
    this.#largestReported = this.#largest
    return true
  }

  /** The peer acknowledged an ACK frame of ours whose Largest Acknowledged was `largest` (TOKEN_ACK). */
  onAckAcknowledged(largest: number): void {
    if (largest >= this.#reportFrom) this.#reportFrom = largest + 1
  }

  // --- reads

  /** True for a number that was received, or that is too old to tell. */
  isDuplicate(packetNumber: number): boolean {
    return packetNumber < this.#floor || this.#received.has(packetNumber)
  }

  /** Largest packet number received, -1 before the first. */
  get largest(): number {
    return this.#largest
  }

  get largestReceivedAt(): Millis {
    return this.#largestReceivedAt
  }

  /** An ACK must go now, alone if need be. */
  ackRequired(now: Millis): boolean {
    return now >= this.#deadline
  }

  /** When `ackRequired` becomes true, maybe in the past; Infinity: nothing ack-eliciting to report. */
  get ackDeadline(): Millis {
    return this.#deadline
  }

  /** Something was received since the last ACK: one should be bundled with other frames. */
  hasAck(): boolean {
    return this.#unreported > 0 && this.canAck
  }

  /**
   * Something that elicits an ACK was received: before that there is nothing to say, RFC 9000 §13.2.1. An
   * ACK of ACKs makes some servers count the ServerHello before them as lost, and wait for room to repeat it.
   */
  get canAck(): boolean {
    return this.#largestAckEliciting >= 0
  }

  /** An ACK would tell of a gap that the peer does not know of for all we know. */
  get reportsGap(): boolean {
    const top = this.#received.length - 1
    return top > 0 && this.#received.start(top) > this.#reportFrom
  }

  // --- private

  #onAckEliciting(now: Millis, packetNumber: number, congestion: boolean): void {
    this.#unreportedAckEliciting++
    if (packetNumber > this.#largestAckEliciting) this.#largestAckEliciting = packetNumber
    // RFC 9000 §13.2.1: at once when it comes late, or leaves a gap behind, or reports congestion;
    // §13.2.2: at once for every second packet, unless the peer wants it otherwise.
    const immediate =
      this.#immediate ||
      this.#requested ||
      congestion ||
      this.#unreportedAckEliciting > this.#ackElicitingThreshold ||
      this.#isReorderingToReport(packetNumber)
    this.#requested = false
    this.#deadline = Math.min(this.#deadline, immediate ? now : now + this.#maxAckDelay)
  }

  /**
   * draft-ietf-quic-ack-frequency §6.2: the peer can now declare a packet lost that is missing here,
   * or has done so with this one, which came after all.
   */
  #isReorderingToReport(packetNumber: number): boolean {
    // §6: no range may be forgotten before it was reported once. A full set is about to forget.
    const full = this.#received.length === MAX_RECEIVED_RANGES
    const threshold = full ? REORDERING_THRESHOLD : this.#reorderingThreshold
    if (threshold === 0) return false
    const largestReportedMissing = this.#largestReported - threshold
    if (packetNumber <= largestReportedMissing) return true
    const missing = this.#firstMissing(largestReportedMissing + 1)
    return this.#largestAckEliciting - missing >= threshold
  }

  /** The first number from `from` on that was not received. */
  #firstMissing(from: number): number {
    const start = Math.max(from, this.#floor)
    const received = this.#received
    const i = received.firstEndingAbove(start)
    return i < received.length && received.start(i) <= start ? received.end(i) : start
  }

  /** RFC 9000 §13.2.5: from the receipt of the largest packet until now, in units of 2^exponent us. */
  #encodedDelay(now: Millis, exponent: number): number {
    return Math.max(0, Math.floor(((now - this.#largestReceivedAt) * 1000) / 2 ** exponent))
  }

  /** Gap field before range `index`, RFC 9000 §19.3.1: the missing numbers above it, less one. */
  #gap(index: number): number {
    return this.#received.start(index + 1) - this.#received.end(index) - 1
  }

  #rangeLength(index: number): number {
    const length = this.#received.end(index) - 1 - this.#received.start(index)
    return varintLength(this.#gap(index)) + varintLength(length)
  }
}
