// What we ask of the peer's acknowledgements: AckFrequency with a loss detection of its own.

import { ByteReader } from '@godwit/wire'
import * as fc from 'fast-check'
import t from 'tap'
import { AckFrequency } from '../../src/connection/ack-frequency.ts'
import { FRAME_ACK_FREQUENCY } from '../../src/constants.ts'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { ACKS_PER_WINDOW, MAX_PACKETS_PER_ACK } from '../../src/limits.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { LossDetection } from '../../src/recovery/loss-detection.ts'
import { NewReno } from '../../src/recovery/new-reno.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { TestCapacities } from '../recovery/harness.ts'

const SIZE = 1200

class Sender {
  readonly rtt = new RttEstimator()
  readonly congestion = new NewReno(SIZE)
  readonly paths = new TestCapacities(this.rtt, this.congestion, SIZE)
  readonly recovery = new LossDetection({
    side: 'server',
    paths: this.paths,
    listener: { onTokenAcked: () => {}, onTokenLost: () => {} },
  })
  readonly frequency = new AckFrequency(this.recovery, this.paths)

  /** An ACK came, with the window and the round trip as they are. */
  ack(windowPackets: number, rtt: number): boolean {
    this.congestion.cwnd = windowPackets * SIZE
    this.rtt.smoothed = rtt
    this.frequency.onAckReceived(SIZE)
    return this.frequency.pending
  }

  write(room: number = 100): Frame | null {
    const writer = new PacketWriter(new Uint8Array(200))
    writer.reset(0, room)
    this.frequency.writeFrame(writer)
    if (writer.position === 0) return null
    const frame = new Frame()
    decodeFrame(new ByteReader(writer.bytes, 0, writer.position), frame)
    return frame
  }

  /** The max_ack_delay that the PTO reckons with. */
  get delay(): number {
    return this.recovery.ptoInterval() - this.rtt.probeTimeout
  }
}

function sender(minDelay: number = 1000, maxDelay: number = 25): Sender {
  const s = new Sender()
  s.recovery.setMaxAckDelay(maxDelay)
  s.frequency.enable(minDelay, maxDelay)
  return s
}

t.test('nothing is asked of a peer that did not announce the extension', (t) => {
  const s = new Sender()
  t.equal(s.ack(1000, 10), false)
  t.equal(s.frequency.enabled, false)
  t.end()
})

t.test('a small window keeps what RFC 9000 §13.2.2 gives', (t) => {
  const s = sender()
  t.equal(s.ack(2, 100), false)
  t.equal(s.ack(10, 100), false)
  t.equal(s.ack(4 * ACKS_PER_WINDOW - 1, 100), false)
  t.equal(s.ack(4 * ACKS_PER_WINDOW, 100), true, 'twice as many packets per ACK')
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §8.1: a share of the window, up to a round trip', (t) => {
  const s = sender(1000, 500)
  s.ack(64, 40)
  t.match(s.write(), {
    type: FRAME_ACK_FREQUENCY,
    sequenceNumber: 0,
    ackElicitingThreshold: 64 / ACKS_PER_WINDOW - 1,
    requestedMaxAckDelay: 40_000,
    reorderingThreshold: 3,
  })
  t.equal(s.frequency.pending, false)
  t.equal(s.ack(4096, 40), false, 'one frame under way at a time')
  s.frequency.onAcked(0)
  t.equal(s.ack(100, 40), false, 'a small change is none')
  t.equal(s.ack(4096, 40), true)
  t.match(s.write(), { sequenceNumber: 1, ackElicitingThreshold: MAX_PACKETS_PER_ACK - 1 })
  s.frequency.onAcked(1)
  t.equal(s.ack(40_960, 40), false, 'no more than that')
  t.equal(s.ack(4096, 60), false)
  t.equal(s.ack(4096, 80), true, 'the round trip is twice as long')
  t.match(s.write(), { sequenceNumber: 2, requestedMaxAckDelay: 80_000 })
  s.frequency.onAcked(2)
  t.equal(s.ack(2, 80), true, 'the window collapsed')
  t.match(s.write(), {
    sequenceNumber: 3,
    ackElicitingThreshold: 1,
    requestedMaxAckDelay: 500_000,
  })
  s.frequency.onAcked(3)
  t.equal(s.ack(2, 5), false, 'with a small window the delay is left alone')
  t.end()
})

