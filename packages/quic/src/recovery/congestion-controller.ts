// What a path asks of its congestion controller, RFC 9002 §7. The path counts bytes in flight; a controller
// owns the window. It hears once of each ACK frame, and once of the losses that the frame revealed.

import type { LostPacket, RateSample } from './delivery-rate.ts'
import { emptyRateSample } from './delivery-rate.ts'
import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'

/** What one ACK frame says of the packets of one path. The record is reused: read it at once. */
export interface AckSample {
  now: Millis
  /** Newly acknowledged bytes that were in flight. */
  bytes: Bytes
  /** Those of them that were sent after `recoveryStart`: only they make a loss-based window grow (RFC 9002 §7.3.2). */
  bytesAfterRecovery: Bytes
  /** When the newest of these packets was sent. */
  sentTime: Millis
  /** What is still in flight. */
  bytesInFlight: Bytes
  /** False: the window was not used up, and must not grow (RFC 9002 §7.8). */
  windowLimited: boolean
  /** How fast these packets were delivered; says nothing unless the controller has `rates`. */
  rate: RateSample
}

/** What a controller that works with rates is asked beside. */
export interface RateController {
  /** An in-flight packet was lost; `delivered` is what the path has delivered by now. `onLost` sums up. */
  onPacketLost(now: Millis, lost: Readonly<LostPacket>, delivered: Bytes): void
  /** True: what is sent now is less than the path could take, by the controller's own will. */
  readonly limitsItself: boolean
}

export interface CongestionController {
  /** 'newreno', 'cubic', ... */
  readonly name: string
  /** congestion_window: bytes that may be in flight. */
  readonly cwnd: Bytes
  /** Slow start threshold in bytes; Infinity before the first congestion event. */
  readonly ssthresh: Bytes
  /** RFC 9002 §7.3.1. */
  readonly inSlowStart: boolean
  /** congestion_recovery_start_time: packets sent up to then belong to the recovery period; -Infinity: there was none. */
  readonly recoveryStart: Millis

  /** Not null: delivery rates are to be measured, which costs some memory for each packet in flight. */
  readonly rates: RateController | null

  /**
   * An in-flight packet of `size` bytes was sent; `bytesInFlight` includes it.
   *
   * @param appLimited the application has had less to send than the path could take; known when there are `rates`.
   */
  onPacketSent(now: Millis, size: Bytes, bytesInFlight: Bytes, appLimited: boolean): void
  /** Packets were acknowledged. Losses that the same ACK frame revealed were reported before. */
  onAcknowledged(sample: AckSample, rtt: RttEstimator): void
  /**
   * `bytes` in flight were lost; `sentTime` is that of the latest sent packet among them. True when this
   * begins a recovery period (RFC 9002 §7.3.2), false when it belongs to the current one.
   */
  onLost(now: Millis, bytes: Bytes, sentTime: Millis): boolean
  /** RFC 9002 §7.6: back to the minimum window. */
  onPersistentCongestion(): void
  /** Bytes per millisecond at which packets should leave, RFC 9002 §7.7. */
  pacingRate(rtt: RttEstimator): number
  /** The path's datagram size changed: minimum window and increments follow, RFC 9002 §7.2. */
  setMaxDatagramSize(maxDatagramSize: Bytes): void
}

/** A record to fill. */
export function emptyAckSample(): AckSample {
  return {
    now: 0,
    bytes: 0,
    bytesAfterRecovery: 0,
    sentTime: 0,
    bytesInFlight: 0,
    windowLimited: false,
    rate: emptyRateSample(),
  }
}
