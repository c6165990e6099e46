// Byte ranges, RFC 9110 §14.

import { MAX_RANGES, RANGE_GAP } from '../limits.ts'

/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The ranges that a Range field asks for in a file of `size` bytes: disjoint, in the order asked for. Null:
 * none that are understood, or too many; send the whole. Empty: none that exist, answer 416.
 */
export function parseRange(header: string, size: number): readonly ByteRange[] | null {
  const match = /^\s*bytes\s*=(.*)$/i.exec(header)
  if (match === null) return null
  const specs = (match[1] as string).split(',', MAX_RANGES + 1)
  if (specs.length > MAX_RANGES) return null
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const parts = /^\s*(\d*)-(\d*)\s*$/.exec(spec)
    if (parts === null || (parts[1] === '' && parts[2] === '')) return null
    const [first, last] = [parts[1] as string, parts[2] as string]
    if (first !== '' && last !== '' && Number(last) < Number(first)) return null
    // '-500' is the last 500 bytes.
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
    const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
    if (start < size && start <= end) ranges.push({ start, end })
  }
  return coalesce(ranges)
}

/**
 * Makes one range of those that overlap or nearly touch, so that no request gets more than the file and
 * the lines around its parts. RFC 9110 §15.3.7.2: the parts come "in the same order that the
 * corresponding range-spec appeared".
 */
function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.map((range, place) => ({ ...range, place }))
  sorted.sort((a, b) => a.start - b.start)
  const merged: { start: number; end: number; place: number }[] = []
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last === undefined || range.start - last.end - 1 >= RANGE_GAP) {
      merged.push(range)
      continue
    }
    last.end = Math.max(last.end, range.end)
    last.place = Math.min(last.place, range.place)
  }
  merged.sort((a, b) => a.place - b.place)
  return merged.map(({ start, end }) => ({ start, end }))
}

/** Content-Range of one range, RFC 9110 §14.4. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}
