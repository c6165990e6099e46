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
  // null: never used; TOMBSTONE: deleted, probing goes on.
  #values: (T | typeof TOMBSTONE | null)[]
  #mask: number
  #size: number
  // Values and tombstones.
  #used: number

  constructor() {
    this.#high = new Uint32Array(MIN_CAPACITY)
    this.#low = new Uint32Array(MIN_CAPACITY)
    this.#values = new Array<T | null>(MIN_CAPACITY).fill(null)
    this.#mask = MIN_CAPACITY - 1
    this.#size = 0
    this.#used = 0
  }

  get size(): number {
    return this.#size
  }

  /** The value of the ID at `offset` in `bytes`, or null. The caller has checked the bounds. */
  get(bytes: Uint8Array, offset: number): T | null {
    const index = this.#find(u32(bytes, offset), u32(bytes, offset + 4))
    const value = this.#values[index]
    return value === TOMBSTONE ? null : value
  }

  /** Adds an ID that is not in the table. */
  set(id: Uint8Array, value: T): void {
    checkLength(id)
    if ((this.#used + 1) * 2 > this.#values.length) this.#rehash()
    const index = this.#find(u32(id, 0), u32(id, 4))
    if (this.#values[index] === null) {
      this.#used++
      this.#size++
    }
    this.#high[index] = u32(id, 0)
    this.#low[index] = u32(id, 4)
    this.#values[index] = value
  }

  delete(id: Uint8Array): void {
    checkLength(id)
    const index = this.#find(u32(id, 0), u32(id, 4))
    if (this.#values[index] === null) return
    this.#values[index] = TOMBSTONE
    this.#size--
    if (this.#size === 0) this.#reset(MIN_CAPACITY)
  }

  // The place of the key, or the free place where the search for it ends.
  #find(high: number, low: number): number {
    let index = low & this.#mask
    for (;;) {
      const value = this.#values[index]
      if (value === null) return index
      if (value !== TOMBSTONE && this.#low[index] === low && this.#high[index] === high)
        return index
      index = (index + 1) & this.#mask
    }
  }

  // Drops tombstones; grows or shrinks so that a quarter of the places are taken.
  #rehash(): void {
    const high = this.#high
    const low = this.#low
    const values = this.#values
    let capacity = MIN_CAPACITY
    while (capacity < (this.#size + 1) * 4) capacity *= 2
    this.#reset(capacity)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (value === null || value === TOMBSTONE) continue
      const index = this.#find(high[i], low[i])
      this.#high[index] = high[i]
      this.#low[index] = low[i]
      this.#values[index] = value
      this.#size++
      this.#used++
    }
  }

  #reset(capacity: number): void {
    this.#high = new Uint32Array(capacity)
    this.#low = new Uint32Array(capacity)
    this.#values = new Array<T | null>(capacity).fill(null)
    this.#mask = capacity - 1
    this.#size = 0
    this.#used = 0
  }
}

const TOMBSTONE: unique symbol = Symbol('deleted')

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
