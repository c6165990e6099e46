// Rules of RFC 9002 that no other test of recovery shows, one after another.

import t from 'tap'
import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../../src/constants.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { ACK_ONLY, MDS, Sender } from './harness.ts'

t.test('RFC 9002 §7.4: a loss after the first acknowledged packet of a space counts', (t) => {
  for (const space of [SPACE_INITIAL, SPACE_HANDSHAKE, SPACE_APPLICATION] as const) {
    for (const side of ['client', 'server'] as const) {
      // Keys of the space or not, handshake confirmed or not.
      const s = new Sender({ side, confirmed: space === SPACE_APPLICATION })
      s.send(1, space)
      s.now += 20
      s.ack([[0, 0]], 0, space)
      const { cwnd } = s.congestion
      s.send(4, space)
      s.now += 20
      s.ack([[4, 4]], 0, space)
      t.equal(s.recovery.packetsLost, 1)
      t.equal(s.congestion.cwnd, cwnd / 2, `rfc9002#7.4-2: space ${space} of a ${side}`)
    }
  }
  t.end()
})

t.test('RFC 9002 §5.2: min_rtt is not begun anew because it is old', (t) => {
  const rtt = new RttEstimator()
  rtt.update(0, 40, 0)
  for (let now = 1000; now < 3_600_000; now += 1000) rtt.update(now, 60, 0)
  t.equal(rtt.min, 40, 'rfc9002#5.2-4: an hour later')
  t.end()
})

t.test('RFC 9002 §6.1.2: the granularity of timers is a millisecond', (t) => {
  const s = new Sender()
  // A round trip of a hundredth of a millisecond: 9/8 of it is far below the granularity.
  s.send(1)
  s.now += 0.01
  s.ack([[0, 0]])
  s.send(2)
  const sentAt = s.now
  s.now += 0.01
  s.ack([[2, 2]])
  t.equal(s.recovery.timeout(), sentAt + 1, 'rfc9002#6.1.2-5')
  t.equal(s.recovery.packetsLost, 0)
  s.expire()
  t.equal(s.recovery.packetsLost, 1)
  t.end()
})

t.test('RFC 9002 §7.6.1: persistent congestion takes three probe timeouts', (t) => {
  // A round trip of 100 ms without variation: the PTO is 100 + 1 + 25 ms.
  for (const [period, persistent] of [
    [3 * 126, false],
    [3 * 126 + 1, true],
  ] as const) {
    const s = new Sender()
    s.rtt.update(0, 100, 0)
    s.rtt.variation = 0
    s.send(1)
    const last = s.next[SPACE_APPLICATION]
    t.equal(s.recovery.ptoInterval(), 126)
    s.now += period
    s.send(4)
    s.now += 100
    // That it takes no RTT sample of the lost ones is another matter: the packet was just sent.
    s.ack([[last + 3, last + 3]])
    t.equal(s.recovery.packetsLost, 2)
    const minimum = s.congestion.cwnd <= 3 * MDS
    t.equal(minimum, persistent, `rfc9002#7.6.1-1: ${period} ms`)
  }
  t.end()
})

t.test('RFC 9002 §7.7: packets with nothing but an ACK are not paced, nor do they count', (t) => {
  const s = new Sender()
  s.send(10)
  s.now += 100
  s.ack([[0, 9]])
  while (s.capacity.nextSendTime(s.now) <= s.now) s.send(1)
  const at = s.capacity.nextSendTime(s.now)
  t.ok(at > s.now)
  s.send(50, SPACE_APPLICATION, ACK_ONLY, 40)
  t.equal(s.capacity.nextSendTime(s.now), at, 'rfc9002#7.7-5')
  t.end()
})
