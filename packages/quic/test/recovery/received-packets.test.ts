import { ByteReader } from '@godwit/wire'
import * as fc from 'fast-check'
import t from 'tap'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { MAX_RECEIVED_RANGES } from '../../src/limits.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { ReceivedPackets } from '../../src/recovery/received-packets.ts'
import { TOKEN_ACK } from '../../src/recovery/tokens.ts'

const application = (): ReceivedPackets =>
  new ReceivedPackets({ maxAckDelay: 25, immediate: false })

function writerOf(room: number): PacketWriter {
  const writer = new PacketWriter(new Uint8Array(2048))
  writer.reset(10, 10 + room)
  return writer
}

interface Decoded {
  type: number
  largest: number
  delay: number
  numbers: number[]
  ranges: number
  ecn: number[]
  length: number
}

/** A decoder of ACK frames of its own, straight from RFC 9000 §19.3. */
function decode(bytes: Uint8Array, start: number): Decoded {
  let at = start
  const varint = (): number => {
    const length = 1 << (bytes[at] >> 6)
    let value = BigInt(bytes[at] & 0x3f)
    for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(bytes[at + i])
    at += length
    return Number(value)
  }
  const type = bytes[at++]
  const largest = varint()
  const delay = varint()
  const count = varint()
  const numbers: number[] = []
  let smallest = largest - varint()
  for (let n = largest; n >= smallest; n--) numbers.push(n)
  for (let i = 0; i < count; i++) {
    const high = smallest - varint() - 2
    smallest = high - varint()
    for (let n = high; n >= smallest; n--) numbers.push(n)
  }
  const ecn = type === 3 ? [varint(), varint(), varint()] : []
  return { type, largest, delay, numbers, ranges: count + 1, ecn, length: at - start }
}

/** What the next ACK says, as "type largest delay: numbers; ecn counts". */
function textOf(ack: Decoded | null): string {
  if (ack === null) return 'none'
  return `${ack.type} ${ack.largest} ${ack.delay}: ${ack.numbers.join(' ')}; ${ack.ecn.join(' ')}`
}

function ackOf(received: ReceivedPackets, now: number, room: number = 1200): Decoded | null {
  const writer = writerOf(room)
  if (!received.writeAck(now, writer, 3)) return null
  const decoded = decode(writer.bytes, 10)
  if (decoded.length !== writer.position - 10) throw new Error('the frame ends elsewhere')
  return decoded
}

t.test(
  'RFC 9000 §13.2.2: every second ack-eliciting packet is acknowledged at once, the first within max_ack_delay (rfc9000#13.2.1-1, rfc9000#13.2.2-1, rfc9000#13.2.1-3)',
  (t) => {
    const r = application()
    t.equal(r.ackDeadline, Infinity)
    t.equal(r.hasAck(), false)
    r.onPacketReceived(100, 0, true, 0)
    t.equal(r.ackRequired(100), false)
    t.equal(r.hasAck(), true)
    t.equal(r.ackDeadline, 125)
    t.equal(r.ackRequired(125), true)
    r.onPacketReceived(110, 1, true, 0)
    t.equal(r.ackRequired(110), true)
    t.equal(textOf(ackOf(r, 110)), '2 1 0: 1 0; ')
    t.equal(r.ackDeadline, Infinity)
    t.equal(r.hasAck(), false)
    r.onPacketReceived(200, 2, true, 0)
    t.equal(r.ackDeadline, 225, 'the count starts anew')
    t.end()
  },
)

t.test(
  'RFC 9000 §13.2.1: Initial and Handshake packets are acknowledged at once (rfc9000#13.2.1-2)',
  (t) => {
    const r = new ReceivedPackets({ maxAckDelay: 25, immediate: true })
    r.onPacketReceived(5, 0, true, 0)
    t.equal(r.ackRequired(5), true)
    t.end()
  },
)

t.test(
  'RFC 9000 §13.2.1: packets that elicit nothing never make an ACK necessary (rfc9000#13.2.1-4)',
  (t) => {
    const r = application()
    for (const n of [0, 1, 5, 3, 9]) r.onPacketReceived(0, n, false, 0)
    t.equal(r.ackDeadline, Infinity)
    t.equal(r.hasAck(), false, 'nor is one bundled before anything elicited one (rfc9000#13.2.1-6)')
    r.onPacketReceived(0, 10, true, 0)
    t.equal(r.hasAck(), true)
    t.equal(r.canAck, true)
    const writer = new PacketWriter(new Uint8Array(100))
    writer.reset(0, 100)
    t.equal(r.writeAck(0, writer, 3), true)
    t.equal(r.hasAck(), false)
    r.onPacketReceived(0, 11, false, 0)
    t.equal(r.hasAck(), true, 'after that one may be bundled')
    const immediate = new ReceivedPackets({ maxAckDelay: 25, immediate: true })
    immediate.onPacketReceived(0, 7, false, 0)
    t.equal(immediate.ackDeadline, Infinity)
    t.end()
  },
)

