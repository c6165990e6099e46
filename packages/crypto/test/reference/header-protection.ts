// Header protection of QUIC, RFC 9001 §5.4.
//
// An observer shall not see packet numbers, nor the lowest bits of the first byte. They are masked with five
// bytes that a cipher makes of sixteen bytes of the packet's own ciphertext, the sample, under a key of its
// own. The sample is where it would be if the packet number had four bytes (§5.4.2): the receiver must find
// it before it knows how many there are.
//
//     first byte    packet number (1 to 4)    ciphertext
//     .... mmmm     m  m  m  m
//                   |<------ 4 ------>|<--- sample, 16 --->|
//
// Sealing comes first, masking second; the packet number that is authenticated is the clear one (§5.3).

import { initialState, toInteger } from './chacha20-poly1305.ts'

export const SAMPLE_LENGTH = 16
const LONGEST_PACKET_NUMBER = 4

/** Makes the mask of a sample: the first five bytes of what the cipher gives. */
export type Mask = (sample: Uint8Array) => ArrayLike<number>

/** §5.4.3: one block of AES. */
export const aesMask =
  (encryptBlock: (block: Uint8Array) => ArrayLike<number>): Mask =>
  (sample) =>
    encryptBlock(sample)

/** §5.4.4: one block of ChaCha20; the first four bytes of the sample are the counter. */
export const chachaMask =
  (hp: Uint8Array, block: (state: readonly number[]) => ArrayLike<number>): Mask =>
  (sample) =>
    block(initialState(hp, Number(toInteger(sample.subarray(0, 4))), sample.subarray(4, 16)))

const sampleOf = (packet: Uint8Array, pnOffset: number): Uint8Array =>
  packet.subarray(
    pnOffset + LONGEST_PACKET_NUMBER,
    pnOffset + LONGEST_PACKET_NUMBER + SAMPLE_LENGTH,
  )

/** §5.4.1: four bits of a long header, five of a short one. */
const firstByteMask = (first: number): number => ((first & 0x80) === 0x80 ? 0x0f : 0x1f)

/** Masks the header of a sealed packet in place. */
export function maskHeader(
  mask: Mask,
  packet: Uint8Array,
  pnOffset: number,
  pnLength: number,
): void {
  const bytes = mask(sampleOf(packet, pnOffset))
  packet[0] ^= bytes[0] & firstByteMask(packet[0])
  for (let i = 0; i < pnLength; i++) packet[pnOffset + i] ^= bytes[1 + i]
}

/** Unmasks in place; returns the length of the packet number, which is only now known. */
export function unmaskHeader(mask: Mask, packet: Uint8Array, pnOffset: number): number {
  const bytes = mask(sampleOf(packet, pnOffset))
  packet[0] ^= bytes[0] & firstByteMask(packet[0])
  const pnLength = (packet[0] & 0x03) + 1
  for (let i = 0; i < pnLength; i++) packet[pnOffset + i] ^= bytes[1 + i]
  return pnLength
}
