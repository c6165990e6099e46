// A packet engine without cryptography: payloads stay readable, and a 16-byte checksum in place of
// the tag tells corruption and wrong keys apart from good packets. For tests of everything above,
// at speed.

import type { CipherSuite, PacketEngine, PacketKey, PacketMemory } from '@godwit/crypto'

const TAG_LENGTH = 16
const WORDS = 4

class NullPacketKey implements PacketKey {
  readonly #bytes: Uint8Array
  readonly #seed: number
  readonly #tag: Uint32Array

  constructor(memory: PacketMemory, seed: number) {
    this.#bytes = memory.bytes
    this.#seed = seed
    this.#tag = new Uint32Array(WORDS)
  }

  protect(
    offset: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    const end = pnOffset + pnLength + payloadLength
    this.#checksum(offset, end, packetNumber)
    for (let i = 0; i < TAG_LENGTH; i++) this.#bytes[end + i] = this.#tagByte(i)
  }

  // The header is never hidden.
  removeHeaderProtection(offset: number, pnOffset: number): number {
    const length = (this.#bytes[offset] & 0x03) + 1
    let packetNumber = 0
    for (let i = 0; i < length; i++) packetNumber = packetNumber * 256 + this.#bytes[pnOffset + i]
    return packetNumber
  }

  unprotect(
    offset: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    const end = offset + headerLength + payloadLength
    this.#checksum(offset, end, packetNumber)
    for (let i = 0; i < TAG_LENGTH; i++) if (this.#bytes[end + i] !== this.#tagByte(i)) return false
    return true
  }

  dispose(): void {}

  #tagByte(index: number): number {
    return (this.#tag[index >>> 2] >>> (8 * (index & 3))) & 0xff
  }

  #checksum(start: number, end: number, packetNumber: number): void {
    let a = this.#seed
    let b = packetNumber ^ Math.floor(packetNumber / 0x100000000)
    for (let at = start; at < end; at++) {
      a = Math.imul(a ^ this.#bytes[at], 0x01000193)
      b = (b + a) | 0
    }
    this.#tag[0] = a
    this.#tag[1] = b
    this.#tag[2] = Math.imul(a ^ b, 0x85ebca6b)
    this.#tag[3] = Math.imul(a + b, 0xc2b2ae35)
  }
}

/** An engine for `PacketProtection` whose keys check packets and hide nothing. */
export function createNullEngine(slotCount: number, slotSize: number = 2048): PacketEngine {
  const bytes = new Uint8Array(slotCount * slotSize)
  const memory: PacketMemory = { bytes, base: 0, slotSize, slotCount }
  return {
    name: 'null',
    memory,
    createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array): PacketKey {
      let seed: number = suite
      for (const part of [key, iv]) {
        for (const byte of part) seed = Math.imul(seed ^ byte, 0x01000193)
      }
      return new NullPacketKey(memory, seed)
    },
  }
}
