// Whether the congestion window is used up, RFC 9002 §7.8: only then may it grow. The answer holds
// for a round trip: an ACK that empties part of the window finds the sender "not limited" at that
// instant although it filled the window a moment ago.

import type { Bytes, Millis } from './params.ts'

export class WindowUsage {
  /** The sender was stopped, by the window or by the pacer, in the current round. */
  #limited: boolean
  /** Most bytes in flight in the current round. */
  #peak: Bytes
  /** When the current round began: it ends when a packet sent later is acknowledged. */
  #roundStart: Millis
  #roundOver: boolean

  constructor() {
    this.#limited = false
    this.#peak = 0
    this.#roundStart = 0
    this.#roundOver = true
  }

  /**
   * @param bytesInFlight with the `size` of the packet in it.
   * @param limited no further full-size packet fits the window.
   */
  onPacketSent(now: Millis, size: Bytes, bytesInFlight: Bytes, limited: boolean): void {
    // After silence nothing of the last round says how the window is used now.
    if (bytesInFlight === size) this.#roundOver = true
    this.#update(now, bytesInFlight, limited)
  }

  /**
   * There is something to send and window or pacer forbid it. RFC 9002 §7.8: "A sender SHOULD NOT
   * consider itself application limited if it would have fully utilized the congestion window
   * without pacing delay."
   */
  onBlocked(now: Millis, bytesInFlight: Bytes): void {
    this.#update(now, bytesInFlight, true)
  }

  onPacketAcked(sentTime: Millis): void {
    if (sentTime > this.#roundStart) this.#roundOver = true
  }

  /** In slow start half of the window is enough: it may double. */
  isLimited(cwnd: Bytes, inSlowStart: boolean): boolean {
    return this.#limited || (inSlowStart && this.#peak * 2 > cwnd)
  }

  #update(now: Millis, bytesInFlight: Bytes, limited: boolean): void {
    if (!this.#roundOver && !limited && (this.#limited || bytesInFlight <= this.#peak)) return
    this.#limited = limited
    this.#peak = bytesInFlight
    this.#roundStart = now
    this.#roundOver = false
  }
}
