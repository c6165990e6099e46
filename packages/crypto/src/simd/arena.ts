// The memory of a SIMD engine: key contexts and keystream rings in pools of fixed size, then slots.
//
// A context holds GHASH tables and key schedules (2.7 kB) and is made from the key in about 1.5 us.
// So a key owns one only while it is in use: when the pool is full the clock hand takes one from a
// key that was not used lately, and that key makes a new one when it needs it. Ten thousand idle
// connections then cost their keys, not their tables.

import type { SimdExports } from './wasm.ts'

/** Contexts in the pool: 2.8 MB, enough for 300 connections in full flow on all their keys. */
export const CONTEXTS = 1024
/**
 * Keystream rings in the pool: 6 MB, of which only what was used is resident; enough for 128 connections
 * in bulk transfer both ways. More than that evict each other, and make keystream packet by packet.
 */
export const RINGS = 256
/**
 * Packets of keystream that a ring holds. Sixteen are 3 % faster than eight for full packets and 10 % for
 * those of 300 bytes; 32 would bring almost as much again for twice the memory.
 */
export const RING_PACKETS = 16
/** Most blocks of keystream that a ring holds per packet: 1520 bytes of payload, and the tag's mask. */
export const RING_BLOCKS = 96
/** Most blocks that one packet may need: the counter's last byte counts, 4064 bytes of payload. */
export const MAX_BLOCKS = 255

/** Bytes behind the last slot. */
const SLACK = 64

// As in assembly/layout.ts.
const SCRATCH = 2048
const STATIC_END = 4096
const CONTEXT_SIZE = 2688
const RING_SIZE = RING_PACKETS * RING_BLOCKS * 16

/** Whoever holds pieces of the pools. It is told to free one that goes to another. */
export interface Holder {
  freeContext(): void
  freeRing(): void
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

  /** A piece for `holder`, all zeros; `evict` gets the one who has to free it first, if any. */
  take(holder: Holder, evict: (previous: Holder) => void): number {
    const count = this.#holders.length
    for (;;) {
      const index = this.#hand
      this.#hand = index + 1 === count ? 0 : index + 1
      const previous = this.#holders[index]
      if (previous !== null && this.#used[index] === 1) {
        this.#used[index] = 0
        continue
      }
      if (previous !== null) evict(previous)
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

const freeContextOf = (holder: Holder): void => holder.freeContext()
const freeRingOf = (holder: Holder): void => holder.freeRing()

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
    return this.contexts.take(holder, freeContextOf)
  }

  takeRing(holder: Holder): number {
    return this.rings.take(holder, freeRingOf)
  }

  /** A context goes back, wiped: what the next holder leaves of it would outlive the key. */
  freeContext(index: number): void {
    const at = this.contexts.address(index)
    this.bytes.fill(0, at, at + CONTEXT_SIZE)
    this.contexts.free(index)
  }

  /** A ring goes back; its first `used` bytes are wiped: keystream is as secret as the key. */
  freeRing(index: number, used: number): void {
    const at = this.rings.address(index)
    this.bytes.fill(0, at, at + used)
    this.rings.free(index)
  }

  /** Wipes what calls left behind: in the module's scratch space, keystream of one packet, keys. */
  wipeWorkspace(): void {
    this.bytes.fill(0, SCRATCH, STATIC_END)
    this.bytes.fill(0, this.oneShot, this.slotBase)
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