t.test('RFC 9000 §13.2.1: reordering and gaps are acknowledged at once (rfc9000#13.2.1-8)', (t) => {
  const gap = application()
  gap.onPacketReceived(0, 0, true, 0)
  ackOf(gap, 0)
  gap.onPacketReceived(10, 2, true, 0)
  t.equal(gap.ackRequired(10), true, 'a packet is missing before it')
  ackOf(gap, 10)
  gap.onPacketReceived(11, 1, true, 0)
  t.equal(gap.ackRequired(11), true, 'below another that was received')
  ackOf(gap, 11)
  gap.onPacketReceived(12, 3, true, 0)
  t.equal(gap.ackRequired(12), false, 'the gap is filled')

  const filled = application()
  filled.onPacketReceived(0, 0, true, 0)
  ackOf(filled, 0)
  filled.onPacketReceived(1, 1, false, 0)
  filled.onPacketReceived(2, 2, true, 0)
  t.equal(filled.ackRequired(2), false, 'what lies between was received, whether it elicits or not')
  t.end()
})

t.test(
  'RFC 9000 §13.2.1: an ECN-CE mark is acknowledged at once; counts are reported (rfc9000#13.2.1-9, rfc9000#13.4.1-1)',
  (t) => {
    const r = application()
    r.onPacketReceived(0, 0, true, 2)
    t.equal(r.ackRequired(0), false)
    t.equal(textOf(ackOf(r, 0)), '3 0 0: 0; 1 0 0')
    r.onPacketReceived(1, 1, true, 3)
    t.equal(r.ackRequired(1), true)
    r.onPacketReceived(2, 2, true, 1)
    r.onPacketReceived(3, 3, true, 0)
    t.equal(textOf(ackOf(r, 4)), '3 3 125: 3 2 1 0; 1 1 1')
    t.end()
  },
)

t.test(
  'RFC 9000 §13.2.5: the delay runs from the receipt of the largest packet, in units of 8 us (rfc9000#13.2.5-3, rfc9000#13.2.5-1)',
  (t) => {
    const r = application()
    r.onPacketReceived(100, 5, true, 0)
    r.onPacketReceived(110, 3, true, 0)
    t.equal(ackOf(r, 140)?.delay, 5000, '40 ms')
    t.equal(r.largest, 5)
    t.equal(r.largestReceivedAt, 100)
    t.end()
  },
)

t.test(
  'RFC 9000 §12.3: duplicates are known, also those too old to be remembered (rfc9000#13.2.3-4, rfc9000#12.3-4)',
  (t) => {
    const r = application()
    for (let i = 0; i < 200; i++) {
      t.equal(r.isDuplicate(i * 2), false)
      r.onPacketReceived(i, i * 2, true, 0)
    }
    for (let i = 0; i < 200; i++) t.equal(r.isDuplicate(i * 2), true)
    t.equal(r.isDuplicate(1), true, 'not received, but nobody can tell any more')
    t.equal(r.isDuplicate(397), false)
    t.equal(r.isDuplicate(399), false)
    t.equal(r.largest, 398, 'rfc9000#13.2.3-5')
    t.equal(ackOf(r, 200)?.ranges, MAX_RECEIVED_RANGES)
    t.end()
  },
)

t.test(
  'RFC 9000 §13.2.4: what the peer knows to be acknowledged is not reported again (rfc9000#13.2.3-2)',
  (t) => {
    const r = application()
    for (const n of [0, 1, 3, 4, 8]) r.onPacketReceived(0, n, true, 0)
    t.same(ackOf(r, 0)?.numbers, [8, 4, 3, 1, 0])
    r.onAckAcknowledged(4)
    r.onPacketReceived(1, 9, true, 0)
    t.same(ackOf(r, 1)?.numbers, [9, 8])
    t.equal(r.isDuplicate(3), true, 'it is still known')
    t.equal(r.isDuplicate(2), false, 'and a gap is still open')
    r.onPacketReceived(2, 2, true, 0)
    t.equal(r.ackRequired(2), true)
    t.same(ackOf(r, 2)?.numbers, [9, 8, 4, 3, 2, 1, 0], 'a latecomer is reported')
    t.end()
  },
)

