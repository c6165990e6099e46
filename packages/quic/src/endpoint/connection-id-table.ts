// From our connection IDs to their connections: the look-up that every datagram begins with.
//
// Open addressing on the ID's own bytes. We choose the IDs at random, so they spread evenly and a
// peer cannot aim at a bucket; nothing is allocated by a look-up.

import { LOCAL_CONNECTION_ID_LENGTH } from '../limits.ts'

const MIN_CAPACITY = 16

/** A map with 8-byte keys. */
export class ConnectionIdTable<T extends object> {
  #high: Uint32Array
  #low: Uint32Array
  #values: (T | null)[]
  #mask: number
  #size: number

  constructor() {
    this.#high = new Uint32Array(MIN_CAPACITY)
    this.#low = new Uint32Array(MIN_CAPACITY)
    this.#values = new Array<T | null>(MIN_CAPACITY).fill(null)
    this.#mask = MIN_CAPACITY - 1
    this.#size = 0
  }

  get size(): number {
    return this.#size
  }

  /** The value of the ID at `offset` in `bytes`, or null. The caller has checked the bounds. */
  get(bytes: Uint8Array, offset: number): T | null {
    return this.#values[this.#find(u32(bytes, offset), u32(bytes, offset + 4))]
  }

  /** Adds an ID, or gives it another value. */
  set(id: Uint8Array, value: T): void {
    checkLength(id)
    const high = u32(id, 0)
    const low = u32(id, 4)
    let index = this.#find(high, low)
    if (this.#values[index] === null) {
      // Half of the places stay free, so that probes are short.
      if ((this.#size + 1) * 2 > this.#values.length) {
        this.#resize(this.#values.length * 2)
        index = this.#find(high, low)
      }
      this.#high[index] = high
      this.#low[index] = low
      this.#size++
    }
    this.#values[index] = value
  }

  delete(id: Uint8Array): void {
    checkLength(id)
    const mask = this.#mask
    let free = this.#find(u32(id, 0), u32(id, 4))
    if (this.#values[free] === null) return
    this.#size--
    // Entries that were probed past the freed place move back, so that no marker is needed in it.
    for (let at = (free + 1) & mask; this.#values[at] !== null; at = (at + 1) & mask) {
      const distance = (at - this.#low[at]) & mask
      if (distance < ((at - free) & mask)) continue
      this.#high[free] = this.#high[at]
      this.#low[free] = this.#low[at]
      this.#values[free] = this.#values[at]
      free = at
    }
    this.#values[free] = null
    // Memory that a crowd has left behind. Not as soon as it could be: the next crowd may be near.
    if (this.#values.length > MIN_CAPACITY && this.#size * 16 < this.#values.length) {
      this.#resize(this.#values.length / 4)
    }
  }

  // The place of the key, or the free place where the search for it ends.
  #find(high: number, low: number): number {
    let index = low & this.#mask
    while (
      this.#values[index] !== null &&
      (this.#low[index] !== low || this.#high[index] !== high)
    ) {
      index = (index + 1) & this.#mask
    }
    return index
  }

  #resize(capacity: number): void {
    const high = this.#high
    const low = this.#low
    const values = this.#values
    this.#high = new Uint32Array(capacity)
    this.#low = new Uint32Array(capacity)
    this.#values = new Array<T | null>(capacity).fill(null)
    this.#mask = capacity - 1
    for (let i = 0; i < values.length; i++) {
      if (values[i] === null) continue
      const index = this.#find(high[i], low[i])
      this.#high[index] = high[i]
      this.#low[index] = low[i]
      this.#values[index] = values[i]
    }
  }
}

function u32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] << 24) |
      (bytes[offset + 1] << 16) |
      (bytes[offset + 2] << 8) |
      bytes[offset + 3]) >>>
    0
  )
}

function checkLength(id: Uint8Array): void {
  if (id.length !== LOCAL_CONNECTION_ID_LENGTH) {
    throw new RangeError(`"id" expected ${LOCAL_CONNECTION_ID_LENGTH} bytes, got ${id.length}`)
  }
}
