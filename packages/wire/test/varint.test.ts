import * as fc from 'fast-check'
import t from 'tap'
import {
  ByteReader,
  encodeVarint,
  encodeVarint2,
  encodeVarint8,
  MAX_VARINT,
  varintLength,
} from '@godwit/wire'

const SEED = 9000

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

t.test('RFC 9000 appendix A.1: sample variable-length integers', (t) => {
  t.equal(new ByteReader(bytes('9d7f3e7d')).varint(), 494878333)
  t.equal(new ByteReader(bytes('7bbd')).varint(), 15293)
  t.equal(new ByteReader(bytes('25')).varint(), 37)
  t.equal(new ByteReader(bytes('4025')).varint(), 37, 'not the shortest form: legal')
  // The eight-byte sample, 151288809941952652, is beyond 2^53-1: refused where it must be exact.
  const reader = new ByteReader(bytes('c2197c5eff14e88c'))
  t.equal(reader.varint(), 0)
  t.notOk(reader.ok)
  const saturating = new ByteReader(bytes('c2197c5eff14e88c'))
  t.equal(saturating.varintSaturated(), MAX_VARINT)
  t.ok(saturating.done)
  t.end()
})

t.test('RFC 9000 §16: limits of each length', (t) => {
  const limits = [
    [0, 1, '00'],
    [63, 1, '3f'],
    [64, 2, '4040'],
    [16383, 2, '7fff'],
    [16384, 4, '80004000'],
    [2 ** 30 - 1, 4, 'bfffffff'],
    [2 ** 30, 8, 'c000000040000000'],
    [2 ** 32 - 1, 8, 'c0000000ffffffff'],
    [2 ** 32, 8, 'c000000100000000'],
    [2 ** 53 - 1, 8, 'c01fffffffffffff'],
  ] as const
  for (const [value, length, hex] of limits) {
    const out = new Uint8Array(8)
    t.equal(varintLength(value), length)
    t.equal(encodeVarint(out, 0, value), length)
    t.equal(Buffer.from(out.subarray(0, length)).toString('hex'), hex)
    t.equal(new ByteReader(bytes(hex)).varint(), value)
    t.equal(new ByteReader(bytes(hex)).varintSaturated(), value)
  }
  for (const hex of ['c020000000000000', 'ffffffffffffffff']) {
    const reader = new ByteReader(bytes(hex))
    t.equal(reader.varint(), 0)
    t.notOk(reader.ok)
    t.equal(new ByteReader(bytes(hex)).varintSaturated(), MAX_VARINT)
  }
  t.end()
})

const integer = fc.oneof(
  fc.nat(300),
  fc.nat(2 ** 31 - 1),
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 62 }).map((bits) => Math.min(2 ** bits, MAX_VARINT)),
)

t.test('what is encoded is decoded, in the predicted length, and nothing around changes', (t) => {
  fc.assert(
    fc.property(integer, fc.nat(5), (value, offset) => {
      const out = new Uint8Array(20).fill(0xee)
      const end = encodeVarint(out, offset, value)
      const reader = new ByteReader(out, offset, end)
      return (
        end - offset === varintLength(value) &&
        reader.varint() === value &&
        reader.done &&
        out.every((byte, i) => (i >= offset && i < end) || byte === 0xee)
      )
    }),
    { seed: SEED, numRuns: 2000 },
  )
  fc.assert(
    fc.property(integer, (value) => {
      const out = new Uint8Array(8)
      return encodeVarint8(out, 0, value) === 8 && new ByteReader(out).varint() === value
    }),
    { seed: SEED, numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.nat(16383), (value) => {
      const out = new Uint8Array(2)
      return encodeVarint2(out, 0, value) === 2 && new ByteReader(out).varint() === value
    }),
    { seed: SEED, numRuns: 1000 },
  )
  t.end()
})

t.test('any bytes decode to what BigInt arithmetic says, or fail', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 }), (input) => {
      const length = input.length === 0 ? 1 : 1 << (input[0] >> 6)
      const reader = new ByteReader(input)
      const value = reader.varint()
      const saturating = new ByteReader(input)
      const saturated = saturating.varintSaturated()
      if (input.length < length) {
        return value === 0 && !reader.ok && saturated === 0 && !saturating.ok
      }
      let exact = BigInt(input[0] & 0x3f)
      for (let i = 1; i < length; i++) exact = exact * 256n + BigInt(input[i])
      if (exact > BigInt(MAX_VARINT)) {
        return value === 0 && !reader.ok && saturated === MAX_VARINT && saturating.ok
      }
      return BigInt(value) === exact && reader.ok && saturated === value
    }),
    { seed: SEED, numRuns: 5000 },
  )
  t.end()
})
