// Decisions out of an input: targets that do more than decode read what to do from the bytes
// themselves, so that the same bytes do the same again, whatever they are.

const EMPTY = new Uint8Array(0)

export class Script {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#at = 0
  }

  /** True when everything was read: 0 and empty arrays follow for ever. */
  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  u8(): number {
    return this.done ? 0 : this.#bytes[this.#at++]
  }

  u16(): number {
    return (this.u8() << 8) | this.u8()
  }

  /** 0..bound-1, bound at most 256. */
  below(bound: number): number {
    return this.u8() % bound
  }

  /** At most `length` bytes. */
  take(length: number): Uint8Array {
    if (this.done) return EMPTY
    const start = this.#at
    this.#at = Math.min(this.#bytes.length, start + length)
    return this.#bytes.slice(start, this.#at)
  }

  /** Bytes with their length, two bytes, in front. */
  block(): Uint8Array {
    return this.take(this.u16())
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length)
  }
}

/** The outline of an input that consists of blocks, each with `tag` bytes before its length. */
export function blockBytes(tag: readonly number[], contents: Uint8Array): Uint8Array {
  return Uint8Array.of(...tag, contents.length >>> 8, contents.length & 0xff, ...contents)
}
