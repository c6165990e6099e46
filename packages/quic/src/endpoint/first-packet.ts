// Whether the Initial that begins a datagram was made by somebody who knows its Destination
// Connection ID, RFC 9001 §5.2. Asked before anything is made for a new connection: garbage in the
// shape of an Initial then costs the derivation of keys and no more.

import type { PacketKey } from '@godwit/protection'
import { AEAD_TAG_LENGTH, PACKET_NUMBER_LENGTH_BITS } from '../constants.ts'
import { decodePacketNumber } from '../packet-header.ts'
import type { PacketHeader } from '../packet-header.ts'

/** Bytes after the start of the packet number that header protection needs, RFC 9001 §5.4.2. */
const SAMPLE_REACH = 4 + AEAD_TAG_LENGTH

/** Opens the packet of `header` with `key` and puts it back as it was. */
export function isAuthentic(bytes: Uint8Array, header: PacketHeader, key: PacketKey): boolean {
  const { start, packetNumberOffset, end } = header
  if (end - packetNumberOffset < SAMPLE_REACH) return false
  const packet = bytes.slice(start, end)
  const truncated = key.removeHeaderProtection(start, packetNumberOffset)
  const numberLength = (bytes[start] & PACKET_NUMBER_LENGTH_BITS) + 1
  const headerLength = packetNumberOffset + numberLength - start
  const payloadLength = end - start - headerLength - AEAD_TAG_LENGTH
  const packetNumber = decodePacketNumber(-1, truncated, numberLength)
  const opened = key.unprotect(start, headerLength, payloadLength, packetNumber)
  bytes.set(packet, start)
  return opened
}
