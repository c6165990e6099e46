// What is fuzzed: a function of bytes that throws when something is wrong.

/** One part of an input, found by the target's `outline`. */
export interface Element {
  /** Offset of the first byte, length field and tag included. */
  readonly start: number
  readonly end: number
  /** Where the contents begin; they reach to `end`. */
  readonly contents: number
  /** The field that holds the length of the contents; null when nothing does. */
  readonly length: LengthField | null
  readonly children: readonly Element[]
}

export interface LengthField {
  readonly at: number
  /** Bytes of the field as it stands. */
  readonly size: number
  readonly kind: 'u8' | 'u16' | 'u24' | 'varint' | 'der'
}

export interface Target {
  /** Of the target, and of its corpus. */
  readonly name: string
  /** What it feeds, and what must hold. */
  readonly about: string
  /** Most bytes of an input. */
  readonly maxLength: number
  /** Inputs to begin with. */
  seeds(): readonly Uint8Array[]
  /** Words of the protocol beyond the literals of the sources. */
  readonly dictionary?: readonly (Uint8Array | string | number)[]
  /** The parts of an input, for mutations that keep lengths true. Any bytes must do. */
  readonly outline?: (input: Uint8Array) => readonly Element[]
  /**
   * Steps (passed counters) that a run may take: `base` and `perByte` for each byte of input. Above
   * is a failure: a peer could keep us busy.
   */
  readonly steps?: { readonly base: number; readonly perByte: number }
  /** Feeds one input. Whatever it throws is a failure. */
  run(input: Uint8Array): void
}

/** What a target throws when its oracle is not content. */
export class OracleError extends Error {
  override readonly name = 'OracleError'
}

/** Throws an OracleError unless `condition` holds. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new OracleError(message)
}

/** Throws an OracleError unless both arrays hold the same bytes. */
export function mustEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const same = actual.length === expected.length && actual.every((byte, i) => byte === expected[i])
  must(same, `${what}: ${hex(actual)} expected to be ${hex(expected)}`)
}

/** Throws an OracleError unless both values have the same JSON, bytes and numbers included. */
export function mustMatch(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [plain(actual), plain(expected)]
  if (a === b) return
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const from = Math.max(0, at - 60)
  const show = (text: string): string => text.slice(from, from + 240)
  throw new OracleError(`${what}, from character ${from}: ${show(a)} expected to be ${show(b)}`)
}

/** A text of a value: bytes in hexadecimal, maps and sets as lists. */
export function plain(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return `0x${hex(item)}`
    if (item instanceof Map || item instanceof Set) return [...(item as Iterable<unknown>)]
    if (typeof item === 'bigint') return `${item}n`
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item)
    return item
  })
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/**
 * What `work` returns, or the error of one of `classes` that it threw. Others go on: they are the
 * findings.
 */
export function attempt<T, E extends Error>(
  work: () => T,
  ...classes: readonly (abstract new (...args: never[]) => E)[]
): { readonly value: T; readonly error: null } | { readonly value: null; readonly error: E } {
  try {
    return { value: work(), error: null }
  } catch (error) {
    for (const type of classes) if (error instanceof type) return { value: null, error }
    throw error
  }
}
