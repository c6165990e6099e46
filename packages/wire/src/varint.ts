// Variable-length integers, RFC 9000 §16.
//
// The encoding reaches 2^62-1, a JavaScript number is exact to 2^53-1. Offsets, lengths and packet
// numbers above that are refused (the caller closes with its own error code); identifiers and
// limits, where any value is legal, are read with `varintSaturated` and stop at 2^53-1.

/** The largest integer that this implementation represents exactly: 2^53-1. */
export const MAX_VARINT: number = Number.MAX_SAFE_INTEGER

/** Bytes that `value` takes as a variable-length integer: 1, 2, 4 or 8 (RFC 9000 §16, table 4). */
export function varintLength(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x4000) return 2
  if (value < 0x40000000) return 4
  return 8
}

/**
 * Writes `value` (an integer, 0..2^53-1) at `offset` in the fewest bytes and returns the offset after it.
 * The caller has made sure that `varintLength(value)` bytes fit.
 */
export function encodeVarint(bytes: Uint8Array, offset: number, value: number): number {
  if (value < 0x40) {
    bytes[offset] = value
    return offset + 1
  }
  if (value < 0x4000) {
    bytes[offset] = 0x40 | (value >>> 8)
    bytes[offset + 1] = value
    return offset + 2
  }
  if (value < 0x40000000) {
    bytes[offset] = 0x80 | (value >>> 24)
    bytes[offset + 1] = value >>> 16
    bytes[offset + 2] = value >>> 8
    bytes[offset + 3] = value
    return offset + 4
  }
  return encodeVarint8(bytes, offset, value)
}

/** Writes `value` at `offset` in eight bytes whatever its size, and returns the offset after it. */
export function encodeVarint8(bytes: Uint8Array, offset: number, value: number): number {
  const high = Math.floor(value / 0x100000000)
  bytes[offset] = 0xc0 | (high >>> 24)
  bytes[offset + 1] = high >>> 16
  bytes[offset + 2] = high >>> 8
  bytes[offset + 3] = high
  bytes[offset + 4] = value >>> 24
  bytes[offset + 5] = value >>> 16
  bytes[offset + 6] = value >>> 8
  bytes[offset + 7] = value
  return offset + 8
}

/**
 * Writes `value` (0..16383) at `offset` in two bytes whatever its size, and returns the offset after
 * it: for a length field that is filled in when the content is there.
 */
export function encodeVarint2(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = 0x40 | (value >>> 8)
  bytes[offset + 1] = value
  return offset + 2
}