t.test(
  'RFC 9000 §13.2.3: the largest packet is in every ACK, even when all was acknowledged (rfc9000#13.2.3-6)',
  (t) => {
    const r = application()
    r.onPacketReceived(0, 0, true, 0)
    ackOf(r, 0)
    r.onAckAcknowledged(0)
    t.equal(textOf(ackOf(r, 5)), '2 0 625: 0; ')
    t.equal(ackOf(application(), 0), null, 'nothing received, nothing to write')
    t.end()
  },
)

t.test('an ACK leaves out the oldest ranges that do not fit, and fails when not one does', (t) => {
  const r = application()
  for (let i = 0; i < 20; i++) r.onPacketReceived(0, i * 3, true, 0)
  const full = ackOf(r, 0)
  t.equal(full?.length, 5 + 19 * 2)
  r.onPacketReceived(0, 60, true, 0)
  t.equal(textOf(ackOf(r, 0, 9)), '2 60 0: 60 57 54; ', 'rfc9000#13.2.3-1')
  t.equal(ackOf(r, 0, 10)?.length, 9, 'half a range is no range')
  r.onPacketReceived(0, 63, true, 0)
  t.equal(ackOf(r, 0, 4), null)
  t.equal(r.hasAck(), true, 'and nothing counts as reported')
  t.end()
})

t.test(
  'the packet writer gets a token with the largest number, and is not made ack-eliciting',
  (t) => {
    const r = application()
    r.onPacketReceived(0, 70, true, 0)
    const writer = writerOf(100)
    t.equal(r.writeAck(0, writer, 3), true)
    t.equal(writer.ackEliciting, false)
    t.equal(writer.inFlight, false)
    t.same([...writer.tokens.subarray(0, writer.tokenCount * 4)], [TOKEN_ACK, 70, 0, 0])
    t.end()
  },
)

t.test('RFC 9000 §19.3: any set of packets comes out of two decoders as it went in', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { minLength: 1, maxLength: 250 }),
      fc.constantFrom(0, 1, 60, 16_000, 2 ** 30, 2 ** 40),
      fc.integer({ min: 8, max: 400 }),
      fc.boolean(),
      (offsets, base, room, ecn) => {
        const r = application()
        const model = new Set<number>()
        for (const offset of offsets) {
          const n = base + offset
          if (r.isDuplicate(n)) continue
          r.onPacketReceived(1, n, true, ecn ? 2 : 0)
          model.add(n)
        }
        // What the set still knows: the highest ranges.
        const sorted = [...model].sort((a, b) => b - a)
        const writer = writerOf(room)
        if (!r.writeAck(3, writer, 3)) return room < 30
        const own = decode(writer.bytes, 10)
        const expected = sorted.slice(0, own.numbers.length)
        if (own.numbers.join() !== expected.join()) return false
        // Nothing may be left out that would have fitted, up to 64 ranges.
        const complete = own.numbers.length === sorted.length
        if (!complete && room - own.length >= 16 && own.ranges < MAX_RECEIVED_RANGES) return false
        if (own.length > room || own.length !== writer.position - 10) return false

        const frame = new Frame()
        const reader = new ByteReader(writer.bytes, 10, writer.position)
        decodeFrame(reader, frame)
        const ours: number[] = []
        for (let i = 0; i < frame.ack.rangeCount; i++) {
          for (let n = frame.ack.rangeLargest[i]; n >= frame.ack.rangeSmallest[i]; n--) ours.push(n)
        }
        return (
          reader.done &&
          ours.join() === own.numbers.join() &&
          frame.ack.encodedDelay === 250 &&
          frame.ack.ecn === ecn &&
          frame.ack.ect0 === (ecn ? model.size : 0)
        )
      },
    ),
    { seed: 3, numRuns: 500 },
  )
  t.end()
})

t.test('no number is ever accepted twice, in whatever order packets come (rfc9000#12.3-4)', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(600), { maxLength: 800 }), fc.nat(100), (numbers, every) => {
      const r = application()
      const seen = new Set<number>()
      for (let i = 0; i < numbers.length; i++) {
        const n = numbers[i]
        if (r.isDuplicate(n)) continue
        if (seen.has(n)) return false
        seen.add(n)
        r.onPacketReceived(i, n, i % 3 !== 0, 0)
        if (i % (every + 1) === 0) r.onAckAcknowledged(r.largest)
      }
      return true
    }),
    { seed: 5, numRuns: 300 },
  )
  t.end()
})
