// What both kinds of key on the SIMD engine do alike: everything that comes from outside is checked
// here, before any call into the module (bounds.ts says why), and lengths become addresses.

import type { PacketKey } from '../provider.ts'
import type { Arena } from './arena.ts'
import { checkNumber, checkOpen, checkSample, checkSeal } from './bounds.ts'

const TWO_32 = 0x100000000

/** The upper 32 bits of a packet number; the lower ones are `packetNumber | 0`. */
export function high32(packetNumber: number): number {
  return (packetNumber / TWO_32) | 0
}

/**
 * A packet key short of its cipher. Addresses are those of the module; `packet` is that of the first
 * byte, and `pnOffset` counts from there.
 */
export abstract class SimdKey implements PacketKey {
  // Not protected: `inspect` would show the memory in which the keys lie.
  readonly #slots: Uint8Array
  readonly #slotBase: number

  constructor(arena: Arena) {
    this.#slots = arena.slots
    this.#slotBase = arena.slotBase
  }

  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    checkSeal(this.#slots, offset, pnOffset, pnLength, payloadLength)
    checkNumber(packetNumber)
    const packet = this.#slotBase + offset
    this.seal(packet, pnOffset - offset, pnLength, payloadLength, packetNumber)
  }

  removeHeaderProtection(offset: number, pnOffset: number): number {
    const slots = this.#slots
    checkSample(slots, offset, pnOffset)
    const length = this.unmask(this.#slotBase + offset, pnOffset - offset)
    // Four bytes whatever the length, and no branch on it: RFC 9001 §9.5.
    const two = (slots[pnOffset] << 8) | slots[pnOffset + 1]
    const four = (two << 16) | (slots[pnOffset + 2] << 8) | slots[pnOffset + 3]
    return four >>> (32 - 8 * length)
  }

  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    if (!checkOpen(this.#slots, offset, headerLength, payloadLength)) return false
    checkNumber(packetNumber)
    return this.open(this.#slotBase + offset, headerLength, payloadLength, packetNumber)
  }

  abstract dispose(): void

  /** Encrypts in place, appends the tag, masks the header. */
  protected abstract seal(
    packet: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void
  /** Removes the mask of the header; returns the length of the packet number. */
  protected abstract unmask(packet: number, pnOffset: number): number
  /** Opens in place; false: not authentic. */
  protected abstract open(
    packet: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean
}
