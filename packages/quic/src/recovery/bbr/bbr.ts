// BBR version 3, draft-ietf-ccwg-bbr: a model of the path, its bandwidth and its round trip without a queue, sets
// the rate and the window; loss only bounds the model. Names and order are the draft's, so that the two can
// be read side by side; its parts that stand alone are in files of their own. More than 15 fields: they are the
// draft's state, each used by several of its procedures.
//
// Not here: HandleSpuriousLossDetection (§5.5.11). Loss detection forgets what it declared lost, so nobody
// would call it.

import type { AckSample, CongestionController, RateController } from '../congestion-controller.ts'
import type { LostPacket, RateSample } from '../delivery-rate.ts'
import { initialWindow } from '../params.ts'
import type { Bytes, Millis } from '../params.ts'
import type { RttEstimator } from '../rtt.ts'
import { InflightGrowth } from './inflight-growth.ts'
import { BETA, PathModel } from './model.ts'
import { Rounds } from './rounds.ts'
import {
  CWND_GAINS,
  DRAIN,
  isAccelerating,
  isProbeBw,
  PACING_GAINS,
  PROBE_CRUISE,
  PROBE_DOWN,
  PROBE_REFILL,
  PROBE_RTT,
  PROBE_UP,
  STARTUP,
  STARTUP_PACING_GAIN,
} from './states.ts'
import type { BbrState } from './states.ts'

/** BBR.LossThresh: losses of a round trip, as a part of what was in flight, that are too many while probing. */
const LOSS_THRESHOLD = 0.02
/** 100 % less BBR.PacingMarginPercent. */
const PACING_MARGIN = 0.99
/** BBR.ProbeRTTDuration. */
const PROBE_RTT_DURATION: Millis = 200
/** BBRStartupFullLossCnt: runs of lost packets in a round that end Startup. */
const STARTUP_LOSS_RUNS = 6
/** Rounds after which Drain ends, drained or not. */
const DRAIN_ROUNDS = 3
/** PickProbeWait: the least wait between two probes for bandwidth, and what chance adds. */
const PROBE_WAIT: Millis = 2000
const PROBE_WAIT_SPREAD: Millis = 1000
/** IsRenoCoexistenceProbeTime: rounds between two probes at most. */
const MAX_PROBE_ROUNDS = 63
/** Nominal RTT of InitPacingRate before there is a sample. */
const NOMINAL_RTT: Millis = 1

// BBR.ack_phase: what the ACKs that come now say of the last probe for bandwidth.
const ACKS_INIT = 0
const ACKS_REFILLING = 1
const ACKS_PROBE_STARTING = 2
const ACKS_PROBE_FEEDBACK = 3
const ACKS_PROBE_STOPPING = 4

export class Bbr implements CongestionController, RateController {
  readonly name = 'bbr'
  readonly rates: RateController
  readonly ssthresh: Bytes = Infinity
  cwnd: Bytes
  recoveryStart: Millis
  state: BbrState
  /** True: what is sent next is less than the path could take, and so are its rate samples. */
  limitsItself: boolean

  readonly #random: () => number
  readonly #model: PathModel
  readonly #rounds: Rounds
  #pacingRate: number
  /** There was an RTT sample: the rate is one of this path. */
  #paced: boolean
  #drainStartRound: number
  #cwndLimitedRound: number

  // Probing for bandwidth.
  #ackPhase: number
  #probeSample: boolean
  readonly #growth: InflightGrowth
  #roundsSinceProbe: number
  #probeWait: Millis
  #cycleStart: Millis
  #probeTooHigh: boolean
  #probePrecautionary: boolean

  // Probing for the round trip, and idleness.
  /** BBR.probe_rtt_done_stamp; 0: the queue is not yet empty. */
  #probeRttDoneAt: Millis
  #probeRttRoundDone: boolean
  #priorCwnd: Bytes
  #idleRestart: boolean
  #inRecovery: boolean
  #inflight: Bytes

