import t from 'tap'
import { SPACE_APPLICATION, SPACE_HANDSHAKE } from '../../src/constants.ts'
import { NewReno } from '../../src/recovery/new-reno.ts'
import { ACK_ONLY, ELICITING, MDS, PADDING, Sender } from './harness.ts'
import type { PacketKind } from './harness.ts'

class CountingReno extends NewReno {
  persistent = 0

  override onPersistentCongestion(): void {
    super.onPersistentCongestion()
    this.persistent++
  }
}

/**
 * An RTT of `rtt` ms without variation: every ACK below comes `rtt` after the packet that it
 * samples, so that it stays so. max_ack_delay makes the PTO `pto`.
 */
function settled(rtt: number = 100, pto: number = 120): Sender {
  const s = new Sender({ congestion: new CountingReno(MDS) })
  s.recovery.setMaxAckDelay(pto - rtt - 1)
  s.send()
  s.now += rtt
  s.ack([[0, 0]])
  s.rtt.variation = 0
  // What is sent at the very time of the first sample was sent before it for all we know.
  s.now++
  return s
}

/** How often persistent congestion was declared. */
function persistent(s: Sender): number {
  return (s.congestion as CountingReno).persistent
}

/** Sends at the given times after now; 100 ms after four more packets the last is acknowledged. */
function lose(s: Sender, times: readonly number[], kinds: readonly PacketKind[] = []): void {
  const start = s.now
  for (let i = 0; i < times.length; i++) {
    s.now = start + times[i]
    s.send(1, SPACE_APPLICATION, kinds[i] ?? ELICITING)
  }
  s.now += 1
  s.send(4)
  s.now += 100
  const last = s.next[SPACE_APPLICATION] - 1
  s.ack([[last, last]])
}

t.test(
  'RFC 9002 §7.6.2: packets lost over more than three PTOs are persistent congestion (rfc9002#7.6.2-5)',
  (t) => {
    const s = settled()
    s.rtt.min = 10
    lose(s, [0, 200, 361])
    t.equal(persistent(s), 1)
    t.equal(s.congestion.cwnd, 3 * MDS, 'the minimum, and the packet that the ACK acknowledged')
    t.equal(s.rtt.min, 100, 'rfc9002#5.2-2')
    lose(s, [0, 200])
    t.equal(persistent(s), 1, 'the next period starts at nothing')
    t.end()
  },
)

t.test('RFC 9002 §7.6.2: losses over three PTOs exactly are not yet', (t) => {
  const s = settled()
  lose(s, [0, 200, 359])
  t.equal(persistent(s), 0, 'the last lost packet is one of the four, 360 ms after the first')
  t.equal(s.recovery.packetsLost, 4)
  t.end()
})

t.test('RFC 9002 §7.6.3: the example of the RFC', (t) => {
  const s = settled(200, 2000)
  const start = s.now
  for (const at of [0, 1, 2, 3, 4, 5, 6, 8, 12]) {
    s.now = start + at * 1000
    if (at === 2) {
      s.now = start + 200
      s.ack([[1, 1]])
      s.now = start + 2000
    }
    s.send()
  }
  t.equal(s.recovery.ptoInterval(), 2000)
  s.now = start + 12_200
  t.equal(persistent(s), 0)
  s.ack([[9, 9]])
  t.same(s.recorder.lost, [2, 3, 4, 5, 6, 7, 8])
  t.equal(persistent(s), 1)
  t.end()
})

t.test('RFC 9002 §7.6.2: a packet acknowledged in between starts the period anew', (t) => {
  const s = settled()
  const start = s.now
  for (const at of [0, 100, 200, 300, 400]) {
    s.now = start + at
    s.send()
  }
  s.now += 1
  s.send(4)
  s.now += 100
  s.ack([
    [9, 9],
    [3, 3],
  ])
  t.same(s.recorder.lost, [1, 2, 4, 5, 6])
  t.equal(persistent(s), 0)
  t.end()
})

