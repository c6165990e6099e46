import t from 'tap'
import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../../src/constants.ts'
import { ACK_ONLY, ELICITING, MDS, packet, Sender } from './harness.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { TOKEN_PING } from '../../src/recovery/tokens.ts'

/** A sender whose RTT is 100 ms with no variation left. */
function settled(): Sender {
  const s = new Sender()
  s.recovery.setMaxAckDelay(20)
  s.send()
  s.now += 100
  s.ack([[0, 0]])
  s.rtt.variation = 0
  return s
}

t.test(
  'RFC 9002 §6.2.1: PTO is smoothed_rtt + max(4*rttvar, 1 ms) + max_ack_delay (rfc9002#6.2.1-1)',
  (t) => {
    const s = settled()
    t.equal(s.recovery.ptoInterval(), 121)
    s.send()
    t.equal(s.recovery.timeout(), s.now + 121)
    s.rtt.variation = 5
    s.send()
    t.equal(s.recovery.timeout(), s.now + 140)
    t.end()
  },
)

t.test(
  'RFC 9002 §6.2.1: max_ack_delay does not count for Initial and Handshake; the earlier space rules (rfc9002#6.2.1-2)',
  (t) => {
    const s = new Sender({ confirmed: false })
    s.send(1, SPACE_INITIAL)
    t.equal(s.recovery.timeout(), s.now + 999)
    s.now += 10
    s.send(1, SPACE_HANDSHAKE)
    t.equal(s.recovery.timeout(), 1000 + 999, 'the Initial packet was first')
    s.recovery.onSpaceDiscarded(s.now, SPACE_INITIAL)
    t.equal(s.recovery.timeout(), 1010 + 999)
    t.end()
  },
)

t.test(
  'RFC 9002 §6.2.1: 1-RTT packets set no PTO before the handshake is confirmed (rfc9002#6.2.1-3)',
  (t) => {
    const s = new Sender({ confirmed: false })
    s.send(1)
    t.equal(s.recovery.timeout(), Infinity)
    s.recovery.setHandshakeConfirmed(s.now)
    t.equal(s.recovery.timeout(), s.now + 999 + 25)
    t.end()
  },
)

t.test(
  'RFC 9002 §6.2.1: the timer starts anew with every ack-eliciting packet sent or acknowledged (rfc9002#6.2.1-4)',
  (t) => {
    const s = settled()
    s.send()
    s.now += 50
    s.send(1, SPACE_APPLICATION, ACK_ONLY)
    t.equal(s.recovery.timeout(), s.now + 71, 'an ACK does not')
    s.send()
    t.equal(s.recovery.timeout(), s.now + 121)
    t.end()
  },
)

t.test(
  'RFC 9002 §6.2.4: a timeout asks for two packets, loses nothing, and doubles (rfc9002#6.2-1, rfc9002#6.2.1-5, rfc9002#6.2.4-1)',
  (t) => {
    const s = settled()
    s.send(3)
    const sentAt = s.now
    const { cwnd } = s.congestion
    s.expire()
    t.equal(s.now, sentAt + 121)
    t.equal(s.recovery.probesPending(SPACE_APPLICATION), 2)
    t.same(s.recorder.lost, [])
    t.equal(s.capacity.bytesInFlight, 3 * MDS)
    t.equal(s.congestion.cwnd, cwnd)
    t.equal(s.recovery.ptoCount, 1)
    s.send(1, SPACE_APPLICATION, ACK_ONLY)
    t.equal(s.recovery.probesPending(SPACE_APPLICATION), 2, 'an ACK is no probe')
    s.send(2)
    t.equal(s.recovery.probesPending(SPACE_APPLICATION), 0)
    t.equal(s.recovery.timeout(), s.now + 242)
    t.equal(s.capacity.bytesInFlight, 5 * MDS, 'rfc9002#7.5-2')
    s.expire()
    s.send(2)
    t.equal(s.recovery.timeout(), s.now + 484)
    s.now += 100
    s.ack([[7, 7]])
    t.equal(s.recovery.ptoCount, 0)
    t.same(s.recorder.lost, [1, 2, 3, 4, 5, 6], 'now they are lost')
    t.end()
  },
)

t.test('the backoff stays a finite number however often the timer fires', (t) => {
  const s = settled()
  s.send()
  for (let i = 0; i < 2000; i++) {
    s.expire()
    s.send(2)
  }
  t.equal(s.recovery.timeout(), s.now + 121 * 2 ** 20)
  t.end()
})

t.test('RFC 9002 §6.2.1: no PTO while the time threshold waits (rfc9002#6.2.1-6)', (t) => {
  const s = settled()
  s.send(2)
  s.now += 60
  s.ack([[2, 2]])
  t.ok(s.recovery.timeout() < s.now + 60)
  s.expire()
  t.equal(s.recovery.ptoCount, 0)
  t.equal(s.recovery.probesPending(SPACE_APPLICATION), 0)
  t.end()
})

t.test(
  'RFC 9002 §6.2.2.1: at the amplification limit a server sets no PTO; it may be due when the limit is lifted (rfc9002#6.2.2.1-1)',
  (t) => {
    const s = new Sender({ confirmed: false })
    s.send(3, SPACE_INITIAL)
    s.recovery.setAtAmplificationLimit(s.now, true)
    t.equal(s.recovery.timeout(), Infinity)
    s.now += 5000
    s.recovery.setAtAmplificationLimit(s.now, false)
    t.equal(s.recovery.timeout(), 1999)
    s.recovery.onTimeout(s.now)
    t.equal(s.recovery.probesPending(SPACE_INITIAL), 2)
    t.end()
  },
)

