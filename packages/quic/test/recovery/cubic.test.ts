import { acknowledge, congestionControllerContract } from '@godwit/testkit'
import * as fc from 'fast-check'
import t from 'tap'
import { Cubic } from '../../src/recovery/cubic.ts'
import { MDS } from './harness.ts'
import { steadyRtt } from './steady-rtt.ts'

congestionControllerContract(t, (size) => new Cubic(size), steadyRtt)

/** A controller in slow start grown to `segments` segments. */
function grownTo(segments: number): Cubic {
  const cubic = new Cubic(MDS)
  const rtt = steadyRtt(100)
  while (cubic.cwnd < segments * MDS) {
    const size = Math.min(MDS, segments * MDS - cubic.cwnd)
    acknowledge(cubic, 10, 0, size, rtt, true)
  }
  return cubic
}

/** W_cubic(t) in segments and seconds, RFC 9438 figure 1 and 2. */
function windowAt(time: number, windowMax: number, epoch: number): number {
  const k = Math.cbrt((windowMax - epoch) / 0.4)
  return 0.4 * (time - k) ** 3 + windowMax
}

t.test('RFC 9438 §4.6: a loss reduces the window to 0.7', (t) => {
  const cubic = grownTo(100)
  cubic.onLost(20, MDS, 15)
  t.equal(cubic.cwnd, 0.7 * 100 * MDS)
  t.equal(cubic.ssthresh, cubic.cwnd)
  t.end()
})

t.test('RFC 9438 §4.2: acknowledgements at a fine grain follow the direct formula', (t) => {
  // 2000 segments at 100 ms: far outside the Reno-friendly region.
  for (const rtt of [100, 200]) {
    const cubic = grownTo(2000)
    cubic.onLost(1000, MDS, 999)
    const epoch = 1400
    const estimator = steadyRtt(rtt)
    // The window's worth of acknowledgements per RTT, one packet at a time.
    let now = 1000 + rtt
    const start = now
    let worst = 0
    while (now < start + 20_000) {
      acknowledge(cubic, now, now - rtt / 2, MDS, estimator, true)
      const time = (now - start) / 1000
      const ahead = windowAt(time + rtt / 1000, 2000, epoch)
      // cwnd closes in on W_cubic(t + RTT) by (target - cwnd) / cwnd per packet: an exponential lag
      // of one RTT, so that it runs close to W_cubic(t).
      const expected = windowAt(time, 2000, epoch)
      if (time > 1) worst = Math.max(worst, Math.abs(cubic.cwnd / MDS - expected) / expected)
      if (cubic.cwnd / MDS > ahead + 1) t.fail(`above target at ${time}`)
      now += rtt / (cubic.cwnd / MDS)
    }
    t.ok(worst < 0.02, `within 2 % of W_cubic(t) at ${rtt} ms, worst ${worst}`)
    const k = Math.cbrt((2000 - epoch) / 0.4)
    t.ok(cubic.cwnd / MDS > 2000, `beyond W_max after K = ${k} s`)
  }
  t.end()
})

t.test(
  'RFC 9438 §4.2: each acknowledgement adds (target - cwnd) / cwnd of what it acknowledges',
  (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 20_000 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 10, max: 500 }),
        (segments, wait, rtt) => {
          const cubic = grownTo(segments)
          cubic.onLost(1000, MDS, 999)
          const estimator = steadyRtt(rtt)
          acknowledge(cubic, 2000, 1500, 1, estimator, true)
          const before = cubic.cwnd / MDS
          acknowledge(cubic, 2000 + wait, 1500, MDS, estimator, true)
          const after = cubic.cwnd / MDS
          const epoch = 0.7 * segments
          const alpha = (3 * 0.3) / 1.7
          const reno = epoch + alpha / MDS / epoch + alpha / before
          let expected = before
          if (windowAt(wait / 1000, segments, epoch) < reno) expected = Math.max(before, reno)
          else {
            const ahead = windowAt((wait + estimator.smoothed) / 1000, segments, epoch)
            const target = Math.min(Math.max(ahead, before), 1.5 * before)
            expected = before + (target - before) / before
          }
          return Math.abs(after - expected) < 1e-6 * expected
        },
      ),
      { seed: 11, numRuns: 300 },
    )
    t.end()
  },
)

