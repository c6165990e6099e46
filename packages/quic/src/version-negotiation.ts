// The answer of a server to versions that it does not speak, RFC 9000 §6 and §17.2.1, RFC 8999 §6.

import { SUPPORTED_VERSIONS } from './constants.ts'
import type { PacketHeader } from './packet-header.ts'
import { versionNegotiationLength, writeVersionNegotiation } from './packet-header.ts'
import { PacketWriter } from './packet-writer.ts'

/**
 * A Version Negotiation packet that answers the packet of `header`.
 *
 * @param random one random byte: the bits of the first byte that mean nothing, and the choice of a
 *   reserved version to list, which keeps clients from expecting a fixed list (RFC 9000 §6.3)
 */
export function versionNegotiationPacket(
  bytes: Uint8Array,
  header: PacketHeader,
  random: number,
): Uint8Array {
  const { dcidStart, dcidLength, scidStart, scidLength } = header
  const reserved = (0x0a0a0a0a + (random & 0x0f) * 0x10000000) >>> 0
  const versions = [...SUPPORTED_VERSIONS, reserved]
  const length = versionNegotiationLength(scidLength, dcidLength, versions.length)
  const packet = new Uint8Array(length)
  const writer = new PacketWriter(packet)
  writer.reset(0, length)
  // RFC 9000 §17.2.1: the connection IDs of the packet that it answers, exchanged.
  const dcid = bytes.slice(dcidStart, dcidStart + dcidLength)
  const scid = bytes.slice(scidStart, scidStart + scidLength)
  writeVersionNegotiation(writer, random, scid, dcid, versions)
  return packet
}