t.test(
  'RFC 9002 §6.2.2.1: a client probes with nothing in flight until its Handshake packets are acknowledged (rfc9002#6.2.2.1-2, rfc9002#6.2.2.1-3)',
  (t) => {
    const s = new Sender({ side: 'client', confirmed: false })
    t.equal(s.recovery.timeout(), Infinity, 'nothing was sent at all')
    s.send(1, SPACE_INITIAL)
    s.now += 50
    s.ack([[0, 0]], 0, SPACE_INITIAL)
    t.equal(s.recovery.timeout(), s.now + 150, 'nothing is in flight')
    s.expire()
    t.equal(s.recovery.probesPending(SPACE_INITIAL), 1)
    t.equal(s.recovery.probesPending(SPACE_HANDSHAKE), 0)
    t.equal(s.recovery.timeout(), s.now + 300)
    s.send(1, SPACE_INITIAL)
    s.now += 50
    s.ack([[1, 1]], 0, SPACE_INITIAL)
    t.equal(
      s.recovery.ptoCount,
      1,
      'RFC 9002 §6.2.1: the server may not have validated the address',
    )

    s.recovery.setHasHandshakeKeys(s.now)
    s.expire()
    t.equal(s.recovery.probesPending(SPACE_HANDSHAKE), 1)
    t.equal(s.recovery.probesPending(SPACE_INITIAL), 0)
    s.send(1, SPACE_HANDSHAKE)
    s.now += 50
    s.ack([[0, 0]], 0, SPACE_HANDSHAKE)
    t.equal(s.recovery.ptoCount, 0)
    t.equal(s.recovery.timeout(), Infinity, 'the deadlock is impossible now')
    t.end()
  },
)

t.test('RFC 9002 §6.2.2.1: 0-RTT packets in flight do not hide the deadlock', (t) => {
  const s = new Sender({ side: 'client', confirmed: false })
  s.send(1, SPACE_INITIAL)
  s.send(1, SPACE_APPLICATION)
  s.now += 50
  s.ack([[0, 0]], 0, SPACE_INITIAL)
  t.equal(s.recovery.timeout(), s.now + 150)
  t.end()
})

t.test('a confirmed handshake ends the anti-deadlock timer', (t) => {
  const s = new Sender({ side: 'client', confirmed: false })
  s.recovery.setHasHandshakeKeys(s.now)
  t.equal(s.recovery.timeout(), s.now + 999)
  s.recovery.setHandshakeConfirmed(s.now)
  t.equal(s.recovery.timeout(), Infinity)
  t.end()
})

t.test('RFC 9002 §6.2.2: discarding keys resets backoff and timer (rfc9002#6.2.2-4)', (t) => {
  const s = new Sender({ confirmed: false })
  s.send(1, SPACE_INITIAL)
  s.send(1, SPACE_HANDSHAKE)
  s.expire()
  t.equal(s.recovery.probesPending(SPACE_INITIAL), 2)
  t.equal(s.recovery.probesPending(SPACE_HANDSHAKE), 1, 'rfc9002#6.2.4-4')
  s.recovery.onSpaceDiscarded(s.now, SPACE_INITIAL)
  t.equal(s.recovery.ptoCount, 0)
  t.equal(s.recovery.probesPending(SPACE_INITIAL), 0)
  t.equal(s.recovery.timeout(), 1000 + 999)
  t.end()
})

t.test('an acknowledgement withdraws probes that were not sent yet', (t) => {
  const s = settled()
  s.send(2)
  s.expire()
  s.ack([[1, 1]])
  t.equal(s.recovery.probesPending(SPACE_APPLICATION), 0)
  t.end()
})

t.test(
  'RFC 9002 §6.2.4: a probe may take the oldest unacknowledged information along (rfc9002#6.2.4-6)',
  (t) => {
    const s = settled()
    s.send(1, SPACE_APPLICATION, ACK_ONLY)
    s.send(2)
    const ping = new PacketWriter(new Uint8Array(8))
    ping.reset(0, 8)
    ping.addToken(TOKEN_PING)
    s.recovery.onPacketSent(s.now, SPACE_APPLICATION, s.next[SPACE_APPLICATION]++, 30, ping)
    s.expire()
    const { bytesInFlight } = s.capacity
    t.equal(s.recovery.offerProbeTokens(SPACE_APPLICATION), true)
    t.same(s.recorder.lost, [2])
    t.equal(s.recovery.offerProbeTokens(SPACE_APPLICATION), true)
    t.same(s.recorder.lost, [2, 3])
    t.equal(s.recovery.offerProbeTokens(SPACE_APPLICATION), false, 'a PING is nothing to repeat')
    t.equal(s.capacity.bytesInFlight, bytesInFlight)
    t.equal(s.recovery.packetsLost, 0)

    s.send(2)
    s.recorder.lost.length = 0
    s.now += 10
    s.ack([
      [5, 6],
      [3, 3],
    ])
    t.same(
      s.recorder.acked.slice(-3),
      [3, 5, 6],
      'an offered packet is acknowledged like any other',
    )
    t.same(s.recorder.lost, [1], 'lost after its information was offered: nothing more to say')
    t.equal(s.recovery.packetsLost, 2, 'packets 2 and 4')
    t.end()
  },
)

t.test('a size of probes counts against the pacer and the window', (t) => {
  const s = settled()
  while (s.capacity.canSend(MDS)) s.send()
  s.expire()
  t.equal(s.capacity.canSend(MDS), false)
  s.recovery.onPacketSent(s.now, SPACE_APPLICATION, s.next[2]++, MDS, packet(ELICITING, 999))
  t.ok(s.capacity.bytesInFlight > s.congestion.cwnd)
  t.end()
})
