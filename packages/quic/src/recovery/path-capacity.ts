// What one path carries, RFC 9002: its round-trip time, the congestion controller and its window, the
// pacer, and the bytes in flight. Loss detection keeps packet number spaces; what a sent packet means for
// capacity is asked of the path that it went to (RFC 9000 §9.4).

import type { AckSample, CongestionController } from './congestion-controller.ts'
import { DeliveryRate } from './delivery-rate.ts'
import { Pacer } from './pacer.ts'
import type { Bytes, Millis } from './params.ts'
import type { RttEstimator } from './rtt.ts'
import type { SentPackets } from './sent-packets.ts'
import { WindowUsage } from './window-usage.ts'

export class PathCapacity {
  /** What sent packets name it by: 1 to `MAX_PATH_NUMBER`. */
  readonly number: number
  readonly rtt: RttEstimator
  readonly congestion: CongestionController
  /** Bytes of in-flight packets that are neither acknowledged nor lost, in all spaces. */
  bytesInFlight: Bytes
  #pacer: Pacer
  readonly #usage: WindowUsage
  /** Null when the controller asks for no rates. */
  readonly #rate: DeliveryRate | null
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
    this.#rate = congestion.rates === null ? null : new DeliveryRate()
    this.#maxDatagramSize = maxDatagramSize
    this.#recoveryPacket = false
    this.#acked = 0
    this.#ackedAfterRecovery = 0
    this.#ackedSentTime = -1
    this.#lost = 0
    this.#lostSentTime = -1
  }

  // --- input

  /** An in-flight packet left, and was recorded in `sent`. */
  onPacketSent(now: Millis, sent: SentPackets, packetNumber: number): void {
    const { congestion } = this
    const size = sent.size(packetNumber)
    this.bytesInFlight += size
    this.#recoveryPacket = false
    const rate = this.#rate
    congestion.onPacketSent(now, size, this.bytesInFlight, rate !== null && rate.isAppLimited)
    if (rate !== null) {
      const notes = sent.noteRates()
      rate.onPacketSent(now, size, this.bytesInFlight, notes, sent.rateIndex(packetNumber))
    }
    this.#pacer.onPacketSent(now, size, congestion.pacingRate(this.rtt))
    const limited = this.bytesInFlight + this.#maxDatagramSize > congestion.cwnd
    this.#usage.onPacketSent(now, size, this.bytesInFlight, limited)
  }

  /** An in-flight packet was acknowledged by the frame at hand; `reportAcked` sums up. */
  addAcked(now: Millis, sent: SentPackets, packetNumber: number): void {
    const size = sent.size(packetNumber)
    const sentTime = sent.sentTime(packetNumber)
    this.bytesInFlight -= size
    if (this.#rate !== null && sent.rateNotes !== null) {
      const at = sent.rateIndex(packetNumber)
      this.#rate.onPacketAcked(now, packetNumber, sentTime, size, sent.rateNotes, at)
    }
    this.#acked += size
    if (sentTime > this.congestion.recoveryStart) this.#ackedAfterRecovery += size
    if (sentTime > this.#ackedSentTime) this.#ackedSentTime = sentTime
  }

  /** An in-flight packet was lost, to congestion as it seems; `reportLost` sums up. */
  addLost(now: Millis, sent: SentPackets, packetNumber: number): void {
    const size = sent.size(packetNumber)
    const sentTime = sent.sentTime(packetNumber)
    this.bytesInFlight -= size
    const rate = this.#rate
    if (rate !== null && sent.rateNotes !== null) {
      const at = sent.rateIndex(packetNumber)
      const lost = rate.onPacketLost(packetNumber, size, sent.rateNotes, at)
      this.congestion.rates?.onPacketLost(now, lost, rate.delivered)
    }
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
    const rate = this.#rate
    if (rate !== null) sample.rate = rate.takeSample(this.rtt.min)
    congestion.onAcknowledged(sample, this.rtt)
    if (congestion.rates?.limitsItself === true) rate?.markAppLimited(this.bytesInFlight)
  }

  /** There is nothing more to send, although the window has room: the rates to come are the application's. */
  onDataExhausted(): void {
    const { bytesInFlight } = this
    if (bytesInFlight < this.congestion.cwnd) this.#rate?.markAppLimited(bytesInFlight)
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