  /**
   * @param maxDatagramSize in bytes
   * @param random from 0 to below 1: flows that share a bottleneck must not probe in step
   */
  constructor(maxDatagramSize: Bytes, random: () => number) {
    this.#model = new PathModel(maxDatagramSize)
    this.#rounds = new Rounds()
    this.cwnd = this.#model.initialWindow
    this.recoveryStart = -Infinity
    this.state = STARTUP
    this.limitsItself = false
    this.rates = this
    this.#random = random
    this.#pacingRate = (STARTUP_PACING_GAIN * this.cwnd) / NOMINAL_RTT
    this.#paced = false
    this.#drainStartRound = 0
    this.#cwndLimitedRound = -1
    this.#ackPhase = ACKS_INIT
    this.#probeSample = false
    this.#growth = new InflightGrowth()
    this.#roundsSinceProbe = 0
    this.#probeWait = 0
    this.#cycleStart = 0
    this.#probeTooHigh = false
    this.#probePrecautionary = false
    this.#probeRttDoneAt = 0
    this.#probeRttRoundDone = false
    this.#priorCwnd = 0
    this.#idleRestart = false
    this.#inRecovery = false
    this.#inflight = 0
  }

  // --- input

  /** OnTransmit, and C.is_cwnd_limited. */
  onPacketSent(now: Millis, size: Bytes, bytesInFlight: Bytes, appLimited: boolean): void {
    // HandleRestartFromIdle.
    if (bytesInFlight === size && appLimited) {
      this.#idleRestart = true
      this.#model.extraAcked.restart(now)
      if (isProbeBw(this.state)) this.#setPacingRate(1)
      else if (this.state === PROBE_RTT) this.#checkProbeRttDone(now)
    }
    if (bytesInFlight + this.#model.maxDatagramSize > this.cwnd) {
      this.#cwndLimitedRound = this.#rounds.count
    }
  }

