// node:crypto answers in Buffers, whose `slice` shares memory where that of a Uint8Array copies: the
// sans-IO packages get plain arrays.

/** The same memory as a plain Uint8Array. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
