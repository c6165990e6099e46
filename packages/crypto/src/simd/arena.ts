// The memory of a SIMD engine: key contexts and keystream rings in pools of fixed size, then slots.
//
// A context holds GHASH tables and key schedules (2.7 kB) and is made from the key in about 1.5 us.
// So a key owns one only while it is in use: when the pool is full the clock hand takes one from a
// key that was not used lately, and that key makes a new one when it needs it. Ten thousand idle
// connections then cost their keys, not their tables.

import type { SimdExports } from './wasm.ts'

/** Contexts in the pool: 2.8 MB, enough for 300 connections in full flow on all their keys. */
export const CONTEXTS = 1024
/** Keystream rings in the pool: 3 MB, enough for 128 connections in bulk transfer both ways. */
export const RINGS = 256
/** Packets of keystream that a ring holds. Sixteen instead of eight brought 3 % more. */
export const RING_PACKETS = 8
/** Most blocks of keystream that a ring holds per packet: 1520 bytes of payload, and the tag's mask. */
export const RING_BLOCKS = 96
/** Most blocks that one packet may need: the counter's last byte counts, 4064 bytes of payload. */
export const MAX_BLOCKS = 255

/** Bytes behind the last slot. */
const SLACK = 64

// As in assembly/layout.ts.
const STATIC_END = 4096
const CONTEXT_SIZE = 2688
const RING_SIZE = RING_PACKETS * RING_BLOCKS * 16

/** Whoever holds a piece of a pool; it is told when the piece goes to another. */
export interface Holder {
  onContextTaken(): void
  onRingTaken(): void
}

/** A pool of equal pieces with clock eviction: O(1) amortised, no list to keep in order. */
class Pool {
  readonly #base: number
  readonly #size: number
  readonly #holders: (Holder | null)[]
  readonly #used: Uint8Array
  #hand: number

  constructor(base: number, size: number, count: number) {
    this.#base = base
    this.#size = size
    this.#holders = new Array<Holder | null>(count).fill(null)
    this.#used = new Uint8Array(count)
    this.#hand = 0
  }

  address(index: number): number {
    return this.#base + index * this.#size
  }

  touch(index: number): void {
    this.#used[index] = 1
  }

  /** A piece for `holder`; `evicted` gets the one who lost it. */
  take(holder: Holder, evicted: (previous: Holder) => void): number {
    const count = this.#holders.length
    for (;;) {
      const index = this.#hand
      this.#hand = index + 1 === count ? 0 : index + 1
      const previous = this.#holders[index]
      if (previous !== null && this.#used[index] === 1) {
        this.#used[index] = 0
        continue
      }
      if (previous !== null) evicted(previous)
      this.#holders[index] = holder
      this.#used[index] = 1
      return index
    }
  }

  free(index: number): void {
    this.#holders[index] = null
    this.#used[index] = 0
  }
}

const loseContext = (holder: Holder): void => holder.onContextTaken()
const loseRing = (holder: Holder): void => holder.onRingTaken()

/** Pools, slots and exports of one engine. */
export class Arena {
  readonly exports: SimdExports
  /** All of the memory; `slots` is the part that the outside sees. */
  readonly bytes: Uint8Array
  readonly slots: Uint8Array
  /** Address of the first slot. */
  readonly slotBase: number
  /** Keystream of a single packet, for packets outside a ring. */
  readonly oneShot: number
  /** Where keys are put for `aesInit`: key, iv and hp, 64 bytes each. */
  readonly keyInput: number
  readonly contexts: Pool
  readonly rings: Pool
  /** Views for the block cipher, by length: making one costs more than looking it up. */
  readonly #views: Map<number, Uint8Array>

  constructor(
    instantiate: (byteLength: number) => {
      readonly exports: SimdExports
      readonly bytes: Uint8Array
    },
    slotBytes: number,
  ) {
    const contexts = STATIC_END
    const rings = contexts + CONTEXTS * CONTEXT_SIZE
    this.oneShot = rings + RINGS * RING_SIZE
    this.keyInput = this.oneShot + MAX_BLOCKS * 16
    this.slotBase = (this.keyInput + 192 + 4095) & ~4095
    // Kernels may read, never write, some bytes behind a packet.
    const instance = instantiate(this.slotBase + slotBytes + SLACK)
    this.exports = instance.exports
    this.bytes = instance.bytes
    this.slots = instance.bytes.subarray(this.slotBase, this.slotBase + slotBytes)
    this.contexts = new Pool(contexts, CONTEXT_SIZE, CONTEXTS)
    this.rings = new Pool(rings, RING_SIZE, RINGS)
    this.#views = new Map()
  }

  takeContext(holder: Holder): number {
    return this.contexts.take(holder, loseContext)
  }

  takeRing(holder: Holder): number {
    return this.rings.take(holder, loseRing)
  }

  /** A context goes back, wiped. */
  freeContext(index: number): void {
    const at = this.contexts.address(index)
    this.bytes.fill(0, at, at + CONTEXT_SIZE)
    this.contexts.free(index)
  }

  /** A ring goes back, wiped: its keystream is as secret as the key. */
  freeRing(index: number): void {
    const at = this.rings.address(index)
    this.bytes.fill(0, at, at + RING_SIZE)
    this.rings.free(index)
  }

  /** The first `length` bytes at `address`, as a view that is kept. */
  view(address: number, length: number): Uint8Array {
    // Ring addresses and lengths are few (rings x blocks x packets); lengths dominate.
    const key = address * 0x4000 + length
    let view = this.#views.get(key)
    if (view === undefined) {
      if (this.#views.size > 4096) this.#views.clear()
      view = this.bytes.subarray(address, address + length)
      this.#views.set(key, view)
    }
    return view
  }
}
