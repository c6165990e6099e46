import * as fc from 'fast-check'
import t from 'tap'
import { ByteReader } from '@godwit/wire'

const SEED = 9000
const SAMPLE = Uint8Array.of(0x01, 0x82, 0x03, 0xff, 0xfe, 0xfd, 0xfc, 0x07, 0x08, 0x09)

t.test('integers are big-endian and unsigned', (t) => {
  const reader = new ByteReader(SAMPLE)
  t.equal(reader.peek(), 0x01)
  t.equal(reader.u8(), 0x01)
  t.equal(reader.u16(), 0x8203)
  t.equal(reader.u32(), 0xfffefdfc)
  t.equal(reader.u24(), 0x070809)
  t.ok(reader.done)
  t.equal(reader.peek(), -1)
  t.end()
})

t.test('a region is not left, whatever is behind it', (t) => {
  const reader = new ByteReader(SAMPLE, 2, 5)
  t.equal(reader.remaining, 3)
  t.equal(reader.u32(), 0)
  t.notOk(reader.ok)
  reader.reset(SAMPLE, 2, 5)
  t.equal(reader.u24(), 0x03fffe)
  t.ok(reader.done)
  t.equal(reader.u8(), 0)
  t.notOk(reader.ok)
  t.notOk(reader.done)
  t.end()
})

t.test('the first failure latches: later reads give nothing and do not move', (t) => {
  const reader = new ByteReader(SAMPLE)
  reader.u16()
  reader.view(9)
  t.notOk(reader.ok)
  t.equal(reader.position, 2)
  t.equal(reader.u8(), 0)
  t.equal(reader.u16(), 0)
  t.equal(reader.u24(), 0)
  t.equal(reader.u32(), 0)
  t.equal(reader.varint(), 0)
  t.equal(reader.varintSaturated(), 0)
  t.equal(reader.view(1).length, 0)
  t.equal(reader.copy(1).length, 0)
  reader.skip(1)
  t.equal(reader.peek(), -1)
  t.equal(reader.position, 2)
  const failed = new ByteReader(SAMPLE)
  failed.fail()
  t.notOk(failed.done)
  t.equal(failed.u8(), 0)
  t.end()
})

t.test('a view shares memory, a copy does not, also on a Buffer', (t) => {
  for (const memory of [new Uint8Array(SAMPLE), Buffer.from(SAMPLE)]) {
    const view = new ByteReader(memory).view(3)
    const copy = new ByteReader(memory).copy(3)
    memory[0] = 0x77
    t.equal(view[0], 0x77)
    t.equal(copy[0], 0x01)
    t.same([...copy], [0x01, 0x82, 0x03])
  }
  t.end()
})

t.test('lengths that are negative or no numbers fail the reader', (t) => {
  for (const length of [-1, -100, Number.NaN, Infinity]) {
    for (const read of ['view', 'copy', 'skip'] as const) {
      const reader = new ByteReader(SAMPLE, 5)
      reader[read](length)
      t.notOk(reader.ok, `${read} ${length}`)
      t.equal(reader.position, 5)
    }
  }
  t.end()
})

t.test('no sequence of reads throws or leaves the region', (t) => {
  const read = fc.constantFrom('u8', 'u16', 'u24', 'u32', 'varint', 'varintSaturated', 'peek')
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.oneof(read, fc.nat(12)), { maxLength: 20 }),
      (input, reads) => {
        const start = Math.min(3, input.length)
        const end = Math.max(start, input.length - 3)
        const reader = new ByteReader(input, start, end)
        for (const step of reads) {
          const before = reader.position
          const wasOk = reader.ok
          if (typeof step === 'number') reader.skip(step)
          else reader[step]()
          if (reader.position < before || reader.position > end) return false
          if (!wasOk && (reader.ok || reader.position !== before)) return false
          if (typeof step === 'number' && wasOk && reader.ok !== step <= end - before) return false
        }
        return true
      },
    ),
    { seed: SEED, numRuns: 3000 },
  )
  t.end()
})
