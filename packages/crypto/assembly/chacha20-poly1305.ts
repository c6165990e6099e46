// ChaCha20-Poly1305 packets (RFC 8439, RFC 9001 §5.3) with header protection (§5.4.4), wholly here:
// no key set-up, no keystream ahead, 80 bytes a key.

import { C0, C1, C2, C3, oneBlock, xorFourBlocks } from "./chacha20";
import { fused } from "./fused";
import { BLOCK, CHACHA_HP, CHACHA_IV, CHACHA_KEY, FIRST, STATE, TAIL } from "./layout";
import { maskHeader, unmaskHeader } from "./header";
import { firstBytes, xorOnto } from "./lookup";
import { polyBlocks, polyFinish, polyInit } from "./poly1305";

@inline
function constants(): void {
  v128.store(STATE, i32x4(C0, C1, C2, C3));
}

/** The state for a packet: counter 0, nonce = iv XOR packet number. */
function start(context: usize, pnHigh: u32, pnLow: u32): void {
  constants();
  v128.store(STATE, v128.load(context + CHACHA_KEY), 16);
  v128.store(STATE, v128.load(context + CHACHA_KEY, 16), 32);
  store<u32>(STATE, 0, 48);
  store<u32>(STATE, load<u32>(context + CHACHA_IV), 52);
  store<u32>(STATE, load<u32>(context + CHACHA_IV, 4) ^ bswap<u32>(pnHigh), 56);
  store<u32>(STATE, load<u32>(context + CHACHA_IV, 8) ^ bswap<u32>(pnLow), 60);
  // Blocks 0..3: the Poly1305 key (RFC 8439 §2.6) and 192 bytes of keystream.
  memory.fill(FIRST, 0, 256);
  xorFourBlocks(STATE, FIRST);
  advance();
  polyInit(FIRST);
}

@inline
function advance(): void {
  store<u32>(STATE, load<u32>(STATE, 48) + 4, 48);
}

function absorbPadded(data: usize, length: i32): void {
  polyBlocks(data, length >> 4);
  const rest = length & 15;
  if (rest !== 0) {
    v128.store(BLOCK, v128.and(v128.load(data + (length & ~15)), firstBytes(rest)));
    polyBlocks(BLOCK, 1);
  }
}

function finish(aadLength: i32, length: i32): v128 {
  store<u64>(BLOCK, <u64>aadLength);
  store<u64>(BLOCK, <u64>length, 8);
  polyBlocks(BLOCK, 1);
  return polyFinish(FIRST);
}

/** XORs keystream onto the last `length` bytes (at most 255) at `data`. */
function xorTail(data: usize, length: i32): void {
  if (length <= 0) return;
  memory.copy(TAIL, data, length);
  xorFourBlocks(STATE, TAIL);
  memory.copy(data, TAIL, length);
}

function seal(context: usize, pnHigh: u32, pnLow: u32, packet: usize, aad: i32, length: i32): void {
  const text = packet + aad;
  start(context, pnHigh, pnLow);
  absorbPadded(packet, aad);
  xorOnto(text, FIRST + 64, min(length, 192));
  let done = 192;
  let absorbed = 0;
  if (length - done >= 256) {
    xorFourBlocks(STATE, text + done);
    advance();
    done += 256;
    // The MAC follows one chunk behind the cipher.
    while (length - done >= 256) {
      fused(STATE, text + done, text + absorbed);
      advance();
      done += 256;
      absorbed += 256;
    }
  }
  xorTail(text + done, length - done);
  absorbPadded(text + absorbed, length - absorbed);
  v128.store(text + length, finish(aad, length));
}

function open(context: usize, pnHigh: u32, pnLow: u32, packet: usize, aad: i32, length: i32): i32 {
  const text = packet + aad;
  start(context, pnHigh, pnLow);
  absorbPadded(packet, aad);
  let done = 0;
  if (length >= 448) {
    polyBlocks(text, 12);
    xorOnto(text, FIRST + 64, 192);
    done = 192;
    // Each fused call absorbs a chunk and then decrypts it.
    while (length - done >= 256) {
      fused(STATE, text + done, text + done);
      advance();
      done += 256;
    }
  }
  absorbPadded(text + done, length - done);
  const tag = finish(aad, length);
  if (v128.any_true(v128.xor(tag, v128.load(text + length)))) {
    // What was decrypted ahead of the tag must not be seen.
    memory.fill(text, 0, done);
    return 0;
  }
  if (done === 0) {
    const first = min(length, 192);
    xorOnto(text, FIRST + 64, first);
    done = first;
    if (length - done >= 256) {
      xorFourBlocks(STATE, text + done);
      advance();
      done += 256;
    }
  }
  xorTail(text + done, length - done);
  return 1;
}

/** The mask of RFC 9001 §5.4.4: counter and nonce are the sample. Left at STATE. */
@inline
function mask(context: usize, sample: usize): void {
  constants();
  v128.store(STATE, v128.load(context + CHACHA_HP), 16);
  v128.store(STATE, v128.load(context + CHACHA_HP, 16), 32);
  v128.store(STATE, v128.load(sample), 48);
  oneBlock();
}

/** Protects the packet at `packet` in place. */
export function chachaProtect(
  context: usize,
  packet: usize,
  pnOffset: i32,
  pnLength: i32,
  length: i32,
  pnHigh: u32,
  pnLow: u32,
): void {
  seal(context, pnHigh, pnLow, packet, pnOffset + pnLength, length);
  mask(context, packet + pnOffset + 4);
  maskHeader(packet, pnOffset, pnLength, STATE);
}

/** Removes header protection; returns the packet number's length. */
export function chachaUnmask(context: usize, packet: usize, pnOffset: i32): i32 {
  mask(context, packet + pnOffset + 4);
  return unmaskHeader(packet, pnOffset, STATE);
}

/** Opens in place; 0 when the tag is wrong, and then the text is zeros or ciphertext. */
export function chachaUnprotect(
  context: usize,
  packet: usize,
  headerLength: i32,
  length: i32,
  pnHigh: u32,
  pnLow: u32,
): i32 {
  return open(context, pnHigh, pnLow, packet, headerLength, length);
}
