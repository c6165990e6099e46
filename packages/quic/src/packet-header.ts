// Packet headers: the version-independent properties (RFC 8999 §5) and those of version 1
// (RFC 9000 §17). What cannot be decoded is not an error but a packet to drop.

import type { ByteReader } from '@godwit/wire'
import { encodeVarint2, varintLength } from '@godwit/wire'
import {
  FIXED_BIT,
  HEADER_FORM_LONG,
  KEY_PHASE_BIT,
  MAX_CONNECTION_ID_LENGTH,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  PACKET_RETRY,
  PACKET_UNKNOWN_VERSION,
  PACKET_VERSION_NEGOTIATION,
  SPIN_BIT,
  VERSION_1,
  VERSION_NEGOTIATION,
} from './constants.ts'
import type { PacketWriter } from './packet-writer.ts'

/** One decoded header, reused for every packet. Offsets point into packet memory. */
export class PacketHeader {
  /** PACKET_INITIAL, ..., PACKET_UNKNOWN_VERSION (constants.ts). */
  type: number
  /** 0 in a short header. */
  version: number
  /** Offset of the first byte of the packet. */
  start: number
  /** Destination Connection ID. */
  dcidStart: number
  dcidLength: number
  /** Source Connection ID; not in short headers. */
  scidStart: number
  scidLength: number
  /** Initial, Retry: the token. Version Negotiation: the list of versions. */
  tokenStart: number
  tokenEnd: number
  /** Offset of the packet number, which is still protected. */
  packetNumberOffset: number
  /** Offset after the packet; another may follow in the datagram, RFC 9000 §12.2. */
  end: number

  constructor() {
    this.type = 0
    this.version = 0
    this.start = 0
    this.dcidStart = 0
    this.dcidLength = 0
    this.scidStart = 0
    this.scidLength = 0
    this.tokenStart = 0
    this.tokenEnd = 0
    this.packetNumberOffset = 0
    this.end = 0
  }
}

/**
 * Reads the header of the packet at the reader's position; the reader ends where the datagram ends
 * and is left after the packet.
 *
 * Of a version that we do not speak only the connection IDs are known (PACKET_UNKNOWN_VERSION).
 *
 * @param shortDcidLength how long our connection IDs are, for short headers do not say.
 * @returns false when there is no packet to be found here: drop the rest of the datagram.
 */
export function decodeHeader(
  reader: ByteReader,
  shortDcidLength: number,
  header: PacketHeader,
): boolean {
  header.start = reader.position
  const first = reader.u8()
  if ((first & HEADER_FORM_LONG) === 0) return decodeShort(reader, first, shortDcidLength, header)
  header.version = reader.u32()
  header.dcidLength = reader.u8()
  header.dcidStart = reader.position
  reader.skip(header.dcidLength)
  header.scidLength = reader.u8()
  header.scidStart = reader.position
  reader.skip(header.scidLength)
  header.tokenStart = reader.position
  header.tokenEnd = reader.position
  header.packetNumberOffset = 0
  if (!reader.ok) return false
  if (header.version !== VERSION_1) {
    header.type =
      header.version === VERSION_NEGOTIATION ? PACKET_VERSION_NEGOTIATION : PACKET_UNKNOWN_VERSION
    return takeRest(reader, header)
  }
  // RFC 9000 §17.2: "Packets containing a zero value for this bit are not valid packets in this
  // version and MUST be discarded."
  if ((first & FIXED_BIT) === 0) return false
  // "Endpoints that receive a version 1 long header with a value larger than 20 MUST drop the packet."
  if (header.dcidLength > MAX_CONNECTION_ID_LENGTH) return false
  if (header.scidLength > MAX_CONNECTION_ID_LENGTH) return false
  header.type = (first >>> 4) & 0x03
  if (header.type === PACKET_RETRY) return takeRest(reader, header)
  if (header.type === PACKET_INITIAL) {
    const tokenLength = reader.varint()
    header.tokenStart = reader.position
    reader.skip(tokenLength)
    header.tokenEnd = reader.position
  }
  const length = reader.varint()
  header.packetNumberOffset = reader.position
  reader.skip(length)
  header.end = reader.position
  return reader.ok
}

function decodeShort(
  reader: ByteReader,
  first: number,
  dcidLength: number,
  header: PacketHeader,
): boolean {
  // RFC 9000 §17.3.1: the Fixed Bit, as in long headers.
  if ((first & FIXED_BIT) === 0) return false
  header.type = PACKET_ONE_RTT
  header.version = 0
  header.dcidStart = reader.position
  header.dcidLength = dcidLength
  reader.skip(dcidLength)
  header.scidStart = reader.position
  header.scidLength = 0
  header.tokenStart = reader.position
  header.tokenEnd = reader.position
  header.packetNumberOffset = reader.position
  reader.skip(reader.remaining)
  header.end = reader.position
  return reader.ok
}

/** Retry, Version Negotiation and unknown versions have no length: they are all of the datagram. */
function takeRest(reader: ByteReader, header: PacketHeader): boolean {
  reader.skip(reader.remaining)
  header.tokenEnd = reader.position
  header.end = reader.position
  return true
}

/** Bytes of a long header up to and including the packet number; `tokenLength` only counts for Initial. */
export function longHeaderLength(
  type: number,
  dcidLength: number,
  scidLength: number,
  tokenLength: number,
  packetNumberLength: number,
): number {
  const token = type === PACKET_INITIAL ? varintLength(tokenLength) + tokenLength : 0
  return 1 + 4 + 1 + dcidLength + 1 + scidLength + token + 2 + packetNumberLength
}