t.test('RFC 9002 §7.6.2: an earlier acknowledgement of a packet in between counts as well', (t) => {
  const s = settled()
  const start = s.now
  s.send() // 1
  s.now = start + 10
  s.send() // 2
  s.now = start + 110
  s.ack([[2, 2]])
  t.same(s.recorder.lost, [])
  s.send(3) // 3, 4, 5
  s.now = start + 469
  s.send(4) // 6..9
  s.now = start + 569
  s.ack([[9, 9]])
  t.same(s.recorder.lost, [1, 3, 4, 5, 6])
  t.equal(persistent(s), 0, 'from 1 at 0 to 6 at 469 it would be, from 3 at 110 it is not')
  t.end()
})

t.test(
  'RFC 9002 §7.6.2: the acknowledged packet that revealed a loss ends the period, too',
  (t) => {
    const s = settled()
    const start = s.now
    s.send(4) // 1..4
    s.now = start + 100
    s.ack([[4, 4]])
    t.same(s.recorder.lost, [1])
    s.now = start + 400
    s.send(4) // 5..8
    s.now = start + 500
    s.ack([
      [8, 8],
      [2, 3],
    ])
    t.same(s.recorder.lost, [1, 5])
    t.equal(persistent(s), 0)
    t.end()
  },
)

t.test('RFC 9002 §7.6.2: the period goes on over several ACKs', (t) => {
  const s = settled()
  const start = s.now
  s.send() // 1
  s.now = start + 200
  s.send(4) // 2..5
  s.now = start + 361
  s.send() // 6
  s.now = start + 362
  s.send(3) // 7, 8, 9
  s.now = start + 462
  s.ack([[7, 7]])
  t.same(s.recorder.lost, [1, 2, 3, 4, 5])
  t.equal(persistent(s), 0)
  s.ack([[9, 9]])
  t.same(s.recorder.lost, [1, 2, 3, 4, 5, 6])
  t.equal(persistent(s), 1)
  t.end()
})

t.test('RFC 9002 §7.6.2: both ends must be ack-eliciting (rfc9002#7.6.2-1)', (t) => {
  const first = settled()
  lose(first, [0, 200, 361], [PADDING])
  t.equal(persistent(first), 0)
  const last = settled()
  const start = last.now
  last.send() // 1
  last.now = start + 361
  last.send(1, SPACE_APPLICATION, PADDING) // 2
  last.send(1, SPACE_APPLICATION, ACK_ONLY) // 3
  last.send(3)
  last.now += 100
  last.ack([[6, 6]])
  t.same(last.recorder.lost, [1, 3])
  t.equal(persistent(last), 0)
  const between = settled()
  lose(between, [0, 200, 361], [ELICITING, ACK_ONLY, ELICITING])
  t.equal(persistent(between), 1, 'what lies between need not be')
  t.end()
})

t.test('RFC 9002 §7.6.2: no period starts before there is an RTT sample (rfc9002#7.6.2-2)', (t) => {
  const s = new Sender({ congestion: new CountingReno(MDS) })
  s.send()
  s.now += 10_000
  s.send(4)
  s.now += 100
  s.ack([[4, 4]])
  t.same(s.recorder.lost, [0, 1])
  t.equal(persistent(s), 0)
  t.end()
})

t.test(
  'RFC 9002 §7.6.2: an acknowledgement in another space ends the period (rfc9002#7.6.2-3)',
  (t) => {
    for (const acknowledged of [true, false]) {
      const s = settled()
      const start = s.now
      s.send()
      s.now = start + 150
      s.send(1, SPACE_HANDSHAKE)
      s.now = start + 250
      if (acknowledged) s.ack([[0, 0]], 0, SPACE_HANDSHAKE)
      s.now = start + 361
      s.send(4)
      s.now = start + 461
      s.ack([[5, 5]])
      t.same(s.recorder.lost, [1, 2])
      t.equal(persistent(s), acknowledged ? 0 : 1)
    }
    t.end()
  },
)
