// A map from short byte strings, which others may have chosen, to objects: connection IDs that a
// client made up, reset tokens.
//
// Open addressing with linear probing. The hash is multilinear with random factors: for any two keys
// the chance that they meet is that of random ones, so nobody who does not know the factors can aim at
// a slot. Not a `Map`, because entries come and go with connections, see number-map.ts in
// @godwit/wire.

import type { RandomBytes } from '@godwit/protection'

const MIN_CAPACITY = 16
/** Longest key in bytes: a connection ID, RFC 9000 §17.2. */
const MAX_KEY_LENGTH = 20
/** A factor for each pair of bytes, one for the length, one by itself. */
const FACTORS = MAX_KEY_LENGTH / 2 + 2

/** Whoever adds on behalf of a peer keeps `size` below a limit. */
export class KeyTable<T extends object> {
  readonly #factors: Int32Array
  #keys: (Uint8Array | null)[]
  #values: (T | null)[]
  /** Shifts a hash of 32 bits to an index. */
  #shift: number
  #size: number

  constructor(randomBytes: RandomBytes) {
    this.#factors = new Int32Array(FACTORS)
    const random = randomBytes(FACTORS * 4)
    for (let i = 0; i < FACTORS * 4; i++) this.#factors[i >> 2] |= random[i] << ((i & 3) * 8)
    this.#keys = new Array<Uint8Array | null>(MIN_CAPACITY).fill(null)
    this.#values = new Array<T | null>(MIN_CAPACITY).fill(null)
    this.#shift = Math.clz32(MIN_CAPACITY) + 1
    this.#size = 0
  }

  get size(): number {
    return this.#size
  }

  /** The value of the key of `length` bytes at `start`, or null. */
  get(bytes: Uint8Array, start: number, length: number): T | null {
    if (this.#size === 0 || length > MAX_KEY_LENGTH) return null
    return this.#values[this.#find(bytes, start, length)]
  }

  /** `key` is kept: it must not change. A key that is there gets the new value. */
  set(key: Uint8Array, value: T): void {
    if (key.length > MAX_KEY_LENGTH) {
      throw new RangeError(`"key" expected at most ${MAX_KEY_LENGTH} bytes, got ${key.length}`)
    }
    let slot = this.#find(key, 0, key.length)
    if (this.#values[slot] === null) {
      // Half of the slots stay free, so that probes are short.
      if (this.#size * 2 >= this.#keys.length) {
        this.#grow()
        slot = this.#find(key, 0, key.length)
      }
      this.#size++
    }
    this.#keys[slot] = key
    this.#values[slot] = value
  }

  /** Removes the key if `value` is what it leads to. */
  delete(key: Uint8Array, value: T): void {
    let free = this.#find(key, 0, key.length)
    if (this.#values[free] !== value) return
    this.#size--
    // Entries that were probed past the freed slot move back, so that no marker is needed in it.
    const mask = this.#keys.length - 1
    for (let at = (free + 1) & mask; ; at = (at + 1) & mask) {
      const moving = this.#keys[at]
      if (moving === null) break
      const distance = (at - this.#home(moving, 0, moving.length)) & mask
      if (distance < ((at - free) & mask)) continue
      this.#keys[free] = moving
      this.#values[free] = this.#values[at]
      free = at
    }
    this.#keys[free] = null
    this.#values[free] = null
  }

  /** Where the key is, or where it would be put. */
  #find(bytes: Uint8Array, start: number, length: number): number {
    const mask = this.#keys.length - 1
    let slot = this.#home(bytes, start, length)
    for (;;) {
      const key = this.#keys[slot]
      if (key === null || isKey(key, bytes, start, length)) return slot
      slot = (slot + 1) & mask
    }
  }

  // Sums of 16-bit pieces times factors of 32 bits: the upper bits are strongly universal.
  #home(bytes: Uint8Array, start: number, length: number): number {
    const factors = this.#factors
    let hash = factors[FACTORS - 1] + Math.imul(length, factors[FACTORS - 2])
    for (let i = 0; i + 1 < length; i += 2) {
      const piece = (bytes[start + i] << 8) | bytes[start + i + 1]
      hash = (hash + Math.imul(piece, factors[i >> 1])) | 0
    }
    if ((length & 1) === 1) {
      const piece = bytes[start + length - 1] << 8
      hash = (hash + Math.imul(piece, factors[length >> 1])) | 0
    }
    return hash >>> this.#shift
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Array<Uint8Array | null>(keys.length * 2).fill(null)
    this.#values = new Array<T | null>(keys.length * 2).fill(null)
    this.#shift--
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      if (key === null) continue
      const slot = this.#find(key, 0, key.length)
      this.#keys[slot] = key
      this.#values[slot] = values[i]
    }
  }
}

function isKey(key: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (key.length !== length) return false
  for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}
