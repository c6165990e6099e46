import * as fc from 'fast-check'
import t from 'tap'
import {
  encodePrefixInteger,
  PrefixIntegerAssembler,
  PrefixIntegerReader,
} from '../src/prefix-integer.ts'
import { fromHex, toHex } from './hex.ts'

function encode(value: number, prefixBits: number): Uint8Array {
  const bytes = new Uint8Array(16)
  return bytes.subarray(0, encodePrefixInteger(bytes, 0, 0, prefixBits, value))
}

t.test('the examples of RFC 7541 appendix C.1', (t) => {
  t.equal(toHex(encode(10, 5)), '0a')
  t.equal(toHex(encode(1337, 5)), '1f9a0a')
  t.equal(toHex(encode(42, 8)), '2a')
  t.end()
})

t.test('integers up to 2^53-1 survive at every prefix', (t) => {
  const value = fc.oneof(fc.maxSafeNat(), fc.nat(300))
  fc.assert(
    fc.property(value, fc.integer({ min: 3, max: 8 }), (value, prefixBits) => {
      const bytes = encode(value, prefixBits)
      const reader = new PrefixIntegerReader(bytes, 0, bytes.length)
      const read = reader.read(prefixBits)
      const assembler = new PrefixIntegerAssembler()
      let done = assembler.start(bytes[0], prefixBits)
      for (let i = 1; i < bytes.length; i++) done = assembler.push(bytes[i])
      return (
        reader.ok &&
        read === value &&
        reader.position === bytes.length &&
        done &&
        assembler.value === value
      )
    }),
    { seed: 1, numRuns: 1000 },
  )
  t.end()
})

t.test('62 bits are read, more are refused (rfc9204#4.1.1-1, rfc9204#7.4-2)', (t) => {
  const largest = fromHex('ff80ffffffffffffff7f')
  const reader = new PrefixIntegerReader(largest, 0, largest.length)
  t.ok(reader.read(8) > 2 ** 61)
  t.equal(reader.ok, true)
  const endless = fromHex('ff8080808080808080808080808000')
  reader.reset(endless, 0, endless.length)
  reader.read(8)
  t.equal(reader.ok, false)
  const assembler = new PrefixIntegerAssembler()
  assembler.start(0xff, 8)
  for (let i = 0; i < 9; i++) assembler.push(0x80)
  t.equal(assembler.exhausted, true)
  assembler.start(0xff, 8)
  t.equal(assembler.exhausted, false, 'the next integer has all its bytes again')
  t.end()
})

t.test('a truncated integer fails for good', (t) => {
  const bytes = fromHex('1f9a0a')
  for (let length = 0; length < 3; length++) {
    const reader = new PrefixIntegerReader(bytes, 0, length)
    t.equal(reader.read(5), 0)
    t.equal(reader.ok, false)
  }
  t.end()
})
