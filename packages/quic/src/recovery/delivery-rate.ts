// Delivery rate samples, draft-ietf-ccwg-bbr §4.1: how fast a path delivered what was in flight while a packet was
// on its way. Kept only for controllers that work with rates.

import type { Bytes, Millis } from './params.ts'

// What is noted of each sent packet, in this order.
const DELIVERED = 0
const DELIVERED_TIME = 1
const FIRST_SEND_TIME = 2
const TX_IN_FLIGHT = 3
const LOST = 4
const APP_LIMITED = 5

/** Numbers that are noted of each sent packet. */
export const RATE_FIELDS = 6

/** The path's delivery as of one ACK frame, RS of the draft. The record is reused: read it at once. */
export interface RateSample {
  /** RS.delivery_rate in bytes per millisecond; 0: no reliable sample. */
  deliveryRate: number
  /** RS.delivered: bytes delivered while the newest acknowledged packet was on its way. */
  delivered: Bytes
  /** RS.prior_delivered: what was delivered in all when that packet was sent. */
  priorDelivered: Bytes
  /** RS.tx_in_flight: what was in flight when that packet was sent, itself included. */
  txInFlight: Bytes
  /** RS.lost: bytes declared lost since that packet was sent. */
  lost: Bytes
  /** RS.is_app_limited: the application, not the path, limited the rate. */
  appLimited: boolean
}

/** What a lost packet says of the path's state when it was sent. The record is reused. */
export interface LostPacket {
  packetNumber: number
  size: Bytes
  /** Bytes in flight when it was sent, itself included. */
  txInFlight: Bytes
  /** Bytes declared lost since it was sent, itself included. */
  lost: Bytes
  appLimited: boolean
}

export class DeliveryRate {
  /** C.delivered: bytes that arrived in the path's life. */
  delivered: Bytes
  readonly sample: RateSample
  readonly lostPacket: LostPacket
  /** C.lost: bytes declared lost in the path's life. */
  #lost: Bytes
  #deliveredTime: Millis
  #firstSendTime: Millis
  /** C.app_limited: until so much is delivered, samples are limited by the application; 0: they are not. */
  #appLimited: Bytes
  // The newest packet that the ACK frame at hand acknowledged.
  #hasData: boolean
  #packetNumber: number
  #priorTime: Millis
  #sendElapsed: Millis

  constructor() {
    this.delivered = 0
    this.sample = emptyRateSample()
    this.lostPacket = { packetNumber: 0, size: 0, txInFlight: 0, lost: 0, appLimited: false }
    this.#lost = 0
    this.#deliveredTime = 0
    this.#firstSendTime = 0
    this.#appLimited = 0
    this.#hasData = false
    this.#packetNumber = -1
    this.#priorTime = 0
    this.#sendElapsed = 0
  }

  /** True while what is sent is less than the path could take. */
  get isAppLimited(): boolean {
    return this.#appLimited > 0
  }

  /** MarkConnectionAppLimited: there is nothing more to send, or the controller sends less than it could. */
  markAppLimited(bytesInFlight: Bytes): void {
    this.#appLimited = Math.max(this.delivered + bytesInFlight, 1)
  }

  /**
   * An in-flight packet of `size` bytes left; its notes go to `notes[at..]`.
   *
   * @param bytesInFlight with the packet
   */
  onPacketSent(
    now: Millis,
    size: Bytes,
    bytesInFlight: Bytes,
    notes: Float64Array,
    at: number,
  ): void {
    if (bytesInFlight === size) {
      this.#firstSendTime = now
      this.#deliveredTime = now
    }
    notes[at + DELIVERED] = this.delivered
    notes[at + DELIVERED_TIME] = this.#deliveredTime
    notes[at + FIRST_SEND_TIME] = this.#firstSendTime
    notes[at + TX_IN_FLIGHT] = bytesInFlight
    notes[at + LOST] = this.#lost
    notes[at + APP_LIMITED] = this.#appLimited > 0 ? 1 : 0
  }

  /** UpdateRateSample: a packet was acknowledged. `takeSample` sums up. */
  onPacketAcked(
    now: Millis,
    packetNumber: number,
    sentTime: Millis,
    size: Bytes,
    notes: Float64Array,
    at: number,
  ): void {
    this.delivered += size
    this.#deliveredTime = now
    const newest =
      sentTime > this.#firstSendTime ||
      (sentTime === this.#firstSendTime && packetNumber > this.#packetNumber)
    if (this.#hasData && !newest) return
    const { sample } = this
    this.#hasData = true
    this.#packetNumber = packetNumber
    this.#priorTime = notes[at + DELIVERED_TIME]
    this.#sendElapsed = sentTime - notes[at + FIRST_SEND_TIME]
    this.#firstSendTime = sentTime
    sample.priorDelivered = notes[at + DELIVERED]
    sample.txInFlight = notes[at + TX_IN_FLIGHT]
    sample.lost = notes[at + LOST]
    sample.appLimited = notes[at + APP_LIMITED] !== 0
  }

  /** A packet was lost. The record is what the controller is told. */
  onPacketLost(
    packetNumber: number,
    size: Bytes,
    notes: Float64Array,
    at: number,
  ): Readonly<LostPacket> {
    this.#lost += size
    const { lostPacket } = this
    lostPacket.packetNumber = packetNumber
    lostPacket.size = size
    lostPacket.txInFlight = notes[at + TX_IN_FLIGHT]
    lostPacket.lost = this.#lost - notes[at + LOST]
    lostPacket.appLimited = notes[at + APP_LIMITED] !== 0
    return lostPacket
  }

  /**
   * GenerateRateSample: what the ACK frame at hand says, after `onPacketAcked` for each of its packets.
   *
   * @param minRtt 0: none is known
   */
  takeSample(minRtt: Millis): RateSample {
    const { sample } = this
    if (this.#appLimited > 0 && this.delivered > this.#appLimited) this.#appLimited = 0
    this.#hasData = false
    sample.delivered = this.delivered - sample.priorDelivered
    sample.lost = this.#lost - sample.lost
    const interval = Math.max(this.#sendElapsed, this.#deliveredTime - this.#priorTime)
    const reliable = interval > 0 && interval >= minRtt
    sample.deliveryRate = reliable ? sample.delivered / interval : 0
    return sample
  }
}

/** Says nothing: of a controller that does not want rates. */
export function emptyRateSample(): RateSample {
  return {
    deliveryRate: 0,
    delivered: 0,
    priorDelivered: 0,
    txInFlight: 0,
    lost: 0,
    appLimited: false,
  }
}
