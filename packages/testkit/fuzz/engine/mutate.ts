// Changes of bytes without knowledge of what they mean.

import type { Prng } from '../../src/prng.ts'

/** Numbers at which decoders go wrong: around powers of two, and the ends of varint sizes. */
const INTERESTING: readonly number[] = [
  0,
  1,
  2,
  7,
  8,
  15,
  16,
  20,
  21,
  31,
  32,
  0x3e,
  0x3f,
  0x40,
  0x7f,
  0x80,
  0xff,
  0x100,
  0x3fff,
  0x4000,
  0x7fff,
  0x8000,
  0xffff,
  0x10000,
  0xffffff,
  0x3fffffff,
  0x40000000,
  0x7fffffff,
  0x80000000,
  0xffffffff,
  2 ** 52,
  2 ** 53 - 2,
  2 ** 53 - 1,
]

/** Longest run of one byte, or copy of a piece, that is put in at once. */
const MAX_RUN = 512

export interface MutationContext {
  readonly prng: Prng
  readonly maxLength: number
  readonly dictionary: readonly Uint8Array[]
  /** Another input of the corpus. */
  other(): Uint8Array
}

/** A copy of `input` with one change. */
export function mutateBytes(input: Uint8Array, context: MutationContext): Uint8Array {
  const { prng } = context
  const length = input.length
  if (length === 0) return insert(input, 0, prng.bytes(1 + prng.below(8)))
  const at = prng.below(length)
  switch (prng.below(15)) {
    case 0:
      return change(input, at, input[at] ^ (1 << prng.below(8)))
    case 1:
      return change(input, at, prng.below(256))
    case 2:
      return change(input, at, input[at] + 1 + prng.below(16))
    case 3:
      return change(input, at, input[at] - 1 - prng.below(16))
    case 4:
      return remove(input, at, 1 + prng.below(Math.min(length - at, prng.chance(0.7) ? 8 : 256)))
    case 5:
      return insert(input, prng.below(length + 1), prng.bytes(1 + prng.below(8)))
    case 6:
      return overwrite(input, at, encodeNumber(prng, interesting(prng)))
    case 7:
      return insert(input, prng.below(length + 1), encodeNumber(prng, interesting(prng)))
    case 8:
      return overwrite(input, at, word(context))
    case 9:
      return insert(input, prng.below(length + 1), word(context))
    case 10:
      return insert(input, prng.below(length + 1), piece(prng, input))
    case 11:
      return insert(input, prng.below(length + 1), piece(prng, context.other()))
    case 12:
      return overwrite(input, at, piece(prng, context.other()))
    case 13: {
      // Two inputs crossed.
      const other = context.other()
      return join(input.subarray(0, at), other.subarray(prng.below(other.length + 1)))
    }
    default: {
      const run = new Uint8Array(1 + prng.below(prng.chance(0.8) ? 32 : MAX_RUN))
      return insert(input, prng.below(length + 1), run.fill(prng.chance(0.5) ? 0 : input[at]))
    }
  }
}

/** Some number in some encoding that protocols use. */
export function encodeNumber(prng: Prng, value: number): Uint8Array {
  if (prng.chance(0.5)) return encodeVarint(value)
  const size = value < 0x100 ? 1 + prng.below(4) : value < 0x10000 ? 2 + prng.below(3) : 4
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (value % 2 ** 32) >>> (8 * (size - 1 - i))
  return bytes
}

/** A varint, RFC 9000 §16, written here so that the fuzzer does not use what it tests. */
export function encodeVarint(value: number): Uint8Array {
  const size = value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x40000000 ? 4 : 8
  return encodeVarintOf(value, size)
}

/** A varint of a given size, which need not be the shortest. */
export function encodeVarintOf(value: number, size: 1 | 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size)
  let left = value
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = left % 0x100
    left = Math.floor(left / 0x100)
  }
  bytes[0] = (bytes[0] & 0x3f) | (size === 1 ? 0 : size === 2 ? 0x40 : size === 4 ? 0x80 : 0xc0)
  return bytes
}

function interesting(prng: Prng): number {
  return INTERESTING[prng.below(INTERESTING.length)]
}

function word({ prng, dictionary }: MutationContext): Uint8Array {
  if (dictionary.length === 0) return prng.bytes(1)
  return dictionary[prng.below(dictionary.length)]
}

function piece(prng: Prng, bytes: Uint8Array): Uint8Array {
  const start = prng.below(bytes.length + 1)
  const most = Math.min(bytes.length - start, MAX_RUN)
  return bytes.subarray(start, start + prng.below(most + 1))
}

function change(input: Uint8Array, at: number, value: number): Uint8Array {
  const copy = input.slice()
  copy[at] = value
  return copy
}

function overwrite(input: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(Math.max(input.length, at + bytes.length))
  copy.set(input)
  copy.set(bytes, at)
  return copy
}

function remove(input: Uint8Array, at: number, length: number): Uint8Array {
  return join(input.subarray(0, at), input.subarray(at + length))
}

function insert(input: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  return join(input.subarray(0, at), bytes, input.subarray(at))
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
