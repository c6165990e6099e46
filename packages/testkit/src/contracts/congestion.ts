// What every congestion controller owes RFC 9002 §7, whatever its growth function: each
// implementation's test calls this suite.

import type { CongestionController, RateSample, RttEstimator } from '@godwit/quic'
import type { Test } from 'tap'
import { Prng } from '../prng.ts'

/** Of a controller that wants none. */
const NO_RATE: RateSample = {
  deliveryRate: 0,
  delivered: 0,
  priorDelivered: 0,
  txInFlight: 0,
  lost: 0,
  appLimited: false,
}

/** One ACK of `bytes` in flight, all sent at `sentTime`. */
export function acknowledge(
  controller: CongestionController,
  now: number,
  sentTime: number,
  bytes: number,
  rtt: RttEstimator,
  windowLimited: boolean = true,
): void {
  const bytesAfterRecovery = sentTime > controller.recoveryStart ? bytes : 0
  const bytesInFlight = windowLimited ? controller.cwnd : 0
  controller.onAcknowledged(
    { now, bytes, bytesAfterRecovery, sentTime, bytesInFlight, windowLimited, rate: NO_RATE },
    rtt,
  )
}

/**
 * @param make a new controller for a maximum datagram size in bytes.
 * @param makeRtt an estimator that has seen samples of `rtt` milliseconds only.
 */
