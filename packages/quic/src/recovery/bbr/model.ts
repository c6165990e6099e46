// What BBR knows of the path, draft-ietf-ccwg-bbr §3.4: a rate and a round trip, and the bounds that loss sets on rate
// and volume, for a probing cycle (short term) or from one to the next (long term).

import type { RateSample } from '../delivery-rate.ts'
import type { Bytes, Millis } from '../params.ts'
import { initialWindow } from '../params.ts'
import { MaxBandwidth } from './bandwidth.ts'
import { ExtraAcked } from './extra-acked.ts'
import { FullPipe } from './full-pipe.ts'
import { MinRtt } from './min-rtt.ts'
import { isProbeBw, PROBE_CRUISE, PROBE_RTT, PROBE_RTT_CWND_GAIN } from './states.ts'
import type { BbrState } from './states.ts'

/** BBR.Beta: the least that is left of a bound by one round with loss. */
export const BETA = 0.7
/** BBR.Headroom: the part of the long-term volume that is left to others. */
const HEADROOM = 0.15
/** BBR.MinPipeCwnd in datagrams. */
const MIN_PIPE_DATAGRAMS = 4
/** Bytes of C.send_quantum at most: one hand-over to the kernel. */
const MAX_SEND_QUANTUM: Bytes = 65_536

export class PathModel {
  maxDatagramSize: Bytes
  /** C.InitialCwnd. */
  initialWindow: Bytes
  readonly maxBandwidth: MaxBandwidth
  readonly minRtt: MinRtt
  readonly fullPipe: FullPipe
  readonly extraAcked: ExtraAcked
  /** BBR.bw in bytes per millisecond. */
  bandwidth: number
  /** BBR.bw_shortterm. */
  bandwidthShortTerm: number
  /** BBR.inflight_shortterm. */
  inflightShortTerm: Bytes
  /** BBR.inflight_longterm. */
  inflightLongTerm: Bytes
  #sendQuantum: Bytes

  constructor(maxDatagramSize: Bytes) {
    this.maxDatagramSize = maxDatagramSize
    this.initialWindow = initialWindow(maxDatagramSize)
    this.maxBandwidth = new MaxBandwidth()
    this.minRtt = new MinRtt()
    this.fullPipe = new FullPipe()
    this.extraAcked = new ExtraAcked()
    this.bandwidth = 0
    this.bandwidthShortTerm = Infinity
    this.inflightShortTerm = Infinity
    this.inflightLongTerm = Infinity
    this.#sendQuantum = 2 * maxDatagramSize
  }

  /** UpdateMaxBw. */
  onRateSample({ deliveryRate, appLimited }: RateSample): void {
    const { maxBandwidth } = this
    if (deliveryRate === 0) return
    if (deliveryRate >= maxBandwidth.value || !appLimited) maxBandwidth.update(deliveryRate)
  }

  /** BoundBWForModel. */
  boundBandwidth(): void {
    this.bandwidth = Math.min(this.maxBandwidth.value, this.bandwidthShortTerm)
  }

  /** ResetShortTermModel. */
  resetShortTerm(): void {
    this.bandwidthShortTerm = Infinity
    this.inflightShortTerm = Infinity
  }

  /** LossLowerBounds: a round with loss while the flow did not speed up. */
  onLossRound(cwnd: Bytes, bandwidthLatest: number, inflightLatest: Bytes): void {
    if (this.bandwidthShortTerm === Infinity) this.bandwidthShortTerm = this.maxBandwidth.value
    if (this.inflightShortTerm === Infinity) this.inflightShortTerm = cwnd
    this.bandwidthShortTerm = Math.max(bandwidthLatest, BETA * this.bandwidthShortTerm)
    this.inflightShortTerm = Math.max(inflightLatest, BETA * this.inflightShortTerm)
  }

  /** SetSendQuantum. @param pacingRate in bytes per millisecond */
  setSendQuantum(pacingRate: number): void {
    const quantum = Math.min(pacingRate, MAX_SEND_QUANTUM)
    this.#sendQuantum = Math.max(quantum, 2 * this.maxDatagramSize)
  }

  // --- volumes

  /** BBR.MinPipeCwnd. */
  get minPipeCwnd(): Bytes {
    return MIN_PIPE_DATAGRAMS * this.maxDatagramSize
  }

  /** BDPMultiple(gain). */
  bdp(gain: number, bandwidth: number = this.bandwidth): Bytes {
    const minRtt: Millis = this.minRtt.value
    return minRtt === Infinity ? this.initialWindow : gain * bandwidth * minRtt
  }

  /** QuantizationBudget. */
  quantized(inflight: Bytes): Bytes {
    return Math.max(inflight, this.#sendQuantum, this.minPipeCwnd)
  }

  /** InflightWithHeadroom. */
  get inflightWithHeadroom(): Bytes {
    if (this.inflightLongTerm === Infinity) return Infinity
    const headroom = Math.max(this.maxDatagramSize, HEADROOM * this.inflightLongTerm)
    return Math.max(this.inflightLongTerm - headroom, this.minPipeCwnd)
  }

  /** BoundCwndForModel. */
  cwndBound(state: BbrState): Bytes {
    let bound = Infinity
    if (state === PROBE_RTT || state === PROBE_CRUISE) bound = this.inflightWithHeadroom
    else if (isProbeBw(state)) bound = this.inflightLongTerm
    return Math.max(Math.min(bound, this.inflightShortTerm), this.minPipeCwnd)
  }

  /** ProbeRTTCwnd. */
  get probeRttCwnd(): Bytes {
    return Math.max(this.bdp(PROBE_RTT_CWND_GAIN), this.minPipeCwnd)
  }
}