t.test('RFC 9438 §4.3: at a small window it grows at least as its estimate of Reno', (t) => {
  const cubic = grownTo(20)
  cubic.onLost(1000, MDS, 999)
  const rtt = steadyRtt(10)
  let now = 1010
  let estimate = 14
  for (let round = 0; round < 60; round++) {
    const packets = Math.floor(cubic.cwnd / MDS)
    for (let i = 0; i < packets; i++) {
      const alpha = estimate >= 20 ? 1 : (3 * 0.3) / 1.7
      estimate += alpha / (cubic.cwnd / MDS)
      acknowledge(cubic, now, now - 5, MDS, rtt, true)
      if (cubic.cwnd / MDS < estimate - 1e-6) t.fail(`below the estimate in round ${round}`)
    }
    now += 10
  }
  t.ok(Math.abs(cubic.cwnd / MDS - estimate) < 1e-6, 'here the Reno-friendly region rules')
  t.ok(estimate > 55, 'one segment per round trip beyond the prior window')
  t.end()
})

t.test('RFC 9438 §4.7: a second loss below W_max lowers W_max further', (t) => {
  const rtt = steadyRtt(100)
  /** How long from the second loss until the window has stopped rising fast, in W_max terms. */
  const plateau = (cubic: Cubic): number => {
    let now = 20_000
    acknowledge(cubic, now, now - 50, 1, rtt, true)
    // At t = K the target is W_max: wait exactly for the second plateau at 0.85 * 700.
    const k = Math.cbrt((0.85 * 700 - 0.7 * 700) / 0.4) * 1000
    const before = cubic.cwnd
    now += k - rtt.smoothed
    acknowledge(cubic, now, now - 50, MDS, rtt, true)
    return before + ((cubic.cwnd - before) * before) / MDS
  }
  const cubic = grownTo(1000)
  cubic.onLost(1000, MDS, 999)
  t.equal(cubic.cwnd, 700 * MDS)
  cubic.onLost(2000, MDS, 1999)
  t.equal(Math.round(cubic.cwnd), 490 * MDS)
  t.ok(Math.abs(plateau(cubic) / MDS - 0.85 * 700) < 0.01)
  t.end()
})

t.test('RFC 9438 §4.2: t leaves out application-limited and idle periods', (t) => {
  const rtt = steadyRtt(100)
  const life = (pause: (cubic: Cubic, now: number) => void, paused: number): number => {
    const cubic = grownTo(2000)
    cubic.onLost(1000, MDS, 999)
    let now = 1100
    for (let i = 0; i < 3000; i++) {
      if (i === 1500) {
        pause(cubic, now)
        now += paused
      }
      acknowledge(cubic, now, now - 50, MDS, rtt, true)
      if (i !== 1499) now += 1
    }
    return cubic.cwnd
  }
  const never = life(() => {}, 0)
  const limited = life((cubic, now) => {
    for (let i = 1; i <= 30; i++) acknowledge(cubic, now + i * 1000, now, MDS, rtt, false)
  }, 30_000)
  const idle = life((cubic, now) => cubic.onPacketSent(now + 29_900, MDS, MDS), 30_000)
  t.equal(limited, never)
  t.equal(idle, never)
  t.ok(life(() => {}, 30_000) > never * 1.0001, 'the test can tell')
  t.end()
})

t.test(
  'RFC 9438 §4.8: after persistent congestion the next stage starts at W_max = cwnd, K = 0',
  (t) => {
    const rtt = steadyRtt(100)
    const cubic = grownTo(1000)
    cubic.onLost(1000, MDS, 999)
    cubic.onPersistentCongestion()
    while (cubic.inSlowStart) acknowledge(cubic, 2000, 1500, MDS, rtt, true)
    const epoch = cubic.cwnd / MDS
    t.ok(epoch >= 700)
    acknowledge(cubic, 3000, 2500, 1, rtt, true)
    const before = cubic.cwnd / MDS
    acknowledge(cubic, 8000, 7500, MDS, rtt, true)
    const target = 0.4 * 5.1 ** 3 + epoch
    t.ok(Math.abs(cubic.cwnd / MDS - (before + (target - before) / before)) < 1e-3)
    t.end()
  },
)
