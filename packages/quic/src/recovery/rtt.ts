// Round-trip time estimation, RFC 9002 §5. The caller has made sure that a sample may be taken
// (RFC 9002 §5.1: the largest acknowledged is newly acknowledged, with something ack-eliciting).

import { GRANULARITY, INITIAL_RTT } from './params.ts'
import type { Millis } from './params.ts'

/** latest_rtt, min_rtt, smoothed_rtt and rttvar of one path, in milliseconds. */
export class RttEstimator {
  /** The last sample, not adjusted for acknowledgement delay; 0 before the first. */
  latest: Millis
  /** The lowest sample since the start or since persistent congestion; 0 before the first. */
  min: Millis
  smoothed: Millis
  variation: Millis
  /** When the first sample was taken; Infinity before. RFC 9002 §7.6.2 asks for it. */
  firstSampleAt: Millis

  /** @param initialRtt kInitialRtt, RFC 9002 §6.2.2: another for a path that is known already. */
  constructor(initialRtt: Millis = INITIAL_RTT) {
    this.latest = 0
    this.min = 0
    this.smoothed = initialRtt
    this.variation = initialRtt / 2
    this.firstSampleAt = Infinity
  }

  get hasSample(): boolean {
    return this.firstSampleAt !== Infinity
  }

  /**
   * Takes a sample, RFC 9002 §5.2 and §5.3.
   * @param sample time from sending the largest acknowledged packet to `now`.
   * @param ackDelay the peer's delay that may be subtracted: 0 for the Initial space, already
   *   limited by max_ack_delay when the handshake is confirmed.
   */
  update(now: Millis, sample: Millis, ackDelay: Millis): void {
    this.latest = sample
    if (!this.hasSample) {
      this.firstSampleAt = now
      this.min = sample
      this.smoothed = sample
      this.variation = sample / 2
      return
    }
    if (sample < this.min) this.min = sample
    // RFC 9002 §5.3: "MUST NOT subtract the acknowledgment delay from the RTT sample if the
    // resulting value is smaller than the min_rtt."
    const adjusted = sample >= this.min + ackDelay ? sample - ackDelay : sample
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - adjusted)
    this.smoothed = 0.875 * this.smoothed + 0.125 * adjusted
  }

  /** RFC 9002 §5.2: after persistent congestion the path may be another; the newest sample rules. */
  onPersistentCongestion(): void {
    this.min = this.latest
  }

  /** PTO without the peer's max_ack_delay and without backoff, RFC 9002 §6.2.1. */
  get probeTimeout(): Millis {
    return this.smoothed + Math.max(4 * this.variation, GRANULARITY)
  }
}