/**
 * Writes the long header of an Initial, 0-RTT or Handshake packet where `writer` stands and returns
 * the offset of the packet number; `writePacketLength` fills the Length field in later. The writer
 * is left after the packet number.
 */
export function writeLongHeader(
  writer: PacketWriter,
  type: number,
  version: number,
  dcid: Uint8Array,
  scid: Uint8Array,
  token: Uint8Array,
  packetNumber: number,
  packetNumberLength: number,
): number {
  writer.u8(HEADER_FORM_LONG | FIXED_BIT | (type << 4) | (packetNumberLength - 1))
  writer.u8(version >>> 24)
  writer.u8(version >>> 16)
  writer.u8(version >>> 8)
  writer.u8(version)
  writer.u8(dcid.length)
  writeBytes(writer, dcid)
  writer.u8(scid.length)
  writeBytes(writer, scid)
  if (type === PACKET_INITIAL) {
    writer.varint(token.length)
    writeBytes(writer, token)
  }
  writer.position = encodeVarint2(writer.bytes, writer.position, 0)
  const packetNumberOffset = writer.position
  writePacketNumber(writer, packetNumber, packetNumberLength)
  return packetNumberOffset
}

/**
 * Fills in the Length field of a long header, RFC 9000 §17.2.
 *
 * @param length packet number, payload and tag in bytes, 0..16383.
 */
export function writePacketLength(
  bytes: Uint8Array,
  packetNumberOffset: number,
  length: number,
): void {
  encodeVarint2(bytes, packetNumberOffset - 2, length)
}

/** Bytes of a short header up to and including the packet number. */
export function shortHeaderLength(dcidLength: number, packetNumberLength: number): number {
  return 1 + dcidLength + packetNumberLength
}

/** Writes a short header, RFC 9000 §17.3.1; returns the offset of the packet number. */
export function writeShortHeader(
  writer: PacketWriter,
  dcid: Uint8Array,
  spin: boolean,
  keyPhase: boolean,
  packetNumber: number,
  packetNumberLength: number,
): number {
  let first = FIXED_BIT | (packetNumberLength - 1)
  if (spin) first |= SPIN_BIT
  if (keyPhase) first |= KEY_PHASE_BIT
  writer.u8(first)
  writeBytes(writer, dcid)
  const packetNumberOffset = writer.position
  writePacketNumber(writer, packetNumber, packetNumberLength)
  return packetNumberOffset
}

export function versionNegotiationLength(
  dcidLength: number,
  scidLength: number,
  versionCount: number,
): number {
  return 1 + 4 + 1 + dcidLength + 1 + scidLength + 4 * versionCount
}

/**
 * Writes a Version Negotiation packet, RFC 9000 §17.2.1: the connection IDs are those of the packet
 * that it answers, exchanged.
 *
 * @param unused seven random bits: their value means nothing, and should not be relied on.
 */
export function writeVersionNegotiation(
  writer: PacketWriter,
  unused: number,
  dcid: Uint8Array,
  scid: Uint8Array,
  versions: readonly number[],
): void {
  // "The value in the Unused field is set to an arbitrary value by the server. [...] Where QUIC might
  // be multiplexed with other protocols, servers SHOULD set the most significant bit of this field."
  writer.u8(HEADER_FORM_LONG | FIXED_BIT | (unused & 0x3f))
  writer.u8(0)
  writer.u8(0)
  writer.u8(0)
  writer.u8(0)
  writer.u8(dcid.length)
  writeBytes(writer, dcid)
  writer.u8(scid.length)
  writeBytes(writer, scid)
  for (let i = 0; i < versions.length; i++) {
    const version = versions[i]
    writer.u8(version >>> 24)
    writer.u8(version >>> 16)
    writer.u8(version >>> 8)
    writer.u8(version)
  }
}

/**
 * Bytes, 1..4, that a packet number needs so that the receiver can tell it, RFC 9000 §17.1 and §A.2.
 *
 * @param largestAcked largest packet number of the space that the peer acknowledged, -1 for none.
 */
export function packetNumberLength(packetNumber: number, largestAcked: number): number {
  const unacknowledged = packetNumber - largestAcked
  if (unacknowledged <= 0x80) return 1
  if (unacknowledged <= 0x8000) return 2
  if (unacknowledged <= 0x800000) return 3
  return 4
}

/**
 * The packet number that `truncated`, which came in `length` bytes, stands for, RFC 9000 §A.3.
 *
 * @param largest largest packet number received in the space, -1 for none.
 */
export function decodePacketNumber(largest: number, truncated: number, length: number): number {
  const expected = largest + 1
  const window = 2 ** (length * 8)
  const half = window / 2
  const candidate = expected - (expected % window) + truncated
  if (candidate <= expected - half && candidate < Number.MAX_SAFE_INTEGER - window) {
    return candidate + window
  }
  if (candidate > expected + half && candidate >= window) return candidate - window
  return candidate
}

function writePacketNumber(writer: PacketWriter, packetNumber: number, length: number): void {
  // Only the low 32 bits are sent; `>>>` takes them from any safe integer.
  const low = packetNumber >>> 0
  if (length === 4) writer.u8(low >>> 24)
  if (length >= 3) writer.u8(low >>> 16)
  if (length >= 2) writer.u8(low >>> 8)
  writer.u8(low)
}

function writeBytes(writer: PacketWriter, data: Uint8Array): void {
  writer.bytes.set(data, writer.position)
  writer.position += data.length
}
