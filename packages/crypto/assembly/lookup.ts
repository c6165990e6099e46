// The one primitive behind everything here: sixteen look-ups at once in a 16-byte table that sits
// in a vector register (pshufb, tbl). No address depends on a secret, so there is nothing for a
// cache to tell: constant time by construction.
//
// Indices are always 0..15, or have bit 7 set, which gives 0. For these the relaxed instruction is
// defined to do the same as the plain one, and V8 needs one instruction less for it.

@inline
export function lookup(table: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, indices);
  return v128.swizzle(table, indices);
}

// prettier-ignore
const MASKS = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

/** A mask that keeps the first `n` bytes, n = 0..16. */
@inline
export function firstBytes(n: i32): v128 {
  return v128.load(MASKS + 16 - n);
}

/** XORs `length` bytes at `stream` onto `data`. Reads up to 15 bytes past either, changes none. */
export function xorOnto(data: usize, stream: usize, length: i32): void {
  let i = 0;
  for (; i + 64 <= length; i += 64) {
    const d = data + i;
    const s = stream + i;
    v128.store(d, v128.xor(v128.load(d), v128.load(s)));
    v128.store(d, v128.xor(v128.load(d, 16), v128.load(s, 16)), 16);
    v128.store(d, v128.xor(v128.load(d, 32), v128.load(s, 32)), 32);
    v128.store(d, v128.xor(v128.load(d, 48), v128.load(s, 48)), 48);
  }
  for (; i + 16 <= length; i += 16) {
    v128.store(data + i, v128.xor(v128.load(data + i), v128.load(stream + i)));
  }
  if (i < length) {
    const tail = v128.and(v128.load(stream + i), firstBytes(length - i));
    v128.store(data + i, v128.xor(v128.load(data + i), tail));
  }
}
