// BBR.max_bw, draft-ietf-ccwg-bbr §5.5.2 to §5.5.6: the highest delivery rate of this probing cycle and the one
// before it.

export class MaxBandwidth {
  #previous: number
  #current: number

  constructor() {
    this.#previous = 0
    this.#current = 0
  }

  /** Bytes per millisecond; 0 before the first sample. */
  get value(): number {
    return Math.max(this.#previous, this.#current)
  }

  update(rate: number): void {
    if (rate > this.#current) this.#current = rate
  }

  /** AdvanceMaxBwFilter: a cycle has ended. One without a sample says nothing, and is not counted. */
  advance(): void {
    if (this.#current === 0) return
    this.#previous = this.#current
    this.#current = 0
  }
}
