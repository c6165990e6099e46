// AES by vector permutation, as assembly/aes.ts does it, with its tables derived instead of quoted. The
// method is Mike Hamburg's ("Accelerating AES with Vector Permute Instructions", CHES 2009).
//
// The S-box of AES is an inversion in GF(2^8) and an affine map (FIPS 197 §5.1.1). A table of it has 256
// entries and lies in memory, where the cache betrays which entry was read. A register holds a table of 16:
// so everything has to be said in nibbles.
//
// 1. GF(16). Let z be a root of z^4 + z^3 + z^2 + z + 1. A nibble holds the coefficients of 1, z, z^2, z^4.
// 2. GF(2^8) on top. Let s be a root of s^2 + s + c, with c = 1/a and a = 1 + z + z^2. A byte is k*s + i:
//    k is its low nibble, i its high one. All fields of 256 elements are the same but for names: choosing
//    what AES's x (the byte 2) is called, 0xa6, names everything else.
// 3. Inversion. With j = i + k the conjugate of k*s + i is k*s + j, and their product, the norm, lies in
//    GF(16): N = i*j + c*k^2. So the inverse is (k*s + j) / N: nibbles, but three multiplications, which
//    register tables cannot do, having one index. Hamburg computes something else, with inversions only:
//
//        io = 1 / (1/i + a/k) + j = a*N / (k + a*i)
//        jo = 1 / (1/j + a/k) + i = a*N / (k + a*j)
//
//    Look at what 1/io and 1/jo are: u = (c*k + i)/N and v = (c*k + j)/N. Then u + v = k/N and
//    v + c*(u + v) = j/N: both nibbles of the inverse are *linear* in u and v.
// 4. Output. Whatever is linear, the affine map and the change back to AES's names included, is XOR of a
//    function of u and a function of v. As tables they can be indexed by io and jo as well, the inversion
//    being one more thing that the table does: two look-ups, and no 1/io is ever computed.
// 5. Division by zero. 1/0 shall be infinity, infinity plus anything infinity, 1/infinity 0. Infinity is any
//    byte with bit 7 set: XOR keeps it, and `lookup` gives 0 for it. (The one case of infinity plus infinity
//    is the byte 0: 1/i + a/k then cancels to 0, whose inverse is infinity again, and the output is 0.)
//
// Rounds. The state stays in the new names from the first round key to the last: MixColumns is linear, so
// its factor 2 goes into another pair of output tables, and its columns turn the same in any names. The
// affine constant 0x63 would be added in every round; it goes through MixColumns unchanged, since
// 2 + 3 + 1 + 1 = 1, so the round keys take it. One more thing: bytes are renamed *times a*. Hamburg's tables
// have it so, and the output tables undo it.

import { AFFINE_CONSTANT, affine, expandKey as expandDefined, multiply } from './aes.ts'
import {
  highNibbles,
  load,
  lookup,
  lowNibbles,
  register,
  shuffle,
  splat,
  xor,
} from './registers.ts'
import type { Register } from './registers.ts'

const NIBBLES = Array.from({ length: 16 }, (_, n) => n)

// Step 1. z^5 = 1; z^3 is the sum of the other powers.
const POWERS_OF_Z = [1, 2, 4, 15, 8]
const EXPONENTS = [0, 1, 2, 4]

/** Multiplication of nibbles. */
export function multiply16(a: number, b: number): number {
  let product = 0
  for (const [i, e] of EXPONENTS.entries()) {
    for (const [j, f] of EXPONENTS.entries()) {
      if ((a >> i) & (b >> j) & 1) product ^= POWERS_OF_Z[(e + f) % 5]
    }
  }
  return product
}

const invert16 = (a: number): number => NIBBLES.find((b) => multiply16(a, b) === 1) ?? 0

// Step 2.
const A = 0b0111
const C = invert16(A)
const join = (k: number, i: number): number => (i << 4) | k

/** Multiplication of bytes in the new names: (k*s + i)(l*s + m) with s^2 = s + c. */
export function multiplyTower(x: number, y: number): number {
  const [k, i, l, m] = [x & 15, x >> 4, y & 15, y >> 4]
  const kl = multiply16(k, l)
  return join(multiply16(k, m) ^ multiply16(i, l) ^ kl, multiply16(i, m) ^ multiply16(C, kl))
}

