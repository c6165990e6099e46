// The path's round trip without a queue, draft-ietf-ccwg-bbr §5.3.4.3 and §5.5.7, and when it is time to empty the
// queue to see it again.

import type { Millis } from '../params.ts'

/** BBR.MinRTTFilterLen. */
const FILTER_LENGTH: Millis = 10_000
/** BBR.ProbeRTTInterval. */
const PROBE_INTERVAL: Millis = 5000

export class MinRtt {
  /** BBR.min_rtt; Infinity before the first sample. */
  value: Millis
  /** BBR.probe_rtt_expired: no sample as low as the lowest came for a while. */
  expired: boolean
  #stamp: Millis
  #probeMin: Millis
  #probeStamp: Millis

  constructor() {
    this.value = Infinity
    this.expired = false
    this.#stamp = 0
    this.#probeMin = Infinity
    this.#probeStamp = 0
  }

  /** UpdateMinRTT. */
  update(now: Millis, rtt: Millis): void {
    if (this.#probeMin === Infinity) this.#probeStamp = now
    this.expired = now > this.#probeStamp + PROBE_INTERVAL
    if (rtt < this.#probeMin || this.expired) {
      this.#probeMin = rtt
      this.#probeStamp = now
    }
    if (this.#probeMin < this.value || now > this.#stamp + FILTER_LENGTH) {
      this.value = this.#probeMin
      this.#stamp = this.#probeStamp
    }
  }

  /** ProbeRTT has ended: the next is due an interval later. */
  onProbed(now: Millis): void {
    this.#probeStamp = now
  }
}
