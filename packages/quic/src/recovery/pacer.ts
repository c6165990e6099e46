// A token bucket that spreads packets over the round trip, RFC 9002 §7.7. A pure function of the
// times it is given; ACK-only packets neither ask it nor count.

import { initialWindow, PACING_BURST_TIME } from './params.ts'
import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'

/** A shorter smoothed RTT than this (a loopback, a simulated wire) paces like this one, in milliseconds. */
const MIN_PACED_RTT: Millis = 0.05

/** rate = N * congestion_window / smoothed_rtt, in bytes per millisecond. */
export function paceWindow(cwnd: Bytes, gain: number, rtt: RttEstimator): number {
  return (gain * cwnd) / Math.max(rtt.smoothed, MIN_PACED_RTT)
}

/** The bucket of one path. It starts full: the initial window may leave in one burst. */
export class Pacer {
  #maxDatagramSize: Bytes
  /** Bytes that may leave at `#filledAt`; below zero after packets that did not ask (probes). */
  #tokens: Bytes
  #filledAt: Millis

  constructor(maxDatagramSize: Bytes) {
    this.#maxDatagramSize = maxDatagramSize
    this.#tokens = initialWindow(maxDatagramSize)
    this.#filledAt = -Infinity
  }

  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    this.#maxDatagramSize = maxDatagramSize
  }

  /** @param rate in bytes per millisecond, of the congestion controller. */
  onPacketSent(now: Millis, size: Bytes, rate: number): void {
    this.#fill(now, rate)
    // A debt of more than a bucket would hold back data for what probes did.
    this.#tokens = Math.max(this.#tokens - size, -this.#capacity(rate))
  }

  /** When a full-size packet may leave; `now` when it may at once. */
  nextSendTime(now: Millis, rate: number): Millis {
    this.#fill(now, rate)
    const missing = this.#maxDatagramSize - this.#tokens
    // Less than a byte is a rounding error: the answer to "when?" must be "now" at that time.
    return missing < 1 ? now : now + missing / rate
  }

  // RFC 9002 §7.7 (deviates): bursts are limited to the initial window, or to two milliseconds of
  // the pacing rate when that is more: with timers of one millisecond anything less caps the rate.
  #capacity(rate: number): Bytes {
    return Math.max(initialWindow(this.#maxDatagramSize), rate * PACING_BURST_TIME)
  }

  #fill(now: Millis, rate: number): void {
    const capacity = this.#capacity(rate)
    const elapsed = now - this.#filledAt
    this.#filledAt = now
    this.#tokens = Math.min(
      elapsed === Infinity ? capacity : this.#tokens + elapsed * rate,
      capacity,
    )
  }
}