/** The new name of AES's x. */
const X = 0xa6
/** In the new names, times a: what the state is held in. By AES's name. */
const RENAMED = Array.from({ length: 256 }, (_, byte) => {
  let sum = 0
  let power = join(0, A)
  for (let bit = 0; bit < 8; bit++) {
    if ((byte >> bit) & 1) sum ^= power
    power = multiplyTower(power, X)
  }
  return sum
})
const timesA = (x: number): number => multiplyTower(join(0, A), x)
/** AES's name of a byte in the new names. */
const original = (x: number): number => RENAMED.indexOf(timesA(x))

// Steps 3 to 5.
const INFINITY = 0x80
/** S-box output without its constant, in AES's names, of an inverse (u + v)*s + v + c*(u + v). */
const output = (u: number, v: number): number => {
  const inverse = join(u ^ v, v ^ multiply16(C, u ^ v))
  // The input was renamed times a, so its inverse is a times too small.
  return affine(original(timesA(inverse)))
}
const outputU = register((io) => output(invert16(io), 0))
const outputV = register((jo) => output(0, invert16(jo)))
const renamed = (table: Register, factor: number): Register =>
  register((i) => RENAMED[multiply(table[i], factor)])

/** The ten registers of the assembly, by the names that they have there. */
export const TABLES: Readonly<Record<string, Register>> = {
  INV: register((n) => (n === 0 ? INFINITY : invert16(n))),
  INV_A: register((n) => (n === 0 ? INFINITY : multiply16(A, invert16(n)))),
  IN_LOW: register((n) => RENAMED[n]),
  IN_HIGH: register((n) => RENAMED[n << 4]),
  SB1_U: renamed(outputU, 1),
  SB1_T: renamed(outputV, 1),
  SB2_U: renamed(outputU, 2),
  SB2_T: renamed(outputV, 2),
  OUT_U: outputU,
  OUT_T: outputV,
}
const { INV, INV_A, IN_LOW, IN_HIGH, SB1_U, SB1_T, SB2_U, SB2_T, OUT_U, OUT_T } = TABLES

/** AES's names to ours. */
const rename = (x: Register): Register =>
  xor(lookup(IN_LOW, lowNibbles(x)), lookup(IN_HIGH, highNibbles(x)))

/** io and jo of step 3, six look-ups. */
function invertHalves(x: Register): [io: Register, jo: Register] {
  const k = lowNibbles(x)
  const i = highNibbles(x)
  const j = xor(i, k)
  const aOverK = lookup(INV_A, k)
  const io = xor(lookup(INV, xor(lookup(INV, i), aOverK)), j)
  const jo = xor(lookup(INV, xor(lookup(INV, j), aOverK)), i)
  return [io, jo]
}

/** Step 4: a linear function of the inverse. */
const linear = (ofU: Register, ofV: Register, [io, jo]: [Register, Register]): Register =>
  xor(lookup(ofU, io), lookup(ofV, jo))

const SHIFT_ROWS = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11]
/** Every column turned by `r` rows. */
const turned = (x: Register, r: number): Register => register((i) => x[(i & ~3) + ((i + r) & 3)])

/** Round keys in the form that the rounds want: in the new names, the affine constant inside. */
export function expandKey(key: Uint8Array): Register[] {
  const roundKeys = expandDefined(key)
  const last = roundKeys.length - 1
  return roundKeys.map((roundKey, round) => {
    const withConstant = round === 0 ? load(roundKey) : xor(load(roundKey), splat(AFFINE_CONSTANT))
    return round === last ? withConstant : rename(withConstant)
  })
}

/** One block. */
export function encryptBlock(roundKeys: readonly Register[], block: Register): Register {
  const last = roundKeys.length - 1
  let state = xor(rename(block), roundKeys[0])
  for (let round = 1; round < last; round++) {
    const halves = invertHalves(shuffle(state, SHIFT_ROWS))
    const once = linear(SB1_U, SB1_T, halves)
    const twice = linear(SB2_U, SB2_T, halves)
    // MixColumns: 2a + 3b + c + d, where b, c, d are the next three rows.
    state = xor(twice, turned(xor(twice, once), 1))
    state = xor(state, xor(turned(once, 2), turned(once, 3)))
    state = xor(state, roundKeys[round])
  }
  const halves = invertHalves(shuffle(state, SHIFT_ROWS))
  return xor(linear(OUT_U, OUT_T, halves), roundKeys[last])
}
