// Where things lie. Memory is imported and laid out by the host (src/simd/engine.ts): static data
// of this module below SCRATCH, scratch, then key contexts, keystream rings and packet slots.

/** Working space of one call; nothing in it survives the call on purpose. */
export const SCRATCH: usize = 2048;
/** GHASH staging: four blocks. */
export const STAGE: usize = SCRATCH;
/** One block: nonces, masks, tags. */
export const BLOCK: usize = SCRATCH + 64;
/** 64 bytes: a ChaCha20 state in row form. */
export const STATE: usize = SCRATCH + 128;
/** 256 bytes: the first four ChaCha20 blocks, the Poly1305 key in front. */
export const FIRST: usize = SCRATCH + 192;
/** 256 bytes: a ragged tail. */
export const TAIL: usize = SCRATCH + 448;
/** Poly1305 accumulator and multipliers: 12 u64. */
export const POLY: usize = SCRATCH + 704;
/** Keystream of a short packet: 12 blocks. */
export const KEYSTREAM: usize = SCRATCH + 1024;
export const SCRATCH_END: usize = SCRATCH + 2048;

// An AES key context.
/** 16 byte positions x 4 powers of H x (high, low nibble) x 16 entries. */
export const TABLES: usize = 0;
/** H^1..H^4. */
export const POWERS: usize = 2048;
/** 15 round keys in vpaes form; the number of rounds behind them. */
export const ROUND_KEYS: usize = 2112;
export const HP_ROUND_KEYS: usize = 2368;
export const ROUNDS: usize = 240;
export const IV: usize = 2624;
export const AES_CONTEXT: usize = 2640;

// A ChaCha20 key context.
export const CHACHA_KEY: usize = 0;
export const CHACHA_IV: usize = 32;
export const CHACHA_HP: usize = 48;
export const CHACHA_CONTEXT: usize = 80;
