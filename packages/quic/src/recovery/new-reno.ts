// NewReno as RFC 9002 §7 and appendix B have it.

import type { AckSample, CongestionController } from './congestion-controller.ts'
import { initialWindow, minimumWindow, PACING_GAIN, PACING_GAIN_SLOW_START } from './params.ts'
import type { Bytes, Millis } from './params.ts'
import { paceWindow } from './pacer.ts'
import type { RttEstimator } from './rtt.ts'

/** kLossReductionFactor, RFC 9002 appendix B.1. */
const LOSS_REDUCTION_FACTOR = 0.5

export class NewReno implements CongestionController {
  readonly name = 'newreno'
  readonly rates = null
  cwnd: Bytes
  ssthresh: Bytes
  recoveryStart: Millis
  #maxDatagramSize: Bytes
  /** Bytes acknowledged in congestion avoidance since the window last grew. */
  #acknowledged: Bytes
  /** The window is still the initial one: it follows the datagram size. */
  #untouched: boolean

  /** @param maxDatagramSize in bytes. */
  constructor(maxDatagramSize: Bytes) {
    this.cwnd = initialWindow(maxDatagramSize)
    this.ssthresh = Infinity
    this.recoveryStart = -Infinity
    this.#maxDatagramSize = maxDatagramSize
    this.#acknowledged = 0
    this.#untouched = true
  }

  get inSlowStart(): boolean {
    return this.cwnd < this.ssthresh
  }

  // The window depends on what comes back only.
  onPacketSent(): void {}

  onAcknowledged({ bytesAfterRecovery, windowLimited }: AckSample): void {
    // RFC 9002 §7.8: no growth while the window is not used up; §7.3.2: none in recovery.
    if (!windowLimited || bytesAfterRecovery === 0) return
    this.#untouched = false
    let bytes = bytesAfterRecovery
    if (this.inSlowStart) {
      const growth = Math.min(bytes, this.ssthresh - this.cwnd)
      this.cwnd += growth
      bytes -= growth
    }
    // RFC 9002 §7.3.3: "at most one maximum datagram size for each congestion window that is
    // acknowledged", counted as RFC 3465 does, so that no fraction is lost.
    this.#acknowledged += bytes
    while (this.#acknowledged >= this.cwnd) {
      this.#acknowledged -= this.cwnd
      this.cwnd += this.#maxDatagramSize
    }
  }

  onLost(now: Millis, _bytes: Bytes, sentTime: Millis): boolean {
    if (sentTime <= this.recoveryStart) return false
    this.recoveryStart = now
    this.#untouched = false
    this.#acknowledged = 0
    this.ssthresh = this.cwnd * LOSS_REDUCTION_FACTOR
    this.cwnd = Math.max(this.ssthresh, minimumWindow(this.#maxDatagramSize))
    return true
  }

  onPersistentCongestion(): void {
    this.cwnd = minimumWindow(this.#maxDatagramSize)
    this.recoveryStart = -Infinity
    this.#acknowledged = 0
  }

  pacingRate(rtt: RttEstimator): number {
    return paceWindow(this.cwnd, this.inSlowStart ? PACING_GAIN_SLOW_START : PACING_GAIN, rtt)
  }

  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    this.#maxDatagramSize = maxDatagramSize
    // RFC 9002 §7.2: "If the maximum datagram size changes during the connection, the initial
    // congestion window SHOULD be recalculated with the new size."
    this.cwnd = this.#untouched
      ? initialWindow(maxDatagramSize)
      : Math.max(this.cwnd, minimumWindow(maxDatagramSize))
  }
}
