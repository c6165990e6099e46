import * as fc from 'fast-check'
import t from 'tap'
import { Reassembly } from '../../src/streams/reassembly.ts'
import { concat, pattern, random } from './harness.ts'

const SEED = 9000

t.test('RFC 9000 §2.2: pieces in any order, cut anyhow and repeated, are read in order', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.nat({ max: 2 ** 30 }),
      fc.constantFrom(0, 5, 1000),
      fc.boolean(),
      (total, piece, seed, shuffle, sizeKnown) => {
        const rnd = random(seed)
        const data = pattern(total)
        const pieces: [number, number, number][] = []
        for (let at = 0, i = 0; at < total; at += piece, i++) {
          const start = Math.max(0, at - Math.floor(rnd() * piece * 0.5))
          const reach = rnd() < 0.05 ? 10 : 0.5
          const end = Math.min(total, at + piece + Math.floor(rnd() * piece * reach))
          pieces.push([start, end, i + rnd() * shuffle])
          if (rnd() < 0.2) pieces.push([start, end, i + rnd() * shuffle])
        }
        pieces.sort((a, b) => a[2] - b[2])
        const buffer = new Reassembly()
        const have = new Uint8Array(total)
        const read: Uint8Array[] = []
        const copies: Uint8Array[] = []
        let inOrder = 0
        for (const [start, end] of pieces) {
          have.fill(1, start, end)
          const before = inOrder
          while (inOrder < total && have[inOrder] === 1) inOrder++
          const slot = new Uint8Array(end - start + 10)
          slot.set(data.subarray(start, end), 5)
          const moved = buffer.insert(start, slot, 5, 5 + end - start, sizeKnown ? total : Infinity)
          // Packet memory is used again.
          slot.fill(0xee)
          if (moved !== inOrder > before) throw new Error('insert is wrong about news')
          if (buffer.end !== inOrder) throw new Error(`end ${buffer.end} instead of ${inOrder}`)
          while (rnd() < 0.3) {
            const bytes = buffer.read()
            if ((bytes === null) !== (copies.reduce((n, c) => n + c.length, 0) === inOrder)) {
              throw new Error('read is wrong about null')
            }
            if (bytes === null) break
            read.push(bytes)
            copies.push(bytes.slice())
          }
        }
        for (let bytes = buffer.read(); bytes !== null; bytes = buffer.read()) {
          read.push(bytes)
          copies.push(bytes.slice())
        }
        if (buffer.gaps !== 0) throw new Error('gaps left')
        // Nobody writes to what was handed out, and no two arrays share a buffer.
        const buffers = new Set(read.map((bytes) => bytes.buffer))
        return (
          buffers.size === read.length &&
          Buffer.compare(concat(read), data) === 0 &&
          Buffer.compare(concat(copies), data) === 0
        )
      },
    ),
    { seed: SEED, numRuns: 150 },
  )
  t.end()
})

t.test('RFC 9000 §2.2: bytes that came first stay when others come for the same offsets', (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          start: fc.nat(6000),
          // Some are as long as several pages, and cover pieces and gaps alike.
          length: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5000 })),
          read: fc.boolean(),
        }),
        { minLength: 1, maxLength: 60 },
      ),
      (pieces) => {
        const buffer = new Reassembly()
        const first = new Map<number, number>()
        const read: number[] = []
        const drain = (): void => {
          for (let data = buffer.read(); data !== null; data = buffer.read()) read.push(...data)
        }
        // The last closes every gap, and says other bytes for all that came.
        const all = [...pieces, { start: 0, length: 12_000, read: true }]
        all.forEach((piece, i) => {
          const data = new Uint8Array(piece.length).fill(i + 1)
          buffer.insert(piece.start, data, 0, piece.length, Infinity)
          data.forEach((byte, k) => {
            if (!first.has(piece.start + k)) first.set(piece.start + k, byte)
          })
          if (piece.read) drain()
        })
        return read.length === 12_000 && read.every((byte, at) => byte === first.get(at))
      },
    ),
    { seed: SEED, numRuns: 200 },
  )
  t.end()
})

t.test('what was read may be transferred to another thread without harm', (t) => {
  const buffer = new Reassembly()
  const data = pattern(10_000)
  const read: Uint8Array[] = []
  for (let at = 0; at < 10_000; at += 100) {
    buffer.insert(at, data, at, at + 100, Infinity)
    const bytes = buffer.read() as Uint8Array
    const { buffer: moved } = structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
    read.push(new Uint8Array(moved).subarray(0, 100))
  }
  t.same(concat(read), data)
  t.end()
})

t.test('attack 5: one byte in every page takes no more memory than the window', (t) => {
  const buffer = new Reassembly()
  const window = 4 * 1024 * 1024
  const before = process.memoryUsage().arrayBuffers
  for (let at = window - 1; at > 0; at -= 2048) buffer.insert(at, new Uint8Array(1), 0, 1, Infinity)
  const grown = process.memoryUsage().arrayBuffers - before
  t.equal(buffer.gaps, 2048)
  t.ok(grown < window + 256 * 1024, `${grown} bytes`)
  t.end()
})

t.test('when discarding, pieces are tracked and nothing is kept', (t) => {
  const buffer = new Reassembly()
  buffer.insert(0, pattern(100), 0, 100, Infinity)
  buffer.discard()
  t.equal(buffer.read(), null)
  buffer.insert(200, pattern(100), 0, 100, Infinity)
  t.equal(buffer.gaps, 1)
  t.ok(buffer.insert(100, pattern(100), 0, 100, Infinity))
  t.equal(buffer.end, 300)
  t.equal(buffer.read(), null)
  t.end()
})

t.test('buffers that take turns with the same pages never see each other', (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          which: fc.nat(3),
          length: fc.integer({ min: 1, max: 3000 }),
          read: fc.boolean(),
        }),
        { maxLength: 200 },
      ),
      (steps) => {
        const buffers = [0, 1, 2, 3].map(() => new Reassembly())
        const written: number[][] = [[], [], [], []]
        const pieces: Uint8Array[][] = [[], [], [], []]
        const drain = (which: number): void => {
          for (let data = buffers[which].read(); data !== null; data = buffers[which].read()) {
            pieces[which].push(data)
          }
        }
        for (const { which, length, read } of steps) {
          const data = new Uint8Array(length).fill(written[which].length + which * 61)
          buffers[which].insert(written[which].length, data, 0, length, Infinity)
          for (const byte of data) written[which].push(byte)
          if (read) drain(which)
        }
        // What was read early is compared last: nobody may have written to it since.
        return buffers.every((_, which) => {
          drain(which)
          return Buffer.from(concat(pieces[which])).equals(Buffer.from(written[which]))
        })
      },
    ),
    { seed: SEED, numRuns: 100 },
  )
  t.end()
})

t.test('what is dropped unread comes back as zeros', (t) => {
  const dropped = new Reassembly()
  dropped.insert(0, new Uint8Array(2000).fill(0xaa), 0, 2000, Infinity)
  dropped.clear()
  const next = new Reassembly()
  next.insert(5, Uint8Array.of(1), 0, 1, Infinity)
  next.insert(0, new Uint8Array(5), 0, 5, Infinity)
  const data = next.read() as Uint8Array
  t.same([...data], [0, 0, 0, 0, 0, 1])
  const rest = new Uint8Array(data.buffer)
  t.ok(rest.subarray(6).every((byte) => byte === 0))
  t.end()
})
