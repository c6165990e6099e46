import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  encodeFieldSection,
  FieldSectionDecoder,
  FieldSectionEncoder,
  LINE_OVERHEAD,
  maxEncodedSize,
  QPACK_DECOMPRESSION_FAILED,
  QpackError,
} from '../src/index.ts'
import { encodePrefixInteger } from '../src/prefix-integer.ts'
import { STATIC_NAMES, STATIC_TABLE, STATIC_TABLE_LENGTH } from '../src/static-table.ts'
import { fromHex, toHex } from './hex.ts'

const decoder = new FieldSectionDecoder()

function refuses(t: Test, hex: string, message: RegExp, says: string = hex): void {
  try {
    decoder.decode(fromHex(hex))
    t.fail(`${hex} was decoded`)
  } catch (error) {
    t.ok(error instanceof QpackError, hex)
    const expected = {
      code: 'ERR_QPACK_DECOMPRESSION_FAILED',
      errorCode: QPACK_DECOMPRESSION_FAILED,
    }
    t.match(error, expected, says)
    t.match((error as QpackError).message, message)
  }
}

t.test('the static table has the 99 entries of RFC 9204 appendix A', (t) => {
  t.equal(STATIC_TABLE.length, 2 * 99)
  t.equal(STATIC_TABLE_LENGTH, 99)
  const entry = (i: number): string[] => STATIC_TABLE.slice(2 * i, 2 * i + 2)
  t.same(entry(0), [':authority', ''])
  t.same(entry(1), [':path', '/'])
  t.same(entry(17), [':method', 'GET'])
  t.same(entry(25), [':status', '200'])
  t.same(entry(47), ['content-type', 'application/x-www-form-urlencoded'])
  t.same(entry(58), ['strict-transport-security', 'max-age=31536000; includesubdomains; preload'])
  t.same(entry(98), ['x-frame-options', 'sameorigin'])
  t.equal(STATIC_NAMES.get(':status')?.index, 24)
  t.equal(STATIC_NAMES.get(':status')?.values.get('500'), 71)
  t.end()
})

t.test('every entry of the static table is one or two bytes and comes back', (t) => {
  for (let i = 0; i < STATIC_TABLE_LENGTH; i++) {
    const line = STATIC_TABLE.slice(2 * i, 2 * i + 2)
    if (line[0] === 'authorization' || line[0] === 'cookie') continue
    const bytes = encodeFieldSection(line)
    t.equal(bytes.length, 2 + (i < 63 ? 1 : 2), line.join(': '))
    t.same(decoder.decode(bytes), line)
  }
  t.end()
})

t.test('the example of RFC 9204 appendix B.1 decodes', (t) => {
  t.same(decoder.decode(fromHex('0000 510b 2f69 6e64 6578 2e68 746d 6c')), [':path', '/index.html'])
  t.end()
})

t.test('field sections survive in their order (rfc9204#2.1-2, rfc9204#2.2-1)', (t) => {
  const bytes = fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => String.fromCharCode.apply(null, [...bytes]))
  const name = fc.oneof(fc.constantFrom(...STATIC_NAMES.keys(), 'x-powered-by'), bytes)
  const value = fc.oneof(fc.constantFrom(...STATIC_TABLE), bytes)
  const encoder = new FieldSectionEncoder()
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 40 }), (lines) => {
      const fields = lines.flat()
      t.same(decoder.decode(encoder.encode(fields).slice()), fields)
    }),
    { seed: 1, numRuns: 300 },
  )
  t.end()
})

t.test('secrets are never-indexed literals (rfc9204#4.5.4-1, RFC 9204 §7.1.3)', (t) => {
  const first = (fields: string[]): number => encodeFieldSection(fields)[2]
  t.equal(first(['authorization', 'Bearer 1']) & 0xf0, 0x70)
  t.equal(first(['authorization', '']) & 0xf0, 0x70, 'not even indexed in the static table')
  t.equal(first(['proxy-authorization', 'Basic 1']) & 0xf0, 0x30)
  t.equal(first(['cookie', 'pin=1234']) & 0xf0, 0x70)
  t.equal(first(['cookie', 'id=0123456789abcdef0123456789abcdef']) & 0xf0, 0x50)
  t.equal(first(['x-color', 'red']) & 0xf0, 0x20)
  t.end()
})

t.test('a string is Huffman coded only when that is shorter', (t) => {
  t.equal(toHex(encodeFieldSection(['etag', '\\\\\\'])), '000057035c5c5c')
  t.equal(toHex(encodeFieldSection(['etag', '302'])), '000057826402')
  t.end()
})

t.test('misuse of the encoder is a TypeError', (t) => {
  t.throws(() => encodeFieldSection(['a']), TypeError)
  t.throws(() => encodeFieldSection(['a', '\u0161']), TypeError)
  t.throws(() => encodeFieldSection(['\u0161', 'a']), TypeError)
  t.end()
})

t.test('the encoder grows its memory and reuses it', (t) => {
  const encoder = new FieldSectionEncoder()
  const large = ['x-large', 'ab\\'.repeat(50_000)]
  const roomy = new FieldSectionDecoder({ maxSize: 1_000_000 })
  t.same(roomy.decode(encoder.encode(large)), large)
  t.same(decoder.decode(encoder.encode(['age', '0'])), ['age', '0'])
  t.end()
})