  /** HandleLostPacket. */
  onPacketLost(now: Millis, lost: Readonly<LostPacket>, delivered: Bytes): void {
    if (this.#rounds.onLost(lost.packetNumber, delivered)) this.#saveCwnd()
    if (!this.#probeSample || lost.lost <= lost.txInFlight * LOSS_THRESHOLD) return
    this.#handleInflightTooHigh(now, inflightAtLoss(lost), lost.appLimited)
  }

  /** The losses of an ACK frame, of which `onPacketLost` told one by one: a recovery period begins, or goes on. */
  onLost(now: Millis, _bytes: Bytes, sentTime: Millis): boolean {
    if (sentTime <= this.recoveryStart) return false
    this.recoveryStart = now
    this.#saveCwnd()
    this.#inRecovery = true
    return true
  }

  /** §5.6.4.4, OnEnterRTO: everything in flight was lost. The model stands, the window grows back from its floor. */
  onPersistentCongestion(): void {
    this.#saveCwnd()
    this.cwnd = this.#model.minPipeCwnd
  }

  /** UpdateOnACK. */
  onAcknowledged(sample: AckSample, rtt: RttEstimator): void {
    const { now, rate } = sample
    const model = this.#model
    const rounds = this.#rounds
    this.#inflight = sample.bytesInFlight
    rounds.onAck(rate)
    if (rounds.started) this.#roundsSinceProbe++
    model.onRateSample(rate)
    this.#adaptLowerBounds()
    const { fullPipe } = model
    model.extraAcked.update(
      now,
      model.bandwidth,
      sample.bytes,
      this.cwnd,
      rounds.count,
      fullPipe.reached,
    )
    if (rounds.started && !rate.appLimited) fullPipe.onRound(rate.deliveryRate)
    this.#checkStartupDone(rate)
    this.#checkDrainDone(now)
    this.#updateProbeBwPhase(now, sample)
    model.minRtt.update(now, now - sample.sentTime)
    this.#checkProbeRtt(now, rate)
    rounds.advance(rate)
    model.boundBandwidth()
    // UpdateControlParameters.
    if (this.#inRecovery && sample.sentTime > this.recoveryStart) {
      this.#inRecovery = false
      this.cwnd = Math.max(this.cwnd, this.#priorCwnd)
    }
    if (!this.#paced && rtt.hasSample) {
      // InitPacingRate: the first sample tells what the initial window means as a rate.
      this.#paced = true
      this.#pacingRate = (STARTUP_PACING_GAIN * model.initialWindow) / Math.max(rtt.smoothed, 1e-3)
    }
    this.#setPacingRate(PACING_GAINS[this.state])
    model.setSendQuantum(this.#pacingRate)
    this.#setCwnd(sample.bytes)
  }

  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    const model = this.#model
    model.maxDatagramSize = maxDatagramSize
    if (!this.#paced) {
      model.initialWindow = initialWindow(maxDatagramSize)
      this.cwnd = model.initialWindow
    }
    this.cwnd = Math.max(this.cwnd, model.minPipeCwnd)
  }

  // --- output

  pacingRate(): number {
    return this.#pacingRate
  }

  get inSlowStart(): boolean {
    return this.state === STARTUP
  }

  /** BBR.bw in bytes per millisecond. */
  get bandwidth(): number {
    return this.#model.bandwidth
  }

  /** BBR.min_rtt; Infinity before the first sample. */
  get minRtt(): Millis {
    return this.#model.minRtt.value
  }

  // --- the model, §5.5

  /** AdaptLowerBoundsFromCongestion, at the end of a round. */
  #adaptLowerBounds(): void {
    const rounds = this.#rounds
    if (!rounds.lossRoundStarted) return
    if (rounds.hasLoss && !isAccelerating(this.state)) {
      this.#model.onLossRound(this.cwnd, rounds.bandwidthLatest, rounds.inflightLatest)
    }
    rounds.hasLoss = false
  }

  // --- Startup and Drain, §5.3.1 and §5.3.2

  #checkStartupDone(rate: RateSample): void {
    if (this.state !== STARTUP) return
    // CheckStartupHighLoss.
    const { fullPipe } = this.#model
    const rounds = this.#rounds
    const lossy =
      rounds.lossRoundStarted && this.#inRecovery && rounds.lossRuns >= STARTUP_LOSS_RUNS
    if (lossy && isTooHigh(rate)) {
      fullPipe.reached = true
      this.#model.inflightLongTerm = Math.max(this.#model.bdp(1), rounds.inflightLatest)
    }
    if (!fullPipe.reached) return
    this.state = DRAIN
    this.#drainStartRound = rounds.count
  }

  #checkDrainDone(now: Millis): void {
    if (this.state !== DRAIN) return
    const drained = this.#inflight <= this.#inflightFor(this.#model.bandwidth)
    if (drained || this.#rounds.count > this.#drainStartRound + DRAIN_ROUNDS)
      this.#startProbeDown(now)
  }

  // --- ProbeBW, §5.3.3

  #startProbeDown(now: Millis): void {
    this.#rounds.resetSignals()
    this.#growth.stop()
    // PickProbeWait.
    this.#roundsSinceProbe = this.#random() < 0.5 ? 0 : 1
    this.#probeWait = PROBE_WAIT + PROBE_WAIT_SPREAD * this.#random()
    this.#cycleStart = now
    this.#ackPhase = ACKS_PROBE_STOPPING
    this.#rounds.start()
    this.state = PROBE_DOWN
  }

