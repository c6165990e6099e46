// HEADERS frames in shared memory: none touches another, whatever their sizes.

import { FieldSectionDecoder } from '@godwit/qpack'
import { ByteReader } from '@godwit/wire'
import * as fc from 'fast-check'
import t from 'tap'
import { FRAME_HEADERS } from '../src/constants.ts'
import { encodeHeadersFrame } from '../src/headers-frame.ts'
import { HEADERS_SLAB, MAX_SLAB_FRAME } from '../src/limits.ts'

const decoder = new FieldSectionDecoder()

function fieldsOf(frame: Uint8Array): string[] | null {
  const reader = new ByteReader(frame)
  if (reader.varint() !== FRAME_HEADERS) throw new Error('not a HEADERS frame')
  const length = reader.varint()
  if (length !== frame.length - reader.position) throw new Error(`length ${length}`)
  return decoder.decode(frame, reader.position)
}

t.test('RFC 9114 §7.2.2: frames of any sizes are whole after others were made', (t) => {
  // Lengths of values on both sides of one byte of length, of a slab's frames and of a slab.
  const length = fc.oneof(
    fc.nat(80),
    fc.integer({ min: MAX_SLAB_FRAME - 60, max: MAX_SLAB_FRAME + 20 }),
    fc.constant(HEADERS_SLAB + 5),
  )
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 60 }), (lengths) => {
      const sections = lengths.map((n, i) => [':status', '200', `x-${i}`, '\u00fe'.repeat(n)])
      const frames = sections.map((section) => encodeHeadersFrame(section))
      return frames.every((frame, i) => fieldsOf(frame)?.join() === sections[i].join())
    }),
    { seed: 9114, numRuns: 100 },
  )
  t.end()
})

t.test('a section that cannot be encoded leaves no trace', (t) => {
  const before = encodeHeadersFrame(['a', 'b'])
  t.throws(() => encodeHeadersFrame(['c', '\u0100']), TypeError)
  t.throws(() => encodeHeadersFrame(['c']), TypeError)
  const after = encodeHeadersFrame(['d', 'e'])
  t.same(fieldsOf(before), ['a', 'b'])
  t.same(fieldsOf(after), ['d', 'e'])
  t.end()
})
