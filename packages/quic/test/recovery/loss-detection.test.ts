import t from 'tap'
import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../../src/constants.ts'
import { MAX_SENT_PACKETS } from '../../src/limits.ts'
import { ACK_ONLY, ackOf, ELICITING, MDS, packet, PADDING, rangesOf, Sender } from './harness.ts'

t.test('acknowledged packets leave the bytes in flight and report what they carried, once', (t) => {
  const s = new Sender()
  s.send(5)
  t.equal(s.capacity.bytesInFlight, 5 * MDS)
  s.now += 20
  s.ack([
    [3, 4],
    [0, 1],
  ])
  t.same(s.recorder.acked, [0, 1, 3, 4], 'in the order of sending')
  t.equal(s.capacity.bytesInFlight, MDS)
  s.ack([[0, 4]])
  s.ack([[0, 4]])
  t.same(s.recorder.acked, [0, 1, 3, 4, 2])
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.recovery.largestAcked(SPACE_APPLICATION), 4)
  t.end()
})

t.test(
  'RFC 9000 §13.1: an ACK of a number never sent is a PROTOCOL_VIOLATION (rfc9000#13.1-2)',
  (t) => {
    const s = new Sender()
    t.throws(() => s.ack([[0, 0]]), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    s.send(3)
    t.throws(() => s.ack([[0, 3]]), { code: 'ERR_QUIC_PROTOCOL_VIOLATION', frameType: 2 })
    const withEcn = ackOf([[0, 3]], 0)
    withEcn.ecn = true
    t.throws(() => s.recovery.onAckReceived(s.now, SPACE_APPLICATION, withEcn), {
      code: 'ERR_QUIC_PROTOCOL_VIOLATION',
      frameType: 3,
    })
    t.throws(() => s.ack([[0, 0]], 0, SPACE_HANDSHAKE), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    t.equal(s.capacity.bytesInFlight, 3 * MDS)
    t.same(s.recorder.acked, [])
    t.end()
  },
)

t.test(
  'RFC 9000 §21.4: an ACK of a skipped number is a PROTOCOL_VIOLATION, also much later',
  (t) => {
    const s = new Sender()
    s.send(3)
    s.next[SPACE_APPLICATION]++
    s.send(3)
    t.throws(() => s.ack([[0, 6]]), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    s.ack([
      [4, 6],
      [0, 2],
    ])
    s.send(20)
    s.ack([[7, 26]])
    t.throws(() => s.ack([[3, 3]]), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    t.end()
  },
)

t.test('rfc9002#6.1.1-2: three later packets acknowledged make one lost (rfc9002#6.1.1-1)', (t) => {
  const s = new Sender()
  s.send(6)
  s.now += 20
  s.ack([[2, 2]])
  t.same(s.recorder.lost, [])
  s.ack([[3, 3]])
  t.same(s.recorder.lost, [0])
  s.ack([[5, 5]])
  t.same(s.recorder.lost, [0, 1])
  t.equal(s.recovery.packetsLost, 2)
  t.equal(s.recovery.bytesLost, 2 * MDS)
  t.equal(s.capacity.bytesInFlight, MDS, 'packet 4')
  t.end()
})

t.test(
  'RFC 9002 §6.1.2: 9/8 of the RTT after sending, an earlier packet is lost (rfc9002#6.1.2-1, rfc9002#6.1.2-3, rfc9002#6.1.2-4)',
  (t) => {
    const s = new Sender()
    s.send(2)
    s.now += 80
    s.ack([[1, 1]])
    t.same(s.recorder.lost, [])
    t.equal(s.recovery.timeout(), 1000 + 90)
    s.now = 1089.9
    s.recovery.onTimeout(s.now)
    t.same(s.recorder.lost, [], 'too early')
    s.expire()
    t.same(s.recorder.lost, [0])
    t.equal(s.recovery.ptoCount, 0, 'that was no probe timeout')
    t.equal(s.recovery.timeout(), Infinity)
    t.end()
  },
)

t.test('RFC 9002 §6.1.2: the time threshold is a millisecond at least (rfc9002#6.1.2-2)', (t) => {
  const s = new Sender()
  s.send(2)
  s.now += 0.1
  s.ack([[1, 1]])
  t.equal(s.recovery.timeout(), 1001)
  t.end()
})

t.test('RFC 9002 §6.1.2: the larger of latest_rtt and smoothed_rtt counts', (t) => {
  const s = new Sender()
  s.send(1)
  s.now += 100
  s.ack([[0, 0]])
  s.send(2)
  s.now += 40
  s.ack([[2, 2]])
  t.equal(s.rtt.latest, 40)
  t.equal(s.recovery.timeout(), 1100 + s.rtt.smoothed * 1.125)
  t.end()
})

t.test('a late ACK of a packet that was declared lost changes nothing', (t) => {
  const s = new Sender()
  s.send(5)
  s.now += 20
  s.ack([[4, 4]])
  t.same(s.recorder.lost, [0, 1])
  const { bytesInFlight } = s.capacity
  const { cwnd } = s.congestion
  s.ack([[0, 1]])
  s.ack([
    [4, 4],
    [0, 1],
  ])
  t.equal(s.capacity.bytesInFlight, bytesInFlight)
  t.equal(s.congestion.cwnd, cwnd)
  t.same(s.recorder.acked, [4])
  s.ack([[0, 4]])
  t.same(s.recorder.acked, [4, 2, 3])
  t.equal(s.capacity.bytesInFlight, 0)
  t.end()
})

t.test('packets with only an ACK are never in flight, and their loss is no congestion', (t) => {
  const s = new Sender()
  s.send(3, SPACE_APPLICATION, ACK_ONLY)
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.recovery.timeout(), Infinity)
  s.send(3)
  s.now += 20
  s.ack([[5, 5]])
  t.same(s.recorder.lost, [0, 1, 2], 'the ACK tokens come back')
  t.equal(s.recovery.packetsLost, 0)
  t.equal(s.congestion.ssthresh, Infinity)
  t.end()
})

t.test('PADDING is in flight but sets no PTO', (t) => {
  const s = new Sender()
  s.send(1, SPACE_APPLICATION, PADDING)
  t.equal(s.capacity.bytesInFlight, MDS)
  t.equal(s.recovery.timeout(), Infinity)
  t.end()
})

t.test(
  'RFC 9002 §6.4: a discarded space leaves the bytes in flight, and the window as it was (rfc9002#6.4-1)',
  (t) => {
    const s = new Sender({ confirmed: false })
    s.send(2, SPACE_INITIAL)
    s.send(3, SPACE_HANDSHAKE)
    s.send(1, SPACE_APPLICATION)
    const { cwnd } = s.congestion
    s.recovery.onSpaceDiscarded(s.now, SPACE_INITIAL)
    t.equal(s.capacity.bytesInFlight, 4 * MDS)
    s.recovery.onSpaceDiscarded(s.now, SPACE_INITIAL)
    s.recovery.onSpaceDiscarded(s.now, SPACE_HANDSHAKE)
    t.equal(s.capacity.bytesInFlight, MDS)
    t.equal(s.congestion.cwnd, cwnd)
    t.same(s.recorder.tokens, [], 'neither acknowledged nor lost')
    t.equal(s.recovery.probesPending(SPACE_HANDSHAKE), 0)
    t.end()
  },
)

t.test('RFC 9002 §7: no packet goes that would exceed the window (rfc9002#7-3)', (t) => {
  const s = new Sender()
  s.send(9)
  t.equal(s.capacity.canSend(MDS), true)
  t.equal(s.capacity.canSend(MDS + 1), false)
  s.send(1)
  t.equal(s.capacity.canSend(1), false)
  t.end()
})

t.test('RFC 9002 §7.3.2: one packet may exceed the window when recovery begins', (t) => {
  const s = new Sender()
  s.send(10)
  s.now += 20
  s.ack([[3, 3]])
  t.equal(s.congestion.cwnd, 5 * MDS, 'rfc9000#13.3-7, rfc9002#7.3.1-1')
  t.equal(s.capacity.bytesInFlight, 8 * MDS)
  t.equal(s.capacity.canSend(MDS), true, 'rfc9002#7-3')
  s.send(1)
  t.equal(s.capacity.canSend(MDS), false)
  s.ack([
    [7, 7],
    [3, 3],
  ])
  t.equal(s.capacity.canSend(MDS), false, 'losses of the same period give none')
  t.end()
})

t.test('RFC 9002 §7.7: the pacer spreads packets over the round trip', (t) => {
  const s = new Sender()
  s.send(10)
  s.now += 100
  s.ack([[0, 9]])
  // Slow start: twice 24000 bytes per 100 ms; the bucket refilled while the ACK was on its way.
  while (s.capacity.nextSendTime(s.now) <= s.now) s.send(1)
  t.equal(s.next[SPACE_APPLICATION], 20)
  t.equal(s.capacity.nextSendTime(s.now), s.now + MDS / ((2 * 20 * MDS) / 100))
  t.end()
})

t.test('a full record gives up the oldest packet, and new data waits before', (t) => {
  const s = new Sender()
  const writer = packet(ELICITING, 0)
  const quarter = MAX_SENT_PACKETS / 4
  for (let n = 0; n < MAX_SENT_PACKETS; n++) {
    if (n === 3 * quarter) {
      s.congestion.setMaxDatagramSize(1_000_000)
      t.equal(s.recovery.crowded, false)
    }
    s.recovery.onPacketSent(s.now, SPACE_APPLICATION, n, 1, writer)
  }
  t.equal(s.recovery.crowded, true)
  t.same(s.recorder.lost, [])
  s.recovery.onPacketSent(s.now, SPACE_APPLICATION, MAX_SENT_PACKETS, 1, writer)
  t.equal(s.recorder.lost.length, 1)
  t.equal(s.recovery.packetsLost, 1)
  t.equal(s.capacity.bytesInFlight, MAX_SENT_PACKETS)
  s.ack([[1, MAX_SENT_PACKETS]])
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.recorder.acked.length, MAX_SENT_PACKETS)
  t.end()
})

t.test(
  'ACKs of many ranges over a large flight look at each packet a constant number of times',
  (t) => {
    const s = new Sender()
    const writer = packet(ELICITING, 0)
    const count = 40_000
    for (let n = 0; n < count; n++) s.recovery.onPacketSent(s.now, SPACE_APPLICATION, n, 1, writer)
    // Every second packet, 200 at a time from the bottom, in 200 ranges; then the same again and
    // again. With work proportional to the ring this would be 10^9 steps.
    let acks = 0
    for (let n = 0; n + 400 <= count; n += 400) {
      const numbers: number[] = []
      for (let i = 0; i < 400; i += 2) numbers.push(n + i)
      const ack = ackOf(rangesOf(numbers))
      for (let i = 0; i < 200; i++) {
        s.recovery.onAckReceived(s.now + 10, SPACE_APPLICATION, ack)
        acks++
      }
    }
    t.equal(acks, 20_000)
    t.equal(s.recorder.acked.length, count / 2)
    t.equal(s.recorder.lost.length, count / 2 - 2, 'all but the last two gaps')
    t.end()
  },
)
