// Packet protection in node:crypto, written for clarity: what engines are compared with.

import { createCipheriv } from 'node:crypto'
import {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
} from '@godwit/crypto'
import type { Prng } from '../prng.ts'

const TAG = 16

/** What RFC 9001 §5.3 and §5.4 say, in node:crypto. `header` ends in the packet number. */
export function sealReference(
  suite: CipherSuite,
  key: Uint8Array,
  iv: Uint8Array,
  hp: Uint8Array,
  header: Uint8Array,
  pnLength: number,
  payload: Uint8Array,
  packetNumber: number,
): Uint8Array {
  const nonce = Buffer.from(iv)
  const padded = Buffer.alloc(12)
  padded.writeBigUInt64BE(BigInt(packetNumber), 4)
  for (let i = 0; i < 12; i++) nonce[i] ^= padded[i]
  const cipher = createCipheriv(nameOf(suite) as 'aes-128-gcm', key, nonce, { authTagLength: TAG })
  cipher.setAAD(header)
  const ciphertext = cipher.update(payload)
  cipher.final()
  const packet = Buffer.concat([header, ciphertext, cipher.getAuthTag()])
  const pnOffset = header.length - pnLength
  const mask = maskReference(suite, hp, packet.subarray(pnOffset + 4, pnOffset + 20))
  packet[0] ^= mask[0] & ((packet[0] & 0x80) === 0 ? 0x1f : 0x0f)
  for (let i = 0; i < pnLength; i++) packet[pnOffset + i] ^= mask[1 + i]
  return new Uint8Array(packet)
}

/** The header protection mask, RFC 9001 §5.4. */
export function maskReference(suite: CipherSuite, hp: Uint8Array, sample: Uint8Array): Uint8Array {
  if (suite === TLS_CHACHA20_POLY1305_SHA256) {
    return createCipheriv('chacha20', hp, sample).update(new Uint8Array(5))
  }
  const ecb = createCipheriv(hp.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', hp, null)
  return ecb.update(sample)
}

/** OpenSSL's name of a suite. */
export function nameOf(suite: CipherSuite): string {
  if (suite === TLS_AES_128_GCM_SHA256) return 'aes-128-gcm'
  return suite === TLS_AES_256_GCM_SHA384 ? 'aes-256-gcm' : 'chacha20-poly1305'
}

/** Of any magnitude up to 2^53-1. */
export function randomPacketNumber(prng: Prng): number {
  const bits = prng.below(54)
  return Math.floor(prng.float() * 2 ** bits)
}

/** Writes the low bytes of a packet number at the end of a header. */
export function writePacketNumber(
  header: Uint8Array,
  pnLength: number,
  packetNumber: number,
): void {
  let rest = packetNumber
  for (let i = 1; i <= pnLength; i++) {
    header[header.length - i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}
