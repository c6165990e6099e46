// ChaCha20 (RFC 8439 §2.3): four blocks side by side in sixteen vectors, and one block in row form.
// Unrolled by hand, since sixteen vectors must stay sixteen local variables: exempt from the limits
// on length. To read, with what the order of the packet's parts means: the twin in
// test/reference/fused-chacha20-poly1305.ts, which tests hold equal.

import { STATE } from "./layout";

export const C0: u32 = 0x61707865;
export const C1: u32 = 0x3320646e;
export const C2: u32 = 0x79622d32;
export const C3: u32 = 0x6b206574;

@inline
export function add(a: v128, b: v128): v128 {
  return v128.add<i32>(a, b);
}
@inline
export function rotate16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}
@inline
export function rotate12(x: v128): v128 {
  return v128.or(v128.shl<u32>(x, 12), v128.shr<u32>(x, 20));
}
@inline
export function rotate8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}
@inline
export function rotate7(x: v128): v128 {
  return v128.or(v128.shl<u32>(x, 7), v128.shr<u32>(x, 25));
}

/** Row `offset/16` of four blocks: transposes and XORs it onto `data`, 64 bytes a block. */
@inline
export function xorRows(data: usize, offset: usize, a: v128, b: v128, c: v128, d: v128): void {
  const t0 = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const t1 = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const t2 = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const t3 = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  const at = data + offset;
  v128.store(at, v128.xor(v128.load(at), v128.shuffle<u64>(t0, t2, 0, 2)));
  v128.store(at, v128.xor(v128.load(at, 64), v128.shuffle<u64>(t0, t2, 1, 3)), 64);
  v128.store(at, v128.xor(v128.load(at, 128), v128.shuffle<u64>(t1, t3, 0, 2)), 128);
  v128.store(at, v128.xor(v128.load(at, 192), v128.shuffle<u64>(t1, t3, 1, 3)), 192);
}

