import * as fc from 'fast-check'
import t from 'tap'
import { Pacer, paceWindow } from '../../src/recovery/pacer.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { MDS } from './harness.ts'

/** Sends full packets as the pacer allows, with timers that come up to `late` ms late. */
function sentWithin(pacer: Pacer, rate: number, from: number, to: number, late: number): number {
  let bytes = 0
  let now = from
  while (now < to) {
    const at = pacer.nextSendTime(now, rate)
    if (at > now) {
      now = Math.max(at, now + late)
      continue
    }
    pacer.onPacketSent(now, MDS, rate)
    bytes += MDS
  }
  return bytes
}

t.test('RFC 9002 §7.7: ten packets may leave at once, then the rate rules (rfc9002#7.7-2)', (t) => {
  const pacer = new Pacer(MDS)
  for (let i = 0; i < 10; i++) {
    t.equal(pacer.nextSendTime(5, 12), 5)
    pacer.onPacketSent(5, MDS, 12)
  }
  t.equal(pacer.nextSendTime(5, 12), 105, '1200 bytes at 12 bytes a millisecond')
  t.equal(pacer.nextSendTime(105, 12), 105)
  t.end()
})

t.test('RFC 9002 §7.7: N is 1.25 of window by RTT', (t) => {
  const rtt = new RttEstimator()
  rtt.update(0, 100, 0)
  t.equal(paceWindow(100_000, 1.25, rtt), 1250)
  rtt.smoothed = 0
  t.ok(Number.isFinite(paceWindow(100_000, 1.25, rtt)), 'no RTT is no infinite rate')
  t.end()
})

t.test('over any time no more leaves than a burst and the rate', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(0, 0.3, 1, 7),
      (rate, time, late) => {
        // Not more than some 10^5 packets a run.
        const to = Math.min(time, (1e5 * MDS) / rate)
        const bytes = sentWithin(new Pacer(MDS), rate, 0, to, late)
        const burst = Math.max(10 * MDS, rate * 2)
        // The wait before the last packet may end after `to`.
        return bytes <= burst + rate * (to + late) + MDS
      },
    ),
    { seed: 7, numRuns: 200 },
  )
  t.end()
})

t.test('timers that come a millisecond late do not lower a rate of 10 Gbit/s', (t) => {
  const rate = 1_250_000
  const pacer = new Pacer(MDS)
  const bytes = sentWithin(pacer, rate, 0, 100, 1)
  t.ok(bytes >= rate * 99, `${bytes} of ${rate * 100}`)
  t.end()
})

t.test('the bucket does not fill beyond a burst while idle', (t) => {
  const pacer = new Pacer(MDS)
  sentWithin(pacer, 120, 0, 10, 0)
  let burst = 0
  while (pacer.nextSendTime(1e6, 120) <= 1e6) {
    pacer.onPacketSent(1e6, MDS, 120)
    burst++
  }
  t.equal(burst, 10)
  t.end()
})

t.test('probes that do not ask leave a debt of one burst at most', (t) => {
  const pacer = new Pacer(MDS)
  for (let i = 0; i < 100; i++) pacer.onPacketSent(0, MDS, 12)
  t.equal(pacer.nextSendTime(0, 12), (11 * MDS) / 12)
  t.end()
})
