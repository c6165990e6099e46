import { acknowledge, congestionControllerContract } from '@godwit/testkit'
import t from 'tap'
import { NewReno } from '../../src/recovery/new-reno.ts'
import { MDS } from './harness.ts'
import { steadyRtt } from './steady-rtt.ts'

congestionControllerContract(t, (size) => new NewReno(size), steadyRtt)

t.test('RFC 9002 §7.3.2: the threshold is half of the window (rfc9002#7.3.2-1)', (t) => {
  const reno = new NewReno(MDS)
  reno.onLost(0, MDS, 0)
  t.equal(reno.ssthresh, 6000)
  t.equal(reno.cwnd, 6000)
  t.end()
})

t.test(
  'RFC 9002 §7.3.3: one datagram per window acknowledged, not one byte more (rfc9002#7.3.3-1)',
  (t) => {
    const reno = new NewReno(MDS)
    const rtt = steadyRtt(100)
    reno.onLost(0, MDS, 0)
    let acknowledged = 0
    let base = reno.cwnd
    for (let i = 0; i < 1000; i++) {
      const before = reno.cwnd
      acknowledge(reno, 200, 100, 700, rtt, true)
      acknowledged += 700
      if (reno.cwnd === before) continue
      t.equal(reno.cwnd, before + MDS)
      t.ok(acknowledged >= base)
      acknowledged -= base
      base = reno.cwnd
    }
    t.ok(reno.cwnd > 20 * MDS)
    t.end()
  },
)
