// SHA-256 as FIPS 180-4 §5 and §6.2 write it, and HMAC as RFC 2104 §2 does. Twin of assembly/sha256.ts, where
// the eight variables change their roles instead of being moved.

const BLOCK = 64

// FIPS 180-4 §4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes;
// §5.3.3: of the square roots of the first eight.
const PRIMES: readonly number[] = firstPrimes(64)
export const K: readonly number[] = PRIMES.map((p) => fraction(p, 3))
const INITIAL: readonly number[] = PRIMES.slice(0, 8).map((p) => fraction(p, 2))

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((p) => n % p !== 0)) primes.push(n)
  }
  return primes
}

/** floor(frac(n^(1/degree)) * 2^32), in whole numbers: the root of n * 2^(32 * degree), modulo 2^32. */
function fraction(n: number, degree: number): number {
  const power = BigInt(degree)
  const target = BigInt(n) << (32n * power)
  let low = 0n
  let high = 1n << 40n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** power <= target) low = middle
    else high = middle
  }
  return Number(low & 0xffffffffn)
}

const rotate = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits))

/** §5.1.1: a one, zeros, and the length in bits, so that the blocks are whole. */
function padded(message: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK)
  blocks.set(message)
  blocks[message.length] = 0x80
  new DataView(blocks.buffer).setUint32(blocks.length - 4, message.length * 8)
  return blocks
}

/** §6.2.2: one block, onto the hash so far. */
function compress(hash: readonly number[], block: DataView): number[] {
  const w: number[] = []
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      w.push(block.getUint32(4 * i))
      continue
    }
    const s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3)
    const s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10)
    w.push((s1 + w[i - 7] + s0 + w[i - 16]) >>> 0)
  }
  let [a, b, c, d, e, f, g, h] = hash
  for (let i = 0; i < 64; i++) {
    const sigma1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const sigma0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const choose = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const t1 = (h + sigma1 + choose + K[i] + w[i]) >>> 0
    const t2 = (sigma0 + majority) >>> 0
    h = g
    g = f
    f = e
    e = (d + t1) >>> 0
    d = c
    c = b
    b = a
    a = (t1 + t2) >>> 0
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + hash[i]) >>> 0)
}

export function sha256(message: Uint8Array): Uint8Array {
  const blocks = padded(message)
  let hash: readonly number[] = INITIAL
  for (let at = 0; at < blocks.length; at += BLOCK) {
    hash = compress(hash, new DataView(blocks.buffer, at, BLOCK))
  }
  const digest = new Uint8Array(32)
  hash.forEach((word, i) => new DataView(digest.buffer).setUint32(4 * i, word))
  return digest
}

/** RFC 2104 §2: H(K XOR opad, H(K XOR ipad, message)). */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK)
  block.set(key.length > BLOCK ? sha256(key) : key)
  const inner = sha256(Uint8Array.of(...block.map((byte) => byte ^ 0x36), ...message))
  return sha256(Uint8Array.of(...block.map((byte) => byte ^ 0x5c), ...inner))
}
