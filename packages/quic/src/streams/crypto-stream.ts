// The CRYPTO data of one packet number space, RFC 9000 §19.6. (Signatures first; the body follows.)

import type { PacketWriter } from '../packet-writer.ts'

export declare class CryptoStream {
  constructor()
  /** Queues bytes of TLS; keeps the array. */
  write(data: Uint8Array): void
  hasPending(): boolean
  /** As many CRYPTO frames as fit and are pending. */
  writeFrames(writer: PacketWriter): void
  onAcked(offset: number, length: number): void
  onLost(offset: number, length: number): void
  /** Throws TransportError CRYPTO_BUFFER_EXCEEDED. */
  handleFrame(offset: number, bytes: Uint8Array, start: number, end: number): void
  /** The next bytes in order, or null. */
  read(): Uint8Array | null
  /** True when everything written was acknowledged. */
  get acknowledged(): boolean
}
