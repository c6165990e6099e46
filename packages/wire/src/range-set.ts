// A set of integers kept as sorted, disjoint, non-adjacent half-open ranges in two growing columns.
// Made for what QUIC keeps in ranges: received packet numbers, acknowledged stream bytes, gaps.
// Most insertions touch the last range, so it is looked at first; any other is found by halves, for a
// peer may choose to touch the lowest of thousands with every frame.

/** Sorted ranges `[start, end)` of integers 0..2^53-1, bounded by `maxRanges`. */
export class RangeSet {
  #starts: Float64Array
  #ends: Float64Array
  #length: number
  readonly #maxRanges: number

  /**
   * @param maxRanges the most ranges to hold; when an insertion would make one more, the lowest
   *   range is forgotten. Infinity (the default): no bound, for sets that only we can grow.
   */
  constructor(maxRanges: number = Infinity) {
    this.#starts = new Float64Array(4)
    this.#ends = new Float64Array(4)
    this.#length = 0
    this.#maxRanges = maxRanges
  }

  /** Number of ranges. */
  get length(): number {
    return this.#length
  }

  /** First integer of range `index`, counted from the lowest. */
  start(index: number): number {
    return this.#starts[index]
  }

  /** Integer after the last one of range `index`. */
  end(index: number): number {
    return this.#ends[index]
  }

  /** Lowest integer in the set, or -1 when empty. */
  get min(): number {
    return this.#length === 0 ? -1 : this.#starts[0]
  }

  /** Highest integer in the set, or -1 when empty. */
  get max(): number {
    return this.#length === 0 ? -1 : this.#ends[this.#length - 1] - 1
  }

  has(value: number): boolean {
    const i = this.#lastStartingAtOrBelow(value)
    return i >= 0 && value < this.#ends[i]
  }

  /** True when every integer of `[start, end)` is in the set. An empty range is. */
  hasRange(start: number, end: number): boolean {
    if (start >= end) return true
    const i = this.#lastStartingAtOrBelow(start)
    return i >= 0 && end <= this.#ends[i]
  }

  /** Index of the first range that ends above `value`; `length` when there is none. */
  firstEndingAbove(value: number): number {
    const i = this.#lastStartingAtOrBelow(value)
    return i >= 0 && this.#ends[i] > value ? i : i + 1
  }

  /** Adds `[start, end)`; returns how many integers were new and stayed. */
  add(start: number, end: number): number {
    if (start >= end) return 0
    // Fast paths: behind everything, or extending the last range.
    const n = this.#length
    if (n === 0 || start > this.#ends[n - 1]) {
      return this.#insert(n, start, end) ? end - start : 0
    }
    // first..last are the ranges that touch or overlap [start, end).
    const last = this.#lastStartingAtOrBelow(end)
    let first = last
    let covered = 0
    let low = start
    let high = end
    while (first >= 0 && this.#ends[first] >= start) {
      const s = this.#starts[first]
      const e = this.#ends[first]
      const overlap = Math.min(e, end) - Math.max(s, start)
      if (overlap > 0) covered += overlap
      if (s < low) low = s
      if (e > high) high = e
      first--
    }
    first++
    if (first > last) {
      return this.#insert(first, start, end) ? end - start : 0
    }
    this.#starts[first] = low
    this.#ends[first] = high
    this.#remove(first + 1, last - first)
    return end - start - covered
  }

  /** Removes `[start, end)`; returns how many integers went. */
  delete(start: number, end: number): number {
    if (start >= end) return 0
    let removed = 0
    let i = this.#lastStartingAtOrBelow(end - 1)
    while (i >= 0 && this.#ends[i] > start) {
      const s = this.#starts[i]
      const e = this.#ends[i]
      removed += Math.min(e, end) - Math.max(s, start)
      if (s < start && e > end) {
        this.#ends[i] = start
        this.#insert(i + 1, end, e)
      } else if (s < start) {
        this.#ends[i] = start
      } else if (e > end) {
        this.#starts[i] = end
      } else {
        this.#remove(i, 1)
      }
      i--
    }
    return removed
  }

  /** Drops the lowest range, if there is one. */
  dropFirst(): void {
    if (this.#length > 0) this.#remove(0, 1)
  }

  clear(): void {
    this.#length = 0
  }

  #lastStartingAtOrBelow(value: number): number {
    let low = 0
    let high = this.#length - 1
    if (high >= 0 && this.#starts[high] <= value) return high
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle] <= value) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  // False: the set is full of higher ranges, so that the new one is the lowest and is forgotten.
  #insert(index: number, start: number, end: number): boolean {
    if (this.#length >= this.#maxRanges) {
      if (index === 0) return false
      this.#remove(0, 1)
      index--
    }
    if (this.#length === this.#starts.length) {
      const starts = new Float64Array(this.#length * 2)
      const ends = new Float64Array(this.#length * 2)
      starts.set(this.#starts)
      ends.set(this.#ends)
      this.#starts = starts
      this.#ends = ends
    }
    if (index < this.#length) {
      this.#starts.copyWithin(index + 1, index, this.#length)
      this.#ends.copyWithin(index + 1, index, this.#length)
    }
    this.#starts[index] = start
    this.#ends[index] = end
    this.#length++
    return true
  }

  #remove(index: number, count: number): void {
    if (count <= 0) return
    this.#starts.copyWithin(index, index + count, this.#length)
    this.#ends.copyWithin(index, index + count, this.#length)
    this.#length -= count
  }
}
