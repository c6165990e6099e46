// A first-in first-out queue on one array whose length is a power of two: `shift()` of a plain array
// moves every element, this moves none.

/** A queue that grows by doubling. Whoever pushes on behalf of a peer keeps `length` below a limit. */
export class Ring<T> {
  #slots: (T | undefined)[]
  #head: number
  #length: number

  constructor() {
    this.#slots = [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]
    this.#head = 0
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value
    this.#length++
  }

  /** Puts `value` in front of all others. */
  unshift(value: T): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#slots.length - 1)
    this.#slots[this.#head] = value
    this.#length++
  }

  /** Takes the oldest value, or undefined when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const value = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    return value
  }

  /** The value `index` places behind the oldest, or undefined. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  clear(): void {
    this.#slots.fill(undefined)
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const size = this.#slots.length
    const slots = new Array<T | undefined>(size * 2).fill(undefined)
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & (size - 1)]
    this.#slots = slots
    this.#head = 0
  }
}