/** XORs blocks counter..counter+3 of the state at `state` (16 words) onto 256 bytes at `data`. */
export function xorFourBlocks(state: usize, data: usize): void {
  let x0 = v128.splat<u32>(C0);
  let x1 = v128.splat<u32>(C1);
  let x2 = v128.splat<u32>(C2);
  let x3 = v128.splat<u32>(C3);
  let x4 = v128.load32_splat(state, 16);
  let x5 = v128.load32_splat(state, 20);
  let x6 = v128.load32_splat(state, 24);
  let x7 = v128.load32_splat(state, 28);
  let x8 = v128.load32_splat(state, 32);
  let x9 = v128.load32_splat(state, 36);
  let x10 = v128.load32_splat(state, 40);
  let x11 = v128.load32_splat(state, 44);
  let x12 = add(v128.load32_splat(state, 48), i32x4(0, 1, 2, 3));
  let x13 = v128.load32_splat(state, 52);
  let x14 = v128.load32_splat(state, 56);
  let x15 = v128.load32_splat(state, 60);
  for (let i = 0; i < 10; i++) {
    x0 = add(x0, x4);
    x1 = add(x1, x5);
    x2 = add(x2, x6);
    x3 = add(x3, x7);
    x12 = rotate16(v128.xor(x12, x0));
    x13 = rotate16(v128.xor(x13, x1));
    x14 = rotate16(v128.xor(x14, x2));
    x15 = rotate16(v128.xor(x15, x3));
    x8 = add(x8, x12);
    x9 = add(x9, x13);
    x10 = add(x10, x14);
    x11 = add(x11, x15);
    x4 = rotate12(v128.xor(x4, x8));
    x5 = rotate12(v128.xor(x5, x9));
    x6 = rotate12(v128.xor(x6, x10));
    x7 = rotate12(v128.xor(x7, x11));
    x0 = add(x0, x4);
    x1 = add(x1, x5);
    x2 = add(x2, x6);
    x3 = add(x3, x7);
    x12 = rotate8(v128.xor(x12, x0));
    x13 = rotate8(v128.xor(x13, x1));
    x14 = rotate8(v128.xor(x14, x2));
    x15 = rotate8(v128.xor(x15, x3));
    x8 = add(x8, x12);
    x9 = add(x9, x13);
    x10 = add(x10, x14);
    x11 = add(x11, x15);
    x4 = rotate7(v128.xor(x4, x8));
    x5 = rotate7(v128.xor(x5, x9));
    x6 = rotate7(v128.xor(x6, x10));
    x7 = rotate7(v128.xor(x7, x11));
    x0 = add(x0, x5);
    x1 = add(x1, x6);
    x2 = add(x2, x7);
    x3 = add(x3, x4);
    x15 = rotate16(v128.xor(x15, x0));
    x12 = rotate16(v128.xor(x12, x1));
    x13 = rotate16(v128.xor(x13, x2));
    x14 = rotate16(v128.xor(x14, x3));
    x10 = add(x10, x15);
    x11 = add(x11, x12);
    x8 = add(x8, x13);
    x9 = add(x9, x14);
    x5 = rotate12(v128.xor(x5, x10));
    x6 = rotate12(v128.xor(x6, x11));
    x7 = rotate12(v128.xor(x7, x8));
    x4 = rotate12(v128.xor(x4, x9));
    x0 = add(x0, x5);
    x1 = add(x1, x6);
    x2 = add(x2, x7);
    x3 = add(x3, x4);
    x15 = rotate8(v128.xor(x15, x0));
    x12 = rotate8(v128.xor(x12, x1));
    x13 = rotate8(v128.xor(x13, x2));
    x14 = rotate8(v128.xor(x14, x3));
    x10 = add(x10, x15);
    x11 = add(x11, x12);
    x8 = add(x8, x13);
    x9 = add(x9, x14);
    x5 = rotate7(v128.xor(x5, x10));
    x6 = rotate7(v128.xor(x6, x11));
    x7 = rotate7(v128.xor(x7, x8));
    x4 = rotate7(v128.xor(x4, x9));
  }
  x0 = add(x0, v128.splat<u32>(C0));
  x1 = add(x1, v128.splat<u32>(C1));
  x2 = add(x2, v128.splat<u32>(C2));
  x3 = add(x3, v128.splat<u32>(C3));
  xorRows(data, 0, x0, x1, x2, x3);
  x4 = add(x4, v128.load32_splat(state, 16));
  x5 = add(x5, v128.load32_splat(state, 20));
  x6 = add(x6, v128.load32_splat(state, 24));
  x7 = add(x7, v128.load32_splat(state, 28));
  xorRows(data, 16, x4, x5, x6, x7);
  x8 = add(x8, v128.load32_splat(state, 32));
  x9 = add(x9, v128.load32_splat(state, 36));
  x10 = add(x10, v128.load32_splat(state, 40));
  x11 = add(x11, v128.load32_splat(state, 44));
  xorRows(data, 32, x8, x9, x10, x11);
  x12 = add(x12, add(v128.load32_splat(state, 48), i32x4(0, 1, 2, 3)));
  x13 = add(x13, v128.load32_splat(state, 52));
  x14 = add(x14, v128.load32_splat(state, 56));
  x15 = add(x15, v128.load32_splat(state, 60));
  xorRows(data, 48, x12, x13, x14, x15);
}

/** One block of the state at STATE, written over it: for header protection (RFC 9001 §5.4.4). */
export function oneBlock(): void {
  const a0 = v128.load(STATE);
  const b0 = v128.load(STATE, 16);
  const c0 = v128.load(STATE, 32);
  const d0 = v128.load(STATE, 48);
  let a = a0;
  let b = b0;
  let c = c0;
  let d = d0;
  for (let i = 0; i < 20; i++) {
    a = add(a, b);
    d = rotate16(v128.xor(d, a));
    c = add(c, d);
    b = rotate12(v128.xor(b, c));
    a = add(a, b);
    d = rotate8(v128.xor(d, a));
    c = add(c, d);
    b = rotate7(v128.xor(b, c));
    // Columns become diagonals before odd rounds, and back after them.
    if (i & 1) {
      b = v128.shuffle<u32>(b, b, 3, 0, 1, 2);
      d = v128.shuffle<u32>(d, d, 1, 2, 3, 0);
    } else {
      b = v128.shuffle<u32>(b, b, 1, 2, 3, 0);
      d = v128.shuffle<u32>(d, d, 3, 0, 1, 2);
    }
    c = v128.shuffle<u32>(c, c, 2, 3, 0, 1);
  }
  v128.store(STATE, add(a, a0));
  v128.store(STATE, add(b, b0), 16);
  v128.store(STATE, add(c, c0), 32);
  v128.store(STATE, add(d, d0), 48);
}
