// CUBIC, RFC 9438, in bytes and milliseconds (the RFC's formulas are in segments and seconds), with
// the recovery period of RFC 9002 §7.3.2. Slow start is Reno's; HyStart++ (RFC 9406) would end it
// early in `onAcknowledged` by setting ssthresh to cwnd: the first epoch then starts as §4.10 says.

import type { AckSample, CongestionController } from './congestion-controller.ts'
import { paceWindow } from './pacer.ts'
import { initialWindow, minimumWindow, PACING_GAIN, PACING_GAIN_SLOW_START } from './params.ts'
import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'

/** C in segments per second cubed, RFC 9438 §5. */
const C = 0.4
/** Multiplicative decrease factor, RFC 9438 §4.6. */
const BETA = 0.7
/** Additive increase in the Reno-friendly region, RFC 9438 §4.3. */
const ALPHA: number = (3 * (1 - BETA)) / (1 + BETA)

export class Cubic implements CongestionController {
  readonly name = 'cubic'
  readonly rates = null
  cwnd: Bytes
  ssthresh: Bytes
  recoveryStart: Millis
  #maxDatagramSize: Bytes
  /** The window is still the initial one: it follows the datagram size. */
  #untouched: boolean

  /** W_max; 0 when there is none. */
  #windowMax: Bytes
  /** cwnd_prior: the window before the last reduction. */
  #windowPrior: Bytes
  /** W_est: what Reno's window would be. */
  #windowReno: Bytes
  /** K in milliseconds. */
  #k: Millis
  /** A congestion avoidance stage has begun: the three above and `#elapsed` are valid. */
  #inEpoch: boolean
  /** t: time in this stage without its application-limited periods, RFC 9438 §4.2. */
  #elapsed: Millis
  /** The window was in full use up to `#lastAckAt`: the time since then counts. */
  #running: boolean
  #lastAckAt: Millis

  /** @param maxDatagramSize in bytes. */
  constructor(maxDatagramSize: Bytes) {
    this.cwnd = initialWindow(maxDatagramSize)
    this.ssthresh = Infinity
    this.recoveryStart = -Infinity
    this.#maxDatagramSize = maxDatagramSize
    this.#untouched = true
    this.#windowMax = 0
    this.#windowPrior = 0
    this.#windowReno = 0
    this.#k = 0
    this.#inEpoch = false
    this.#elapsed = 0
    this.#running = false
    this.#lastAckAt = 0
  }

  get inSlowStart(): boolean {
    return this.cwnd < this.ssthresh
  }

  onPacketSent(_now: Millis, size: Bytes, bytesInFlight: Bytes): void {
    // The first packet after silence: the silence was no congestion avoidance, RFC 9438 §5.8.
    if (bytesInFlight === size) this.#running = false
  }

  onAcknowledged(sample: AckSample, rtt: RttEstimator): void {
    if (!sample.windowLimited) {
      this.#running = false
      return
    }
    let bytes = sample.bytesAfterRecovery
    if (bytes === 0) return
    this.#untouched = false
    if (this.inSlowStart) {
      const growth = Math.min(bytes, this.ssthresh - this.cwnd)
      this.cwnd += growth
      bytes -= growth
      if (bytes === 0) return
    }
    const { now } = sample
    if (!this.#inEpoch) this.#startEpoch()
    if (this.#running) this.#elapsed += now - this.#lastAckAt
    this.#running = true
    this.#lastAckAt = now

    const alpha = this.#windowReno >= this.#windowPrior ? 1 : ALPHA
    this.#windowReno += (alpha * this.#maxDatagramSize * bytes) / this.cwnd
    if (this.#windowAt(this.#elapsed) < this.#windowReno) {
      // RFC 9438 §4.3: the Reno-friendly region.
      if (this.#windowReno > this.cwnd) this.cwnd = this.#windowReno
      return
    }
    // RFC 9438 §4.4 and §4.5: concave and convex region.
    const target = Math.min(this.#windowAt(this.#elapsed + rtt.smoothed), 1.5 * this.cwnd)
    if (target > this.cwnd)
      this.cwnd += ((target - this.cwnd) * Math.min(bytes, this.cwnd)) / this.cwnd
  }

  onLost(now: Millis, _bytes: Bytes, sentTime: Millis): boolean {
    if (sentTime <= this.recoveryStart) return false
    this.recoveryStart = now
    this.#untouched = false
    this.#inEpoch = false
    this.#running = false
    // RFC 9438 §4.7: fast convergence.
    this.#windowMax = this.cwnd < this.#windowMax ? (this.cwnd * (1 + BETA)) / 2 : this.cwnd
    this.#windowPrior = this.cwnd
    // RFC 9438 §4.6 with cwnd for flight_size: the window grows only while it is used up.
    this.ssthresh = Math.max(this.cwnd * BETA, minimumWindow(this.#maxDatagramSize))
    this.cwnd = this.ssthresh
    return true
  }

  onPersistentCongestion(): void {
    // RFC 9438 §4.8 and RFC 9002 §7.6.2. The congestion event that came with it has set ssthresh.
    this.cwnd = minimumWindow(this.#maxDatagramSize)
    this.recoveryStart = -Infinity
    this.#windowMax = 0
    this.#inEpoch = false
    this.#running = false
  }

  pacingRate(rtt: RttEstimator): number {
    return paceWindow(this.cwnd, this.inSlowStart ? PACING_GAIN_SLOW_START : PACING_GAIN, rtt)
  }

  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    this.#maxDatagramSize = maxDatagramSize
    // RFC 9002 §7.2: the initial window is computed anew as long as it is the initial one.
    this.cwnd = this.#untouched
      ? initialWindow(maxDatagramSize)
      : Math.max(this.cwnd, minimumWindow(maxDatagramSize))
  }

  #startEpoch(): void {
    this.#inEpoch = true
    this.#elapsed = 0
    this.#running = false
    this.#windowReno = this.cwnd
    if (this.#windowMax > this.cwnd) {
      const segments = (this.#windowMax - this.cwnd) / this.#maxDatagramSize
      this.#k = 1000 * Math.cbrt(segments / C)
    } else {
      // RFC 9438 §4.8 and §4.10: after a timeout, or a slow start that ended without a loss.
      this.#windowMax = this.cwnd
      this.#k = 0
      if (this.#windowPrior === 0) this.#windowPrior = this.cwnd
    }
  }

  /** W_cubic(t), RFC 9438 §4.2. */
  #windowAt(t: Millis): Bytes {
    const seconds = (t - this.#k) / 1000
    return C * seconds * seconds * seconds * this.#maxDatagramSize + this.#windowMax
  }
}
