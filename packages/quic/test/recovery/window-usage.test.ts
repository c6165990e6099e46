import t from 'tap'
import { WindowUsage } from '../../src/recovery/window-usage.ts'
import { MDS, Sender } from './harness.ts'

t.test(
  'RFC 9002 §7.8: a window filled once counts as used for that round trip (rfc9002#7.8-1)',
  (t) => {
    const usage = new WindowUsage()
    usage.onPacketSent(0, 1000, 1000, false)
    t.equal(usage.isLimited(12000, false), false)
    usage.onPacketSent(0, 1000, 12000, true)
    t.equal(usage.isLimited(12000, false), true)
    usage.onPacketSent(5, 1000, 9000, false)
    t.equal(usage.isLimited(12000, false), true, 'the round is not over')
    usage.onPacketAcked(5)
    usage.onPacketSent(10, 1000, 8000, false)
    t.equal(usage.isLimited(12000, false), false)
    t.end()
  },
)

t.test('in slow start half of the window counts as use', (t) => {
  const usage = new WindowUsage()
  usage.onPacketSent(0, 1000, 6000, false)
  t.equal(usage.isLimited(12000, true), false)
  usage.onPacketSent(0, 1000, 7000, false)
  t.equal(usage.isLimited(12000, true), true)
  t.end()
})

t.test('RFC 9002 §7.8: being held by the pacer is no lack of data (rfc9002#7.8-2)', (t) => {
  const usage = new WindowUsage()
  usage.onPacketSent(0, 1000, 3000, false)
  usage.onBlocked(1, 3000)
  t.equal(usage.isLimited(12000, false), true)
  t.end()
})

t.test('after silence the last round says nothing', (t) => {
  const usage = new WindowUsage()
  usage.onPacketSent(0, 1000, 12000, true)
  usage.onPacketSent(100, 1000, 1000, false)
  t.equal(usage.isLimited(12000, false), false)
  t.end()
})

t.test(
  'RFC 9002 §7.8: requests one at a time do not grow the window, a bulk transfer does',
  (t) => {
    const idle = new Sender()
    for (let i = 0; i < 50; i++) {
      idle.send()
      idle.now += 20
      idle.ack([[0, i]])
    }
    t.equal(idle.congestion.cwnd, 10 * MDS)

    const bulk = new Sender()
    for (let i = 0; i < 5; i++) {
      while (bulk.capacity.canSend(MDS)) bulk.send()
      bulk.now += 20
      bulk.ack([[0, bulk.next[2] - 1]])
    }
    t.equal(bulk.congestion.cwnd, 10 * MDS * 32)
    t.end()
  },
)
