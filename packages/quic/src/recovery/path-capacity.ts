// What one path carries, RFC 9002: its round-trip time, the congestion controller and its window, the
// pacer, and the bytes in flight. Loss detection keeps packet number spaces; what a sent packet means for
// capacity is asked of the path that it went to (RFC 9000 §9.4).

import type { AckSample, CongestionController } from './congestion-controller.ts'
import { Pacer } from './pacer.ts'
import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'
import { WindowUsage } from './window-usage.ts'

/** Of packets that belong to no path's capacity: probes for paths that are not in use. */
export const NO_PATH = 0
/** Numbers of paths that a sent packet can name. One comes round again after every sent packet was forgotten. */
export const MAX_PATH_NUMBER = 0xffff

export class PathCapacity {
  /** What sent packets name it by: 1 to `MAX_PATH_NUMBER`. */
  readonly number: number
  readonly rtt: RttEstimator
  readonly congestion: CongestionController
  /** Bytes of in-flight packets that are neither acknowledged nor lost, in all spaces. */
  bytesInFlight: Bytes
  #pacer: Pacer
  readonly #usage: WindowUsage
  #maxDatagramSize: Bytes
  /** RFC 9002 §7.3.2: one packet may exceed the window at the start of a recovery period. */
  #recoveryPacket: boolean
  // What the ACK frame at hand says of packets that went here.
  #acked: Bytes
  #ackedAfterRecovery: Bytes
  #ackedSentTime: Millis
  #lost: Bytes
  #lostSentTime: Millis

  /** @param maxDatagramSize bytes of the largest datagram that the path is known to carry */
  constructor(
    number: number,
    rtt: RttEstimator,
    congestion: CongestionController,
    maxDatagramSize: Bytes,
  ) {
    this.number = number
    this.rtt = rtt
    this.congestion = congestion
    this.bytesInFlight = 0
    this.#pacer = new Pacer(maxDatagramSize)
    this.#usage = new WindowUsage()
    this.#maxDatagramSize = maxDatagramSize
    this.#recoveryPacket = false
    this.#acked = 0
    this.#ackedAfterRecovery = 0
    this.#ackedSentTime = -1
    this.#lost = 0
    this.#lostSentTime = -1
  }

  // --- input

  /** An in-flight packet left. */
  onPacketSent(now: Millis, size: Bytes): void {
    const { congestion } = this
    this.bytesInFlight += size
    this.#recoveryPacket = false
    congestion.onPacketSent(now, size, this.bytesInFlight)
    this.#pacer.onPacketSent(now, size, congestion.pacingRate(this.rtt))
    const limited = this.bytesInFlight + this.#maxDatagramSize > congestion.cwnd
    this.#usage.onPacketSent(now, size, this.bytesInFlight, limited)
  }

  /** An in-flight packet was acknowledged by the frame at hand; `reportAcked` sums up. */
  addAcked(sentTime: Millis, size: Bytes): void {
    this.bytesInFlight -= size
    this.#acked += size
    if (sentTime > this.congestion.recoveryStart) this.#ackedAfterRecovery += size
    if (sentTime > this.#ackedSentTime) this.#ackedSentTime = sentTime
  }

  /** An in-flight packet was lost, to congestion as it seems; `reportLost` sums up. */
  addLost(sentTime: Millis, size: Bytes): void {
    this.bytesInFlight -= size
    this.#lost += size
    if (sentTime > this.#lostSentTime) this.#lostSentTime = sentTime
  }

  /** An in-flight packet is no longer, and says nothing of congestion: a probe for the path MTU, or keys went. */
  forget(size: Bytes): void {
    this.bytesInFlight -= size
  }

  /** Tells the controller of all losses since the last call. */
  reportLost(now: Millis): void {
    const sentTime = this.#lostSentTime
    if (sentTime < 0) return
    if (this.congestion.onLost(now, this.#lost, sentTime)) this.#recoveryPacket = true
    this.#lost = 0
    this.#lostSentTime = -1
  }

  /** Tells the controller of all acknowledgements since the last call. `sample` is scratch memory. */
  reportAcked(now: Millis, sample: AckSample): void {
    if (this.#ackedSentTime < 0) return
    const { congestion } = this
    this.#usage.onPacketAcked(this.#ackedSentTime)
    sample.now = now
    sample.bytes = this.#acked
    sample.bytesAfterRecovery = this.#ackedAfterRecovery
    sample.sentTime = this.#ackedSentTime
    sample.bytesInFlight = this.bytesInFlight
    sample.windowLimited = this.#usage.isLimited(congestion.cwnd, congestion.inSlowStart)
    this.#acked = 0
    this.#ackedAfterRecovery = 0
    this.#ackedSentTime = -1
    congestion.onAcknowledged(sample, this.rtt)
  }

  /** A client's first packets were answered by a Retry: it begins anew. */
  onRetry(): void {
    this.#pacer = new Pacer(this.#maxDatagramSize)
  }

  /** RFC 9002 §7.6. */
  onPersistentCongestion(): void {
    this.congestion.onPersistentCongestion()
    this.rtt.onPersistentCongestion()
  }

  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    this.#maxDatagramSize = maxDatagramSize
    this.#pacer.setMaxDatagramSize(maxDatagramSize)
    this.congestion.setMaxDatagramSize(maxDatagramSize)
  }

  // --- output

  /** Whether the congestion window lets an in-flight packet of `bytes` go. Ask for every packet. */
  canSend(bytes: Bytes): boolean {
    return this.bytesInFlight + bytes <= this.congestion.cwnd || this.#recoveryPacket
  }

  /**
   * When the pacer lets a packet go: at or before `now` means at once. Ask only when there is
   * something to send: a wait counts as use of the window (RFC 9002 §7.8).
   */
  nextSendTime(now: Millis): Millis {
    const at = this.#pacer.nextSendTime(now, this.congestion.pacingRate(this.rtt))
    if (at > now) this.#usage.onBlocked(now, this.bytesInFlight)
    return at
  }

  get maxDatagramSize(): Bytes {
    return this.#maxDatagramSize
  }
}

/** The capacities of a connection's paths: what loss detection finds a sent packet's path by. */
export interface PathCapacities {
  /** Of the path that packets go to now. */
  readonly current: PathCapacity
  /** Null: the path is no more, or the number is `NO_PATH`. */
  find(number: number): PathCapacity | null
}
