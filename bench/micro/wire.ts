// Variable-length integers and range sets.

import { ByteReader, encodeVarint, RangeSet } from '@godwit/wire'
import type { Micro } from './micro.ts'

/** Values of each length; a power of two. */
const VALUES = 64
const LENGTHS = [
  { length: 1, least: 0, step: 1 },
  { length: 2, least: 0x40, step: 251 },
  { length: 4, least: 0x4000, step: 16_777_213 },
  { length: 8, least: 0x40000000, step: 140_737_488_355_213 },
]

// Each call has another value, at another place: the same one would be computed once and for all.
function varintMicros(): Micro[] {
  return LENGTHS.flatMap(({ length, least, step }) => {
    const values = Array.from({ length: VALUES }, (_, i) => least + i * step)
    const bytes = new Uint8Array(VALUES * length)
    let end = 0
    for (const value of values) end = encodeVarint(bytes, end, value)
    if (end !== bytes.length) throw new Error(`not all of these take ${length} bytes`)
    const target = new Uint8Array(bytes.length)
    const reader = new ByteReader(bytes)
    const mask = VALUES - 1
    let written = 0
    let read = 0
    return [
      {
        name: `varint encode, ${length} bytes`,
        run: () => encodeVarint(target, (written & mask) * length, values[written++ & mask]),
      },
      {
        name: `varint decode, ${length} bytes`,
        run: () => {
          const start = (read++ & mask) * length
          reader.reset(bytes, start, start + length)
          return reader.varint()
        },
      },
    ]
  })
}

export function wireMicros(): Micro[] {
  const set = new RangeSet(64)
  let next = 0
  return [
    ...varintMicros(),
    {
      name: 'range set: add the next number',
      run: () => set.add(next, ++next),
    },
    {
      name: 'range set: add every other number',
      run: () => {
        next += 2
        return set.add(next, next + 1)
      },
    },
  ]
}
