// A packet engine that does nothing at all, so that what is left is the cost of everything else. Not
// for tests: every packet opens.

import type { PacketEngine, PacketKey, PacketMemory } from '@godwit/crypto'

class BareKey implements PacketKey {
  readonly #bytes: Uint8Array

  constructor(memory: PacketMemory) {
    this.#bytes = memory.bytes
  }

  protect(): void {}

  removeHeaderProtection(offset: number, pnOffset: number): number {
    const length = (this.#bytes[offset] & 0x03) + 1
    let packetNumber = 0
    for (let i = 0; i < length; i++) packetNumber = packetNumber * 256 + this.#bytes[pnOffset + i]
    return packetNumber
  }

  unprotect(): boolean {
    return true
  }

  dispose(): void {}
}

export function createBareEngine(slotCount: number, slotSize: number = 2048): PacketEngine {
  const memory = { bytes: new Uint8Array(slotCount * slotSize), base: 0, slotSize, slotCount }
  return { name: 'none', memory, createPacketKey: () => new BareKey(memory) }
}