export function congestionControllerContract(
  t: Test,
  make: (maxDatagramSize: number) => CongestionController,
  makeRtt: (rtt: number) => RttEstimator,
): void {
  const size = 1200
  const rtt = makeRtt(100)

  /** One round trip: the window is sent at `now` and acknowledged 100 ms later. */
  const round = (
    controller: CongestionController,
    now: number,
    limited: boolean = true,
  ): number => {
    const packets = Math.floor(controller.cwnd / size)
    for (let i = 1; i <= packets; i++) controller.onPacketSent(now, size, i * size, false)
    for (let i = 0; i < packets; i++) {
      acknowledge(controller, now + 100, now, size, rtt, limited)
    }
    return now + 100
  }

  t.test(
    'RFC 9002 §7.2: the initial window is ten datagrams, within 14720 bytes (rfc9002#7.2-1)',
    (t) => {
      t.equal(make(1200).cwnd, 12000)
      t.equal(make(1472).cwnd, 14720)
      t.equal(make(1500).cwnd, 14720)
      t.equal(make(9000).cwnd, 18000, 'two datagrams at least')
      t.equal(make(1200).ssthresh, Infinity)
      t.equal(make(1200).inSlowStart, true)
      t.end()
    },
  )

  t.test(
    'RFC 9002 §7.2: the initial window follows the datagram size until it is used (rfc9002#7.2-2)',
    (t) => {
      const controller = make(1200)
      controller.setMaxDatagramSize(1400)
      t.equal(controller.cwnd, 14000)
      round(controller, 0)
      const grown = controller.cwnd
      controller.setMaxDatagramSize(1300)
      t.equal(controller.cwnd, grown)
      t.end()
    },
  )

  t.test('RFC 9002 §7.3.1: slow start adds what is acknowledged', (t) => {
    const controller = make(size)
    controller.onPacketSent(0, size, size, false)
    acknowledge(controller, 100, 0, size, rtt, true)
    t.equal(controller.cwnd, 12000 + size)
    round(controller, 100)
    t.equal(controller.cwnd, 2 * (12000 + size))
    t.end()
  })

  t.test('RFC 9002 §7.8: a window that is not used up does not grow (rfc9002#7.8-1)', (t) => {
    const controller = make(size)
    round(controller, 0, false)
    t.equal(controller.cwnd, 12000)
    t.equal(controller.onLost(200, size, 150), true)
    const reduced = controller.cwnd
    let now = 300
    for (let i = 0; i < 50; i++) now = round(controller, now, false)
    t.equal(controller.cwnd, reduced)
    t.end()
  })

  t.test(
    'RFC 9002 §7.3.1: a loss ends slow start and lowers window and threshold (rfc9002#7.3.1-1)',
    (t) => {
      const controller = make(size)
      let now = 0
      for (let i = 0; i < 4; i++) now = round(controller, now)
      const before = controller.cwnd
      t.equal(controller.onLost(now, size, now - 50), true)
      t.equal(controller.inSlowStart, false)
      t.ok(controller.cwnd < before, 'smaller')
      t.ok(controller.cwnd >= before / 2, 'not below a half')
      t.equal(controller.cwnd, controller.ssthresh, 'rfc9002#7.3.2-2')
      t.end()
    },
  )

  t.test('RFC 9002 §7.3.2: one reduction per recovery period, and no growth in it', (t) => {
    const controller = make(size)
    let now = 0
    for (let i = 0; i < 4; i++) now = round(controller, now)
    t.equal(controller.onLost(1000, size, 950), true)
    const reduced = controller.cwnd
    t.equal(controller.onLost(1010, size, 960), false)
    t.equal(controller.onLost(1090, size, 1000), false, 'sent at its very start')
    t.equal(controller.cwnd, reduced)
    acknowledge(controller, 1100, 990, size, rtt, true)
    t.equal(controller.cwnd, reduced)
    t.equal(controller.onLost(1200, size, 1001), true, 'sent in it: a period of its own')
    t.ok(controller.cwnd < reduced)
    t.end()
  })

  t.test('RFC 9002 §7.3.3: congestion avoidance grows, and slower than slow start', (t) => {
    const controller = make(size)
    let now = 0
    for (let i = 0; i < 4; i++) now = round(controller, now)
    controller.onLost(now, size, now)
    const reduced = controller.cwnd
    now += 1
    let previous = reduced
    for (let i = 0; i < 100; i++) {
      now = round(controller, now)
      t.ok(controller.cwnd >= previous, 'never shrinks without an event')
      t.ok(controller.cwnd <= previous * 1.6, 'grows by half at most (RFC 9438 §4.2)')
      previous = controller.cwnd
    }
    t.ok(controller.cwnd > reduced)
    t.end()
  })

  t.test('RFC 9002 §7.2: the window never falls below two datagrams (rfc9002#7.2-4)', (t) => {
    const controller = make(size)
    for (let i = 1; i < 30; i++) controller.onLost(i * 100, size, i * 100)
    t.equal(controller.cwnd, 2 * size)
    controller.setMaxDatagramSize(1400)
    t.equal(controller.cwnd, 2800)
    t.end()
  })

  t.test(
    'RFC 9002 §7.6.2: persistent congestion leaves the minimum window and slow start (rfc9002#7.6.2-5)',
    (t) => {
      const controller = make(size)
      let now = 0
      for (let i = 0; i < 6; i++) now = round(controller, now)
      controller.onLost(now, size, now)
      const threshold = controller.ssthresh
      controller.onPersistentCongestion()
      t.equal(controller.cwnd, 2 * size)
      t.equal(controller.ssthresh, threshold)
      t.equal(controller.inSlowStart, true)
      now = round(controller, now + 1)
      t.equal(controller.cwnd, 4 * size, 'the recovery period is over')
      t.end()
    },
  )

  t.test('RFC 9002 §7.7: the pacing rate exceeds window by RTT a little', (t) => {
    const controller = make(size)
    t.ok(controller.pacingRate(rtt) >= (1.25 * controller.cwnd) / 100)
    t.ok(controller.pacingRate(rtt) <= (2 * controller.cwnd) / 100)
    controller.onLost(0, size, 0)
    t.equal(controller.pacingRate(rtt), (1.25 * controller.cwnd) / 100)
    t.end()
  })

  t.test('the window stays a finite number over a long random life', (t) => {
    const controller = make(size)
    const prng = new Prng(9002)
    let now = 0
    for (let i = 0; i < 20000; i++) {
      now += prng.float() * 20
      const what = prng.float()
      if (what < 0.9) acknowledge(controller, now, now - 100 * prng.float(), size, rtt, what < 0.7)
      else if (what < 0.98)
        controller.onPacketSent(now, size, prng.float() < 0.5 ? size : 5 * size, false)
      else if (what < 0.999) controller.onLost(now, size, now - 100 * prng.float())
      else controller.onPersistentCongestion()
      if (!(controller.cwnd >= 2 * size && controller.cwnd < 1e12)) {
        t.fail(`cwnd is ${controller.cwnd} after ${i} steps`)
        break
      }
    }
    t.pass()
    t.end()
  })
}
