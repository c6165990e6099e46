// Variable-length integers and range sets.

import { ByteReader, encodeVarint, RangeSet } from '@godwit/wire'
import type { Micro } from './micro.ts'

export function wireMicros(): Micro[] {
  const bytes = new Uint8Array(64)
  const reader = new ByteReader(bytes)
  const values = [37, 15_293, 494_878_333, 151_288_809_941_952]
  const encodings = values.map((value) => {
    const target = new Uint8Array(8)
    return target.subarray(0, encodeVarint(target, 0, value))
  })
  const set = new RangeSet(64)
  let next = 0
  return [
    ...values.map((value, i) => ({
      name: `varint encode, ${encodings[i].length} bytes`,
      run: () => encodeVarint(bytes, 0, value),
    })),
    ...encodings.map((encoding) => ({
      name: `varint decode, ${encoding.length} bytes`,
      run: () => {
        reader.reset(encoding, 0, encoding.length)
        return reader.varint()
      },
    })),
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
