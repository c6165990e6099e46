// Packets that came before the keys to open them, RFC 9001 §5.7: reordering inside the handshake
// puts Handshake packets before the Initial, and 1-RTT packets before the Finished.

import { MAX_UNDECRYPTABLE_PACKETS, MAX_UNDECRYPTABLE_PACKET_SIZE } from '../limits.ts'

/** A packet, and when it came, in ms: the delay of its ACK counts from there (RFC 9000 §13.2.5). */
export interface UndecryptablePacket {
  readonly receivedAt: number
  readonly bytes: Uint8Array
}

/** A few copies, made while the handshake runs and dropped with it. */
export class UndecryptablePackets {
  #packets: UndecryptablePacket[]

  constructor() {
    this.#packets = []
  }

  get length(): number {
    return this.#packets.length
  }

  /** Keeps a copy of a packet. False: no room, the packet is lost like any other lost packet. */
  add(receivedAt: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#packets.length === MAX_UNDECRYPTABLE_PACKETS) return false
    if (end - start > MAX_UNDECRYPTABLE_PACKET_SIZE) return false
    this.#packets.push({ receivedAt, bytes: bytes.slice(start, end) })
    return true
  }

  /** Takes all of them, in the order in which they came. */
  take(): UndecryptablePacket[] {
    const packets = this.#packets
    this.#packets = []
    return packets
  }
}
