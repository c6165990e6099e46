// How often we ask the peer to acknowledge, draft-ietf-quic-ack-frequency §4, §7 and §8. An ACK for
// every second packet costs both sides more than it tells once many packets are on the way: we ask
// for some per congestion window instead, promptly while the window is small.

import { ackFrequencyLength, writeAckFrequency } from '../frame-encoder.ts'
import { ACKS_PER_WINDOW, MAX_PACKETS_PER_ACK } from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { LossDetection } from '../recovery/loss-detection.ts'
import {
  ACK_ELICITING_THRESHOLD,
  DEFAULT_MAX_ACK_DELAY,
  PACKET_THRESHOLD,
} from '../recovery/params.ts'
import type { Bytes, Millis } from '../recovery/params.ts'
import type { PathCapacities } from '../recovery/path-capacity.ts'

/** A wish is news when it is this many times what was asked for last, or that part of it. */
const CHANGE = 2

export class AckFrequency {
  /** True: the peer takes ACK_FREQUENCY and IMMEDIATE_ACK. */
  enabled: boolean
  /** There is something new to ask for, which goes with the next packet that elicits an ACK. */
  pending: boolean
  readonly #recovery: LossDetection
  readonly #paths: PathCapacities
  /** The peer's min_ack_delay and max_ack_delay, in microseconds. */
  #minDelay: number
  #maxDelay: number
  /** What the last frame asked for: packets per ACK, and microseconds. */
  #packets: number
  #delay: number
  #wantedPackets: number
  #wantedDelay: number
  #nextSequence: number
  /** Sequence number of the frame on its way; -1: none. */
  #inFlight: number
  /** Milliseconds: the most by which the peer may delay its ACKs, as far as we know. */
  #effectiveDelay: Millis

  constructor(recovery: LossDetection, paths: PathCapacities) {
    this.enabled = false
    this.pending = false
    this.#recovery = recovery
    this.#paths = paths
    this.#minDelay = 0
    this.#maxDelay = 0
    this.#packets = ACK_ELICITING_THRESHOLD
    this.#delay = 0
    this.#wantedPackets = ACK_ELICITING_THRESHOLD
    this.#wantedDelay = 0
    this.#nextSequence = 0
    this.#inFlight = -1
    this.#effectiveDelay = 0
  }

  // --- input

  /**
   * The peer announced the extension.
   * @param minAckDelay in microseconds.
   * @param maxAckDelay in milliseconds; not below the other.
   */
  enable(minAckDelay: number, maxAckDelay: Millis): void {
    this.enabled = true
    this.#minDelay = minAckDelay
    this.#maxDelay = maxAckDelay * 1000
    this.#delay = this.#maxDelay
    this.#wantedDelay = this.#maxDelay
    this.#effectiveDelay = maxAckDelay
  }

  /**
   * Congestion window and RTT may have changed. One frame is under way at a time, so there is no more
   * than one in a round trip (§8.1).
   */
  onAckReceived(maxDatagramSize: Bytes): void {
    if (!this.enabled || this.#inFlight >= 0) return
    const { congestion, rtt } = this.#paths.current
    const share = Math.floor(congestion.cwnd / (maxDatagramSize * ACKS_PER_WINDOW))
    if (share > ACK_ELICITING_THRESHOLD) {
      this.#wantedPackets = Math.min(share, MAX_PACKETS_PER_ACK)
      // §8.1: no more than a round trip. Nor less than usual: the number of packets comes first while
      // the window is in use, and a short delay would make the PTO too short for busy hosts.
      const delay = Math.floor(Math.max(rtt.smoothed, DEFAULT_MAX_ACK_DELAY) * 1000)
      this.#wantedDelay = Math.max(this.#minDelay, Math.min(delay, this.#maxDelay))
    } else {
      this.#wantedPackets = ACK_ELICITING_THRESHOLD
      this.#wantedDelay = this.#maxDelay
    }
    if (differs(this.#wantedPackets, this.#packets)) this.pending = true
    else if (this.#wantedPackets > ACK_ELICITING_THRESHOLD) {
      if (differs(this.#wantedDelay, this.#delay)) this.pending = true
    }
  }

  onAcked(sequenceNumber: number): void {
    if (sequenceNumber !== this.#nextSequence - 1) return
    this.#inFlight = -1
    this.#effectiveDelay = this.#delay / 1000
    this.#recovery.setMaxAckDelay(this.#effectiveDelay)
  }

  /** The next frame says what is wanted by then. */
  onLost(sequenceNumber: number): void {
    if (sequenceNumber !== this.#inFlight) return
    this.#inFlight = -1
    this.pending = true
  }

  // --- output

  writeFrame(writer: PacketWriter): void {
    const threshold = this.#wantedPackets - 1
    const length = ackFrequencyLength(
      this.#nextSequence,
      threshold,
      this.#wantedDelay,
      PACKET_THRESHOLD,
    )
    if (writer.remaining < length) return
    // §9: "a data sender can send a Reordering Threshold value that is the same as the loss detection
    // packet threshold".
    writeAckFrequency(writer, this.#nextSequence, threshold, this.#wantedDelay, PACKET_THRESHOLD)
    this.pending = false
    this.#packets = this.#wantedPackets
    this.#delay = this.#wantedDelay
    this.#inFlight = this.#nextSequence++
    // §7: until it is acknowledged, the PTO takes "the greater of the current max_ack_delay and the
    // value that is in flight"; one that counts as lost may have come all the same.
    this.#effectiveDelay = Math.max(this.#effectiveDelay, this.#delay / 1000)
    this.#recovery.setMaxAckDelay(this.#effectiveDelay)
  }
}

function differs(wanted: number, asked: number): boolean {
  return wanted >= asked * CHANGE || wanted * CHANGE <= asked
}
