// LossDetection against the RFC's own pseudocode (appendix.ts) over random lives: whatever is sent,
// acknowledged, lost, skipped, discarded or timed out, both must say the same.

import { Prng } from '@godwit/testkit'
import * as fc from 'fast-check'
import t from 'tap'
import type { AckSample, CongestionController } from '../../src/recovery/congestion-controller.ts'
import { LossDetection } from '../../src/recovery/loss-detection.ts'
import type { PacketNumberSpace, RecoveryListener } from '../../src/recovery/recovery-listener.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { Appendix } from './appendix.ts'
import { ACK_ONLY, ackOf, ELICITING, packet, PADDING, rangesOf, TestCapacities } from './harness.ts'
import type { PacketKind } from './harness.ts'

class Spy implements CongestionController {
  readonly name = 'spy'
  readonly rates = null
  readonly cwnd = 1e9
  readonly ssthresh = Infinity
  readonly recoveryStart = -Infinity
  readonly inSlowStart = true
  calls: string[] = []

  onPacketSent(): void {}
  onAcknowledged({ sentTime, bytes }: AckSample): void {
    this.calls.push(`acked ${sentTime} ${bytes}`)
  }
  onLost(_now: number, bytes: number, sentTime: number): boolean {
    this.calls.push(`congestion ${sentTime} ${bytes}`)
    return true
  }
  onPersistentCongestion(): void {
    this.calls.push('persistent')
  }
  pacingRate(): number {
    return 1
  }
  setMaxDatagramSize(): void {}
}

class Notes implements RecoveryListener {
  acked: string[] = []
  lost: string[] = []

  onTokenAcked(space: PacketNumberSpace, _kind: number, a: number, b: number): void {
    if (b === 0) this.acked.push(`${space}:${a}`)
  }
  onTokenLost(space: PacketNumberSpace, _kind: number, a: number, b: number): void {
    if (b === 0) this.lost.push(`${space}:${a}`)
  }
}

interface Outcome {
  readonly difference: string
  readonly counts: Map<string, number>
}

function live(seed: number, steps: number): Outcome {
  const prng = new Prng(seed)
  const server = prng.chance(0.5)
  const spy = new Spy()
  const notes = new Notes()
  const rtt = new RttEstimator()
  const paths = new TestCapacities(rtt, spy, 1200)
  const real = new LossDetection({
    side: server ? 'server' : 'client',
    paths,
    listener: notes,
  })
  const model = new Appendix(server)
  const next = [0, 0, 0]
  const skipped: Set<number>[] = [new Set(), new Set(), new Set()]
  const open = [true, true, true]
  const counts = new Map<string, number>()
  const busy = prng.below(3)
  // A third of the lives lose nearly everything, with long silences: persistent congestion.
  const blackout = prng.chance(0.33)
  let now = 1000

  for (let step = 0; step < steps; step++) {
    const space = (prng.chance(0.3) ? prng.below(3) : busy) as PacketNumberSpace
    const what = prng.float()
    now += prng.chance(0.3) ? 0 : prng.float() * (prng.chance(blackout ? 0.3 : 0.05) ? 500 : 20)
    if (what < 0.55) {
      if (!open[space]) continue
      if (prng.chance(0.02)) skipped[space].add(next[space]++)
      const roll = prng.float()
      const kind: PacketKind = roll < 0.75 ? ELICITING : roll < 0.9 ? ACK_ONLY : PADDING
      const n = next[space]++
      const size = 30 + prng.below(1200)
      const writer = packet(kind, n, 1 + prng.below(3))
      real.onPacketSent(now, space, n, size, writer)
      model.onPacketSent(now, space, n, size, kind, writer.tokenCount)
    } else if (what < (blackout ? 0.58 : 0.75)) {
      if (!open[space] || next[space] === 0) continue
      // Some of the last 40 numbers, each with a chance of its own; at times an old one.
      const chance = prng.float() ** (blackout ? 20 : 0.3)
      const numbers: number[] = []
      const reach = prng.chance(0.1) ? 400 : 40
      const top = next[space] - prng.below(Math.min(blackout ? 2 : 10, next[space]))
      for (let n = Math.max(0, top - reach); n < top; n++) {
        if (!skipped[space].has(n) && prng.chance(chance)) numbers.push(n)
      }
      if (blackout && !skipped[space].has(top - 1) && !numbers.includes(top - 1))
        numbers.push(top - 1)
      if (numbers.length === 0) continue
      const delay = prng.float() * 40
      real.onAckReceived(now, space, ackOf(rangesOf(numbers), delay))
      model.onAckReceived(now, space, numbers, delay)
    } else if (what < 0.95) {
      if (model.timeout < now + 1000 && prng.chance(0.8)) now = Math.max(now, model.timeout)
      real.onTimeout(now)
      model.onTimeout(now)
    } else if (what < 0.96) {
      real.setHandshakeConfirmed(now)
      model.confirmed = true
      model.validated = true
      model.setTimer(now)
    } else if (what < 0.97) {
      real.setHasHandshakeKeys(now)
      model.handshakeKeys = true
      model.setTimer(now)
    } else if (what < 0.99) {
      const atLimit = server && prng.chance(0.5)
      real.setAtAmplificationLimit(now, atLimit)
      if (model.atLimit !== atLimit) {
        model.atLimit = atLimit
        model.setTimer(now)
      }
    } else if (space !== 2 && step > 100) {
      open[space] = false
      real.onSpaceDiscarded(now, space)
      model.onSpaceDiscarded(now, space)
    }

    const seen = [
      paths.current.bytesInFlight,
      real.ptoCount,
      real.timeout(),
      rtt.smoothed,
      rtt.variation,
      rtt.min,
      [0, 1, 2].map((s) => real.probesPending(s as PacketNumberSpace)).join(),
      spy.calls.join(),
      notes.acked.join(),
      notes.lost.join(),
    ].join(' | ')
    // Packets of PADDING carry no token: only what has one is reported.
    const carries = (id: string): boolean => {
      const [s, n] = id.split(':').map(Number)
      return model.history[s].find((h) => h.number === n)!.kind !== PADDING
    }
    const expected = [
      model.bytesInFlight,
      model.ptoCount,
      model.timeout,
      model.smoothedRtt,
      model.rttvar,
      model.minRtt,
      model.probes.join(),
      model.verdict.calls.join(),
      model.verdict.acked.filter(carries).join(),
      model.verdict.lost.filter(carries).join(),
    ].join(' | ')
    if (seen !== expected) {
      return { difference: `seed ${seed} step ${step}\n${seen}\n${expected}`, counts }
    }
    for (const call of spy.calls) {
      const name = call.split(' ')[0]
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    spy.calls = []
    notes.acked = []
    notes.lost = []
    model.verdict = { acked: [], lost: [], calls: [] }
  }
  return { difference: '', counts }
}

t.test(
  'RFC 9002 appendices A and B: any life of a connection goes as the pseudocode has it',
  (t) => {
    const totals = new Map<string, number>()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const { difference, counts } = live(seed, 400)
        for (const [name, count] of counts) totals.set(name, (totals.get(name) ?? 0) + count)
        if (difference !== '') throw new Error(difference)
      }),
      { seed: 9002, numRuns: 300, endOnFailure: true },
    )
    // The lives must have had something in them.
    t.ok((totals.get('acked') ?? 0) > 3000, `${totals.get('acked')} samples`)
    t.ok((totals.get('congestion') ?? 0) > 1000)
    t.ok((totals.get('persistent') ?? 0) > 20, `${totals.get('persistent')} persistent congestions`)
    t.end()
  },
)
