// Seeded pseudo-random numbers: xoshiro128** seeded by splitmix32. Every random decision of a test
// comes from one of these, so a failure replays from its seed.

/** A seeded generator. Two with the same seed give the same sequence on every machine. */
export class Prng {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed >>> 0
    const splitmix = (): number => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) >>> 0
    }
    this.#a = splitmix()
    this.#b = splitmix()
    this.#c = splitmix()
    this.#d = splitmix()
  }

  /** An integer 0..2^32-1. */
  u32(): number {
    const x = Math.imul(this.#b, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** A number in [0, 1). */
  float(): number {
    return this.u32() / 0x100000000
  }

  /** An integer 0..bound-1. */
  below(bound: number): number {
    return Math.floor(this.float() * bound)
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.float() < p
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.u32() >>> 24
    return out
  }

  /** A generator of its own, so that one part of a test does not shift the numbers of another. */
  fork(): Prng {
    return new Prng(this.u32())
  }
}

/** A `RandomBytes` for dependency injection, reproducible from `seed`. */
export function seededRandomBytes(seed: number): (length: number) => Uint8Array {
  const prng = new Prng(seed)
  return (length) => prng.bytes(length)
}
