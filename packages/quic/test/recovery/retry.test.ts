// What a Retry leaves of the Initial packets before it, RFC 9002 §6.3 and RFC 9000 §17.2.5.3.

import t from 'tap'
import { SPACE_INITIAL } from '../../src/constants.ts'
import { MDS, Sender } from './harness.ts'

t.test('RFC 9002 §6.3: a Retry brings back what was sent, once, and clears all state', (t) => {
  const s = new Sender({ side: 'client', confirmed: false })
  s.send(9, SPACE_INITIAL)
  s.expire()
  t.equal(s.recovery.ptoCount, 1)
  t.equal(s.recovery.probesPending(SPACE_INITIAL), 2)
  t.equal(s.recovery.offerProbeTokens(SPACE_INITIAL), true, 'the first is in a probe')
  s.send(12, SPACE_INITIAL)
  t.equal(s.capacity.bytesInFlight, 21 * MDS)
  t.ok(s.capacity.nextSendTime(s.now) > s.now, 'the pacer has let go what it may')
  const before = s.now

  s.recovery.onRetry(s.now)
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.recovery.ptoCount, 0)
  t.equal(s.recovery.probesPending(SPACE_INITIAL), 0)
  t.equal(s.recovery.hasInFlight(SPACE_INITIAL), false)
  t.equal(s.recovery.packetsLost, 0, 'nothing was lost')
  t.same(
    s.recorder.lost,
    Array.from({ length: 21 }, (_, n) => n),
  )
  t.equal(s.capacity.nextSendTime(s.now), s.now, 'a whole first flight may go')

  // What is sent now is recorded: its probe timeout comes, and it is acknowledged.
  s.send(1, SPACE_INITIAL)
  t.equal(s.recovery.timeout(), before + 999)
  s.expire()
  t.equal(s.recovery.probesPending(SPACE_INITIAL), 2)
  t.equal(s.recovery.offerProbeTokens(SPACE_INITIAL), true)
  t.same(s.recorder.lost.slice(21), [21])
  s.ack([[21, 21]], 0, SPACE_INITIAL)
  t.same(s.recorder.acked, [21])
  t.equal(s.capacity.bytesInFlight, 0)
  t.end()
})

t.test('RFC 9000 §17.2.5.3: an ACK of packets from before a Retry tells nothing', (t) => {
  const s = new Sender({ side: 'client', confirmed: false })
  s.send(2, SPACE_INITIAL)
  s.recovery.onRetry(s.now)
  s.send(1, SPACE_INITIAL)
  s.now += 20
  s.ack([[0, 1]], 0, SPACE_INITIAL)
  t.same(s.recorder.acked, [])
  t.equal(s.rtt.hasSample, false)
  t.equal(s.capacity.bytesInFlight, MDS)
  t.throws(() => s.ack([[3, 3]], 0, SPACE_INITIAL), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
  t.end()
})
