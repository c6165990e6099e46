// What loss detection asks of a congestion controller, RFC 9002 §7. Bytes in flight are counted by
// loss detection; a controller owns the window. NewReno and CUBIC satisfy it; a rate-based one would
// take its samples in the same calls and answer `pacingRate` by its model.

import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'

export interface CongestionController {
  /** 'newreno', 'cubic', ... */
  readonly name: string
  /** congestion_window: bytes that may be in flight. */
  readonly cwnd: Bytes
  /** Slow start threshold in bytes; Infinity before the first congestion event. */
  readonly ssthresh: Bytes
  /** RFC 9002 §7.3.1. */
  readonly inSlowStart: boolean

  /** An in-flight packet of `size` bytes was sent; `bytesInFlight` includes it. */
  onPacketSent(now: Millis, size: Bytes, bytesInFlight: Bytes): void
  /**
   * An in-flight packet was newly acknowledged. Losses that the same ACK frame revealed were
   * reported before.
   * @param windowLimited false: the window was not used up, and must not grow (RFC 9002 §7.8).
   */
  onPacketAcked(
    now: Millis,
    sentTime: Millis,
    size: Bytes,
    rtt: RttEstimator,
    windowLimited: boolean,
  ): void
  /**
   * Packets were lost, or ECN-CE reported; `sentTime` is that of the latest sent of them. True when
   * this begins a recovery period (RFC 9002 §7.3.2), false when it belongs to the current one.
   */
  onCongestionEvent(now: Millis, sentTime: Millis): boolean
  /** RFC 9002 §7.6: back to the minimum window. */
  onPersistentCongestion(): void
  /** Bytes per millisecond at which packets should leave, RFC 9002 §7.7. */
  pacingRate(rtt: RttEstimator): number
  /** The path's datagram size changed: minimum window and increments follow, RFC 9002 §7.2. */
  setMaxDatagramSize(maxDatagramSize: Bytes): void
}
