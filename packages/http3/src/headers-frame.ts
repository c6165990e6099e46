// HEADERS frames, RFC 9114 §7.2.2, encoded straight into the memory that they are sent from.

import { FieldSectionEncoder, maxEncodedSize } from '@godwit/qpack'
import { encodeVarint, varintLength } from '@godwit/wire'
import { FRAME_HEADERS } from './constants.ts'
import { HEADERS_SLAB, MAX_SLAB_FRAME } from './limits.ts'

// Of all connections: it keeps nothing from one section to the next.
const encoder = new FieldSectionEncoder()

// Frames share slabs: an allocation each costs more than encoding them does.
let slab = new Uint8Array(HEADERS_SLAB)
let slabUsed = 0

/**
 * A HEADERS frame with `fields`, of memory that nobody else writes to.
 *
 * @throws TypeError when a character is above U+00FF.
 */
export function encodeHeadersFrame(fields: readonly string[]): Uint8Array {
  const most = maxEncodedSize(fields)
  const room = 1 + varintLength(most)
  if (room + most > MAX_SLAB_FRAME) {
    const bytes = new Uint8Array(room + most)
    const end = encoder.write(fields, bytes, room)
    return bytes.subarray(writeHeader(bytes, room, end), end)
  }
  if (room + most > HEADERS_SLAB - slabUsed) {
    slab = new Uint8Array(HEADERS_SLAB)
    slabUsed = 0
  }
  const section = slabUsed + room
  const end = encoder.write(fields, slab, section)
  slabUsed = end
  return slab.subarray(writeHeader(slab, section, end), end)
}

// Writes type and length in front of the section and returns where they begin.
function writeHeader(bytes: Uint8Array, section: number, end: number): number {
  const length = end - section
  const start = section - 1 - varintLength(length)
  bytes[start] = FRAME_HEADERS
  encodeVarint(bytes, start + 1, length)
  return start
}
