// What paths mean in the servers under test.

/** What bodies are made of. */
export const ZEROS: Uint8Array = new Uint8Array(65536)

const UNITS = 'kmg'

/** Bytes that `GET /1k`, `/64m` or `/1g` asks for; -1 for any other path. */
export function parseSize(path: string): number {
  const match = /^\/(\d+)([kmg]?)$/.exec(path)
  if (match === null) return -1
  return Number(match[1]) * 1024 ** (match[2] === '' ? 0 : UNITS.indexOf(match[2]) + 1)
}

/** '/64m' for 64 MiB: the shortest path for a whole number of units. */
export function pathOfSize(bytes: number): string {
  let unit = 0
  let count = bytes
  while (unit < UNITS.length && count >= 1024 && count % 1024 === 0) {
    count /= 1024
    unit++
  }
  return `/${count}${unit === 0 ? '' : UNITS[unit - 1]}`
}
