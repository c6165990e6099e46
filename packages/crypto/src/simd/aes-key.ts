// AES-GCM packets on the SIMD engine.
//
// Node's native AES is ten times faster than any AES in WebAssembly, but a GCM object of node:crypto
// costs 4 us per packet, nearly all of it to make and throw away the object. A long-lived ECB object
// has no such cost: it encrypts the counter blocks of several *future* packet numbers in one call,
// and the engine does the rest (XOR, GHASH, tag, header protection) in place.
//
// The keystream of a key lies in a ring: `count` packets from packet number `first` on, `blocks`
// blocks each. Sending asks for consecutive numbers, so a miss right behind the ring doubles the
// window, up to RING_PACKETS. Receiving does so only for the number after an authenticated packet, and
// once for each of those: a forged packet gets a one-packet keystream outside the ring and changes
// nothing, except that one with the very number that comes next may have the ring filled before the
// true packet does. (The rules to read, without the memory: test/reference/look-ahead.ts.)

import { MAX_BLOCKS, RING_BLOCKS, RING_PACKETS } from './arena.ts'
import type { Arena, Holder } from './arena.ts'
import { high32, SimdKey } from './simd-key.ts'

/** A raw block cipher under one key, for keystream. */
export interface BlockCipher {
  /** Encrypts whole 16-byte blocks in place, each by itself (ECB), and leaves no copy behind. */
  encrypt(blocks: Uint8Array): void
}

export type CreateBlockCipher = (key: Uint8Array) => BlockCipher

/** Up to this many blocks (tag mask included) the engine's own AES is faster than a call out. */
const SHORT_BLOCKS = 11

/**
 * The engine's own AES makes the keystream of the first longer packets, too: the keys of a handshake
 * see no more than these, and an object of the host's for each costs more.
 */
const OWN_PACKETS = 2

/** Blocks of keystream for a payload, with the one of the tag's mask. */
function blocksOf(payloadLength: number): number {
  return ((payloadLength + 15) >> 4) + 1
}

export class AesSimdKey extends SimdKey implements Holder {
  readonly #arena: Arena
  readonly #createBlockCipher: CreateBlockCipher
  /** key, hp and iv, one behind the other. */
  readonly #secret: Uint8Array
  readonly #keyLength: number
  #cipher: BlockCipher | null
  #context: number
  #ring: number
  /** Bytes from the ring's start that ever held keystream. */
  #ringUsed: number
  #first: number
  #count: number
  #blocks: number
  #window: number
  /** The number after the last packet that was authentic; -1 before any. */
  #expected: number
  /** An authentic packet came since the ring was filled last. */
  #mayLookAhead: boolean
  /** Longer packets whose keystream the engine made itself, up to OWN_PACKETS. */
  #own: number
  #disposed: boolean

  constructor(
    arena: Arena,
    createBlockCipher: CreateBlockCipher,
    key: Uint8Array,
    iv: Uint8Array,
    hp: Uint8Array,
  ) {
    super(arena)
    this.#arena = arena
    this.#createBlockCipher = createBlockCipher
    this.#secret = new Uint8Array(2 * key.length + iv.length)
    this.#secret.set(key, 0)
    this.#secret.set(hp, key.length)
    this.#secret.set(iv, 2 * key.length)
    this.#keyLength = key.length
    this.#cipher = null
    this.#context = -1
    this.#ring = -1
    this.#ringUsed = 0
    this.#first = 0
    this.#count = 0
    this.#blocks = 0
    this.#window = 1
    this.#expected = -1
    this.#mayLookAhead = false
    this.#own = 0
    this.#disposed = false
  }

