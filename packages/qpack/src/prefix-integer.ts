// Prefixed integers, RFC 9204 §4.1.1 (RFC 7541 §5.1): the low bits of a byte whose high bits say
// something else, and, when the value does not fit, further bytes of seven bits each.

/** Bytes after the first: RFC 9204 §4.1.1 asks for integers of 62 bits, which take nine. */
const MAX_CONTINUATION = 9

/**
 * Writes `value` (0..2^53-1) with a prefix of `prefixBits` under the flags `high` and returns the
 * offset after it. At most nine bytes.
 */
export function encodePrefixInteger(
  bytes: Uint8Array,
  offset: number,
  high: number,
  prefixBits: number,
  value: number,
): number {
  const max = (1 << prefixBits) - 1
  if (value < max) {
    bytes[offset++] = high | value
    return offset
  }
  bytes[offset++] = high | max
  let rest = value - max
  while (rest >= 0x80) {
    bytes[offset++] = 0x80 | (rest % 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes[offset++] = rest
  return offset
}

/**
 * A cursor over `bytes[position, end)` for prefixed integers. A truncated integer, or one of more
 * than 62 bits, clears `ok` for good.
 */
export class PrefixIntegerReader {
  bytes: Uint8Array
  position: number
  end: number
  ok: boolean

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.ok = true
  }

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.ok = true
  }

  /**
   * The integer whose prefix is the low `prefixBits` of the byte at `position`. A value above
   * 2^53-1 comes rounded: no index or length is that large, so that it fails the next check.
   */
  read(prefixBits: number): number {
    if (this.position >= this.end) {
      this.ok = false
      return 0
    }
    const max = (1 << prefixBits) - 1
    let value = this.bytes[this.position++] & max
    if (value < max) return value
    let factor = 1
    for (let i = 0; i < MAX_CONTINUATION; i++) {
      if (this.position >= this.end) break
      const byte = this.bytes[this.position++]
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    this.ok = false
    return 0
  }
}

/** The same for a stream, where an integer may be split at any byte. */
export class PrefixIntegerAssembler {
  /** The integer, once `push` returned true. */
  value: number
  #factor: number
  #count: number

  constructor() {
    this.value = 0
    this.#factor = 1
    this.#count = 0
  }

  /** Takes the first byte. True: that was all of it. */
  start(byte: number, prefixBits: number): boolean {
    const max = (1 << prefixBits) - 1
    this.value = byte & max
    this.#factor = 1
    this.#count = 0
    return this.value < max
  }

  /** Takes a further byte. True: complete. */
  push(byte: number): boolean {
    this.value += (byte & 0x7f) * this.#factor
    this.#factor *= 0x80
    this.#count++
    return byte < 0x80
  }

  /** True when no further byte may come. */
  get exhausted(): boolean {
    return this.#count >= MAX_CONTINUATION
  }
}
