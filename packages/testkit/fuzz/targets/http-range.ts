// The Range field of a request for a file: the size in the first two bytes, then the field.

import { MAX_RANGES } from '../../../godwit/src/limits.ts'
import { parseRange } from '../../../godwit/src/static/range.ts'
import { must } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const field = (size: number, text: string): Uint8Array =>
  Uint8Array.of(size >>> 8, size, ...Buffer.from(text, 'latin1'))

/** What one range-spec asks for, RFC 9110 §14.1.2, or null: nothing in a file of that size. */
function asked(spec: string, size: bigint): { first: bigint; last: bigint } | null {
  const [first, last] = spec.trim().split('-')
  const start = first === '' ? size - BigInt(last) : BigInt(first)
  const end = first === '' || last === '' ? size - 1n : BigInt(last)
  const range = { first: start < 0n ? 0n : start, last: end < size ? end : size - 1n }
  return range.first <= range.last && range.first < size ? range : null
}

export const httpRange: Target = {
  name: 'http-range',
  about: 'parseRange: inside of the file, no byte twice, every byte that was asked for',
  maxLength: 200,
  steps: { base: 300, perByte: 60 },
  dictionary: ['bytes=', 'Bytes =', '0-', '-1', ',', '-', ' ', '99999999999999999999999'],
  seeds: () => [
    field(1000, 'bytes=0-99'),
    field(1000, 'bytes=-5'),
    field(5000, 'bytes=0-0,900-,-3,4000-4100'),
    field(0, 'bytes=0-'),
    field(60_000, 'bytes=5-4'),
  ],
  run(input) {
    if (input.length < 2) return
    const size = (input[0] << 8) | input[1]
    const text = Buffer.from(input.subarray(2)).toString('latin1')
    const ranges = parseRange(text, size)
    if (ranges === null) return
    must(ranges.length <= MAX_RANGES, `${ranges.length} ranges`)
    let total = 0
    for (const { start, end } of ranges) {
      must(Number.isInteger(start) && Number.isInteger(end), `${start} to ${end}`)
      must(start >= 0 && start <= end && end < size, `${start} to ${end} of ${size}`)
      total += end - start + 1
    }
    const sorted = ranges.toSorted((a, b) => a.start - b.start)
    sorted.forEach(({ start }, i) => must(i === 0 || start > sorted[i - 1].end, 'a byte twice'))
    must(total <= size, `${total} bytes of ${size}`)
    for (const spec of text.slice(text.indexOf('=') + 1).split(',')) {
      const wanted = asked(spec, BigInt(size))
      const covered =
        wanted === null || ranges.some((r) => r.start <= wanted.first && wanted.last <= r.end)
      must(covered, `${spec} is not in what is sent`)
    }
  },
}
