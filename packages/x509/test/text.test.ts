import * as fc from 'fast-check'
import t from 'tap'
import { decodeUtf8, encodeUtf8, latin1, printable } from '../src/text.ts'

t.test('RFC 3629: UTF-8 is read as strictly as TextDecoder reads it, and written alike', (t) => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const expected = (bytes: Uint8Array): string | null => {
    try {
      return strict.decode(bytes)
    } catch {
      return null
    }
  }
  const byte = fc.oneof(
    fc.constantFrom(0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef),
    fc.constantFrom(0x8f, 0x90, 0x9f, 0xa0, 0xf0, 0xf4, 0xf5, 0xff),
    fc.nat(255),
  )
  const decodes = fc.property(fc.array(byte, { maxLength: 6 }), (array) => {
    const bytes = Uint8Array.from(array)
    return decodeUtf8(bytes) === expected(bytes)
  })
  fc.assert(decodes, { seed: 3629, numRuns: 20_000 })
  const encodes = fc.property(fc.string({ unit: 'binary' }), (text) => {
    return Buffer.compare(encodeUtf8(text), new TextEncoder().encode(text)) === 0
  })
  fc.assert(encodes, { seed: 3629, numRuns: 1000 })
  t.same(encodeUtf8('\ud800'), Uint8Array.of(0xef, 0xbf, 0xbd), 'a lone surrogate')
  t.end()
})

t.test('text of a peer cannot steer a terminal or forge a line', (t) => {
  t.equal(
    printable('a\r\n\u001b[2J\u0085\u202e\ufeffé✓'),
    'a\\u{d}\\u{a}\\u{1b}[2J\\u{85}\\u{202e}\\u{feff}é✓',
  )
  t.equal(printable('x'.repeat(500)), `${'x'.repeat(200)}…`)
  t.end()
})

t.test('long byte strings become text without overflowing the stack', (t) => {
  t.equal(latin1(new Uint8Array(300_000).fill(0xe9)), 'é'.repeat(300_000))
  t.end()
})
