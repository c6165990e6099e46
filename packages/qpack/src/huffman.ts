// Huffman coding of strings, RFC 7541 §5.2 with the code of its appendix B (RFC 9204 §4.1.2).
//
// The decoder is a state machine over four bits at a time: a state is an inner node of the code's
// tree, and because the shortest code has five bits, four bits complete at most one symbol. Its
// table takes 16 KiB and is built at the first use.

import { CODE_LENGTHS, CODES, EOS } from './huffman-code.ts'

/**
 * Bytes of `text` in Huffman code, or -1 when some character is not a byte (above U+00FF).
 */
export function huffmanLength(text: string): number {
  let bits = 0
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i)
    seen |= symbol
    bits += CODE_LENGTHS[symbol & 0xff]
  }
  return seen > 0xff ? -1 : Math.ceil(bits / 8)
}

/** Writes `text` at `offset` and returns the offset after it. `huffmanLength(text)` bytes must fit. */
export function encodeHuffman(bytes: Uint8Array, offset: number, text: string): number {
  let pending = 0 // the last `count` bits of it are not yet written
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i)
    let code = CODES[symbol]
    let length = CODE_LENGTHS[symbol]
    if (length > 24) {
      // Up to seven bits wait already: more than 24 would not fit into 32.
      length -= 8
      pending = (pending << 8) | (code >>> length)
      bytes[offset++] = pending >>> count
      code &= (1 << length) - 1
    }
    pending = (pending << length) | code
    count += length
    while (count >= 8) {
      count -= 8
      bytes[offset++] = pending >>> count
    }
  }
  // Padding is the most significant bits of EOS: ones.
  if (count > 0) bytes[offset++] = (pending << (8 - count)) | (0xff >>> count)
  return offset
}

// An entry of the table: next state in bits 0-7, symbol in bits 8-15, then two flags.
const EMITS = 0x10000
const FAILS = 0x20000

interface DecodeTable {
  /** By `state * 16 + four bits`. */
  readonly entries: Uint32Array
  /** 1: at most seven bits, all of them ones, since the last symbol: the string may end here. */
  readonly accepting: Uint8Array
}

let decodeTable: DecodeTable | null = null

/** Most bytes that `length` bytes of Huffman code decode to: the shortest code has five bits. */
export function maxDecodedLength(length: number): number {
  return Math.floor((length * 8) / 5)
}

/**
 * Decodes `bytes[start, end)` into `output` (which has room for `maxDecodedLength`) and returns the
 * number of bytes; -1 when EOS occurs, or the padding is longer than seven bits or not of ones.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
): number {
  const { entries, accepting } = (decodeTable ??= buildDecodeTable())
  let state = 0
  let length = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]
    const high = entries[(state << 4) | (byte >>> 4)]
    if (high >= EMITS) {
      if (high >= FAILS) return -1
      output[length++] = high >>> 8
    }
    const low = entries[((high & 0xff) << 4) | (byte & 0x0f)]
    if (low >= EMITS) {
      if (low >= FAILS) return -1
      output[length++] = low >>> 8
    }
    state = low & 0xff
  }
  return accepting[state] === 1 ? length : -1
}

function buildDecodeTable(): DecodeTable {
  // The tree: two children for each inner node; a leaf is -1 - symbol. A full tree with 257 leaves
  // has 256 inner nodes, so that a state fits into eight bits.
  const children = new Int16Array(512)
  let nodes = 1
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0
    for (let bit = CODE_LENGTHS[symbol] - 1; bit > 0; bit--) {
      const at = node * 2 + ((CODES[symbol] >>> bit) & 1)
      if (children[at] === 0) children[at] = nodes++
      node = children[at]
    }
    children[node * 2 + (CODES[symbol] & 1)] = -1 - symbol
  }
  const entries = new Uint32Array(256 * 16)
  for (let state = 0; state < 256; state++) {
    for (let bits = 0; bits < 16; bits++) {
      let node = state
      let emitted = 0
      for (let bit = 3; bit >= 0 && emitted !== FAILS; bit--) {
        const child = children[node * 2 + ((bits >>> bit) & 1)]
        node = child > 0 ? child : 0
        // RFC 7541 §5.2: "A Huffman-encoded string literal containing the EOS symbol MUST be
        // treated as a decoding error."
        if (child === -1 - EOS) emitted = FAILS
        else if (child < 0) emitted = EMITS | ((-1 - child) << 8)
      }
      entries[state * 16 + bits] = emitted | node
    }
  }
  const accepting = new Uint8Array(256)
  let node = 0
  for (let bits = 0; bits <= 7; bits++) {
    accepting[node] = 1
    node = children[node * 2 + 1]
  }
  return { entries, accepting }
}
