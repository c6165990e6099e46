// BBR as the draft's own example test cases have it (draft-ietf-ccwg-bbr, "BBR Example Test Cases"), on one link.

import t from 'tap'
import { Bbr } from '../../src/recovery/bbr/bbr.ts'
import {
  BBR_STATE_NAMES,
  DRAIN,
  PROBE_CRUISE,
  PROBE_DOWN,
  PROBE_REFILL,
  PROBE_RTT,
  PROBE_UP,
  STARTUP,
} from '../../src/recovery/bbr/states.ts'
import type { BbrState } from '../../src/recovery/bbr/states.ts'
import { MDS } from '../recovery/harness.ts'
import { Link } from './link.ts'

/** 25 Mbit/s. */
const RATE = 3125
const RTT = 40
const BDP = RATE * RTT

function start(queue: number = 2 * BDP, random: () => number = () => 0.25): Journey {
  return new Journey(new Bbr(MDS, random), queue)
}

/** A link whose controller's states are noted as they change. */
class Journey {
  readonly bbr: Bbr
  readonly link: Link
  readonly states: BbrState[]
  readonly entered: number[]

  constructor(bbr: Bbr, queue: number) {
    this.bbr = bbr
    this.link = new Link({ congestion: bbr, rate: RATE, rtt: RTT, queue })
    this.states = [bbr.state]
    this.entered = [this.link.now]
    this.link.onAck = () => {
      if (bbr.state === this.states.at(-1)) return
      this.states.push(bbr.state)
      this.entered.push(this.link.now)
    }
  }

  get names(): string[] {
    return this.states.map((state) => BBR_STATE_NAMES[state])
  }

  until(state: BbrState, ms: number = 20_000): boolean {
    return this.link.run(ms, () => this.bbr.state === state)
  }
}

t.test(
  'Startup doubles the rate in each round, finds the bandwidth, and ends on its plateau',
  (t) => {
    const j = start()
    t.ok(j.until(DRAIN))
    t.same(j.names, ['Startup', 'Drain'])
    const elapsed = j.link.now - (j.entered[0] as number)
    t.ok(elapsed < 20 * RTT, `${elapsed} ms: rounds to double the rate, and three of the plateau`)
    t.ok(Math.abs(j.bbr.bandwidth / RATE - 1) < 0.02, `${j.bbr.bandwidth} of ${RATE} bytes per ms`)
    t.ok(Math.abs(j.bbr.minRtt - RTT) < 1, `${j.bbr.minRtt} ms`)
    t.equal(j.link.sender.recovery.packetsLost, 0)
    t.end()
  },
)

t.test('Drain paces at half the bandwidth until no more than the path holds is in flight', (t) => {
  const j = start()
  j.until(DRAIN)
  t.ok(j.link.capacity.bytesInFlight > 1.5 * BDP, 'a queue has formed')
  t.ok(Math.abs(j.bbr.pacingRate() / (0.5 * 0.99 * j.bbr.bandwidth) - 1) < 0.01)
  t.ok(j.link.run(10 * RTT, () => j.bbr.state !== DRAIN))
  t.ok(j.link.capacity.bytesInFlight <= 1.02 * BDP, `${j.link.capacity.bytesInFlight / BDP} BDP`)
  t.end()
})

t.test('Drain ends after three rounds when the path has become slower', (t) => {
  const j = start()
  j.until(DRAIN)
  j.link.rate = 0.1 * RATE
  t.ok(j.link.run(20_000, () => j.bbr.state !== DRAIN))
  t.equal(j.bbr.state, PROBE_DOWN)
  t.ok(j.link.capacity.bytesInFlight > 1.1 * BDP, 'the queue has not drained')
  t.end()
})

t.test('Startup ends on loss that the rate alone would not have ended', (t) => {
  // The application limits the rate, so that no sample shows a plateau.
  const j = start()
  j.link.appRate = RATE / 4
  t.equal(
    j.link.run(3000, () => j.bbr.state !== STARTUP),
    false,
    'without loss it goes on',
  )
  t.equal(j.bbr.state, STARTUP)
  j.link.lossRate = 0.15
  t.ok(
    j.link.run(1000, () => j.bbr.state !== STARTUP),
    'with more than 2 % of loss it ends',
  )
  t.end()
})

