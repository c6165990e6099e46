// Packets on @noble/ciphers in ordinary memory.

import { checkPacketKeyLengths } from '../cipher-suites.ts'
import { TLS_CHACHA20_POLY1305_SHA256, type CipherSuite } from '../constants.ts'
import { allocatePacketMemory } from '../packet-memory.ts'
import type { PacketEngine, PacketKey, PacketMemory } from '../provider.ts'
import { AesGcmPacketKey } from './aes-gcm-packet-key.ts'
import { ChaCha20Poly1305PacketKey } from './chacha20-poly1305-packet-key.ts'

export class NoblePacketEngine implements PacketEngine {
  readonly name = 'noble'
  readonly memory: PacketMemory
  readonly #scratch: Uint8Array

  constructor(slotCount: number, slotSize?: number) {
    this.memory = allocatePacketMemory(slotCount, slotSize)
    this.#scratch = new Uint8Array(2048)
  }

  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey {
    checkPacketKeyLengths(suite, key, hp)
    return suite === TLS_CHACHA20_POLY1305_SHA256
      ? new ChaCha20Poly1305PacketKey(this.memory, key, iv, hp)
      : new AesGcmPacketKey(this.memory, this.#scratch, key, iv, hp)
  }
}
