// ReceivedPackets under a peer's ACK_FREQUENCY and IMMEDIATE_ACK frames.

import * as fc from 'fast-check'
import t from 'tap'
import { MAX_RECEIVED_RANGES } from '../../src/limits.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { ReceivedPackets } from '../../src/recovery/received-packets.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const CE = 3

function application(): ReceivedPackets {
  return new ReceivedPackets({ maxAckDelay: 25, immediate: false })
}

function acknowledge(received: ReceivedPackets, now: number): void {
  const writer = new PacketWriter(new Uint8Array(1200))
  writer.reset(0, 1200)
  if (!received.writeAck(now, writer, 3)) throw new Error('no ACK was written')
}

/** The packets of `numbers` after which an ACK was due at once; one is sent then. */
function acknowledgedAfter(received: ReceivedPackets, numbers: readonly number[]): number[] {
  const after: number[] = []
  for (const n of numbers) {
    received.onPacketReceived(0, n, true, 0)
    if (!received.ackRequired(0)) continue
    acknowledge(received, 0)
    after.push(n)
  }
  return after
}

t.test('draft-ietf-quic-ack-frequency §6: more packets than the threshold, or the delay', (t) => {
  const r = application()
  r.setFrequency(0, 4, 10, 1)
  for (let n = 0; n < 4; n++) r.onPacketReceived(100 + n, n, true, 0)
  t.equal(r.ackRequired(103), false, 'four may come without an ACK')
  t.equal(r.ackDeadline, 110, 'counted from the first of them')
  r.onPacketReceived(104, 4, true, 0)
  t.equal(r.ackRequired(104), true)
  acknowledge(r, 104)
  t.equal(r.ackDeadline, Infinity, 'counter and timer start anew')
  r.onPacketReceived(200, 5, false, 0)
  t.equal(r.ackDeadline, Infinity, 'for what elicits nothing there is no ACK')
  r.onPacketReceived(201, 6, true, 0)
  t.equal(r.ackDeadline, 211)
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §4: a threshold of 0 acknowledges every packet', (t) => {
  const r = application()
  r.setFrequency(0, 0, 25, 1)
  t.same(acknowledgedAfter(r, [0, 1, 2, 3]), [0, 1, 2, 3])
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §4: frames that come late are ignored', (t) => {
  const r = application()
  r.setFrequency(7, 3, 10, 1)
  r.setFrequency(7, 0, 1, 1)
  r.setFrequency(6, 0, 1, 1)
  t.same(acknowledgedAfter(r, [0, 1, 2, 3, 4, 5, 6, 7]), [3, 7])
  r.setFrequency(8, 0, 1, 1)
  t.same(acknowledgedAfter(r, [8, 9]), [8, 9])
  t.end()
})

t.test('a shorter delay counts for what came before it, a longer one does not', (t) => {
  const shorter = application()
  shorter.onPacketReceived(0, 0, true, 0)
  t.equal(shorter.ackDeadline, 25)
  shorter.setFrequency(0, 9, 5, 1)
  shorter.onPacketReceived(1, 1, true, 0)
  t.equal(shorter.ackDeadline, 6)
  const longer = application()
  longer.onPacketReceived(0, 0, true, 0)
  longer.setFrequency(0, 9, 500, 1)
  longer.onPacketReceived(1, 1, true, 0)
  t.equal(longer.ackDeadline, 25)
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §5: IMMEDIATE_ACK is acknowledged at once, once', (t) => {
  const r = application()
  r.setFrequency(0, NEVER, 25, 0)
  r.onPacketReceived(0, 0, true, 0)
  r.requestAck()
  r.onPacketReceived(1, 1, true, 0)
  t.equal(r.ackRequired(1), true)
  acknowledge(r, 1)
  r.onPacketReceived(2, 2, true, 0)
  t.equal(r.ackRequired(2), false)
  t.end()
})

// The tables of §6.2.1.
t.test('draft-ietf-quic-ack-frequency §6.2: the examples of reordering thresholds', (t) => {
  const three = application()
  three.setFrequency(0, NEVER, 25, 3)
  t.same(acknowledgedAfter(three, [0, 1, 3, 4, 5, 8, 9, 10]), [5, 9, 10])
  const five = application()
  five.setFrequency(0, NEVER, 25, 5)
  t.same(acknowledgedAfter(five, [0, 1, 3, 5, 6, 7, 8, 9]), [7, 9])
  const one = application()
  one.setFrequency(0, NEVER, 25, 1)
  t.same(acknowledgedAfter(one, [0, 1, 3, 4, 7, 8]), [3, 7], 'each gap once')
  const none = application()
  none.setFrequency(0, NEVER, 25, 0)
  t.same(acknowledgedAfter(none, [0, 9, 3, 20, 4]), [])
  t.end()
})

