import * as fc from 'fast-check'
import t from 'tap'
import { encodeTime, formatTime, readTime } from '../src/calendar.ts'
import { DerReader } from '../src/der-reader.ts'
import { encodeElement } from '../src/der-writer.ts'
import { X509Error } from '../src/errors.ts'

const read = (tag: number, text: string): number =>
  readTime(new DerReader(encodeElement(tag, new TextEncoder().encode(text))), 'test')

t.test('RFC 5280 §4.1.2.5: both forms of a date', (t) => {
  t.equal(read(0x17, '500101000000Z'), Date.UTC(1950, 0, 1))
  t.equal(read(0x17, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59))
  t.equal(read(0x17, '240229120000Z'), Date.UTC(2024, 1, 29, 12))
  t.equal(read(0x18, '20500101000000Z'), Date.UTC(2050, 0, 1))
  t.equal(read(0x18, '99991231235959Z'), Date.UTC(9999, 11, 31, 23, 59, 59))
  t.equal(read(0x18, '20000229000000Z'), Date.UTC(2000, 1, 29))
  t.end()
})

t.test('RFC 5280 §4.1.2.5: other forms and dates that do not exist are refused', (t) => {
  const bad: [number, string][] = [
    [0x17, '2401010000Z'], // no seconds
    [0x17, '240101000000'], // no zone
    [0x17, '240101000000+0000'],
    [0x17, '20240101000000Z'],
    [0x18, '240101000000Z'],
    [0x18, '20240101000000.5Z'],
    [0x17, '230229000000Z'],
    [0x18, '21000229000000Z'],
    [0x17, '241301000000Z'],
    [0x17, '240001000000Z'],
    [0x17, '240100000000Z'],
    [0x17, '240431000000Z'],
    [0x17, '240101240000Z'],
    [0x17, '240101006000Z'],
    [0x17, '240101000060Z'],
    [0x17, ' 40101000000Z'],
    [0x0c, '240101000000Z'],
  ]
  for (const [tag, text] of bad) t.throws(() => read(tag, text), X509Error, text)
  t.end()
})

t.test('every second from 0 to 9999 is written and read as Date has it', (t) => {
  const seconds = fc.integer({ min: Date.UTC(0, 0, 1) / 1000 + 86_400 * 366, max: 253_402_300_799 })
  const property = fc.property(seconds, (s) => {
    const iso = new Date(s * 1000).toISOString().replace('.000Z', 'Z')
    return (
      formatTime(s * 1000) === iso &&
      readTime(new DerReader(encodeTime(s * 1000)), 'test') === s * 1000
    )
  })
  fc.assert(property, { seed: 5280, numRuns: 2000 })
  t.equal(formatTime(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), '2024-02-29T23:59:59Z')
  t.end()
})
