// SHA-256 and HMAC: the definition gives the examples of its standards, and the module what the definition gives.

import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { HmacSha256 } from '../../src/simd/hmac-sha256.ts'
import { instantiate } from '../../src/simd/wasm.ts'
import { variants } from '../simd/support.ts'
import { hmacSha256, sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)
const SEED = 4231

// RFC 4231 §4: cases 1 to 4. Those with longer keys are not for this function.
const EXAMPLES: readonly (readonly [key: Uint8Array, message: Uint8Array, tag: string])[] = [
  [
    filled(20, 0x0b),
    ascii('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    ascii('Jefe'),
    ascii('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    filled(20, 0xaa),
    filled(50, 0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    Uint8Array.from({ length: 25 }, (_, i) => i + 1),
    filled(50, 0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
]

t.test('the definition gives the examples of FIPS 180-4 and RFC 4231', (t) => {
  t.equal(
    hex(sha256(ascii('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  t.equal(
    hex(sha256(ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'))),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  )
  for (const [key, message, tag] of EXAMPLES) t.equal(hex(hmacSha256(key, message)), tag)
  for (let length = 0; length < 200; length++) {
    const message = filled(length, length)
    t.equal(hex(sha256(message)), createHash('sha256').update(message).digest('hex'))
  }
  t.end()
})

for (const variant of variants) {
  const hmac = HmacSha256.create(variant) as HmacSha256

  t.test(`${variant}: the examples of RFC 4231`, (t) => {
    for (const [key, message, tag] of EXAMPLES) {
      t.equal(hex(hmac.compute(key, message, false, 32)), tag)
      // §4.6: truncated.
      t.equal(hex(hmac.compute(key, message, false, 16)), tag.slice(0, 32))
    }
    t.end()
  })

  t.test(`${variant}: what the definition gives, with every length of key and message`, (t) => {
    for (let length = 0; length <= 512; length++) {
      const key = Uint8Array.from({ length: length % 65 }, (_, i) => (i * 7 + length) & 0xff)
      const message = Uint8Array.from({ length }, (_, i) => (i * 13 + length) & 0xff)
      const expected = createHmac('sha256', key).update(message).digest('hex')
      if (hex(hmac.compute(key, message, false, 32)) !== expected) t.fail(`${length} bytes`)
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: 511 }),
        fc.boolean(),
        fc.nat(32),
        (key, message, counted, length) => {
          const whole = counted ? Uint8Array.of(...message, 1) : message
          const expected = hex(hmacSha256(key, whole).subarray(0, length))
          return hex(hmac.compute(key, message, counted, length)) === expected
        },
      ),
      { seed: SEED, numRuns: 200 },
    )
    t.end()
  })

  t.test(`${variant}: what is too long is refused`, (t) => {
    const key = new Uint8Array(32)
    t.ok(hmac.fits(64, 512))
    t.notOk(hmac.fits(65, 0))
    t.notOk(hmac.fits(0, 513))
    t.throws(() => hmac.compute(new Uint8Array(65), key, false, 32), RangeError)
    t.throws(() => hmac.compute(key, new Uint8Array(513), false, 32), RangeError)
    t.throws(() => hmac.compute(key, new Uint8Array(512), true, 32), RangeError)
    t.throws(() => hmac.compute(key, key, false, 33), RangeError)
    t.throws(() => hmac.compute(key, key, false, NaN), RangeError)
    t.end()
  })

  t.test(`${variant}: key, message and all between are wiped`, (t) => {
    const { exports, bytes } = instantiate(variant, 65_536)
    const key = 4096
    const target = 8192
    const message = 12_288
    const before = bytes.slice()
    for (const length of [0, 1, 31, 32, 55, 56, 119, 300]) {
      bytes.fill(0xa5, key, key + 64)
      bytes.fill(0x5a, message, message + length)
      exports.hmacSha256(key, 64, message, length, target)
      const expected = createHmac('sha256', filled(64, 0xa5)).update(filled(length, 0x5a))
      t.equal(hex(bytes.subarray(target, target + 32)), expected.digest('hex'))
      bytes.fill(0, target, target + 32)
      t.ok(Buffer.compare(bytes, before) === 0, `${length} bytes`)
    }
    t.end()
  })
}

t.test('without WebAssembly there is none', (t) => {
  t.equal(HmacSha256.create(null), null)
  t.end()
})
