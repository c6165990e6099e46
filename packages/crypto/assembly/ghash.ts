// GHASH (NIST SP 800-38D §6.4) by register look-ups, four blocks at a time.
//
// Multiplication by a fixed H is linear, so the product of a block X with H is the XOR, over its 32
// nibbles, of (nibble at its place) * H. Turn that around: for byte position j of the *product* keep
// a 16-entry table of byte j of (n * H) for every nibble value n, one table for high nibbles, one for
// low ones. One look-up with the block's 16 nibbles as indices then gives, in lane i, the part that
// byte i of the block contributes to byte i+j of the product. Summing j = 15..0 with a shift by one
// byte each time (Horner) leaves a 32-byte value that is reduced once. The entries are products
// reduced mod P, so they fit 16 bytes.
//
// With tables for H^4, H^3, H^2, H^1 four blocks share the shifts and the reduction:
//   Y' = (Y ^ X1) H^4 ^ X2 H^3 ^ X3 H^2 ^ X4 H
// A message that is no multiple of four blocks gets zero blocks in front: GHASH of leading zeros is 0.
//
// The readable twin, with the definition beside it, is test/reference/ghash.ts.
//
// The XOR chains below are linear on purpose: of a balanced tree V8 hoists all loads and spills.

import { POWERS, STAGE, TABLES } from "./layout";
import { firstBytes, lookup } from "./lookup";

const GROUP = 4;
// Bytes of tables per byte position: 4 powers x 2 nibbles x 16.
const STRIDE: usize = 128;

