// Round trips timed by packets, draft-ietf-ccwg-bbr §5.5.1, and what was delivered and lost in the present one
// (§5.5.10.3).

import type { RateSample } from '../delivery-rate.ts'
import type { Bytes } from '../params.ts'

export class Rounds {
  /** BBR.round_count. */
  count: number
  /** BBR.round_start: the ACK at hand begins a round. */
  started: boolean
  /** BBR.loss_round_start: the ACK at hand ends a round that losses are counted by. */
  lossRoundStarted: boolean
  /** BBR.is_loss_in_round. */
  hasLoss: boolean
  /** Runs of lost packets in the round. */
  lossRuns: number
  /** BBR.bw_latest in bytes per millisecond, and BBR.inflight_latest: the most of a round trip. */
  bandwidthLatest: number
  inflightLatest: Bytes
  /** C.delivered as of the last ACK. */
  delivered: Bytes
  #nextDelivered: Bytes
  #lossDelivered: Bytes
  #lastLost: number

  constructor() {
    this.count = 0
    this.started = false
    this.lossRoundStarted = false
    this.hasLoss = false
    this.lossRuns = 0
    this.bandwidthLatest = 0
    this.inflightLatest = 0
    this.delivered = 0
    this.#nextDelivered = 0
    this.#lossDelivered = 0
    this.#lastLost = -2
  }

  /** StartRound. */
  start(): void {
    this.#nextDelivered = this.delivered
  }

  /** UpdateLatestDeliverySignals and UpdateRound: an ACK brought `rate`. */
  onAck(rate: RateSample): void {
    this.delivered = rate.delivered + rate.priorDelivered
    this.bandwidthLatest = Math.max(this.bandwidthLatest, rate.deliveryRate)
    this.inflightLatest = Math.max(this.inflightLatest, rate.delivered)
    this.lossRoundStarted = rate.priorDelivered >= this.#lossDelivered
    if (this.lossRoundStarted) this.#lossDelivered = this.delivered
    this.started = rate.priorDelivered >= this.#nextDelivered
    if (!this.started) return
    this.start()
    this.count++
  }

  /** AdvanceLatestDeliverySignals: at the end of an ACK. */
  advance(rate: RateSample): void {
    if (!this.lossRoundStarted) return
    this.bandwidthLatest = rate.deliveryRate
    this.inflightLatest = rate.delivered
    this.lossRuns = 0
  }

  /** ResetCongestionSignals. */
  resetSignals(): void {
    this.hasLoss = false
    this.bandwidthLatest = 0
    this.inflightLatest = 0
  }

  /** NoteLoss. `delivered`: C.delivered. True: the first of the round. */
  onLost(packetNumber: number, delivered: Bytes): boolean {
    if (packetNumber !== this.#lastLost + 1) this.lossRuns++
    this.#lastLost = packetNumber
    if (this.hasLoss) return false
    this.#lossDelivered = delivered
    this.hasLoss = true
    return true
  }
}