t.test(
  'draft-ietf-quic-ack-frequency §6.2: what was declared lost and comes is told at once',
  (t) => {
    const r = application()
    r.setFrequency(0, NEVER, 25, 3)
    t.same(acknowledgedAfter(r, [0, 1, 5, 2]), [5, 2], '2 <= 5 - 3')
    t.same(acknowledgedAfter(r, [4]), [], '4 may still come')
    t.end()
  },
)

// A slow twin of the rule, straight from the definitions of §6.2.
t.test('draft-ietf-quic-ack-frequency §6.2: ACKs for reordering as the definitions say', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(60), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      (numbers, threshold) => {
        const r = application()
        r.setFrequency(0, NEVER, 25, threshold)
        const received = new Set<number>()
        let largestAcked = -1
        for (const n of numbers) {
          if (received.has(n)) continue
          received.add(n)
          r.onPacketReceived(0, n, true, 0)
          const largestUnacked = Math.max(...received)
          const largestReportedMissing = largestAcked - threshold
          let missing = Math.max(0, largestReportedMissing + 1)
          while (received.has(missing)) missing++
          const due = largestUnacked - missing >= threshold || n <= largestReportedMissing
          if (r.ackRequired(0) !== due) return false
          if (!due) continue
          acknowledge(r, 0)
          largestAcked = largestUnacked
        }
        return true
      },
    ),
    { seed: 6, numRuns: 1000 },
  )
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §6: no range is forgotten before it was reported', (t) => {
  const r = application()
  r.setFrequency(0, NEVER, 25, 0)
  let unreported = 0
  for (let n = 0; n < 1000; n += 2) {
    r.onPacketReceived(0, n, true, 0)
    unreported++
    t.ok(unreported <= MAX_RECEIVED_RANGES)
    if (!r.ackRequired(0)) continue
    acknowledge(r, 0)
    unreported = 0
  }
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §6.3: the first CE mark is told at once', (t) => {
  const r = application()
  r.setFrequency(0, 50, 25, 3)
  const marks = [0, CE, CE, 2, CE, 2]
  const told = marks.map((ecn, n) => {
    r.onPacketReceived(0, n, true, ecn)
    if (!r.ackRequired(0)) return false
    acknowledge(r, 0)
    return true
  })
  t.same(told, [false, true, false, false, true, false])
  const usual = application()
  usual.setFrequency(0, 1, 25, 3)
  usual.onPacketReceived(0, 0, true, CE)
  acknowledge(usual, 0)
  usual.onPacketReceived(0, 1, true, CE)
  t.equal(usual.ackRequired(0), true, 'RFC 9000 §13.2.1: at a threshold of 1 every one')
  t.end()
})

t.test('no ACK is due later than the draft allows, whatever comes', (t) => {
  const event = fc.record({
    wait: fc.integer({ min: 0, max: 30 }),
    skip: fc.nat(3),
    eliciting: fc.boolean(),
    frequency: fc.option(
      fc.record({ threshold: fc.nat(6), delay: fc.integer({ min: 1, max: 60 }) }),
      { nil: null, freq: 4 },
    ),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const r = application()
      let now = 0
      let number = 0
      let sequence = 0
      let threshold = 1
      let delay = 25
      let count = 0
      let since = Infinity
      for (const { wait, skip, eliciting, frequency } of events) {
        now += wait
        if (r.ackRequired(now)) {
          acknowledge(r, now)
          count = 0
          since = Infinity
        }
        number += 1 + skip
        if (frequency !== null) {
          ;({ threshold, delay } = frequency)
          r.setFrequency(sequence++, threshold, delay, 3)
        }
        r.onPacketReceived(now, number, eliciting, 0)
        if (!eliciting) continue
        count++
        since = Math.min(since, now + delay)
        if (count > threshold && !r.ackRequired(now)) return false
        if (r.ackDeadline > since) return false
      }
      return true
    }),
    { seed: 7, numRuns: 1000 },
  )
  t.end()
})
