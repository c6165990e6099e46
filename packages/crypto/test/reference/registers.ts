// A vector register, for reading: sixteen bytes, and the few things that the assembly does with them.
// Everything that is fast about the engine is in `lookup`: sixteen look-ups in one instruction, in a
// table that lies in a register and not in memory, so that no cache can tell which entry was taken.

export type Register = readonly number[]

const LANES = 16

/** A register whose byte i is `byteOf(i)`. */
export function register(byteOf: (lane: number) => number): Register {
  const bytes = new Array<number>(LANES)
  for (let lane = 0; lane < LANES; lane++) bytes[lane] = byteOf(lane)
  return bytes
}

/** Sixteen bytes of memory from `at` on; what lies behind its end is 0. */
export const load = (memory: ArrayLike<number>, at: number = 0): Register =>
  register((i) => memory[at + i] ?? 0)

/** Sixteen times the same byte. */
export const splat = (byte: number): Register => register(() => byte)

export const ZERO: Register = splat(0)

export const xor = (a: Register, b: Register): Register => register((i) => a[i] ^ b[i])

/** `table[index]` for sixteen indices at once; an index with bit 7 set gives 0 (pshufb, tbl). */
export const lookup = (table: Register, indices: Register): Register =>
  register((i) => (indices[i] & 0x80 ? 0 : table[indices[i]]))

/** The bytes at these sixteen places. */
export const shuffle = (x: Register, places: Register): Register => register((i) => x[places[i]])

export const lowNibbles = (x: Register): Register => register((i) => x[i] & 15)
export const highNibbles = (x: Register): Register => register((i) => x[i] >> 4)
