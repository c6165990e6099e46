// Congestion controllers over whole connections, in the simulator: each bound is of virtual time.

import { chain, loss, Prng, rate } from '@godwit/testkit'
import t from 'tap'
import type { CongestionControl } from '../../src/recovery/create-congestion-controller.ts'
import { CONGESTION_CONTROLS } from '../../src/recovery/create-congestion-controller.ts'
import { Flows, jain } from './flows.ts'

// The network of the public interop runner's measurement of goodput: 10 Mbit/s, 15 ms, 25 packets.
for (const congestion of CONGESTION_CONTROLS) {
  t.test(`${congestion}: 10 Mbit/s with 15 ms each way and a queue of 25 packets`, (t) => {
    const flows = new Flows({ seed: 1, delay: 15, bottleneck: rate(10e6, 25) })
    flows.start(congestion)
    const [goodput = 0] = flows.measure(10_000)
    t.ok(goodput >= 9.3, `${goodput.toFixed(2)} Mbit/s`)
    t.end()
  })
}

t.test('1 % of random loss at 50 Mbit/s and 100 ms: bbr brings at least five times cubic', (t) => {
  const goodput = (congestion: CongestionControl): number => {
    const bottleneck = chain(loss(0.01, new Prng(3)), rate(50e6, 400))
    const flows = new Flows({ seed: 1, delay: 50, bottleneck })
    flows.start(congestion)
    return flows.measure(5000)[0] ?? 0
  }
  const bbr = goodput('bbr')
  const cubic = goodput('cubic')
  t.ok(bbr >= 5 * cubic, `bbr ${bbr.toFixed(2)}, cubic ${cubic.toFixed(2)} Mbit/s`)
  t.end()
})

for (const congestion of CONGESTION_CONTROLS) {
  t.test(`${congestion}: two flows share a bottleneck evenly after 30 s`, (t) => {
    const flows = new Flows({ seed: 2, delay: 15, bottleneck: rate(4e6, 20) })
    flows.start(congestion)
    flows.pair.runFor(2000)
    flows.start(congestion)
    flows.pair.runFor(28_000)
    const rates = flows.measure(10_000)
    const text = rates.map((r) => r.toFixed(2)).join(' and ')
    t.ok(jain(rates) >= 0.9, `${text} Mbit/s, Jain ${jain(rates).toFixed(3)}`)
    t.end()
  })
}

t.test('cubic is not starved beside bbr, nor bbr beside cubic', (t) => {
  const flows = new Flows({ seed: 3, delay: 15, bottleneck: rate(4e6, 40) })
  flows.start('cubic')
  flows.start('bbr')
  flows.pair.runFor(10_000)
  const [cubic = 0, bbr = 0] = flows.measure(20_000)
  const text = `cubic ${cubic.toFixed(2)}, bbr ${bbr.toFixed(2)} of 4 Mbit/s`
  t.ok(cubic > 0.6, text)
  t.ok(bbr > 0.6, text)
  t.end()
})

t.test('bbr keeps the queue of a bloated buffer short, which loss-based control fills', (t) => {
  const delayOf = (congestion: CongestionControl): number => {
    const flows = new Flows({ seed: 4, delay: 15, bottleneck: rate(4e6, 500) })
    const flow = flows.start(congestion)
    flows.pair.runFor(15_000)
    return flow.client.connection.stats.smoothedRtt
  }
  const bbr = delayOf('bbr')
  const cubic = delayOf('cubic')
  t.ok(bbr < 100, `bbr ${bbr.toFixed(0)} ms where the path has 30`)
  t.ok(cubic > 4 * bbr, `cubic ${cubic.toFixed(0)} ms`)
  t.end()
})
