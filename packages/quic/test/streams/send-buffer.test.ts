import * as fc from 'fast-check'
import t from 'tap'
import { SendBuffer } from '../../src/streams/send-buffer.ts'
import { pattern } from './harness.ts'

const SEED = 9000

const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 900, max: 1200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 20_000 }) },
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), size }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('send' as const), size: fc.nat({ max: 3000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('ack', 'lose') as fc.Arbitrary<'ack' | 'lose'>,
      which: fc.nat(),
    }),
  },
)

t.test(
  'RFC 9000 §2.2: a model with a plain array agrees with every step of the send buffer',
  (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const buffer = new SendBuffer()
        const written: number[] = []
        const acked: boolean[] = []
        const lost: boolean[] = []
        const sends: [number, number][] = []
        const scratch = new Uint8Array(4000)
        const copyAndCompare = (offset: number, length: number): void => {
          buffer.copy(offset, length, scratch, 7)
          for (let i = 0; i < length; i++) {
            if (scratch[7 + i] !== written[offset + i]) throw new Error(`byte ${offset + i}`)
          }
        }
        for (const s of steps) {
          if (s.kind === 'write') {
            const data = pattern(s.size, written.length)
            buffer.append(data)
            written.push(...data)
          } else if (s.kind === 'send') {
            const again = buffer.hasLost
            const offset = again ? buffer.lostStart : buffer.sent
            const length = Math.min((again ? buffer.lostEnd : buffer.end) - offset, s.size)
            if (length > 0) {
              copyAndCompare(offset, length)
              sends.push([offset, length])
              if (again) buffer.onRetransmitted(offset, length)
              else buffer.sent += length
              for (let i = 0; i < length; i++) lost[offset + i] = false
            }
          } else if (sends.length > 0) {
            const [offset, length] = sends[s.which % sends.length]
            for (let i = offset; i < offset + length; i++) {
              if (s.kind === 'ack') acked[i] = true
              lost[i] = s.kind === 'lose' && !acked[i]
            }
            if (s.kind === 'ack') buffer.onAcked(offset, length)
            else buffer.onLost(offset, length)
          }
          let base = 0
          while (acked[base]) base++
          const first = lost.indexOf(true)
          let after = first
          while (lost[after]) after++
          t.equal(buffer.end, written.length)
          t.equal(buffer.base, base)
          t.equal(buffer.hasLost, first >= 0)
          if (first >= 0) t.same([buffer.lostStart, buffer.lostEnd], [first, after])
          for (let at = base; at < written.length; at += 2999) {
            copyAndCompare(at, Math.min(4000 - 7, written.length - at))
          }
        }
      }),
      { seed: SEED, numRuns: 60 },
    )
    t.end()
  },
)

t.test('a chunk is not copied, and many tiny writes share pages', (t) => {
  const buffer = new SendBuffer()
  const large = pattern(5000)
  const header = pattern(3)
  buffer.append(header)
  buffer.append(large)
  large[4999] ^= 0xff
  const out = new Uint8Array(5003)
  buffer.copy(0, 5003, out, 0)
  t.equal(out[5002], large[4999], 'the chunk is read when it is sent')

  const tiny = new Uint8Array(1)
  const before = process.memoryUsage()
  for (let i = 0; i < 1_000_000; i++) {
    tiny[0] = i
    buffer.append(tiny)
  }
  const after = process.memoryUsage()
  const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed
  t.ok(grown < 8_000_000, `a million bytes written one by one take ${grown}`)
  const page = new Uint8Array(4000)
  buffer.copy(5003 + 500_000, 4000, page, 0)
  t.ok(page.every((byte, i) => byte === ((500_000 + i) & 0xff)))
  t.end()
})

t.test('acknowledged chunks are forgotten, in any order of acknowledgements', (t) => {
  const buffer = new SendBuffer()
  for (let i = 0; i < 100; i++) buffer.append(pattern(2000, i * 2000))
  buffer.sent = buffer.end
  for (let i = 99; i > 0; i--) buffer.onAcked(i * 2000, 2000)
  t.equal(buffer.base, 0)
  buffer.onAcked(0, 2000)
  t.equal(buffer.base, 200_000)
  buffer.append(pattern(10, 200_000))
  const out = new Uint8Array(10)
  buffer.copy(200_000, 10, out, 0)
  t.same(out, pattern(10, 200_000))
  t.end()
})
