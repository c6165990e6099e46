// Whole packets, RFC 9001 §5.3 and §5.4, twice: from the definitions of the standards, and from the twins of
// what the engine does.

import * as aes from './aes.ts'
import * as chacha from './chacha20-poly1305.ts'
import * as fused from './fused-chacha20-poly1305.ts'
import { ghash, ghashDefined, powersOf, tablesOf } from './ghash.ts'
import { aesMask, chachaMask, maskHeader, unmaskHeader } from './header-protection.ts'
import type { Mask } from './header-protection.ts'
import { blocksFor, counterBlock, SHORT_BLOCKS } from './look-ahead.ts'
import { load } from './registers.ts'
import * as vector from './vector-permute-aes.ts'

const TAG = 16

/** What a suite does to a packet. */
export interface Suite {
  readonly mask: Mask
  /** Encrypts `text` in place; returns the tag. */
  seal(packetNumber: number, header: Uint8Array, text: Uint8Array): ArrayLike<number>
  /** Decrypts `text` in place; false: not authentic. */
  open(packetNumber: number, header: Uint8Array, text: Uint8Array, tag: Uint8Array): boolean
}

export interface Secrets {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly hp: Uint8Array
}

type Block = (block: Uint8Array) => ArrayLike<number>
type Hash = (aad: Uint8Array, text: Uint8Array) => ArrayLike<number>

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return Array.prototype.every.call(a, (byte: number, i) => byte === b[i])
}

/** GCM of any AES and any GHASH, SP 800-38D §7. */
function gcm(
  iv: Uint8Array,
  keystreamOf: (blocks: number) => Block,
  hash: Hash,
  mask: Mask,
): Suite {
  const keystream = (packetNumber: number, length: number): Uint8Array => {
    const blocks = blocksFor(length)
    const encrypt = keystreamOf(blocks)
    const bytes = new Uint8Array(16 * blocks)
    for (let i = 0; i < blocks; i++) {
      bytes.set(encrypt(counterBlock(iv, packetNumber, i + 1)), 16 * i)
    }
    return bytes
  }
  const crypt = (stream: Uint8Array, text: Uint8Array): void => {
    for (let i = 0; i < text.length; i++) text[i] ^= stream[TAG + i]
  }
  const tagOf = (stream: Uint8Array, header: Uint8Array, text: Uint8Array): Uint8Array =>
    Uint8Array.from(hash(header, text)).map((byte, i) => byte ^ stream[i])
  return {
    mask,
    seal: (packetNumber, header, text) => {
      const stream = keystream(packetNumber, text.length)
      crypt(stream, text)
      return tagOf(stream, header, text)
    },
    open: (packetNumber, header, text, tag) => {
      const stream = keystream(packetNumber, text.length)
      if (!same(tag, tagOf(stream, header, text))) return false
      crypt(stream, text)
      return true
    },
  }
}

/** AES-GCM by the standards. */
export function aesDefined({ key, iv, hp }: Secrets): Suite {
  const roundKeys = aes.expandKey(key)
  const headerKeys = aes.expandKey(hp)
  const encrypt: Block = (block) => aes.encryptBlock(roundKeys, block)
  const h = load(encrypt(new Uint8Array(16)))
  const hash: Hash = (aad, text) => ghashDefined(h, aad, text)
  const mask = aesMask((block) => aes.encryptBlock(headerKeys, block))
  return gcm(iv, () => encrypt, hash, mask)
}

/** AES-GCM as the engine does it. `host` is the native AES that makes the keystream of long packets. */
export function aesTwin({ key, iv, hp }: Secrets, host: Block): Suite {
  const roundKeys = vector.expandKey(key)
  const headerKeys = vector.expandKey(hp)
  const encrypt: Block = (block) => vector.encryptBlock(roundKeys, load(block))
  const tables = powersOf(load(encrypt(new Uint8Array(16)))).map(tablesOf)
  const hash: Hash = (aad, text) => ghash(tables, aad, text)
  const mask = aesMask((block) => vector.encryptBlock(headerKeys, load(block)))
  return gcm(iv, (blocks) => (blocks <= SHORT_BLOCKS ? encrypt : host), hash, mask)
}

/** iv XOR packet number, RFC 9001 §5.3. */
const nonceOf = (iv: Uint8Array, packetNumber: number): Uint8Array =>
  counterBlock(iv, packetNumber, 0).slice(0, 12)

/** ChaCha20-Poly1305 by RFC 8439. */
export function chachaDefined({ key, iv, hp }: Secrets): Suite {
  return {
    mask: chachaMask(hp, (state) => chacha.blockOf(state)),
    seal: (packetNumber, header, text) => {
      const nonce = nonceOf(iv, packetNumber)
      text.set(chacha.crypt(key, nonce, text))
      return chacha.tag(key, nonce, header, text)
    },
    open: (packetNumber, header, text, tag) => {
      const nonce = nonceOf(iv, packetNumber)
      if (!same(tag, chacha.tag(key, nonce, header, text))) return false
      text.set(chacha.crypt(key, nonce, text))
      return true
    },
  }
}

/** ChaCha20-Poly1305 as the engine does it. */
export function chachaTwin({ key, iv, hp }: Secrets): Suite {
  return {
    mask: chachaMask(hp, fused.rowBlock),
    seal: (packetNumber, header, text) => fused.seal(key, nonceOf(iv, packetNumber), header, text),
    open: (packetNumber, header, text, tag) =>
      fused.open(key, nonceOf(iv, packetNumber), header, text, tag),
  }
}

/** Protects in place a packet with 16 free bytes at its end. */
export function protect(
  suite: Suite,
  packet: Uint8Array,
  pnOffset: number,
  pnLength: number,
  packetNumber: number,
): void {
  const header = packet.slice(0, pnOffset + pnLength)
  const text = packet.subarray(header.length, packet.length - TAG)
  packet.set(suite.seal(packetNumber, header, text), packet.length - TAG)
  maskHeader(suite.mask, packet, pnOffset, pnLength)
}

/** Removes the protection of a packet in place; false: not authentic. The packet number is given. */
export function unprotect(
  suite: Suite,
  packet: Uint8Array,
  pnOffset: number,
  packetNumber: number,
): boolean {
  const pnLength = unmaskHeader(suite.mask, packet, pnOffset)
  const header = packet.slice(0, pnOffset + pnLength)
  const text = packet.subarray(header.length, packet.length - TAG)
  return suite.open(packetNumber, header, text, packet.slice(packet.length - TAG))
}
