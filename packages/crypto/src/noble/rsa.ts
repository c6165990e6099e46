// RSA signature verification, RFC 8017, on BigInt. Only the public operation: everything here is
// public, so that its timing tells nothing. Signing is left out on purpose, since BigInt arithmetic
// takes a time that depends on the numbers.

import { equalBytes } from '../bytes.ts'
import type { HashName } from '../constants.ts'
import { RSA_EXPONENT_MAX_BITS, RSA_MODULUS_MAX_BITS, RSA_MODULUS_MIN_BITS } from '../limits.ts'
import { nobleDigest } from './hashes.ts'

export interface RsaPublicKey {
  readonly modulus: bigint
  readonly exponent: bigint
  /** Bits of the modulus. */
  readonly bits: number
}

/** The key of big-endian numbers, or null when it is outside of what we are willing to compute. */
export function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): RsaPublicKey | null {
  const bits = bitLength(modulus)
  if (bits < RSA_MODULUS_MIN_BITS || bits > RSA_MODULUS_MAX_BITS) return null
  if (bitLength(exponent) > RSA_EXPONENT_MAX_BITS) return null
  const e = bytesToBigInt(exponent)
  const n = bytesToBigInt(modulus)
  if (e < 3n || (e & 1n) === 0n || (n & 1n) === 0n) return null
  return { modulus: n, exponent: e, bits }
}

/** RSASSA-PKCS1-v1_5-VERIFY, RFC 8017 §8.2.2: by encoding anew and comparing, never by parsing. */
export function verifyPkcs1(
  key: RsaPublicKey,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const encoded = recover(key, signature, Math.ceil(key.bits / 8))
  if (encoded === null) return false
  const digestInfo = DIGEST_INFO[hash]
  const digest = nobleDigest(hash, message)
  const length = encoded.length
  const paddingLength = length - 3 - digestInfo.length - digest.length
  if (paddingLength < 8) return false
  // 00 01 ff .. ff 00 DigestInfo, RFC 8017 §9.2
  const expected = new Uint8Array(length).fill(0xff)
  expected[0] = 0x00
  expected[1] = 0x01
  expected[2 + paddingLength] = 0x00
  expected.set(digestInfo, 3 + paddingLength)
  expected.set(digest, 3 + paddingLength + digestInfo.length)
  return equalBytes(encoded, expected)
}

/**
 * RSASSA-PSS-VERIFY, RFC 8017 §8.1.2, with MGF1 on the same hash and a salt as long as the hash
 * (RFC 9846 §4.2.3).
 */
export function verifyPss(
  key: RsaPublicKey,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  // RFC 8017 §8.1.2 step 2c: the encoded message is one bit shorter than the modulus.
  const encodedBits = key.bits - 1
  if (signature.length !== Math.ceil(key.bits / 8)) return false
  const encoded = recover(key, signature, Math.ceil(encodedBits / 8))
  if (encoded === null) return false
  const digest = nobleDigest(hash, message)
  const hashLength = digest.length
  const dbLength = encoded.length - hashLength - 1
  // EMSA-PSS-VERIFY, RFC 8017 §9.1.2
  const saltAt = dbLength - hashLength
  if (saltAt < 1 || encoded[encoded.length - 1] !== 0xbc) return false
  const unusedBits = 8 * encoded.length - encodedBits
  if (unusedBits > 0 && encoded[0] >>> (8 - unusedBits) !== 0) return false
  const h = encoded.subarray(dbLength, dbLength + hashLength)
  const db = maskGeneration(hash, h, dbLength)
  for (let i = 0; i < dbLength; i++) db[i] ^= encoded[i]
  db[0] &= 0xff >>> unusedBits
  for (let i = 0; i < saltAt - 1; i++) if (db[i] !== 0) return false
  if (db[saltAt - 1] !== 0x01) return false
  const salted = new Uint8Array(8 + 2 * hashLength)
  salted.set(digest, 8)
  salted.set(db.subarray(saltAt), 8 + hashLength)
  return equalBytes(h, nobleDigest(hash, salted))
}

// RSAVP1 and I2OSP, RFC 8017 §5.2.2 and §4.1: signature^e mod n in `length` bytes.
function recover(key: RsaPublicKey, signature: Uint8Array, length: number): Uint8Array | null {
  if (signature.length !== Math.ceil(key.bits / 8)) return null
  const representative = bytesToBigInt(signature)
  if (representative >= key.modulus) return null
  let result = 1n
  let base = representative
  for (let e = key.exponent; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) result = (result * base) % key.modulus
    base = (base * base) % key.modulus
  }
  const hex = result.toString(16)
  if (hex.length > 2 * length) return null
  const padded = hex.padStart(2 * length, '0')
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    bytes[i] = Number.parseInt(padded.slice(2 * i, 2 * i + 2), 16)
  }
  return bytes
}

// MGF1, RFC 8017 appendix B.2.1.
function maskGeneration(hash: HashName, seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(length)
  const input = new Uint8Array(seed.length + 4)
  input.set(seed)
  for (let at = 0, counter = 0; at < length; counter++) {
    input[seed.length + 2] = counter >>> 8
    input[seed.length + 3] = counter
    const block = nobleDigest(hash, input)
    mask.set(block.subarray(0, length - at), at)
    at += block.length
  }
  return mask
}

function bytesToBigInt(bytes: Uint8Array): bigint {
  let hex = '0'
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return BigInt(`0x${hex}`)
}

function bitLength(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length && bytes[at] === 0) at++
  return at === bytes.length ? 0 : 8 * (bytes.length - at) - (Math.clz32(bytes[at]) - 24)
}

/** DigestInfo up to the digest, RFC 8017 §9.2 note 1. */
/* prettier-ignore */
const DIGEST_INFO: Record<HashName, Uint8Array> = {
  sha256: Uint8Array.of(0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20),
  sha384: Uint8Array.of(0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30),
  sha512: Uint8Array.of(0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40),
}
