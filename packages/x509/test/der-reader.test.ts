import * as fc from 'fast-check'
import t from 'tap'
import { DerReader, TAG_OCTET_STRING } from '../src/der-reader.ts'
import {
  encodeElement,
  encodeOid,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsignedInteger,
} from '../src/der-writer.ts'
import { X509Error } from '../src/errors.ts'
import { errorOf, hex, unhex } from './support.ts'

const reader = (text: string): DerReader => new DerReader(unhex(text))

t.test('X.690 §10.1: lengths are definite and in their shortest form', (t) => {
  const bad: [string, string][] = [
    ['3080 0000', 'an indefinite length'],
    ['048100', 'long form of 0'],
    ['04817f'.concat('00'.repeat(127)), 'long form of 127'],
    ['048200ff'.concat('00'.repeat(255)), 'two bytes for 255'],
    ['048300ffff'.concat('00'.repeat(65_535)), 'three bytes for 65535'],
    ['0484 00000001 00', 'four bytes'],
    ['04ff', 'the reserved form'],
    ['0402 00', 'longer than the text'],
    ['04', 'no length'],
    ['0481', 'half a length'],
    ['', 'nothing'],
    ['1f0100', 'a tag number above 30'],
  ]
  for (const [text, why] of bad) {
    const error = errorOf(() => reader(text).any('test'))
    t.equal(error.code, 'ERR_X509_MALFORMED', why)
    t.match(error.message, /^test: /)
  }
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const contents = new Uint8Array(length).fill(7)
    const r = new DerReader(encodeElement(TAG_OCTET_STRING, contents))
    t.same(r.element(TAG_OCTET_STRING, 'test'), contents, `${length} bytes`)
    t.ok(r.done)
  }
  t.end()
})

t.test('X.690 §8.3.2: an INTEGER has no padding', (t) => {
  for (const text of ['0200', '02020001', '0202007f', '0202ff80', '0202ffff']) {
    t.equal(errorOf(() => reader(text).integer('test')).code, 'ERR_X509_MALFORMED', text)
  }
  t.same(reader('02020080').integer('test'), Uint8Array.of(0, 0x80))
  t.same(reader('0201ff').integer('test'), Uint8Array.of(0xff))
  t.equal(reader('02047fffffff').smallInteger('test'), 0x7fffffff)
  t.throws(() => reader('0201ff').smallInteger('test'), X509Error, 'negative')
  t.throws(() => reader('02050080000000').smallInteger('test'), X509Error, 'too large')
  t.end()
})

t.test('object identifiers: both first arcs, UUIDs, and no padding', (t) => {
  const good: [string, string][] = [
    ['0603550403', '2.5.4.3'],
    ['06092a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['06022700', '0.39.0'],
    ['0601 4f', '1.39'],
    ['0601 50', '2.0'],
    ['060388 3703', '2.999.3'],
  ]
  for (const [text, dotted] of good) {
    t.equal(reader(text).oid('test'), dotted)
    t.equal(hex(encodeOid(dotted)), text.replace(' ', ''))
  }
  const uuid = '2.25.329800735698586629295641978511506172918'
  t.equal(new DerReader(encodeOid(uuid)).oid('test'), uuid)
  for (const text of ['0600', '060180', '0603558003', '06028055', `0628${'01'.repeat(40)}`]) {
    t.throws(() => reader(text).oid('test'), X509Error, text)
  }
  t.end()
})

t.test('booleans: TRUE is 0xff; a written default is let pass', (t) => {
  t.equal(reader('0101ff').booleanDefaultFalse('test'), true)
  t.equal(reader('010100').booleanDefaultFalse('test'), false)
  t.equal(reader('0500').booleanDefaultFalse('test'), false, 'absent')
  t.throws(() => reader('010101').booleanDefaultFalse('test'), X509Error)
  t.throws(() => reader('0100').booleanDefaultFalse('test'), X509Error)
  t.end()
})

t.test('bit strings of keys and signatures are whole bytes', (t) => {
  t.same(reader('03020001').bitStringBytes('test'), Uint8Array.of(1))
  t.throws(() => reader('03020180').bitStringBytes('test'), X509Error)
  t.throws(() => reader('0300').bitStringBytes('test'), X509Error)
  t.end()
})

t.test('nesting is bounded, leftovers are told', (t) => {
  let nested: Uint8Array = new Uint8Array(0)
  for (let i = 0; i < 40; i += 1) nested = encodeSequence(nested)
  let r = new DerReader(nested)
  const error = errorOf(() => {
    for (;;) r = r.sequence('test')
  })
  t.equal(error.code, 'ERR_X509_LIMIT')
  const rest = reader('0500 0500')
  rest.any('test')
  t.match(errorOf(() => rest.end('test')).message, /2 bytes too many/)
  t.match(errorOf(() => reader('0500').sequence('test')).message, /expected tag 0x30, got 0x5/)
  t.end()
})

t.test('what is written reads back', (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const r = new DerReader(encodeSequence(encodeUnsignedInteger(bytes), encodeSmallInteger(5)))
    const s = r.sequence('test')
    const value = BigInt(`0x0${hex(s.integer('test'))}`)
    return value === BigInt(`0x0${hex(bytes)}`) && s.smallInteger('test') === 5 && s.done && r.done
  })
  fc.assert(property, { seed: 5280, numRuns: 500 })
  const dotted = fc
    .tuple(
      fc.nat(2),
      fc.nat(39),
      fc.array(fc.bigInt({ min: 0n, max: 1n << 64n }), { maxLength: 3 }),
    )
    .map(([top, second, rest]) => [top, second, ...rest].join('.'))
  fc.assert(
    fc.property(dotted, (oid) => new DerReader(encodeOid(oid)).oid('test') === oid),
    { seed: 5280, numRuns: 500 },
  )
  t.end()
})