t.test(
  'draft-ietf-quic-ack-frequency §3: not below min_ack_delay, nor above max_ack_delay',
  (t) => {
    const usual = sender(1000, 25)
    usual.ack(1000, 0.1)
    t.equal(usual.write()?.requestedMaxAckDelay, 25_000, 'a short round trip makes no short delay')
    const slow = sender(50_000, 200)
    slow.ack(1000, 30)
    t.equal(slow.write()?.requestedMaxAckDelay, 50_000)
    const long = sender(1000, 25)
    long.ack(1000, 5000)
    t.equal(long.write()?.requestedMaxAckDelay, 25_000)
    const equal = sender(7000, 7)
    equal.ack(1000, 100)
    t.equal(equal.write()?.requestedMaxAckDelay, 7000)
    t.end()
  },
)

t.test(
  'draft-ietf-quic-ack-frequency §7: the PTO takes the largest delay that may be in force',
  (t) => {
    const s = sender(1000, 500)
    const delay = (): number => Math.round(s.delay)
    s.ack(1000, 50)
    t.equal(delay(), 500)
    s.write()
    t.equal(delay(), 500, 'the smaller value is not acknowledged')
    s.frequency.onAcked(0)
    t.equal(delay(), 50)
    s.ack(1000, 200)
    s.write()
    t.equal(delay(), 200, 'the larger one counts from the start')
    s.frequency.onLost(1)
    s.ack(1000, 80)
    t.match(s.write(), { sequenceNumber: 2, requestedMaxAckDelay: 80_000 })
    t.equal(delay(), 200, 'what counts as lost may have come')
    s.frequency.onAcked(1)
    t.equal(delay(), 200, 'an older frame decides nothing')
    s.frequency.onAcked(2)
    t.equal(delay(), 80)
    t.end()
  },
)

t.test(
  'draft-ietf-quic-ack-frequency §4: a lost frame is replaced by one with what is wanted then',
  (t) => {
    const s = sender()
    s.ack(64, 40)
    s.write()
    s.frequency.onLost(0)
    t.equal(s.frequency.pending, true)
    s.ack(128, 40)
    t.match(s.write(), { sequenceNumber: 1, ackElicitingThreshold: 15 })
    s.frequency.onLost(0)
    t.equal(s.frequency.pending, false, 'a newer one was sent')
    s.frequency.onAcked(1)
    s.frequency.onLost(1)
    t.equal(s.frequency.pending, false, 'it came')
    t.end()
  },
)

t.test('a frame waits for room', (t) => {
  const s = sender()
  s.ack(1000, 40)
  t.equal(s.write(8), null)
  t.equal(s.frequency.pending, true)
  t.ok(s.write(9))
  t.end()
})

t.test('every frame has valid values and a larger number than the one before', (t) => {
  const step = fc.record({
    window: fc.integer({ min: 2, max: 50_000 }),
    rtt: fc.double({ min: 0.01, max: 3000, noNaN: true }),
    fate: fc.constantFrom('acked', 'lost', 'on its way'),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 50 }),
      fc.nat(20_000),
      fc.integer({ min: 20, max: 2 ** 14 - 1 }),
      (steps, minDelay, maxDelay) => {
        const s = sender(minDelay, maxDelay)
        let last = -1
        for (const { window, rtt, fate } of steps) {
          if (!s.ack(window, rtt)) continue
          const frame = s.write()
          if (frame === null || frame.sequenceNumber !== last + 1) return false
          last = frame.sequenceNumber
          const { ackElicitingThreshold, requestedMaxAckDelay } = frame
          if (ackElicitingThreshold < 1 || ackElicitingThreshold >= MAX_PACKETS_PER_ACK)
            return false
          if (ackElicitingThreshold + 1 > Math.max(2, window / ACKS_PER_WINDOW)) return false
          if (requestedMaxAckDelay < minDelay || requestedMaxAckDelay > maxDelay * 1000)
            return false
          if (s.delay < requestedMaxAckDelay / 1000 - 1e-6) return false
          if (fate === 'acked') s.frequency.onAcked(last)
          if (fate === 'lost') s.frequency.onLost(last)
        }
        return true
      },
    ),
    { seed: 8, numRuns: 500 },
  )
  t.end()
})
