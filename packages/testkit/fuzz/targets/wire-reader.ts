// The reader that every decoder reads with, against a model that is as simple as can be.

import { ByteReader, ByteWriter, varintLength } from '@godwit/wire'
import { Script } from '../engine/script.ts'
import { must, mustEqual } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const EMPTY = new Uint8Array(0)

/** ByteReader with big integers and slices. */
class Model {
  readonly #bytes: Uint8Array
  #at = 0
  ok = true

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Uint8Array | null {
    if (!this.ok || length > this.left) {
      this.ok = false
      return null
    }
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }

  number(length: number): bigint {
    return bigEndian(this.take(length) ?? EMPTY)
  }

  varint(): bigint | null {
    if (!this.ok || this.left === 0) {
      this.ok = false
      return null
    }
    const size = 1 << (this.#bytes[this.#at] >>> 6)
    const field = this.take(size)
    return field === null ? null : bigEndian(field) & ((1n << BigInt(8 * size - 2)) - 1n)
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER)

export const wireReader: Target = {
  name: 'wire-reader',
  about: 'ByteReader against a model; varints written and read again',
  maxLength: 200,
  steps: { base: 200, perByte: 40 },
  seeds: () => [
    Uint8Array.of(4, 0, 1, 2, 4, 1, 2, 3, 4, 5, 6, 7),
    Uint8Array.of(6, 4, 5, 4, 5, 4, 4, 0xc0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0x80, 0, 0, 1, 0xff),
    Uint8Array.of(5, 6, 7, 8, 5, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
  ],
  run(input) {
    const script = new Script(input)
    const steps = script.take(script.below(32))
    const data = script.rest()
    // Other bytes around: a read past the end would see them.
    const room = new Uint8Array(data.length + 16).fill(0xee)
    room.set(data, 8)
    const reader = new ByteReader(room, 8, 8 + data.length)
    const model = new Model(data)
    for (const step of steps) {
      compare(reader, model, step)
      must(reader.ok === model.ok, `ok is ${reader.ok} after step ${step}`)
      if (reader.ok) must(reader.remaining === model.left, `remaining is ${reader.remaining}`)
      must(reader.position >= 8 && reader.position <= reader.end, `position ${reader.position}`)
    }
  },
}

function compare(reader: ByteReader, model: Model, step: number): void {
  const length = step >>> 3
  switch (step & 7) {
    case 0:
      return same(reader.u8(), model.number(1))
    case 1:
      return same(reader.u16(), model.number(2))
    case 2:
      return same(reader.u24(), model.number(3))
    case 3:
      return same(reader.u32(), model.number(4))
    case 4: {
      const value = reader.varint()
      const expected = model.varint()
      if (expected !== null && expected > MAX) model.ok = false
      same(value, expected === null || expected > MAX ? 0n : expected)
      if (reader.ok) checkVarint(value)
      return
    }
    case 5: {
      const value = reader.varintSaturated()
      const expected = model.varint() ?? 0n
      return same(value, expected > MAX ? MAX : expected)
    }
    case 6:
      return mustEqual(reader.view(length), model.take(length) ?? EMPTY, 'view')
    default:
      return mustEqual(reader.copy(length), model.take(length) ?? EMPTY, 'copy')
  }
}

function same(value: number, expected: bigint): void {
  must(BigInt(value) === expected, `read ${value}, expected ${expected}`)
}

function checkVarint(value: number): void {
  const writer = new ByteWriter(new Uint8Array(8))
  writer.varint(value)
  must(writer.position === varintLength(value), `${value} took ${writer.position} bytes`)
  const again = new ByteReader(writer.bytes, 0, writer.position)
  must(again.varint() === value && again.done, `${value} is not read as it was written`)
}
