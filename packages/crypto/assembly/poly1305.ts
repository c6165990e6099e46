// Poly1305 (RFC 8439 §2.5) in radix 2^32 with 64-bit products: 20 multiplications a block, no
// splitting of the message into limbs. i64.mul is constant time on x86-64 and arm64.

import { POLY } from "./layout";

export const LOW32: u64 = 0xffffffff;

/** Starts a MAC with the one-time key at `key` (32 bytes); the state lies at POLY. */
export function polyInit(key: usize): void {
  memory.fill(POLY, 0, 40);
  // r is clamped; s_i = 5 r_i / 4 folds the wrap at 2^130.
  const r0 = <u64>(load<u32>(key) & 0x0fffffff);
  const r1 = <u64>(load<u32>(key, 4) & 0x0ffffffc);
  const r2 = <u64>(load<u32>(key, 8) & 0x0ffffffc);
  const r3 = <u64>(load<u32>(key, 12) & 0x0ffffffc);
  store<u64>(POLY, r0, 40);
  store<u64>(POLY, r1, 48);
  store<u64>(POLY, r2, 56);
  store<u64>(POLY, r3, 64);
  store<u64>(POLY, r1 + (r1 >> 2), 72);
  store<u64>(POLY, r2 + (r2 >> 2), 80);
  store<u64>(POLY, r3 + (r3 >> 2), 88);
}

/** Absorbs `blocks` whole blocks. */
export function polyBlocks(message: usize, blocks: i32): void {
  let h0 = load<u64>(POLY);
  let h1 = load<u64>(POLY, 8);
  let h2 = load<u64>(POLY, 16);
  let h3 = load<u64>(POLY, 24);
  let h4 = load<u64>(POLY, 32);
  const r0 = load<u64>(POLY, 40);
  const r1 = load<u64>(POLY, 48);
  const r2 = load<u64>(POLY, 56);
  const r3 = load<u64>(POLY, 64);
  const s1 = load<u64>(POLY, 72);
  const s2 = load<u64>(POLY, 80);
  const s3 = load<u64>(POLY, 88);
  let d0: u64;
  let d1: u64;
  let d2: u64;
  let d3: u64;
  for (; blocks > 0; blocks--, message += 16) {
    h0 += <u64>load<u32>(message, 0);
    h1 += <u64>load<u32>(message, 4);
    h2 += <u64>load<u32>(message, 8);
    h3 += <u64>load<u32>(message, 12);
    h4 += 1;
    d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
    d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + h4 * s1 + (d0 >> 32);
    d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + h4 * s2 + (d1 >> 32);
    d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s3 + (d2 >> 32);
    h4 = h4 * r0 + (d3 >> 32);
    h1 = d1 & LOW32;
    h2 = d2 & LOW32;
    h3 = d3 & LOW32;
    h0 = (d0 & LOW32) + (h4 >> 2) + (h4 & ~3);
    h4 &= 3;
  }
  store<u64>(POLY, h0);
  store<u64>(POLY, h1, 8);
  store<u64>(POLY, h2, 16);
  store<u64>(POLY, h3, 24);
  store<u64>(POLY, h4, 32);
}

/** The tag: (h mod 2^130-5) + s, s being the second half of the key. */
export function polyFinish(key: usize): v128 {
  let h0 = load<u64>(POLY);
  let h1 = load<u64>(POLY, 8);
  let h2 = load<u64>(POLY, 16);
  let h3 = load<u64>(POLY, 24);
  let h4 = load<u64>(POLY, 32);
  h1 += h0 >> 32;
  h0 &= LOW32;
  h2 += h1 >> 32;
  h1 &= LOW32;
  h3 += h2 >> 32;
  h2 &= LOW32;
  h4 += h3 >> 32;
  h3 &= LOW32;
  h0 += (h4 >> 2) * 5;
  h4 &= 3;
  h1 += h0 >> 32;
  h0 &= LOW32;
  h2 += h1 >> 32;
  h1 &= LOW32;
  h3 += h2 >> 32;
  h2 &= LOW32;
  h4 += h3 >> 32;
  h3 &= LOW32;
  // g = h + 5 - 2^130; take it when it did not borrow, without a branch.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 32);
  const g2 = h2 + (g1 >> 32);
  const g3 = h3 + (g2 >> 32);
  const g4 = h4 + (g3 >> 32);
  const take = 0 - ((g4 >> 2) & 1);
  h0 = (h0 & ~take) | (g0 & LOW32 & take);
  h1 = (h1 & ~take) | (g1 & LOW32 & take);
  h2 = (h2 & ~take) | (g2 & LOW32 & take);
  h3 = (h3 & ~take) | (g3 & LOW32 & take);
  h0 += <u64>load<u32>(key, 16);
  h1 += (h0 >> 32) + <u64>load<u32>(key, 20);
  h2 += (h1 >> 32) + <u64>load<u32>(key, 24);
  h3 += (h2 >> 32) + <u64>load<u32>(key, 28);
  let tag = v128.splat<u32>(<u32>h0);
  tag = v128.replace_lane<u32>(tag, 1, <u32>h1);
  tag = v128.replace_lane<u32>(tag, 2, <u32>h2);
  return v128.replace_lane<u32>(tag, 3, <u32>h3);
}
