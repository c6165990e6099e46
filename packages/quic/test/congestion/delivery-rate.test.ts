// Delivery rate samples, draft-ietf-ccwg-bbr §4.1, and the filter for the largest of a window.

import * as fc from 'fast-check'
import t from 'tap'
import { WindowedMax } from '../../src/recovery/bbr/windowed-max.ts'
import { DeliveryRate, RATE_FIELDS } from '../../src/recovery/delivery-rate.ts'

const SIZE = 1000

/** Packets of one size, with notes by number. */
class Path {
  readonly rate = new DeliveryRate()
  readonly notes = new Float64Array(100 * RATE_FIELDS)
  readonly sentTimes: number[] = []
  inFlight = 0

  send(now: number, count: number = 1): void {
    for (let i = 0; i < count; i++) {
      this.inFlight += SIZE
      const at = this.sentTimes.length * RATE_FIELDS
      this.rate.onPacketSent(now, SIZE, this.inFlight, this.notes, at)
      this.sentTimes.push(now)
    }
  }

  ack(now: number, ...numbers: number[]): void {
    for (const n of numbers) {
      this.inFlight -= SIZE
      const sentTime = this.sentTimes[n] as number
      this.rate.onPacketAcked(now, n, sentTime, SIZE, this.notes, n * RATE_FIELDS)
    }
  }
}

t.test('a flight that comes back at once is no faster than it was sent', (t) => {
  const path = new Path()
  // Ten packets, one a millisecond; the acknowledgements are held back and come together.
  for (let n = 0; n < 10; n++) path.send(n)
  path.ack(30, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
  const sample = path.rate.takeSample(20)
  t.equal(sample.delivered, 10 * SIZE)
  t.equal(sample.deliveryRate, (10 * SIZE) / 30, 'over the longer of the two intervals')
  t.equal(sample.txInFlight, 10 * SIZE)
  t.equal(sample.priorDelivered, 0)
  t.end()
})

t.test(
  'the rate is what was delivered while the newest acknowledged packet was on its way',
  (t) => {
    const path = new Path()
    path.send(0, 4)
    path.ack(40, 0, 1)
    path.rate.takeSample(40)
    path.send(40, 2)
    path.ack(42, 2, 3)
    path.rate.takeSample(40)
    path.ack(80, 4)
    const sample = path.rate.takeSample(38)
    t.equal(sample.priorDelivered, 2 * SIZE)
    t.equal(sample.delivered, 3 * SIZE)
    t.equal(sample.deliveryRate, (3 * SIZE) / 40)
    t.end()
  },
)

t.test('a sample over less than a round trip is not believed', (t) => {
  const path = new Path()
  path.send(0, 2)
  path.ack(10, 0)
  t.equal(path.rate.takeSample(20).deliveryRate, 0)
  t.end()
})

t.test('what is sent after the data ran out is marked until all of it has arrived', (t) => {
  const path = new Path()
  path.send(0, 2)
  path.rate.markAppLimited(path.inFlight)
  t.equal(path.rate.isAppLimited, true)
  path.send(5)
  path.ack(20, 0)
  t.equal(path.rate.takeSample(0).appLimited, false, 'sent before')
  path.ack(25, 1, 2)
  t.equal(path.rate.takeSample(0).appLimited, true)
  t.equal(path.rate.isAppLimited, false, 'the bubble is gone')
  path.send(25)
  path.ack(45, 3)
  t.equal(path.rate.takeSample(0).appLimited, false)
  t.end()
})

t.test('losses are counted from when a packet was sent', (t) => {
  const path = new Path()
  path.send(0, 4)
  const first = { ...path.rate.onPacketLost(0, SIZE, path.notes, 0) }
  t.same(first, { packetNumber: 0, size: SIZE, txInFlight: SIZE, lost: SIZE, appLimited: false })
  path.inFlight -= SIZE
  path.send(10)
  const second = { ...path.rate.onPacketLost(1, SIZE, path.notes, RATE_FIELDS) }
  t.equal(second.lost, 2 * SIZE)
  path.inFlight -= SIZE
  path.ack(30, 4)
  t.equal(path.rate.takeSample(0).lost, SIZE, 'one of them since the newest was sent')
  t.end()
})

t.test(
  'the filter gives the largest of the window, or of the best part of it that it keeps',
  (t) => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 100 })),
      {
        minLength: 1,
        maxLength: 100,
      },
    )
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (moves, length) => {
        const filter = new WindowedMax()
        const seen: [number, number][] = []
        let time = 0
        for (const [pause, value] of moves) {
          time += pause
          seen.push([time, value])
          const best = filter.update(value, time, length)
          const window = seen.filter(([at]) => time - at <= length).map(([, v]) => v)
          // Three values are kept: the answer is one that was in the window, not below the newest one,
          // and the largest when it came in the last quarter.
          const late = seen.filter(([at]) => time - at <= length / 4).map(([, v]) => v)
          if (!window.includes(best)) return false
          if (best < value || best < Math.min(Math.max(...late), Math.max(...window))) return false
        }
        return true
      }),
      { seed: 7, numRuns: 500 },
    )
    t.end()
  },
)

t.test('the filter forgets what has left the window', (t) => {
  const filter = new WindowedMax()
  filter.update(100, 0, 10)
  t.equal(filter.update(50, 5, 10), 100)
  t.equal(filter.update(40, 10, 10), 100)
  t.equal(filter.update(30, 11, 10), 50)
  t.equal(filter.update(20, 40, 10), 20, 'after silence the newest is all there is')
  t.end()
})
