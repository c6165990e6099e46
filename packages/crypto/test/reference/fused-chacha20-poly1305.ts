// ChaCha20-Poly1305 as the assembly does it (chacha20.ts, poly1305.ts, fused.ts, chacha20-poly1305.ts).
//
// ChaCha20 adds, XORs and rotates 32-bit words: work for the vector unit. Poly1305 multiplies: work for the
// scalar unit. A processor has both, so the two are woven into one loop and the MAC is nearly free:
//
//     one call     = four blocks of keystream (256 bytes) and sixteen blocks of the MAC (256 bytes)
//     ten double rounds; before each half of the first eight, one block of the MAC: 16 in all
//
// Vectors. Word w of four blocks with consecutive counters lies in vector w: sixteen vectors of four lanes,
// and a quarter round is the one of RFC 8439 §2.1 on vectors instead of words. At the end the lanes are
// transposed into four blocks of 64 bytes. A single block (for the header's mask) lies in four vectors
// instead, one per row of the state: a round is one quarter round on rows, and turning the rows makes
// columns of diagonals (`rowBlock`).
//
// Numbers. The accumulator is h = h0 + h1 2^32 + ... + h4 2^128, r likewise in four. Products of two 32-bit
// numbers fit 64 bits, and r's clamped bits (§2.5: the top four of each word, the low two of r1 to r3) leave
// room for sums. What lies beyond 2^130 comes back times 5: as r1 to r3 are multiples of 4,
//
//     2^128 * r_i = 2^130 * r_i / 4 = 5 * r_i / 4 =: s_i    (modulo 2^130 - 5, a whole number)
//
// so the upper half of the product is folded while it is made. `u64` below fails where the assembly would
// overflow: the tests drive it to the largest values there are.
//
// Order. When sealing, the MAC is of the ciphertext, so it runs one chunk of 256 bytes behind the cipher.
// When opening, a chunk is absorbed and decrypted in the same call: *ahead of the tag*. So a packet that
// turns out forged is wiped before anyone sees it. Short ones (less than 448 bytes) are not decrypted at
// all before the tag is known.
//
//     bytes 0..191 of the text      blocks 1 to 3, made in one call with block 0, the MAC's key (§2.6)
//     then chunks of 256            four blocks each
//     then what is left             four more blocks, of which some is thrown away

import { initialState, macData, toInteger, words, wordsToBytes } from './chacha20-poly1305.ts'

/** Four lanes of 32 bits. */
type Vector = readonly number[]

const LANES = [0, 1, 2, 3]
const add = (a: Vector, b: Vector): Vector => LANES.map((i) => (a[i] + b[i]) >>> 0)
const xorRotate = (a: Vector, b: Vector, bits: number): Vector =>
  LANES.map((i) => {
    const x = a[i] ^ b[i]
    return ((x << bits) | (x >>> (32 - bits))) >>> 0
  })
const turn = (a: Vector, by: number): Vector => LANES.map((i) => a[(i + by) & 3])

function quarterRound(x: Vector[], a: number, b: number, c: number, d: number): void {
  for (const [onto, from] of [
    [16, 12],
    [8, 7],
  ] as const) {
    x[a] = add(x[a], x[b])
    x[d] = xorRotate(x[d], x[a], onto)
    x[c] = add(x[c], x[d])
    x[b] = xorRotate(x[b], x[c], from)
  }
}

function columns(x: Vector[]): void {
  for (const i of LANES) quarterRound(x, i, i + 4, i + 8, i + 12)
}

function diagonals(x: Vector[]): void {
  for (const i of LANES) {
    quarterRound(x, i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3))
  }
}

/** One block in row form: RFC 9001 §5.4.4 needs no more. */
export function rowBlock(state: readonly number[]): Uint8Array {
  const rows = LANES.map((row): Vector => state.slice(4 * row, 4 * row + 4))
  const x = [...rows]
  for (let round = 0; round < 20; round++) {
    quarterRound(x, 0, 1, 2, 3)
    // Row r turned by r makes columns of diagonals; turned back, the other way.
    const by = round % 2 === 0 ? 1 : -1
    for (const row of [1, 2, 3]) x[row] = turn(x[row], by * row)
  }
  return wordsToBytes(x.flatMap((row, i) => add(row, rows[i])))
}

const LOW32 = 0xffffffffn

/** A value that the assembly keeps in 64 bits. */
function u64(value: bigint): bigint {
  if (value >> 64n !== 0n) throw new RangeError('the accumulator does not fit 64 bits')
  return value
}

/** Poly1305 in radix 2^32. */
export class Accumulator {
  readonly #r: readonly bigint[]
  readonly #s: readonly bigint[]
  readonly #pad: bigint
  #h: bigint[]

  constructor(key: Uint8Array) {
    const clamp = [0x0fffffffn, 0x0ffffffcn, 0x0ffffffcn, 0x0ffffffcn]
    this.#r = words(key.subarray(0, 16)).map((word, i) => BigInt(word) & clamp[i])
    this.#s = this.#r.map((r) => r + (r >> 2n))
    this.#pad = toInteger(key.subarray(16, 32))
    this.#h = [0n, 0n, 0n, 0n, 0n]
  }

