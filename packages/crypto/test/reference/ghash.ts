// GHASH twice: as NIST SP 800-38D defines it, and as assembly/ghash.ts computes it.
//
// The definition. A block is a polynomial over GF(2): its first bit is the coefficient of x^0, its last
// one that of x^127 (§6.3). Blocks are added by XOR and multiplied modulo x^128 + x^7 + x^2 + x + 1.
// GHASH goes through the blocks X1, X2, ... with Y = (Y + Xi) * H (§6.4).
//
// Read as an integer, most significant bit first, "one bit to the right" is "times x". What falls out
// at the right end is x^128, which is x^7 + x^2 + x + 1: the bits 11100001 at the left end.
//
// The engine's way. A product with a fixed H is linear: X * H is the XOR of (nibble of X, at its place) * H
// over the 32 nibbles of X. One would make a table of the 16 multiples n * H and look up each nibble in it,
// which fetches whole blocks at secret addresses. Turn it around: for each byte position j make a table of
// *byte j* of the 16 multiples. That is one register, and one `lookup` with all 16 high (or low) nibbles
// of X as indices gives, for every i, what byte i of X adds to byte i + j of the product:
//
//     lane i of S_j = byte j of (nibble i of X) * H         product = sum over j of S_j, j bytes further
//
// Horner's rule does the sum: from j = 15 down, move everything one byte further and add S_j. The product
// is 31 bytes long, and what went beyond byte 15 is reduced once. (The entries are reduced multiples, so
// they fit their 16 bytes.)
//
// The moving and the reduction are the same for any H, so four blocks share them:
//
//     Y' = (Y + X1) * H^4 + X2 * H^3 + X3 * H^2 + X4 * H
//
// which is four steps of the definition multiplied out. A message that is no multiple of four blocks gets
// blocks of zeros in front: they leave Y = 0 alone.

import { highNibbles, load, lookup, lowNibbles, register, xor, ZERO } from './registers.ts'
import type { Register } from './registers.ts'

const toInteger = (block: Register): bigint =>
  block.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

const toRegister = (value: bigint): Register =>
  register((i) => Number((value >> BigInt(8 * (15 - i))) & 255n))

const REDUCED = 0b11100001n << 120n

/** SP 800-38D §6.3, algorithm 1: bit by bit. */
export function multiply(x: Register, y: Register): Register {
  const bits = toInteger(x)
  let product = 0n
  let shifted = toInteger(y)
  for (let i = 127n; i >= 0n; i--) {
    if ((bits >> i) & 1n) product ^= shifted
    shifted = (shifted >> 1n) ^ (shifted & 1n ? REDUCED : 0n)
  }
  return toRegister(product)
}

/** What GCM hashes (§7.1, steps 4 and 5): both texts, filled up with zeros, and their lengths in bits. */
export function blocksOf(aad: Uint8Array, text: Uint8Array): Register[] {
  const blocks: Register[] = []
  for (const data of [aad, text]) {
    for (let at = 0; at < data.length; at += 16) {
      blocks.push(load(data, at))
    }
  }
  return [...blocks, toRegister((BigInt(8 * aad.length) << 64n) | BigInt(8 * text.length))]
}

/** GHASH as defined, §6.4. */
export function ghashDefined(h: Register, aad: Uint8Array, text: Uint8Array): Register {
  return blocksOf(aad, text).reduce((y, block) => multiply(xor(y, block), h), ZERO)
}

/** Tables of one power of H: by byte position of the product, a register for each half of a byte. */
export interface PowerTables {
  readonly high: readonly Register[]
  readonly low: readonly Register[]
}

const GROUP = 4

/** H, H^2, H^3, H^4. */
export function powersOf(h: Register): Register[] {
  const powers = [h]
  while (powers.length < GROUP) powers.push(multiply(powers[powers.length - 1], h))
  return powers
}

/** The 2 x 16 registers of one power. */
export function tablesOf(power: Register): PowerTables {
  const multiples = (place: number): Register[] =>
    Array.from({ length: 16 }, (_, n) => multiply(load([n << place]), power))
  const transposed = (rows: readonly Register[]): Register[] =>
    Array.from({ length: 16 }, (_, j) => register((n) => rows[n][j]))
  return { high: transposed(multiples(4)), low: transposed(multiples(0)) }
}

/** Byte i to byte i + 1; what leaves the low half enters the high one. */
function oneByteFurther(low: Register, high: Register): [Register, Register] {
  return [
    register((i) => (i === 0 ? 0 : low[i - 1])),
    register((i) => (i === 0 ? low[15] : high[i - 1])),
  ]
}

/** low + x^128 * high, with x^128 = 1 + x + x^2 + x^7. Byte 15 of high is 0: nothing falls out again. */
function reduce(low: Register, high: Register): Register {
  const x = toInteger(high)
  return toRegister(toInteger(low) ^ x ^ (x >> 1n) ^ (x >> 2n) ^ (x >> 7n))
}

function hashGroup(
  tables: readonly PowerTables[],
  y: Register,
  group: readonly Register[],
): Register {
  // The first block meets the highest power.
  const blocks = group.map((block, b) => (b === 0 ? xor(block, y) : block))
  const halves = blocks.map((block) => [highNibbles(block), lowNibbles(block)])
  let low = ZERO
  let high = ZERO
  for (let j = 15; j >= 0; j--) {
    ;[low, high] = oneByteFurther(low, high)
    for (let b = 0; b < GROUP; b++) {
      const { high: ofHigh, low: ofLow } = tables[GROUP - 1 - b]
      low = xor(low, lookup(ofHigh[j], halves[b][0]))
      low = xor(low, lookup(ofLow[j], halves[b][1]))
    }
  }
  return reduce(low, high)
}

/** GHASH as the engine computes it, with tables made before. */
export function ghash(tables: readonly PowerTables[], aad: Uint8Array, text: Uint8Array): Register {
  const blocks = blocksOf(aad, text)
  while (blocks.length % GROUP !== 0) blocks.unshift(ZERO)
  let y = ZERO
  for (let at = 0; at < blocks.length; at += GROUP) {
    y = hashGroup(tables, y, blocks.slice(at, at + GROUP))
  }
  return y
}
