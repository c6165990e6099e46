// A map from numbers to objects for entries that come and go quickly, such as streams by their ID: open
// addressing with linear probing, on two arrays.
//
// Why not `Map`: in V8 a Map that has outgrown its table, or has seen as many deletions, moves to a new
// one, and the old table refers to the new one and to all entries of that moment. Once one such table has
// been promoted to the old generation, every later one is kept alive by its dead predecessor, with its
// entries, until a full collection. With 8 requests in flight a third of all garbage was promoted so, and
// requests took half as long again.

/** Slots of an empty map; a power of two. */
const SMALLEST = 8
/** 2^32 divided by the golden ratio: spreads keys that differ by multiples of four. */
const MULTIPLIER = 0x9e3779b1

/** Keys are integers from 0 to 2^53 - 1. Whoever adds on behalf of a peer keeps `size` below a limit. */
export class NumberMap<T extends object> {
  #keys: number[]
  #values: (T | undefined)[]
  /** Shifts a hash of 32 bits to an index. */
  #shift: number
  #size: number

  constructor() {
    this.#keys = new Array<number>(SMALLEST).fill(0)
    this.#values = new Array<T | undefined>(SMALLEST).fill(undefined)
    this.#shift = Math.clz32(SMALLEST) + 1
    this.#size = 0
  }

  get size(): number {
    return this.#size
  }

  get(key: number): T | undefined {
    return this.#values[this.#slotOf(key)]
  }

  set(key: number, value: T): void {
    let slot = this.#slotOf(key)
    if (this.#values[slot] === undefined) {
      // Half of the slots stay free, so that probes are short.
      if (this.#size * 2 >= this.#keys.length) {
        this.#grow()
        slot = this.#slotOf(key)
      }
      this.#keys[slot] = key
      this.#size++
    }
    this.#values[slot] = value
  }

  /** True: there was such an entry. */
  delete(key: number): boolean {
    let free = this.#slotOf(key)
    if (this.#values[free] === undefined) return false
    this.#size--
    // Entries that were probed past the freed slot move back, so that no marker is needed in it.
    const mask = this.#keys.length - 1
    for (let at = (free + 1) & mask; this.#values[at] !== undefined; at = (at + 1) & mask) {
      const distance = (at - this.#home(this.#keys[at])) & mask
      if (distance < ((at - free) & mask)) continue
      this.#keys[free] = this.#keys[at]
      this.#values[free] = this.#values[at]
      free = at
    }
    this.#values[free] = undefined
    return true
  }

  clear(): void {
    if (this.#size === 0) return
    this.#values.fill(undefined)
    this.#size = 0
  }

  /** The values in the order of their keys, in an array of the caller's own: the map may change meanwhile. */
  values(): T[] {
    const found: { key: number; value: T }[] = []
    for (let slot = 0; slot < this.#values.length; slot++) {
      const value = this.#values[slot]
      if (value !== undefined) found.push({ key: this.#keys[slot], value })
    }
    return found.sort((a, b) => a.key - b.key).map(({ value }) => value)
  }

  /** Where `key` is, or where it would be put. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    let slot = this.#home(key)
    while (this.#values[slot] !== undefined && this.#keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }

  #home(key: number): number {
    return Math.imul(key, MULTIPLIER) >>> this.#shift
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    const length = keys.length * 2
    this.#keys = new Array<number>(length).fill(0)
    this.#values = new Array<T | undefined>(length).fill(undefined)
    this.#shift--
    for (let i = 0; i < values.length; i++) {
      if (values[i] === undefined) continue
      const slot = this.#slotOf(keys[i])
      this.#keys[slot] = keys[i]
      this.#values[slot] = values[i]
    }
  }
}
