// Refusing a connection without making one: an Initial with CONNECTION_CLOSE, RFC 9000 §5.2.2.

import type { PacketProtection } from '@godwit/protection'
import { AEAD_TAG_LENGTH, PACKET_INITIAL, VERSION_1 } from '../constants.ts'
import { CONNECTION_REFUSED } from '../errors.ts'
import { writeConnectionClose } from '../frame-encoder.ts'
import { longHeaderLength, writeLongHeader, writePacketLength } from '../packet-header.ts'
import { PacketWriter } from '../packet-writer.ts'

const EMPTY = new Uint8Array(0)
/** Type, error code, frame type, reason length: all of one byte. */
const CLOSE_LENGTH = 4

/**
 * Writes the refusal at `offset` in packet memory and returns its size, which is far below that of
 * the Initial that it answers.
 *
 * @param dcid Destination Connection ID of the client's Initial; our Source Connection ID
 * @param scid Source Connection ID of the client's Initial
 */
export function writeRefusal(
  protection: PacketProtection,
  offset: number,
  dcid: Uint8Array,
  scid: Uint8Array,
): number {
  const { bytes } = protection.engine.memory
  const writer = new PacketWriter(bytes)
  const headerLength = longHeaderLength(PACKET_INITIAL, scid.length, dcid.length, 0, 1)
  writer.reset(offset, offset + headerLength + CLOSE_LENGTH)
  const numberOffset = writeLongHeader(writer, PACKET_INITIAL, VERSION_1, scid, dcid, EMPTY, 0, 1)
  writeConnectionClose(writer, false, CONNECTION_REFUSED, 0, EMPTY)
  writePacketLength(bytes, numberOffset, 1 + CLOSE_LENGTH + AEAD_TAG_LENGTH)
  const keys = protection.initialKeys(VERSION_1, dcid, 'server')
  keys.seal.protect(offset, numberOffset, 1, CLOSE_LENGTH, 0)
  keys.seal.dispose()
  keys.open.dispose()
  return headerLength + CLOSE_LENGTH + AEAD_TAG_LENGTH
}
