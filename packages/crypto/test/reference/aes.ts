// AES as FIPS 197 defines it. The state is its sixteen bytes column by column, as they come (§3.4).

/** ShiftRows (§5.1.2): row r of column c comes from column c + r. */
const SHIFT_ROWS = Array.from({ length: 16 }, (_, i) => (i + 4 * (i % 4)) % 16)

/** Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, §4.2. */
export function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= a
    a = (a << 1) ^ (a & 0x80 ? 0x11b : 0)
  }
  return product
}

/** The inverse, with 0 for 0: a^254. */
export function invert(a: number): number {
  let power = 1
  for (let i = 0; i < 254; i++) power = multiply(power, a)
  return power
}

/** The linear half of the S-box's affine map, §5.1.1: bit i is the sum of bits i, i+4, ..., i+7. */
export function affine(byte: number): number {
  let sum = 0
  for (const turn of [0, 1, 2, 3, 4]) sum ^= (byte << turn) | (byte >> (8 - turn))
  return sum & 255
}

/** The constant half. */
export const AFFINE_CONSTANT = 0x63

/** SubBytes of one byte, §5.1.1. */
const SBOX = Array.from({ length: 256 }, (_, byte) => affine(invert(byte)) ^ AFFINE_CONSTANT)

/** MixColumns, §5.1.3: each column times the matrix whose first row is 2 3 1 1. */
function mixColumns(state: readonly number[]): number[] {
  const double = (byte: number): number => (byte << 1) ^ (byte & 0x80 ? 0x11b : 0)
  return state.map((a, i) => {
    const column = i & ~3
    const b = state[column + ((i + 1) & 3)]
    const c = state[column + ((i + 2) & 3)]
    const d = state[column + ((i + 3) & 3)]
    return double(a) ^ double(b) ^ b ^ c ^ d
  })
}

/** KeyExpansion, §5.2: the round keys, sixteen bytes each. */
export function expandKey(key: Uint8Array): Uint8Array[] {
  const length = key.length / 4
  const rounds = length + 6
  const words: number[][] = []
  for (let i = 0; i < length; i++) words.push([...key.subarray(4 * i, 4 * i + 4)])
  let constant = 1
  for (let i = length; i < 4 * (rounds + 1); i++) {
    let word = words[i - 1]
    if (i % length === 0) {
      word = [1, 2, 3, 0].map((r) => SBOX[word[r]])
      word[0] ^= constant
      constant = multiply(constant, 2)
    } else if (length > 6 && i % length === 4) {
      word = word.map((byte) => SBOX[byte])
    }
    words.push(word.map((byte, r) => byte ^ words[i - length][r]))
  }
  return Array.from({ length: rounds + 1 }, (_, round) =>
    Uint8Array.from(words.slice(4 * round, 4 * round + 4).flat()),
  )
}

/** Cipher, §5.1. */
export function encryptBlock(roundKeys: readonly Uint8Array[], block: Uint8Array): Uint8Array {
  const last = roundKeys.length - 1
  let state = Array.from(block, (byte, i) => byte ^ roundKeys[0][i])
  for (let round = 1; round <= last; round++) {
    state = SHIFT_ROWS.map((from) => SBOX[state[from]])
    if (round < last) state = mixColumns(state)
    state = state.map((byte, i) => byte ^ roundKeys[round][i])
  }
  return Uint8Array.from(state)
}
