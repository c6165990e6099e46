// Keystream before it is needed, as src/simd/aes-key.ts does it.
//
// The host's native AES is the fastest there is, but calling it costs more than a packet's worth of work.
// AES-GCM lets one call serve many packets: the keystream of a packet is AES of counter blocks
// (SP 800-38D §6.5, §7.1), and these depend on nothing but the IV and the packet number (RFC 9001 §5.3):
//
//     nonce = IV XOR packet number, 12 bytes      block i = nonce, then i as 32 bits
//     i = 1 masks the tag                         i = 2, 3, ... are XORed onto the text
//
// Numbers are used in order, so the next ones are known. A key keeps a ring: keystream of some consecutive
// packets, so many blocks for each. Short packets do without: below some length the engine's own AES is
// faster than a call to the host. So do the first longer ones, since most keys of a handshake see no others.
//
// The counter's low byte is the only one that changes: no packet has more than 255 blocks. So the engine
// adds to that byte alone.
//
// How far ahead? Twice as far each time that the ring ran out in order: a few packets waste little, a long
// flow soon fills the ring. A jump starts again at one.
//
// What a receiver must not do is to make keystream for whatever number a forged packet bears. It looks ahead
// only at the number that follows the last authentic packet, and once for each authentic packet. Anything
// else gets its own keystream, for one packet, which changes nothing: a forgery costs what a failed open
// costs everywhere.

/** Up to this many blocks the engine's own AES makes the keystream. */
export const SHORT_BLOCKS = 11
/** And that of so many longer packets of each key. */
export const OWN_PACKETS = 2
/** Packets that a ring holds. */
export const RING_PACKETS = 16
/** Blocks that a ring holds per packet. */
const RING_BLOCKS = 96

/** Counter block `i` of a packet. */
export function counterBlock(iv: Uint8Array, packetNumber: number, i: number): Uint8Array {
  const block = new Uint8Array(16)
  const view = new DataView(block.buffer)
  view.setBigUint64(4, BigInt(packetNumber))
  for (let at = 0; at < 12; at++) block[at] ^= iv[at]
  view.setUint32(12, i)
  return block
}

/** Blocks of a payload's keystream, with the one for the tag. */
export const blocksFor = (payloadLength: number): number => Math.ceil(payloadLength / 16) + 1

/** What the host is asked to encrypt: blocks 1 to `blocks` of `packets` packets from one number on. */
export interface Request {
  readonly packetNumber: number
  readonly packets: number
  readonly blocks: number
}

/** The counter blocks of a request, one behind the other. */
export function counterBlocks(iv: Uint8Array, request: Request): Uint8Array {
  const { packetNumber, packets, blocks } = request
  const bytes = new Uint8Array(packets * blocks * 16)
  for (let packet = 0; packet < packets; packet++) {
    for (let i = 0; i < blocks; i++) {
      const at = (packet * blocks + i) * 16
      bytes.set(counterBlock(iv, packetNumber + packet, i + 1), at)
    }
  }
  return bytes
}

class Ring {
  #content: Request = { packetNumber: 0, packets: 0, blocks: 0 }
  #window = 1

  /** Packets from the ring's first to this one; the ring holds those from 0 on. */
  distance(packetNumber: number): number {
    return packetNumber - this.#content.packetNumber
  }

  get packets(): number {
    return this.#content.packets
  }

  has(packetNumber: number, blocks: number): boolean {
    const distance = this.distance(packetNumber)
    return distance >= 0 && distance < this.#content.packets && blocks <= this.#content.blocks
  }

  fill(packetNumber: number, blocks: number, inOrder: boolean): Request {
    this.#window = inOrder ? Math.min(2 * this.#window, RING_PACKETS) : 1
    this.#content = { packetNumber, packets: this.#window, blocks }
    return this.#content
  }
}

/** A key that seals. `ask` says what the host must encrypt now for this packet; null: nothing. */
export class SendKeystream {
  readonly #ring = new Ring()
  #own = 0

  ask(packetNumber: number, blocks: number): Request | null {
    const ring = this.#ring
    if (blocks <= SHORT_BLOCKS || ring.has(packetNumber, blocks)) return null
    if (blocks > RING_BLOCKS) return { packetNumber, packets: 1, blocks }
    if (this.#own++ < OWN_PACKETS) return null
    // Short packets used up numbers without asking, so "in order" has some room.
    const distance = ring.distance(packetNumber)
    const inOrder = ring.packets > 0 && distance >= 0 && distance <= ring.packets + RING_PACKETS
    return ring.fill(packetNumber, blocks, inOrder)
  }
}

/** A key that opens. */
export class ReceiveKeystream {
  readonly #ring = new Ring()
  /** The number after the highest authentic one. */
  #expected = -1
  #mayLookAhead = false
  #own = 0

  ask(packetNumber: number, blocks: number): Request | null {
    if (blocks <= SHORT_BLOCKS || this.#ring.has(packetNumber, blocks)) return null
    if (blocks > RING_BLOCKS) return { packetNumber, packets: 1, blocks }
    if (this.#own++ < OWN_PACKETS) return null
    if (!this.#mayLookAhead || packetNumber !== this.#expected) {
      return { packetNumber, packets: 1, blocks }
    }
    this.#mayLookAhead = false
    return this.#ring.fill(packetNumber, blocks, true)
  }

  /** The packet was authentic. */
  accept(packetNumber: number): void {
    if (packetNumber < this.#expected) return
    this.#expected = packetNumber + 1
    this.#mayLookAhead = true
  }
}
