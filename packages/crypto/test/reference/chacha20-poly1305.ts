// ChaCha20-Poly1305 as RFC 8439 defines it.

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]

const rotate = (x: number, bits: number): number => ((x << bits) | (x >>> (32 - bits))) >>> 0

/** RFC 8439 §2.1. */
function quarterRound(x: number[], a: number, b: number, c: number, d: number): void {
  for (const [onto, from] of [
    [16, 12],
    [8, 7],
  ] as const) {
    x[a] = (x[a] + x[b]) >>> 0
    x[d] = rotate(x[d] ^ x[a], onto)
    x[c] = (x[c] + x[d]) >>> 0
    x[b] = rotate(x[b] ^ x[c], from)
  }
}

/** The initial state, §2.3: constants, key, counter, nonce. */
export function initialState(key: Uint8Array, counter: number, nonce: Uint8Array): number[] {
  return [...CONSTANTS, ...words(key), counter >>> 0, ...words(nonce)]
}

/** Bytes as little-endian words. */
export function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true))
}

export function wordsToBytes(list: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * list.length)
  const view = new DataView(bytes.buffer)
  for (const [i, word] of list.entries()) view.setUint32(4 * i, word, true)
  return bytes
}

/** 64 bytes of keystream, §2.3. */
export function block(key: Uint8Array, counter: number, nonce: Uint8Array): Uint8Array {
  return blockOf(initialState(key, counter, nonce))
}

/** The block of an initial state. */
export function blockOf(initial: readonly number[]): Uint8Array {
  const x = [...initial]
  for (let i = 0; i < 10; i++) {
    for (const column of [0, 1, 2, 3]) {
      quarterRound(x, column, column + 4, column + 8, column + 12)
    }
    quarterRound(x, 0, 5, 10, 15)
    quarterRound(x, 1, 6, 11, 12)
    quarterRound(x, 2, 7, 8, 13)
    quarterRound(x, 3, 4, 9, 14)
  }
  return wordsToBytes(x.map((word, i) => (word + initial[i]) >>> 0))
}

/** XOR of the text and the keystream from block 1 on, §2.4. */
export function crypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const out = Uint8Array.from(text)
  for (let at = 0; at < text.length; at += 64) {
    const stream = block(key, 1 + at / 64, nonce)
    for (let i = 0; i < 64 && at + i < text.length; i++) out[at + i] ^= stream[i]
  }
  return out
}

/** Little-endian. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** Bits of r that must be 0, §2.5. */
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn
const PRIME = (1n << 130n) - 5n

/** Poly1305, §2.5.1: the message as a polynomial of 17-byte coefficients, at r, modulo 2^130 - 5. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = toInteger(key.subarray(0, 16)) & CLAMP
  const s = toInteger(key.subarray(16, 32))
  let h = 0n
  for (let at = 0; at < message.length; at += 16) {
    const part = message.subarray(at, at + 16)
    const coefficient = toInteger(part) + (1n << BigInt(8 * part.length))
    h = ((h + coefficient) * r) % PRIME
  }
  const tag = h + s
  return Uint8Array.from({ length: 16 }, (_, i) => Number((tag >> BigInt(8 * i)) & 255n))
}

/** What the MAC is computed over, §2.8. */
export function macData(aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const padded = (length: number): number => Math.ceil(length / 16) * 16
  const data = new Uint8Array(padded(aad.length) + padded(ciphertext.length) + 16)
  data.set(aad)
  data.set(ciphertext, padded(aad.length))
  const view = new DataView(data.buffer)
  view.setUint32(data.length - 16, aad.length, true)
  view.setUint32(data.length - 8, ciphertext.length, true)
  return data
}

/** The tag of a ciphertext; the one-time key is the first half of block 0 (§2.6). */
export function tag(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  return poly1305(block(key, 0, nonce).subarray(0, 32), macData(aad, ciphertext))
}
