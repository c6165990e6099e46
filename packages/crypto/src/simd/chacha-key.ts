// ChaCha20-Poly1305 packets on the SIMD engine: wholly in WebAssembly, no set-up, no look-ahead.

import type { PacketKey } from '../provider.ts'
import type { Arena } from './arena.ts'
import { checkNumber, checkOpen, checkSample, checkSeal } from './bounds.ts'

const TWO_32 = 0x100000000

export class ChachaSimdKey implements PacketKey {
  readonly #arena: Arena
  /** key, iv (padded to 16) and hp, as assembly/layout.ts wants them. */
  readonly #context: Uint8Array
  #disposed: boolean

  constructor(arena: Arena, key: Uint8Array, iv: Uint8Array, hp: Uint8Array) {
    this.#arena = arena
    this.#context = new Uint8Array(80)
    this.#context.set(key, 0)
    this.#context.set(iv, 32)
    this.#context.set(hp, 48)
    this.#disposed = false
  }

  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    const arena = this.#arena
    checkSeal(arena.slots, offset, pnOffset, pnLength, payloadLength)
    checkNumber(packetNumber)
    arena.exports.chachaProtect(
      this.#load(),
      arena.slotBase + offset,
      pnOffset - offset,
      pnLength,
      payloadLength,
      (packetNumber / TWO_32) | 0,
      packetNumber | 0,
    )
  }

  removeHeaderProtection(offset: number, pnOffset: number): number {
    const arena = this.#arena
    checkSample(arena.slots, offset, pnOffset)
    const at = arena.slotBase + offset
    const length = arena.exports.chachaUnmask(this.#load(), at, pnOffset - offset)
    const b = arena.slots
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
    const arena = this.#arena
    if (!checkOpen(arena.slots, offset, headerLength, payloadLength)) return false
    checkNumber(packetNumber)
    const ok = arena.exports.chachaUnprotect(
      this.#load(),
      arena.slotBase + offset,
      headerLength,
      payloadLength,
      (packetNumber / TWO_32) | 0,
      packetNumber | 0,
    )
    return ok !== 0
  }

  dispose(): void {
    this.#disposed = true
    this.#context.fill(0)
    const at = this.#arena.keyInput
    this.#arena.bytes.fill(0, at, at + 80)
  }

  // Eighty bytes are copied faster than a pool is asked.
  #load(): number {
    if (this.#disposed) throw new Error('the packet key was disposed of')
    const at = this.#arena.keyInput
    this.#arena.bytes.set(this.#context, at)
    return at
  }
}
