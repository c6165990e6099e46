// ChaCha20-Poly1305 packets on the SIMD engine: wholly in WebAssembly, no set-up, no look-ahead.

import type { PacketKey } from '../provider.ts'
import type { Arena } from './arena.ts'

const TWO_32 = 0x100000000
const TAG = 16
/** Bytes from the packet number to the end of the sample, RFC 9001 §5.4.2. */
const SAMPLE_END = 20

export class ChachaSimdKey implements PacketKey {
  readonly #arena: Arena
  /** key, iv (padded to 16) and hp, as assembly/layout.ts wants them. */
  readonly #context: Uint8Array

  constructor(arena: Arena, key: Uint8Array, iv: Uint8Array, hp: Uint8Array) {
    this.#arena = arena
    this.#context = new Uint8Array(80)
    this.#context.set(key, 0)
    this.#context.set(iv, 32)
    this.#context.set(hp, 48)
  }

  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    const header = pnOffset - offset
    this.#arena.check(offset, header + pnLength + payloadLength + TAG)
    if (!(header >= 0 && pnLength >= 1 && pnLength <= 4 && payloadLength + pnLength >= 4)) {
      throw new RangeError('"payloadLength" and "pnLength" expected four bytes together, or more')
    }
    this.#arena.exports.chachaProtect(
      this.#load(),
      offset,
      header,
      pnLength,
      payloadLength,
      (packetNumber / TWO_32) | 0,
      packetNumber | 0,
    )
  }

  removeHeaderProtection(offset: number, pnOffset: number): number {
    const b = this.#arena.bytes
    this.#arena.check(offset, pnOffset - offset + SAMPLE_END)
    const length = this.#arena.exports.chachaUnmask(this.#load(), offset, pnOffset - offset)
    let truncated = b[pnOffset]
    for (let i = 1; i < length; i++) truncated = truncated * 256 + b[pnOffset + i]
    return truncated
  }

  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    this.#arena.check(offset, headerLength + payloadLength + TAG)
    const ok = this.#arena.exports.chachaUnprotect(
      this.#load(),
      offset,
      headerLength,
      payloadLength,
      (packetNumber / TWO_32) | 0,
      packetNumber | 0,
    )
    return ok !== 0
  }

  dispose(): void {
    this.#context.fill(0)
    const at = this.#arena.keyInput
    this.#arena.bytes.fill(0, at, at + 80)
  }

  // Eighty bytes are copied faster than a pool is asked.
  #load(): number {
    const at = this.#arena.keyInput
    this.#arena.bytes.set(this.#context, at)
    return at
  }
}