  #startProbeRefill(): void {
    this.#model.resetShortTerm()
    this.#growth.reset()
    this.#probePrecautionary = false
    this.#ackPhase = ACKS_REFILLING
    this.#rounds.start()
    this.state = PROBE_REFILL
  }

  #startProbeUp(rate: RateSample): void {
    this.#ackPhase = ACKS_PROBE_STARTING
    this.#rounds.start()
    this.#model.fullPipe.restart(rate.deliveryRate)
    this.state = PROBE_UP
    this.#growth.raiseSlope(this.cwnd, this.#model.maxDatagramSize)
  }

  #updateProbeBwPhase(now: Millis, sample: AckSample): void {
    const { rate } = sample
    if (!this.#model.fullPipe.reached) return
    if (this.#adaptLongTermModel(sample)) return
    switch (this.state) {
      case PROBE_DOWN:
        if (!this.#probeIfDue(now) && this.#isTimeToCruise()) this.state = PROBE_CRUISE
        return
      case PROBE_CRUISE:
        this.#probeIfDue(now)
        return
      case PROBE_REFILL:
        if (!this.#rounds.started) return
        this.#probeSample = true
        this.#startProbeUp(rate)
        return
      case PROBE_UP:
        if (!this.#isTimeToGoDown(rate)) return
        this.#probeTooHigh = false
        this.#startProbeDown(now)
        return
      case STARTUP:
      case DRAIN:
      case PROBE_RTT:
    }
  }

  /** IsTimeToProbeBW. */
  #probeIfDue(now: Millis): boolean {
    const target = Math.min(this.#model.bdp(1), this.cwnd) / this.#model.maxDatagramSize
    const coexistence = this.#roundsSinceProbe >= Math.min(target, MAX_PROBE_ROUNDS)
    if (now <= this.#cycleStart + this.#probeWait && !coexistence) return false
    this.#startProbeRefill()
    return true
  }

  #isTimeToCruise(): boolean {
    return (
      this.#inflight <= this.#model.inflightWithHeadroom &&
      this.#inflight <= this.#inflightFor(this.#model.maxBandwidth.value)
    )
  }

  #isTimeToGoDown(rate: RateSample): boolean {
    if (this.#probeTooHigh && this.#inflight >= this.#model.inflightLongTerm) {
      this.#probePrecautionary = true
      return true
    }
    if (this.#isCwndLimited && this.cwnd >= this.#model.inflightLongTerm) {
      this.#model.fullPipe.restart(rate.deliveryRate)
      return false
    }
    return this.#model.fullPipe.now
  }

  /** True: it decided where to go. */
  #adaptLongTermModel(sample: AckSample): boolean {
    const { rate } = sample
    if (this.#ackPhase === ACKS_PROBE_STARTING && this.#rounds.started) {
      this.#ackPhase = ACKS_PROBE_FEEDBACK
    }
    if (this.#ackPhase === ACKS_PROBE_STOPPING && this.#rounds.started) {
      this.#probeSample = false
      this.#ackPhase = ACKS_INIT
      if (isProbeBw(this.state)) {
        if (!rate.appLimited) this.#model.maxBandwidth.advance()
        if (this.#probePrecautionary && !this.#probeTooHigh) {
          this.#startProbeRefill()
          return true
        }
      }
    }
    if (isTooHigh(rate) || this.#model.inflightLongTerm === Infinity) return false
    if (rate.txInFlight > this.#model.inflightLongTerm)
      this.#model.inflightLongTerm = rate.txInFlight
    if (this.state === PROBE_UP) this.#probeInflightUpward(sample.bytes)
    return false
  }

  #handleInflightTooHigh(now: Millis, inflight: Bytes, appLimited: boolean): void {
    this.#probeTooHigh = true
    this.#probeSample = false
    if (!appLimited) {
      const target = Math.min(this.#model.bdp(1), this.cwnd)
      this.#model.inflightLongTerm = Math.max(inflight, target * BETA)
    }
    if (this.state === PROBE_UP) this.#startProbeDown(now)
  }

  #probeInflightUpward(acked: Bytes): void {
    const model = this.#model
    if (!this.#isCwndLimited || this.cwnd < model.inflightLongTerm) return
    model.inflightLongTerm += this.#growth.onAcked(acked) * model.maxDatagramSize
    if (this.#rounds.started) this.#growth.raiseSlope(this.cwnd, model.maxDatagramSize)
  }

  // --- ProbeRTT, §5.3.4

  #checkProbeRtt(now: Millis, rate: RateSample): void {
    if (this.state !== PROBE_RTT && this.#model.minRtt.expired && !this.#idleRestart) {
      this.#saveCwnd()
      this.state = PROBE_RTT
      this.#probeRttDoneAt = 0
      this.#ackPhase = ACKS_PROBE_STOPPING
      this.#rounds.start()
    }
    this.limitsItself = this.state === PROBE_RTT
    if (this.state === PROBE_RTT) {
      if (this.#probeRttDoneAt === 0 && this.#inflight <= this.#model.probeRttCwnd) {
        this.#probeRttDoneAt = now + PROBE_RTT_DURATION
        this.#probeRttRoundDone = false
        this.#rounds.start()
      } else if (this.#probeRttDoneAt !== 0) {
        if (this.#rounds.started) this.#probeRttRoundDone = true
        if (this.#probeRttRoundDone) this.#checkProbeRttDone(now)
      }
    }
    if (rate.delivered > 0) this.#idleRestart = false
  }

  #checkProbeRttDone(now: Millis): void {
    if (this.#probeRttDoneAt === 0 || now <= this.#probeRttDoneAt) return
    this.#model.minRtt.onProbed(now)
    this.cwnd = Math.max(this.cwnd, this.#priorCwnd)
    this.limitsItself = false
    this.#model.resetShortTerm()
    if (!this.#model.fullPipe.reached) {
      this.state = STARTUP
      return
    }
    this.#startProbeDown(now)
    this.state = PROBE_CRUISE
  }

  // --- rate and window, §5.6

  #setPacingRate(gain: number): void {
    const rate = gain * this.#model.bandwidth * PACING_MARGIN
    if (rate > 0 && (this.#model.fullPipe.reached || rate > this.#pacingRate))
      this.#pacingRate = rate
  }

  #setCwnd(acked: Bytes): void {
    const model = this.#model
    const cap = model.bdp(CWND_GAINS[this.state]) + model.extraAcked.value
    const maxInflight = this.#quantized(cap)
    if (this.#model.fullPipe.reached) {
      this.cwnd = Math.min(this.cwnd + acked, maxInflight)
    } else if (this.cwnd < maxInflight || this.#rounds.delivered < model.initialWindow) {
      this.cwnd += acked
    }
    this.cwnd = Math.max(this.cwnd, model.minPipeCwnd)
    if (this.state === PROBE_RTT) this.cwnd = Math.min(this.cwnd, this.#model.probeRttCwnd)
    this.cwnd = Math.min(this.cwnd, model.cwndBound(this.state))
  }

  #saveCwnd(): void {
    this.#priorCwnd =
      this.#inRecovery || this.state === PROBE_RTT
        ? Math.max(this.#priorCwnd, this.cwnd)
        : this.cwnd
  }

  get #isCwndLimited(): boolean {
    return this.#cwndLimitedRound >= this.#rounds.count - 1
  }

  /** Inflight(bw, 1). */
  #inflightFor(bandwidth: number): Bytes {
    return this.#quantized(this.#model.bdp(1, bandwidth))
  }

  #quantized(inflight: Bytes): Bytes {
    const quantized = this.#model.quantized(inflight)
    return this.state === PROBE_UP ? quantized + 2 * this.#model.maxDatagramSize : quantized
  }
}

/** IsInflightTooHigh. */
function isTooHigh(rate: RateSample): boolean {
  return rate.lost > rate.txInFlight * LOSS_THRESHOLD
}

/** InflightAtLoss: with how much in flight the losses became too many. */
function inflightAtLoss({ size, txInFlight, lost }: Readonly<LostPacket>): Bytes {
  const inflightBefore = txInFlight - size
  const lostBefore = lost - size
  const prefix = (LOSS_THRESHOLD * inflightBefore - lostBefore) / (1 - LOSS_THRESHOLD)
  return inflightBefore + prefix
}
