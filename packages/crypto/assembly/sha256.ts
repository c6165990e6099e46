// SHA-256 (FIPS 180-4 §6.2) and HMAC with it (RFC 2104), for the short messages of HKDF-Expand-Label:
// what node:crypto spends on the objects around a hash is more than the hash. The round functions take
// no branch and read no table by a secret. To read, rotations of variables written out: the twin in
// test/reference/sha256.ts, which tests hold equal.

import { SCRATCH, SCRATCH_END } from "./layout";

/** The 64 words of the message schedule. */
const W: usize = SCRATCH;
/** Eight words: the hash so far. */
const HASH: usize = SCRATCH + 256;
/** A key or a digest, filled up to a block. */
const PAD: usize = SCRATCH + 320;

/** Bytes behind a message that are written to, at most. */
const PADDING: usize = 72;
/** Bytes of a block. */
const BLOCK: usize = 64;

// FIPS 180-4 §4.2.2.
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

@inline
function bigSigma0(x: u32): u32 {
  return rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
}
@inline
function bigSigma1(x: u32): u32 {
  return rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
}
@inline
function smallSigma0(x: u32): u32 {
  return rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3);
}
@inline
function smallSigma1(x: u32): u32 {
  return rotr(x, 17) ^ rotr(x, 19) ^ (x >> 10);
}
@inline
function choose(x: u32, y: u32, z: u32): u32 {
  return z ^ (x & (y ^ z));
}
@inline
function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) | (z & (x | y));
}

function begin(): void {
  store<u32>(HASH, 0x6a09e667, 0);
  store<u32>(HASH, 0xbb67ae85, 4);
  store<u32>(HASH, 0x3c6ef372, 8);
  store<u32>(HASH, 0xa54ff53a, 12);
  store<u32>(HASH, 0x510e527f, 16);
  store<u32>(HASH, 0x9b05688c, 20);
  store<u32>(HASH, 0x1f83d9ab, 24);
  store<u32>(HASH, 0x5be0cd19, 28);
}

function compress(block: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<u32>(W + at, bswap(load<u32>(block + at)));
  for (let at: usize = W; at < W + 192; at += 4) {
    const next =
      smallSigma1(load<u32>(at, 56)) + load<u32>(at, 36) + smallSigma0(load<u32>(at, 4)) + load<u32>(at);
    store<u32>(at, next, 64);
  }
  let a = load<u32>(HASH, 0);
  let b = load<u32>(HASH, 4);
  let c = load<u32>(HASH, 8);
  let d = load<u32>(HASH, 12);
  let e = load<u32>(HASH, 16);
  let f = load<u32>(HASH, 20);
  let g = load<u32>(HASH, 24);
  let h = load<u32>(HASH, 28);
  // Eight rounds a turn: by then each variable is back in its place, so that none is moved.
  for (let at: usize = 0; at < 256; at += 32) {
    const k = K + at;
    const w = W + at;
    h += bigSigma1(e) + choose(e, f, g) + load<u32>(k, 0) + load<u32>(w, 0);
    d += h;
    h += bigSigma0(a) + majority(a, b, c);
    g += bigSigma1(d) + choose(d, e, f) + load<u32>(k, 4) + load<u32>(w, 4);
    c += g;
    g += bigSigma0(h) + majority(h, a, b);
    f += bigSigma1(c) + choose(c, d, e) + load<u32>(k, 8) + load<u32>(w, 8);
    b += f;
    f += bigSigma0(g) + majority(g, h, a);
    e += bigSigma1(b) + choose(b, c, d) + load<u32>(k, 12) + load<u32>(w, 12);
    a += e;
    e += bigSigma0(f) + majority(f, g, h);
    d += bigSigma1(a) + choose(a, b, c) + load<u32>(k, 16) + load<u32>(w, 16);
    h += d;
    d += bigSigma0(e) + majority(e, f, g);
    c += bigSigma1(h) + choose(h, a, b) + load<u32>(k, 20) + load<u32>(w, 20);
    g += c;
    c += bigSigma0(d) + majority(d, e, f);
    b += bigSigma1(g) + choose(g, h, a) + load<u32>(k, 24) + load<u32>(w, 24);
    f += b;
    b += bigSigma0(c) + majority(c, d, e);
    a += bigSigma1(f) + choose(f, g, h) + load<u32>(k, 28) + load<u32>(w, 28);
    e += a;
    a += bigSigma0(b) + majority(b, c, d);
  }
  store<u32>(HASH, load<u32>(HASH, 0) + a, 0);
  store<u32>(HASH, load<u32>(HASH, 4) + b, 4);
  store<u32>(HASH, load<u32>(HASH, 8) + c, 8);
  store<u32>(HASH, load<u32>(HASH, 12) + d, 12);
  store<u32>(HASH, load<u32>(HASH, 16) + e, 16);
  store<u32>(HASH, load<u32>(HASH, 20) + f, 20);
  store<u32>(HASH, load<u32>(HASH, 24) + g, 24);
  store<u32>(HASH, load<u32>(HASH, 28) + h, 28);
}

/** Hashes `key`, at most a block, filled up with zeros and XORed with `pad` in each byte. */
function compressKey(key: usize, keyLength: usize, pad: u64): void {
  memory.fill(PAD, 0, BLOCK);
  memory.copy(PAD, key, keyLength);
  for (let at: usize = PAD; at < PAD + BLOCK; at += 8) store<u64>(at, load<u64>(at) ^ pad);
  begin();
  compress(PAD);
}

/**
 * Hashes the rest of a message that follows one block. The 72 bytes behind it are written to: the
 * padding of FIPS 180-4 §5.1.1.
 */
function finish(message: usize, length: usize): void {
  const end = message + length;
  const blocks = (length + 9 + BLOCK - 1) & ~(BLOCK - 1);
  memory.fill(end, 0, message + blocks - end);
  store<u8>(end, 0x80);
  store<u32>(message + blocks - 4, bswap(<u32>((BLOCK + length) * 8)));
  for (let at = message; at < message + blocks; at += BLOCK) compress(at);
}

function writeHash(target: usize): void {
  for (let at: usize = 0; at < 32; at += 4) store<u32>(target + at, bswap(load<u32>(HASH + at)));
}

/**
 * HMAC-SHA-256 of `length` bytes at `message`, where 72 more are free, with at most 64 bytes of key,
 * to the 32 bytes at `target`. Wipes key, message and all between.
 */
export function hmacSha256(
  key: usize,
  keyLength: usize,
  message: usize,
  length: usize,
  target: usize
): void {
  compressKey(key, keyLength, 0x3636363636363636);
  finish(message, length);
  // What is left of the message behind its first bytes is wiped at the end.
  writeHash(message);
  compressKey(key, keyLength, 0x5c5c5c5c5c5c5c5c);
  finish(message, 32);
  writeHash(target);
  memory.fill(key, 0, keyLength);
  memory.fill(message, 0, length + PADDING);
  memory.fill(SCRATCH, 0, SCRATCH_END - SCRATCH);
}
