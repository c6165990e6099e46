import * as fc from 'fast-check'
import t from 'tap'
import { ByteReader, ByteWriter, varintLength } from '@godwit/wire'

const SEED = 9000

t.test('what is written is read', (t) => {
  const field = fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
    fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
    fc.record({ kind: fc.constant('u24' as const), value: fc.nat(0xffffff) }),
    fc.record({
      kind: fc.constant('u32' as const),
      value: fc.integer({ min: 0, max: 0xffffffff }),
    }),
    fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
  )
  const size = { u8: 1, u16: 2, u24: 3, u32: 4, varint: 0 }
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), fc.nat(10), (fields, start) => {
      const memory = new Uint8Array(200).fill(0xee)
      const writer = new ByteWriter(memory, start)
      let length = 0
      for (const { kind, value } of fields) {
        writer[kind](value)
        length += kind === 'varint' ? varintLength(value) : size[kind]
      }
      if (writer.position !== start + length) return false
      if (writer.remaining !== 200 - start - length) return false
      const reader = new ByteReader(memory, start, writer.position)
      for (const { kind, value } of fields) if (reader[kind]() !== value) return false
      return reader.done && memory.subarray(writer.position).every((byte) => byte === 0xee)
    }),
    { seed: SEED, numRuns: 2000 },
  )
  t.end()
})

t.test('bytes and zeros', (t) => {
  const memory = new Uint8Array(8).fill(0xee)
  const writer = new ByteWriter(memory, 1, 7)
  writer.copy(Uint8Array.of(1, 2, 3))
  writer.zeros(2)
  t.equal(writer.remaining, 1)
  t.same([...memory], [0xee, 1, 2, 3, 0, 0, 0xee, 0xee])
  writer.reset(memory, 0, 1)
  writer.u8(9)
  t.equal(memory[0], 9)
  t.equal(writer.remaining, 0)
  t.end()
})

t.test('writing past the end is a RangeError and writes nothing', (t) => {
  const memory = new Uint8Array(8).fill(0xee)
  const writer = new ByteWriter(memory, 0, 0)
  t.throws(() => writer.u8(1), RangeError)
  t.throws(() => writer.u16(1), RangeError)
  t.throws(() => writer.u24(1), RangeError)
  t.throws(() => writer.u32(1), RangeError)
  t.throws(() => writer.varint(1), RangeError)
  t.throws(() => writer.copy(Uint8Array.of(1)), RangeError)
  t.throws(() => writer.zeros(1), RangeError)
  t.throws(() => writer.zeros(-1), RangeError)
  t.equal(writer.position, 0)
  t.ok(memory.every((byte) => byte === 0xee))
  t.end()
})