@inline
function reverse(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** Byte i of `x` to byte i+1, the last byte of `carry` to byte 0. */
@inline
function shiftUp(carry: v128, x: v128): v128 {
  return v128.shuffle<u8>(carry, x, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** lo ^ hi * (1 + x + x^2 + x^7): reduction mod the GCM polynomial in its reflected bit order. */
@inline
function reduce(lo: v128, hi: v128): v128 {
  const b = reverse(hi);
  const c = v128.shuffle<u64>(b, i64x2(0, 0), 1, 2);
  const right = v128.xor(
    b,
    v128.xor(v128.xor(v128.shr<u64>(b, 1), v128.shr<u64>(b, 2)), v128.shr<u64>(b, 7)),
  );
  const carried = v128.xor(
    v128.xor(v128.shl<i64>(c, 63), v128.shl<i64>(c, 62)),
    v128.shl<i64>(c, 57),
  );
  return v128.xor(lo, reverse(v128.xor(right, carried)));
}

/** Multiplies by x: one bit to the right in GCM's order. */
@inline
function timesX(x: v128): v128 {
  const b = reverse(x);
  const c = v128.shuffle<u64>(b, i64x2(0, 0), 1, 2);
  const shifted = v128.xor(v128.shr<u64>(b, 1), v128.shl<i64>(c, 63));
  const carry = v128.neg<i64>(v128.and(b, i64x2(1, 0)));
  const mask = v128.shuffle<u64>(carry, carry, 1, 0);
  return reverse(v128.xor(shifted, v128.and(mask, i64x2(0, 0xe100000000000000))));
}

/** Writes the 16 multiples n * (H^p x^(0 or 4)) of one nibble place to STAGE-like `rows`. */
function multiples(rows: usize, x: v128): void {
  // Bit 3 of the nibble is x^0, bit 0 is x^3.
  const x1 = timesX(x);
  const x2 = timesX(x1);
  const x3 = timesX(x2);
  for (let n = 0; n < 16; n++) {
    let sum = i64x2(0, 0);
    if (n & 8) sum = v128.xor(sum, x);
    if (n & 4) sum = v128.xor(sum, x1);
    if (n & 2) sum = v128.xor(sum, x2);
    if (n & 1) sum = v128.xor(sum, x3);
    v128.store(rows + (<usize>n << 4), sum);
  }
}

/** Tables of power `p` (0 is H): byte j of each multiple, gathered by a transposition. */
function buildTables(context: usize, p: i32, rows: usize): void {
  let x = v128.load(context + POWERS + (<usize>p << 4));
  for (let nibble = 0; nibble < 2; nibble++) {
    multiples(rows, x);
    // Position 15 comes first: the loop of `hashGroups` runs from the highest byte down.
    let table = context + TABLES + (<usize>p << 5) + (<usize>nibble << 4);
    for (let j = 15; j >= 0; j--) {
      for (let n = 0; n < 16; n++) store<u8>(table + n, load<u8>(rows + (<usize>n << 4) + j));
      table += STRIDE;
    }
    x = timesX(timesX(timesX(timesX(x))));
  }
}

/** Sets up a context for the hash key at POWERS; `rows` is 256 bytes of working space. */
export function initTables(context: usize, rows: usize): void {
  buildTables(context, 0, rows);
  for (let p = 1; p < GROUP; p++) {
    // H^(p+1) = H^p * H: one group of three zero blocks and H^p.
    for (let i = 0; i < GROUP - 1; i++) v128.store(STAGE + (<usize>i << 4), i64x2(0, 0));
    v128.store(STAGE, v128.load(context + POWERS + (<usize>(p - 1) << 4)), 48);
    v128.store(context + POWERS + (<usize>p << 4), timesH(context));
    buildTables(context, p, rows);
  }
}

// The product of STAGE's last block with H, by the tables of H alone.
function timesH(context: usize): v128 {
  const x = v128.load(STAGE, 48);
  const hi = v128.shr<u8>(x, 4);
  const lo = v128.and(x, i8x16.splat(15));
  let low = i64x2(0, 0);
  let high = i64x2(0, 0);
  let t = context + TABLES;
  const end = t + 16 * STRIDE;
  do {
    const s = v128.xor(lookup(v128.load(t), hi), lookup(v128.load(t, 16), lo));
    high = shiftUp(low, high);
    low = v128.xor(shiftUp(i64x2(0, 0), low), s);
    t += STRIDE;
  } while (t !== end);
  return reduce(low, high);
}

/** Y after `groups` (at least one) groups of four blocks at `data`. */
function hashGroups(context: usize, data: usize, groups: i32, start: v128): v128 {
  let y = start;
  const nibble = i8x16.splat(15);
  const zero = i64x2(0, 0);
  do {
    const x0 = v128.xor(y, v128.load(data));
    const x1 = v128.load(data, 16);
    const x2 = v128.load(data, 32);
    const x3 = v128.load(data, 48);
    const h0 = v128.shr<u8>(x0, 4);
    const h1 = v128.shr<u8>(x1, 4);
    const h2 = v128.shr<u8>(x2, 4);
    const h3 = v128.shr<u8>(x3, 4);
    const l0 = v128.and(x0, nibble);
    const l1 = v128.and(x1, nibble);
    const l2 = v128.and(x2, nibble);
    const l3 = v128.and(x3, nibble);
    let low = zero;
    let high = zero;
    let t = context + TABLES;
    const end = t + 16 * STRIDE;
    do {
      let a = lookup(v128.load(t, 96), h0);
      a = v128.xor(a, lookup(v128.load(t, 64), h1));
      a = v128.xor(a, lookup(v128.load(t, 32), h2));
      a = v128.xor(a, lookup(v128.load(t, 0), h3));
      let b = lookup(v128.load(t, 112), l0);
      b = v128.xor(b, lookup(v128.load(t, 80), l1));
      b = v128.xor(b, lookup(v128.load(t, 48), l2));
      b = v128.xor(b, lookup(v128.load(t, 16), l3));
      high = shiftUp(low, high);
      low = v128.xor(shiftUp(zero, low), v128.xor(a, b));
      t += STRIDE;
    } while (t !== end);
    y = reduce(low, high);
    data += 64;
  } while (--groups !== 0);
  return y;
}

/**
 * GHASH of aad, ciphertext and their lengths. Reads up to 15 bytes past the end of both (masked).
 */
export function ghash(context: usize, aad: usize, aadLength: i32, text: usize, length: i32): v128 {
  const aadBlocks = (aadLength + 15) >> 4;
  const fullBlocks = length >> 4;
  const textBlocks = (length + 15) >> 4;
  const lengths = i32x4(0, bswap<i32>(aadLength << 3), 0, bswap<i32>(length << 3));
  let left = aadBlocks + textBlocks + 1;
  let a = 0;
  let c = 0;
  let y = i64x2(0, 0);

  // Staged groups: the first (with zero blocks in front), those with aad, and the last ones.
  let lead = (GROUP - (left & (GROUP - 1))) & (GROUP - 1);
  while (left > 0) {
    if (lead === 0 && a === aadBlocks) {
      // Whole groups of ciphertext go straight from the packet.
      const groups = (fullBlocks - c) >> 2;
      if (groups > 0) {
        y = hashGroups(context, text + (<usize>c << 4), groups, y);
        c += groups << 2;
        left -= groups << 2;
        continue;
      }
    }
    for (let k = 0; k < GROUP; k++) {
      let x = i64x2(0, 0);
      if (k < lead) {
        // A zero block.
      } else {
        if (a < aadBlocks) {
          x = v128.load(aad + (<usize>a << 4));
          const rest = aadLength - (a << 4);
          if (rest < 16) x = v128.and(x, firstBytes(rest));
          a++;
        } else if (c < textBlocks) {
          x = v128.load(text + (<usize>c << 4));
          const rest = length - (c << 4);
          if (rest < 16) x = v128.and(x, firstBytes(rest));
          c++;
        } else {
          x = lengths;
        }
        left--;
      }
      v128.store(STAGE + (<usize>k << 4), x);
    }
    lead = 0;
    y = hashGroups(context, STAGE, 1, y);
  }
  return y;
}