t.test('whatever refers to a dynamic table is refused (rfc9204#2.2.3-1)', (t) => {
  refuses(t, '0200', /dynamic table/, 'Required Insert Count (rfc9204#4.5.1.1-1)')
  refuses(t, '0080', /Base/, 'rfc9204#4.5.1.2-1, rfc9204#4.5.1.2-2')
  refuses(t, '0000 80', /dynamic/) // indexed
  refuses(t, '0000 40 00', /dynamic/) // name reference
  refuses(t, '0000 10', /dynamic/) // post-base indexed
  refuses(t, '0000 00 00', /dynamic/) // post-base name reference
  t.end()
})

t.test('static indices above 98 are refused (rfc9204#3.1-1)', (t) => {
  t.same(decoder.decode(fromHex('0000 ff23')), ['x-frame-options', 'sameorigin'])
  refuses(t, '0000 ff24', /entry 99/)
  refuses(t, '0000 5f54 00', /entry 99/)
  refuses(t, '0000 ff80ffffffffffffff7f', /entry/)
  refuses(t, '0000 ffffffffffffffffffffff7f', /too large/)
  t.end()
})

t.test('every truncation of a section is refused or a shorter section', (t) => {
  const bytes = encodeFieldSection([':path', '/a/b', 'x-a', 'b', 'etag', '"1"', 'age', '0'])
  for (let length = 0; length < bytes.length; length++) {
    try {
      const fields = decoder.decode(bytes, 0, length)
      t.equal((fields?.length ?? 0) < 8, true)
    } catch (error) {
      t.ok(error instanceof QpackError, `${length} bytes`)
    }
  }
  refuses(t, '', /prefix/)
  refuses(t, '00', /prefix/)
  refuses(t, '0000 27', /truncated/)
  refuses(t, '0000 2161', /truncated/)
  refuses(t, '0000 51 81 18', /Huffman/)
  t.end()
})

t.test('any bytes give a section or a QpackError, and never more than the limit', (t) => {
  const small = new FieldSectionDecoder({ maxSize: 300, maxLines: 5 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
      try {
        const fields = small.decode(Uint8Array.of(0, 0, ...tail))
        if (fields === null) return true
        let size = 0
        for (const text of fields) size += text.length
        return size + (fields.length / 2) * LINE_OVERHEAD <= 300 && fields.length <= 10
      } catch (error) {
        return error instanceof QpackError
      }
    }),
    { seed: 1, numRuns: 5000 },
  )
  t.end()
})

t.test(
  'the limit counts decoded bytes while decoding: a small bomb stops at once (attack 21)',
  (t) => {
    const bomb = new Uint8Array(2 + 60_000)
    bomb.fill(0xff, 2)
    for (let i = 3; i < bomb.length; i += 2) bomb[i] = 0x16 // entry 85, 75 bytes
    const limited = new FieldSectionDecoder({ maxSize: 10_000, maxLines: 1_000_000 })
    t.equal(limited.decode(bomb), null)
    const lines = new FieldSectionDecoder({ maxSize: 1_000_000_000, maxLines: 10 })
    t.equal(lines.decode(bomb), null)

    const exact = encodeFieldSection(['x-a', 'bcd'])
    t.same(new FieldSectionDecoder({ maxSize: 38 }).decode(exact), ['x-a', 'bcd'])
    t.equal(new FieldSectionDecoder({ maxSize: 37 }).decode(exact), null)
    t.equal(new FieldSectionDecoder({ maxSize: 34 }).decode(exact), null)
    t.equal(new FieldSectionDecoder({ maxSize: 31 }).decode(exact), null)
    const indexed = encodeFieldSection([':method', 'GET'])
    t.same(new FieldSectionDecoder({ maxSize: 42 }).decode(indexed), [':method', 'GET'])
    t.equal(new FieldSectionDecoder({ maxSize: 41 }).decode(indexed), null)
    const reference = encodeFieldSection([':authority', 'x'])
    t.same(new FieldSectionDecoder({ maxSize: 43 }).decode(reference), [':authority', 'x'])
    t.equal(new FieldSectionDecoder({ maxSize: 42 }).decode(reference), null)
    t.end()
  },
)

t.test('an empty string is one with and without Huffman code', (t) => {
  t.same(decoder.decode(fromHex('0000 51 00')), [':path', ''])
  t.same(decoder.decode(fromHex('0000 51 80')), [':path', ''])
  t.end()
})

t.test('a Huffman string far above the limit is not decoded first', (t) => {
  const bytes = new Uint8Array(100_020)
  bytes[2] = 0x51
  let end = encodePrefixInteger(bytes, 3, 0x80, 7, 100_000)
  end += 100_000
  t.equal(new FieldSectionDecoder({ maxSize: 1000 }).decode(bytes, 0, end), null)
  t.equal(new FieldSectionDecoder({ maxSize: 65_536 }).decode(bytes, 0, end), null)
  t.end()
})

t.test('a section is written where it is asked for, within its maxEncodedSize', (t) => {
  const encoder = new FieldSectionEncoder()
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.stringMatching(/^[a-z-]{1,20}$/), fc.stringMatching(/^[ -~]{0,40}$/))),
      fc.nat(20),
      (lines, offset) => {
        const fields = lines.flat()
        const bytes = new Uint8Array(offset + maxEncodedSize(fields) + 8).fill(0xaa)
        const end = encoder.write(fields, bytes, offset)
        return (
          toHex(bytes.subarray(offset, end)) === toHex(encodeFieldSection(fields)) &&
          end <= bytes.length - 8 &&
          bytes.subarray(0, offset).every((byte) => byte === 0xaa) &&
          bytes.subarray(end).every((byte) => byte === 0xaa)
        )
      },
    ),
    { seed: 9204 },
  )
  t.end()
})