  /** h = (h + block + 2^128) * r, reduced as far as the next step needs it. */
  absorb(block: Uint8Array): void {
    const [r0, r1, r2, r3] = this.#r
    const [, s1, s2, s3] = this.#s
    const message = words(block)
    const [h0, h1, h2, h3, h4] = this.#h.map((h, i) => h + BigInt(i === 4 ? 1 : message[i]))
    const d0 = u64(h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1)
    const d1 = u64(h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + h4 * s1 + (d0 >> 32n))
    const d2 = u64(h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + h4 * s2 + (d1 >> 32n))
    const d3 = u64(h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s3 + (d2 >> 32n))
    const top = u64(h4 * r0 + (d3 >> 32n))
    // What is above 2^130, top / 4, comes back times 5: once, and four times with its two low bits off.
    const folded = (top >> 2n) + (top & ~3n)
    this.#h = [(d0 & LOW32) + folded, d1 & LOW32, d2 & LOW32, d3 & LOW32, top & 3n]
  }

  /** Whole blocks, the last one filled up with zeros. */
  absorbPadded(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += 16) {
      const block = new Uint8Array(16)
      block.set(data.subarray(at, at + 16))
      this.absorb(block)
    }
  }

  tag(): Uint8Array {
    // The assembly carries limb by limb and chooses between h and h - p by a mask.
    const h = this.#h.reduceRight((sum, limb) => (sum << 32n) + limb, 0n) % ((1n << 130n) - 5n)
    const tag = h + this.#pad
    return Uint8Array.from({ length: 16 }, (_, i) => Number((tag >> BigInt(8 * i)) & 255n))
  }
}

/** XORs four keystream blocks onto 256 bytes, and absorbs 256 bytes of `message` on the way. */
function fused(
  state: readonly number[],
  data: Uint8Array,
  mac: Accumulator | null,
  message: Uint8Array | null,
): void {
  // The message is read before anything is written: it may be the data.
  const blocks = Array.from({ length: 16 }, (_, i) => message?.slice(16 * i, 16 * i + 16))
  const absorbNext = (): void => {
    const next = blocks.shift()
    if (next !== undefined) mac?.absorb(next)
  }
  const initial = state.map((word, w): Vector =>
    LANES.map((lane) => (w === 12 ? (word + lane) >>> 0 : word)),
  )
  const x = [...initial]
  for (let i = 0; i < 10; i++) {
    absorbNext()
    columns(x)
    absorbNext()
    diagonals(x)
  }
  const sums = x.map((vector, w) => add(vector, initial[w]))
  for (const lane of LANES) {
    const stream = wordsToBytes(sums.map((vector) => vector[lane]))
    for (let i = 0; i < 64; i++) data[64 * lane + i] ^= stream[i]
  }
}

const FIRST = 192
const CHUNK = 256

/** A packet on its way: state, MAC, and how far it is. */
class Work {
  readonly #state: number[]
  readonly #first: Uint8Array
  readonly mac: Accumulator

  constructor(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) {
    this.#state = initialState(key, 0, nonce)
    const blocks = new Uint8Array(CHUNK)
    this.four(blocks)
    this.mac = new Accumulator(blocks.subarray(0, 32))
    this.#first = blocks.subarray(64)
    this.mac.absorbPadded(aad)
  }

  /** The first 192 bytes of the text. */
  begin(text: Uint8Array): void {
    for (let i = 0; i < Math.min(text.length, FIRST); i++) text[i] ^= this.#first[i]
  }

  four(data: Uint8Array, message: Uint8Array | null = null): void {
    fused(this.#state, data, this.mac, message)
    this.#state[12] += 4
  }

  /** What is left, less than 256 bytes. */
  end(rest: Uint8Array): void {
    if (rest.length === 0) return
    const padded = new Uint8Array(CHUNK)
    padded.set(rest)
    this.four(padded)
    rest.set(padded.subarray(0, rest.length))
  }

  finish(aad: Uint8Array, text: Uint8Array): Uint8Array {
    this.mac.absorb(macData(aad, text).slice(-16))
    return this.mac.tag()
  }
}

/** Encrypts `text` in place; returns the tag. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const work = new Work(key, nonce, aad)
  work.begin(text)
  let done = FIRST
  let absorbed = 0
  if (text.length - done >= CHUNK) {
    work.four(text.subarray(done, done + CHUNK))
    done += CHUNK
    while (text.length - done >= CHUNK) {
      work.four(text.subarray(done, done + CHUNK), text.subarray(absorbed, absorbed + CHUNK))
      done += CHUNK
      absorbed += CHUNK
    }
  }
  work.end(text.subarray(done))
  work.mac.absorbPadded(text.subarray(absorbed))
  return work.finish(aad, text)
}

/** Decrypts `text` in place when `tag` is right; else what was decrypted is wiped, and false. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  tag: Uint8Array,
): boolean {
  const work = new Work(key, nonce, aad)
  let done = 0
  if (text.length >= FIRST + CHUNK) {
    work.mac.absorbPadded(text.subarray(0, FIRST))
    work.begin(text)
    done = FIRST
    while (text.length - done >= CHUNK) {
      const chunk = text.subarray(done, done + CHUNK)
      work.four(chunk, chunk)
      done += CHUNK
    }
  }
  work.mac.absorbPadded(text.subarray(done))
  const expected = work.finish(aad, text)
  if (expected.some((byte, i) => byte !== tag[i])) {
    text.fill(0, 0, done)
    return false
  }
  if (done === 0) {
    work.begin(text)
    done = FIRST
  }
  work.end(text.subarray(done))
  return true
}
