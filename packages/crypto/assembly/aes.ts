// AES by vector permutation (Mike Hamburg, "Accelerating AES with Vector Permute Instructions",
// CHES 2009): the S-box is inversion in GF(2^8), taken apart into look-ups of nibbles over a tower
// field, so that a 16-entry register table does. Bytes live in a transformed basis between rounds;
// the round keys are brought into it once.
//
// The readable twin, which derives the tables and says why they do, is
// test/reference/vector-permute-aes.ts.
//
// Used where it beats node:crypto's bulk AES: header-protection masks, key set-up, short packets.

import { ROUNDS } from "./layout";
import { lookup } from "./lookup";

// Tables of the paper: nibble inversion, the basis change in, and the S-box output maps.
@inline function INV(): v128 { return i64x2(0x0e05060f0d080180, 0x040703090a0b0c02); }
@inline function INV_A(): v128 { return i64x2(0x01040a060f0b0780, 0x030d0e0c02050809); }
@inline function IN_LOW(): v128 { return i64x2(0xc2b2e8985a2a7000, 0xcabae09052227808); }
@inline function IN_HIGH(): v128 { return i64x2(0x4c01307d317c4d00, 0xcd80b1fcb0fdcc81); }
@inline function SB1_U(): v128 { return i64x2(0xb19be18fcb503e00, 0xa5df7a6e142af544); }
@inline function SB1_T(): v128 { return i64x2(0x3618d415fae22300, 0x3bf7ccc10d2ed9ef); }
@inline function SB2_U(): v128 { return i64x2(0xe27a93c60b712400, 0x5eb7e955bc982fcd); }
@inline function SB2_T(): v128 { return i64x2(0x69eb88400ae12900, 0xc2a163c8ab82234a); }
@inline function OUT_U(): v128 { return i64x2(0xd0d26d176fbdc700, 0x15aabf7ac502a878); }
@inline function OUT_T(): v128 { return i64x2(0xcfe474a55fbb6a00, 0x8e1e90d1412b35fa); }

@inline function low(x: v128): v128 { return v128.and(x, i8x16.splat(15)); }
@inline function high(x: v128): v128 { return v128.shr<u8>(x, 4); }

/** Into the basis of the tower field. */
@inline
function transform(x: v128): v128 {
  return v128.xor(lookup(IN_LOW(), low(x)), lookup(IN_HIGH(), high(x)));
}

// Inversion gives two nibble vectors (io, jo) of which the output maps take one look-up each.
@inline
function inverseI(k: v128, i: v128): v128 {
  const j = v128.xor(k, i);
  return v128.xor(lookup(INV(), v128.xor(lookup(INV(), i), lookup(INV_A(), k))), j);
}
@inline
function inverseJ(k: v128, i: v128): v128 {
  const j = v128.xor(k, i);
  return v128.xor(lookup(INV(), v128.xor(lookup(INV(), j), lookup(INV_A(), k))), i);
}

@inline
function shiftRows(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
}
@inline
function rotate1(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}
@inline
function rotate2(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

/** ShiftRows, SubBytes, MixColumns (as 2a ^ 3b ^ c ^ d over column rotations), AddRoundKey. */
@inline
function middleRound(state: v128, roundKey: v128): v128 {
  const x = shiftRows(state);
  const k = low(x);
  const i = high(x);
  const io = inverseI(k, i);
  const jo = inverseJ(k, i);
  const a = v128.xor(lookup(SB1_U(), io), lookup(SB1_T(), jo));
  const b = v128.xor(lookup(SB2_U(), io), lookup(SB2_T(), jo));
  const r = rotate1(a);
  return v128.xor(
    v128.xor(v128.xor(b, roundKey), rotate1(b)),
    v128.xor(r, rotate2(v128.xor(a, r))),
  );
}

@inline
function lastRound(state: v128, roundKey: v128): v128 {
  const x = shiftRows(state);
  const k = low(x);
  const i = high(x);
  return v128.xor(
    roundKey,
    v128.xor(lookup(OUT_U(), inverseI(k, i)), lookup(OUT_T(), inverseJ(k, i))),
  );
}

/** SubWord of the key schedule on all four words. */
@inline
function subBytes(word: v128): v128 {
  const x = transform(word);
  const k = low(x);
  const i = high(x);
  return v128.xor(
    i8x16.splat(0x63),
    v128.xor(lookup(OUT_U(), inverseI(k, i)), lookup(OUT_T(), inverseJ(k, i))),
  );
}

@inline
function subWord(word: u32): u32 {
  return v128.extract_lane<u32>(subBytes(v128.splat<u32>(word)), 0);
}

/** FIPS 197 §5.2, in place at `roundKeys`, then every round key brought into the vpaes basis. */
export function expandKey(roundKeys: usize, key: usize, keyLength: i32): void {
  const words = keyLength >> 2;
  const rounds = words + 6;
  store<i32>(roundKeys, rounds, ROUNDS);
  memory.copy(roundKeys, key, keyLength);
  let constant: u32 = 1;
  for (let i = words; i < 4 * (rounds + 1); i++) {
    let t = load<u32>(roundKeys + ((i - 1) << 2));
    if (i % words === 0) {
      t = subWord((t >> 8) | (t << 24)) ^ constant;
      constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
    } else if (words > 6 && i % words === 4) {
      t = subWord(t);
    }
    store<u32>(roundKeys + (i << 2), load<u32>(roundKeys + ((i - words) << 2)) ^ t);
  }
  // The S-box's affine constant 0x63 is folded into the keys of the later rounds.
  const affine = i8x16.splat(0x63);
  for (let i = 0; i <= rounds; i++) {
    const at = roundKeys + (i << 4);
    let x = v128.load(at);
    if (i === 0) x = transform(x);
    else if (i < rounds) x = transform(v128.xor(x, affine));
    else x = v128.xor(x, affine);
    v128.store(at, x);
  }
}

/** One block. */
export function encryptBlock(roundKeys: usize, block: v128): v128 {
  const last = roundKeys + (<usize>load<i32>(roundKeys, ROUNDS) << 4);
  let x = v128.xor(transform(block), v128.load(roundKeys));
  let key = roundKeys + 16;
  do {
    x = middleRound(x, v128.load(key));
    key += 16;
  } while (key !== last);
  return lastRound(x, v128.load(last));
}

/** Encrypts `blocks` (a multiple of four) in place, four at a time to keep the pipeline full. */
export function encryptBlocks(roundKeys: usize, data: usize, blocks: i32): void {
  const last = roundKeys + (<usize>load<i32>(roundKeys, ROUNDS) << 4);
  for (; blocks > 0; blocks -= 4, data += 64) {
    let key = roundKeys;
    let k = v128.load(key);
    let a = v128.xor(transform(v128.load(data)), k);
    let b = v128.xor(transform(v128.load(data, 16)), k);
    let c = v128.xor(transform(v128.load(data, 32)), k);
    let d = v128.xor(transform(v128.load(data, 48)), k);
    key += 16;
    do {
      k = v128.load(key);
      a = middleRound(a, k);
      b = middleRound(b, k);
      c = middleRound(c, k);
      d = middleRound(d, k);
      key += 16;
    } while (key !== last);
    k = v128.load(last);
    v128.store(data, lastRound(a, k));
    v128.store(data, lastRound(b, k), 16);
    v128.store(data, lastRound(c, k), 32);
    v128.store(data, lastRound(d, k), 48);
  }
}