t.test('the probing cycle: down, cruise, refill, up, and down again', (t) => {
  const j = start()
  j.until(PROBE_UP)
  j.link.run(4000)
  const from = j.states.indexOf(PROBE_UP)
  t.same(
    j.states.slice(from, from + 5),
    [PROBE_UP, PROBE_DOWN, PROBE_CRUISE, PROBE_REFILL, PROBE_UP],
    j.names.join(' '),
  )
  const refill = (j.entered[from + 4] as number) - (j.entered[from + 3] as number)
  t.ok(refill >= RTT && refill < 2 * RTT + 10, `a round trip of refilling, ${refill} ms`)
  const cycle = (j.entered[from + 3] as number) - (j.entered[from + 1] as number)
  t.ok(cycle > 2000 && cycle < 3100, `2 to 3 seconds between probes, ${cycle} ms`)
  t.end()
})

t.test('a bandwidth that grew is found by the next probes', (t) => {
  const j = start()
  j.until(PROBE_CRUISE)
  j.link.rate = 2 * RATE
  j.link.run(15_000)
  t.ok(j.bbr.bandwidth > 1.9 * RATE, `${j.bbr.bandwidth} of ${2 * RATE}`)
  t.end()
})

t.test('a bandwidth that shrank is followed within the window of the filter', (t) => {
  const j = start()
  j.until(PROBE_CRUISE)
  j.link.rate = RATE / 2
  j.link.run(15_000)
  t.ok(j.bbr.bandwidth < 0.55 * RATE, `${j.bbr.bandwidth} of ${RATE / 2}`)
  t.end()
})

t.test('probing stops at more than 2 % of loss, and remembers how much was in flight', (t) => {
  // A queue of a tenth of the path: the probe overflows it.
  const j = start(BDP / 10)
  t.ok(j.until(PROBE_UP))
  j.link.run(30_000)
  const before = j.link.delivered
  const lost = j.link.sender.recovery.packetsLost
  j.link.run(10_000)
  const rate = (j.link.delivered - before) / 10_000
  const lossRate = ((j.link.sender.recovery.packetsLost - lost) * MDS) / (j.link.delivered - before)
  t.ok(rate > 0.85 * RATE, `${(rate / RATE) * 100} % of the path in use`)
  t.ok(lossRate < 0.02, `${lossRate * 100} % lost`)
  t.end()
})

t.test('random loss below 2 % costs little', (t) => {
  const j = start()
  j.link.lossRate = 0.01
  j.link.run(10_000)
  const before = j.link.delivered
  j.link.run(20_000)
  t.ok((j.link.delivered - before) / 20_000 > 0.7 * RATE)
  t.end()
})

t.test('the queue is emptied for 200 ms when the round trip was not seen short for 5 s', (t) => {
  const j = start()
  j.until(PROBE_CRUISE)
  j.link.rtt = RTT + 5
  t.ok(j.until(PROBE_RTT, 6000), j.names.join(' '))
  const cwnd = j.bbr.cwnd
  t.ok(cwnd <= 0.52 * BDP, `half of the path: ${cwnd / BDP}`)
  const entered = j.link.now
  t.ok(j.until(PROBE_CRUISE, 2000))
  const stay = j.link.now - entered
  t.ok(stay >= 200 && stay < 200 + 6 * RTT, `${stay} ms`)
  j.link.run(300)
  t.ok(j.bbr.cwnd > 0.9 * BDP, 'the window is back')
  j.link.run(6000)
  t.ok(
    j.bbr.minRtt >= RTT + 5,
    `a round trip that grew is believed after ten seconds, ${j.bbr.minRtt} ms`,
  )
  t.end()
})

t.test('who is idle need not empty the queue', (t) => {
  const j = start()
  j.until(PROBE_CRUISE)
  j.link.appRate = 0
  j.link.run(7000)
  j.link.appRate = RATE / 10
  const at = j.states.length
  j.link.run(1000)
  t.notOk(j.states.slice(at).includes(PROBE_RTT), j.names.join(' '))
  t.end()
})

t.test(
  'persistent congestion leaves four packets, from which the model brings the window back',
  (t) => {
    const j = start()
    j.until(PROBE_CRUISE)
    j.bbr.onPersistentCongestion()
    t.equal(j.bbr.cwnd, 4 * MDS)
    j.link.run(1000)
    t.ok(j.bbr.cwnd > 0.9 * BDP)
    t.end()
  },
)

t.test('the window never falls below four packets, whatever is lost', (t) => {
  const j = start(2 * MDS)
  j.link.lossRate = 0.3
  let least = Infinity
  j.link.onAck = () => {
    least = Math.min(least, j.bbr.cwnd)
  }
  j.link.run(20_000)
  t.ok(least >= 4 * MDS)
  t.ok(Number.isFinite(j.bbr.cwnd) && j.bbr.pacingRate() > 0)
  t.end()
})
