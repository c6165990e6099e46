// Packet memory in ordinary JavaScript memory, for engines that need no other.

import type { PacketMemory } from './provider.ts'

/** Bytes of a slot unless told otherwise: a datagram of an Ethernet, and slack. */
export const DEFAULT_SLOT_SIZE = 2048

/** Allocates packet memory, zeroed. Throws RangeError for sizes that make no sense. */
export function allocatePacketMemory(
  slotCount: number,
  slotSize: number = DEFAULT_SLOT_SIZE,
): PacketMemory {
  checkSlots(slotCount, slotSize)
  return { bytes: new Uint8Array(slotCount * slotSize), base: 0, slotSize, slotCount }
}

/** Throws RangeError for a number or size of slots that makes no sense. */
export function checkSlots(slotCount: number, slotSize: number): void {
  if (!Number.isSafeInteger(slotCount) || slotCount < 1) {
    throw new RangeError(`"slotCount" expected an integer from 1, got ${slotCount}`)
  }
  if (!Number.isSafeInteger(slotSize) || slotSize < 64 || slotSize > 65_664) {
    throw new RangeError(`"slotSize" expected an integer from 64 to 65664, got ${slotSize}`)
  }
}
