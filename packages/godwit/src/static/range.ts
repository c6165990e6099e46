// Byte ranges, RFC 9110 §14.

/** More ranges than this in one request are an attack or a mistake: the whole file is sent. */
const MAX_RANGES = 16

/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The ranges that a Range field asks for in a file of `size` bytes. Null: none that are understood,
 * send the whole. Empty: none that exist, answer 416.
 */
export function parseRange(header: string, size: number): readonly ByteRange[] | null {
  const match = /^\s*bytes\s*=(.*)$/i.exec(header)
  if (match === null) return null
  const specs = (match[1] as string).split(',')
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
  return ranges
}

/** Content-Range of one range, RFC 9110 §14.4. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}
