// ChaCha20-Poly1305 packets on the SIMD engine: wholly in WebAssembly, no set-up, no look-ahead.

import type { Arena } from './arena.ts'
import { high32, SimdKey } from './simd-key.ts'

export class ChachaSimdKey extends SimdKey {
  readonly #arena: Arena
  /** key, iv (padded to 16) and hp, as assembly/layout.ts wants them. */
  readonly #context: Uint8Array
  #disposed: boolean

  constructor(arena: Arena, key: Uint8Array, iv: Uint8Array, hp: Uint8Array) {
    super(arena)
    this.#arena = arena
    this.#context = new Uint8Array(80)
    this.#context.set(key, 0)
    this.#context.set(iv, 32)
    this.#context.set(hp, 48)
    this.#disposed = false
  }

  protected seal(
    packet: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    this.#arena.exports.chachaProtect(
      this.#load(),
      packet,
      pnOffset,
      pnLength,
      payloadLength,
      high32(packetNumber),
      packetNumber | 0,
    )
  }

  protected unmask(packet: number, pnOffset: number): number {
    return this.#arena.exports.chachaUnmask(this.#load(), packet, pnOffset)
  }

  protected open(
    packet: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    const ok = this.#arena.exports.chachaUnprotect(
      this.#load(),
      packet,
      headerLength,
      payloadLength,
      high32(packetNumber),
      packetNumber | 0,
    )
    return ok !== 0
  }

  dispose(): void {
    this.#disposed = true
    this.#context.fill(0)
    this.#arena.wipeWorkspace()
  }

  // Eighty bytes are copied faster than a pool is asked.
  #load(): number {
    if (this.#disposed) throw new Error('the packet key was disposed of')
    const at = this.#arena.keyInput
    this.#arena.bytes.set(this.#context, at)
    return at
  }
}