  protected seal(
    packet: number,
    pnOffset: number,
    pnLength: number,
    payloadLength: number,
    packetNumber: number,
  ): void {
    this.#arena.exports.aesProtect(
      this.#address(),
      packet,
      pnOffset,
      pnLength,
      payloadLength,
      high32(packetNumber),
      packetNumber | 0,
      this.#sendKeystream(packetNumber, blocksOf(payloadLength)),
    )
  }

  protected unmask(packet: number, pnOffset: number): number {
    return this.#arena.exports.aesUnmask(this.#address(), packet, pnOffset)
  }

  protected open(
    packet: number,
    headerLength: number,
    payloadLength: number,
    packetNumber: number,
  ): boolean {
    const ok = this.#arena.exports.aesUnprotect(
      this.#address(),
      packet,
      headerLength,
      payloadLength,
      high32(packetNumber),
      packetNumber | 0,
      this.#receiveKeystream(packetNumber, blocksOf(payloadLength)),
    )
    if (ok === 0) return false
    if (packetNumber >= this.#expected) {
      this.#expected = packetNumber + 1
      this.#mayLookAhead = true
    }
    return true
  }

  dispose(): void {
    this.#disposed = true
    this.freeContext()
    this.freeRing()
    this.#cipher = null
    this.#secret.fill(0)
    this.#arena.wipeWorkspace()
  }

  freeContext(): void {
    if (this.#context >= 0) this.#arena.freeContext(this.#context)
    this.#context = -1
  }

  freeRing(): void {
    if (this.#ring >= 0) this.#arena.freeRing(this.#ring, this.#ringUsed)
    this.#ring = -1
    this.#ringUsed = 0
    this.#count = 0
    this.#window = 1
  }

  /** The address of this key's context, made when it has none. */
  #address(): number {
    const arena = this.#arena
    if (this.#context >= 0) {
      arena.contexts.touch(this.#context)
      return arena.contexts.address(this.#context)
    }
    // A disposed key has no context, so this is the one place that can meet it.
    if (this.#disposed) throw new Error('the packet key was disposed of')
    this.#context = arena.takeContext(this)
    const address = arena.contexts.address(this.#context)
    const at = arena.keyInput
    const length = this.#keyLength
    arena.bytes.set(this.#secret, at)
    arena.exports.aesInit(address, at, length, at + 2 * length, at + length)
    arena.bytes.fill(0, at, at + this.#secret.length)
    return address
  }

  #sendKeystream(packetNumber: number, blocks: number): number {
    if (blocks <= SHORT_BLOCKS) return 0
    const ahead = packetNumber - this.#first
    if (ahead >= 0 && ahead < this.#count && blocks <= this.#blocks) return this.#inRing(ahead)
    if (blocks > RING_BLOCKS) return this.#oneShot(packetNumber, blocks)
    if (this.#own < OWN_PACKETS) return this.#ownKeystream(packetNumber, blocks)
    // Short packets take numbers without keystream, so "right behind the ring" has some room.
    const follows = this.#count > 0 && ahead >= 0 && ahead <= this.#count + RING_PACKETS
    this.#refill(packetNumber, blocks, follows)
    return this.#inRing(0)
  }

  #receiveKeystream(packetNumber: number, blocks: number): number {
    if (blocks <= SHORT_BLOCKS) return 0
    const ahead = packetNumber - this.#first
    if (ahead >= 0 && ahead < this.#count && blocks <= this.#blocks) return this.#inRing(ahead)
    if (blocks > RING_BLOCKS) return this.#oneShot(packetNumber, blocks)
    if (this.#own < OWN_PACKETS) return this.#ownKeystream(packetNumber, blocks)
    if (this.#mayLookAhead && packetNumber === this.#expected) {
      this.#mayLookAhead = false
      this.#refill(packetNumber, blocks, true)
      return this.#inRing(0)
    }
    return this.#oneShot(packetNumber, blocks)
  }

  #ownKeystream(packetNumber: number, blocks: number): number {
    const { oneShot, exports } = this.#arena
    this.#own++
    exports.keystream(oneShot, this.#address(), high32(packetNumber), packetNumber | 0, blocks)
    return oneShot
  }

  #oneShot(packetNumber: number, blocks: number): number {
    this.#generate(this.#arena.oneShot, packetNumber, blocks, 1)
    return this.#arena.oneShot
  }

  #inRing(index: number): number {
    this.#arena.rings.touch(this.#ring)
    return this.#arena.rings.address(this.#ring) + index * this.#blocks * 16
  }

  #refill(packetNumber: number, blocks: number, follows: boolean): void {
    if (this.#ring < 0) this.#ring = this.#arena.takeRing(this)
    this.#window = follows ? Math.min(this.#window * 2, RING_PACKETS) : 1
    // Until it is done the ring holds counters: were the cipher to throw, none may be taken for keystream.
    this.#count = 0
    this.#ringUsed = Math.max(this.#ringUsed, this.#window * blocks * 16)
    this.#generate(this.#arena.rings.address(this.#ring), packetNumber, blocks, this.#window)
    this.#first = packetNumber
    this.#count = this.#window
    this.#blocks = blocks
  }

  /** Keystream of `packets` packets from `packetNumber` on at `address`. */
  #generate(address: number, packetNumber: number, blocks: number, packets: number): void {
    if (blocks > MAX_BLOCKS) {
      throw new RangeError(`"payloadLength" expected at most ${(MAX_BLOCKS - 1) * 16} bytes`)
    }
    const arena = this.#arena
    const high = high32(packetNumber)
    arena.exports.counters(address, this.#address(), high, packetNumber | 0, blocks, packets)
    this.#cipher ??= this.#createBlockCipher(this.#secret.subarray(0, this.#keyLength))
    this.#cipher.encrypt(arena.view(address, blocks * packets * 16))
  }
}
