import t from 'tap'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { ACK_ONLY, Sender } from './harness.ts'
import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../../src/constants.ts'

t.test('RFC 9002 §6.2.2: before a sample the RTT is 333 ms (rfc9002#6.2.2-2)', (t) => {
  const rtt = new RttEstimator()
  t.equal(rtt.smoothed, 333)
  t.equal(rtt.variation, 166.5)
  t.equal(rtt.hasSample, false)
  t.equal(rtt.probeTimeout, 999)
  t.end()
})

t.test('RFC 9002 §5.3: the first sample sets everything, later ones are averaged', (t) => {
  const rtt = new RttEstimator()
  rtt.update(50, 40, 25)
  t.match(rtt, { latest: 40, min: 40, smoothed: 40, variation: 20, firstSampleAt: 50 })
  rtt.update(200, 80, 10)
  t.match(rtt, { latest: 80, min: 40, firstSampleAt: 50 })
  t.equal(rtt.variation, 0.75 * 20 + 0.25 * 30)
  t.equal(rtt.smoothed, 0.875 * 40 + 0.125 * 70)
  t.end()
})

t.test('RFC 9002 §5.3: no delay is subtracted that would go below min_rtt (rfc9002#5.3-6)', (t) => {
  const rtt = new RttEstimator()
  rtt.update(0, 40, 0)
  rtt.update(100, 50, 20)
  t.equal(rtt.smoothed, 0.875 * 40 + 0.125 * 50)
  t.end()
})

t.test('RFC 9002 §5.2: min_rtt falls with samples, whatever the delay (rfc9002#5.2-1)', (t) => {
  const rtt = new RttEstimator()
  rtt.update(0, 40, 0)
  rtt.update(100, 30, 25)
  t.equal(rtt.min, 30)
  rtt.update(200, 60, 0)
  t.equal(rtt.min, 30)
  rtt.onPersistentCongestion()
  t.equal(rtt.min, 60, 'rfc9002#5.2-2')
  t.end()
})

t.test(
  'RFC 9002 §5.1: only the largest acknowledged, newly acknowledged, gives a sample (rfc9002#5.1-1)',
  (t) => {
    const s = new Sender()
    s.send(3)
    s.now += 50
    s.ack([[2, 2]])
    t.equal(s.rtt.latest, 50)
    s.now += 50
    s.ack([
      [2, 2],
      [0, 0],
    ])
    t.equal(s.rtt.latest, 50)
    t.end()
  },
)

t.test('RFC 9002 §5.1: an ACK of packets that elicit none gives no sample (rfc9002#5.1-2)', (t) => {
  const s = new Sender()
  s.send(1, SPACE_APPLICATION, ACK_ONLY)
  s.now += 50
  s.ack([[0, 0]])
  t.equal(s.rtt.hasSample, false)
  s.send(1)
  s.send(1, SPACE_APPLICATION, ACK_ONLY)
  s.now += 20
  s.ack([[1, 2]])
  t.equal(s.rtt.latest, 20, 'the largest elicits nothing, another newly acknowledged one does')
  t.end()
})

t.test(
  'RFC 9002 §5.3: max_ack_delay limits the delay of an ACK once the handshake is confirmed',
  (t) => {
    const sample = (space: 0 | 1 | 2, confirmed: boolean): number => {
      const s = new Sender({ confirmed })
      s.recovery.setMaxAckDelay(25)
      s.send(1, space)
      s.now += 10
      s.ack([[0, 0]], 0, space)
      s.send(1, space)
      s.now += 90
      s.ack([[0, 1]], 60, space)
      return (s.rtt.smoothed - 0.875 * 10) / 0.125
    }
    t.equal(
      sample(SPACE_INITIAL, false),
      30,
      'rfc9002#5.3-3 permits to ignore it: a probe repeats ACKs',
    )
    t.equal(sample(SPACE_HANDSHAKE, false), 30, 'rfc9002#5.3-4')
    t.equal(sample(SPACE_APPLICATION, false), 30, 'rfc9002#5.3-1')
    t.equal(sample(SPACE_APPLICATION, true), 65, 'rfc9002#5.3-5')
    t.end()
  },
)

t.test('RFC 9002 §5.3: a first sample that is mostly the delay of its ACK is not taken', (t) => {
  const first = (delay: number, confirmed: boolean): number => {
    const s = new Sender({ confirmed })
    s.recovery.setMaxAckDelay(25)
    s.send(1, SPACE_HANDSHAKE)
    s.now += 1030
    s.ack([[0, 0]], delay, SPACE_HANDSHAKE)
    t.equal(s.rtt.hasSample, s.rtt.smoothed === 1030)
    return s.rtt.smoothed
  }
  t.equal(first(1000, false), 333)
  t.equal(first(516, false), 333)
  t.equal(first(515, false), 1030)
  t.equal(first(1000, true), 1030, 'a peer that promised a short delay has no say in it')
  t.end()
})
