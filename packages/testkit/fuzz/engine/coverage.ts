// The counters that instrument.mjs puts into modules, and what of them was seen before.

/** Counters of one module. */
interface Region {
  readonly name: string
  readonly start: number
  /** Line of each counter. */
  readonly lines: readonly number[]
}

/** Counters of all packages; there are about 8,000. */
const CAPACITY = 65_536

const counters = new Uint32Array(CAPACITY)
const regions: Region[] = []
const words = new Set<number | string>()
let used = 0

/** Called by every instrumented module when it begins. */
function register(
  name: string,
  lines: readonly number[],
  moduleWords: readonly (number | string)[],
): Uint32Array {
  const start = used
  used += lines.length
  if (used > CAPACITY) throw new RangeError(`more than ${CAPACITY} counters`)
  regions.push({ name, start, lines })
  for (const word of moduleWords) words.add(word)
  return counters.subarray(start, used)
}

/** Makes ready for instrumented modules. Before the first of them is loaded. */
export function installCoverage(): void {
  Object.assign(globalThis, { __registerCounters: register })
}

/** Numbers and words that the sources name: what a decoder compares its input with. */
export function literals(): readonly (number | string)[] {
  return [...words]
}

/** All counters at zero, before a run. */
export function clearCounters(): void {
  counters.fill(0, 0, used)
}

// How often a place was passed, as one bit of eight: two runs differ when they differ by much.
const BUCKETS = new Uint8Array(256)
for (let n = 1; n < 256; n++) {
  BUCKETS[n] = n <= 3 ? 1 << (n - 1) : n < 8 ? 8 : n < 16 ? 16 : n < 32 ? 32 : n < 128 ? 64 : 128
}

/** What the runs of one target have reached: for each counter the buckets that were seen. */
export class Coverage {
  readonly #seen: Uint8Array
  /** Steps of the run that was looked at last: the sum of all counters. */
  steps: number
  /** Pairs of counter and bucket that were seen. */
  features: number
  /** Counters that were seen. */
  edges: number

  constructor() {
    this.#seen = new Uint8Array(CAPACITY)
    this.steps = 0
    this.features = 0
    this.edges = 0
  }

  /** Takes the last run's counters. Returns how many pairs of counter and bucket are new. */
  add(): number {
    const seen = this.#seen
    let steps = 0
    let fresh = 0
    for (let i = 0; i < used; i++) {
      const count = counters[i]
      if (count === 0) continue
      steps += count
      const bucket = count < 256 ? BUCKETS[count] : 128
      const before = seen[i]
      if ((before & bucket) !== 0) continue
      if (before === 0) this.edges++
      seen[i] = before | bucket
      fresh++
    }
    this.steps = steps
    this.features += fresh
    return fresh
  }

  /** Whether the last run reached something new; changes nothing but `steps`. */
  isNew(): boolean {
    const seen = this.#seen
    let steps = 0
    let fresh = false
    for (let i = 0; i < used; i++) {
      const count = counters[i]
      if (count === 0) continue
      steps += count
      const bucket = count < 256 ? BUCKETS[count] : 128
      if ((seen[i] & bucket) === 0) fresh = true
    }
    this.steps = steps
    return fresh
  }

  /** Lines with a counter that no run passed, by module; modules that no run entered are left out. */
  missed(): Map<string, number[]> {
    const missed = new Map<string, number[]>()
    for (const { name, start, lines } of regions) {
      const at = (i: number): number => this.#seen[start + i]
      if (!lines.some((_, i) => at(i) !== 0)) continue
      const left = lines.filter((_, i) => at(i) === 0)
      if (left.length > 0) missed.set(name, [...new Set(left)])
    }
    return missed
  }
}
