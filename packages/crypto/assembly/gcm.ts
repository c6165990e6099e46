// AES-GCM packets (RFC 5116, RFC 9001 §5.3) with header protection (§5.4.3), one call per packet.
//
// The keystream of a long packet is made by the host with its native AES (src/simd/aes-key.ts)
// from the counter blocks that `counters` writes; short packets make theirs here.

import { encryptBlock, encryptBlocks, expandKey } from "./aes";
import { ghash, initTables } from "./ghash";
import { maskHeader, unmaskHeader } from "./header";
import { BLOCK, HP_ROUND_KEYS, IV, KEYSTREAM, POWERS, ROUND_KEYS, TAIL } from "./layout";
import { xorOnto } from "./lookup";

/** Sets up a context from key and header-protection key (both `keyLength`) and 12-byte iv. */
export function aesInit(context: usize, key: usize, keyLength: i32, iv: usize, hp: usize): void {
  expandKey(context + ROUND_KEYS, key, keyLength);
  expandKey(context + HP_ROUND_KEYS, hp, keyLength);
  v128.store(context + IV, v128.and(v128.load(iv), i32x4(-1, -1, -1, 0)));
  v128.store(context + POWERS, encryptBlock(context + ROUND_KEYS, i64x2(0, 0)));
  initTables(context, TAIL);
  memory.fill(TAIL, 0, 256);
}

/** iv XOR packet number (RFC 9001 §5.3), with a zero counter behind it. */
@inline
function nonce(context: usize, pnHigh: u32, pnLow: u32): v128 {
  const pn = i32x4(0, bswap<i32>(pnHigh), bswap<i32>(pnLow), 0);
  return v128.xor(v128.load(context + IV), pn);
}

/**
 * Counter blocks 1..blocks (at most 255) of `packets` consecutive packet numbers, one after another.
 * Block 1 makes the tag's mask, the others the keystream (SP 800-38D §7.1).
 */
export function counters(
  target: usize,
  context: usize,
  pnHigh: u32,
  pnLow: u32,
  blocks: i32,
  packets: i32,
): void {
  const one = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  for (; packets > 0; packets--) {
    let x = nonce(context, pnHigh, pnLow);
    for (let i = 0; i < blocks; i++, target += 16) {
      x = v128.add<i8>(x, one);
      v128.store(target, x);
    }
    if (++pnLow === 0) pnHigh++;
  }
}

function shortKeystream(context: usize, pnHigh: u32, pnLow: u32, length: i32): usize {
  const blocks = (((length + 15) >> 4) + 1 + 3) & ~3;
  counters(KEYSTREAM, context, pnHigh, pnLow, blocks, 1);
  encryptBlocks(context + ROUND_KEYS, KEYSTREAM, blocks);
  return KEYSTREAM;
}

/** Keystream of a longer packet at `target`: `blocks` blocks, and as many more as make them fours. */
export function keystream(
  target: usize,
  context: usize,
  pnHigh: u32,
  pnLow: u32,
  blocks: i32,
): void {
  const fours = (blocks + 3) & ~3;
  counters(target, context, pnHigh, pnLow, fours, 1);
  encryptBlocks(context + ROUND_KEYS, target, fours);
}

/**
 * Protects the packet at `packet` in place. `keystream` is 0 for a packet of at most
 * SHORT_BLOCKS blocks, else the address of its counter blocks, encrypted.
 */
export function aesProtect(
  context: usize,
  packet: usize,
  pnOffset: i32,
  pnLength: i32,
  length: i32,
  pnHigh: u32,
  pnLow: u32,
  keystream: usize,
): void {
  const stream = keystream !== 0 ? keystream : shortKeystream(context, pnHigh, pnLow, length);
  const headerLength = pnOffset + pnLength;
  const text = packet + headerLength;
  xorOnto(text, stream + 16, length);
  const tag = v128.xor(ghash(context, packet, headerLength, text, length), v128.load(stream));
  v128.store(text + length, tag);
  v128.store(BLOCK, encryptBlock(context + HP_ROUND_KEYS, v128.load(packet + pnOffset + 4)));
  maskHeader(packet, pnOffset, pnLength, BLOCK);
}

/** Removes header protection; returns the packet number's length. */
export function aesUnmask(context: usize, packet: usize, pnOffset: i32): i32 {
  v128.store(BLOCK, encryptBlock(context + HP_ROUND_KEYS, v128.load(packet + pnOffset + 4)));
  return unmaskHeader(packet, pnOffset, BLOCK);
}

/** Opens in place; 0 when the tag is wrong, and then nothing was decrypted. */
export function aesUnprotect(
  context: usize,
  packet: usize,
  headerLength: i32,
  length: i32,
  pnHigh: u32,
  pnLow: u32,
  keystream: usize,
): i32 {
  const stream = keystream !== 0 ? keystream : shortKeystream(context, pnHigh, pnLow, length);
  const text = packet + headerLength;
  const tag = v128.xor(ghash(context, packet, headerLength, text, length), v128.load(stream));
  if (v128.any_true(v128.xor(tag, v128.load(text + length)))) return 0;
  xorOnto(text, stream + 16, length);
  return 1;
}
