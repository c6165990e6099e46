// Datagrams to packets: headers are decoded one after another, written again by our encoder, and
// unknown versions answered.

import { ByteReader } from '@godwit/wire'
import {
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  PACKET_RETRY,
  PACKET_UNKNOWN_VERSION,
  PACKET_VERSION_NEGOTIATION,
  PACKET_ZERO_RTT,
  VERSION_1,
} from '../../../quic/src/constants.ts'
import {
  decodeHeader,
  decodePacketNumber,
  longHeaderLength,
  PacketHeader,
  packetNumberLength,
  shortHeaderLength,
  writeLongHeader,
  writePacketLength,
  writeShortHeader,
} from '../../../quic/src/packet-header.ts'
import { PacketWriter } from '../../../quic/src/packet-writer.ts'
import { statelessResetPacket } from '../../../quic/src/stateless-reset.ts'
import { versionNegotiationPacket } from '../../../quic/src/version-negotiation.ts'
import { must, mustEqual } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const SHORT_DCID = 8
/** More than the length field that we write can say is not written again. */
const MAX_LENGTH = 16_383

const writer = new PacketWriter(new Uint8Array(20_000))

const long = (type: number, ...rest: number[]): Uint8Array =>
  Uint8Array.of(0xc3 | (type << 4), 0, 0, 0, 1, 4, 1, 2, 3, 4, 3, 5, 6, 7, ...rest)

export const quicHeader: Target = {
  name: 'quic-header',
  about: 'decodeHeader over whole datagrams: offsets in range, written again the same',
  maxLength: 1500,
  steps: { base: 400, perByte: 10 },
  seeds: () => [
    long(PACKET_INITIAL, 3, 9, 9, 9, 8, 1, 2, 3, 4, 5, 6, 7, 8),
    long(PACKET_ZERO_RTT, 8, 1, 2, 3, 4, 5, 6, 7, 8),
    Uint8Array.of(
      ...long(PACKET_HANDSHAKE, 0x40, 5, 1, 2, 3, 4, 5),
      0x41,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
    ),
    long(PACKET_RETRY, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17),
    Uint8Array.of(0x80, 0, 0, 0, 0, 1, 2, 1, 3, 0, 0, 0, 1, 0x0a, 0x0a, 0x0a, 0x0a),
    Uint8Array.of(0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 21, ...new Array<number>(21).fill(7), 0, 1, 2, 3),
    Uint8Array.of(0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21),
  ],
  run(input) {
    const reader = new ByteReader(input)
    const header = new PacketHeader()
    while (reader.remaining > 0) {
      const start = reader.position
      if (!decodeHeader(reader, SHORT_DCID, header)) break
      must(header.start === start && header.end > start, 'no step forward')
      must(header.end === reader.position && header.end <= input.length, `ends at ${header.end}`)
      checkOffsets(header)
      checkAgain(input, header)
      checkNumber(input, header)
    }
    const reset = statelessResetPacket(new Uint8Array(16), input.length, (n) => new Uint8Array(n))
    must(reset === null || reset.length < input.length, 'a reset as long as what it answers')
  },
}

function checkOffsets(header: PacketHeader): void {
  const { start, end, dcidStart, dcidLength, scidStart, scidLength, type } = header
  must(dcidStart > start && dcidStart + dcidLength <= end, 'destination ID out of the packet')
  must(scidStart >= dcidStart + dcidLength && scidStart + scidLength <= end, 'source ID')
  must(header.tokenStart >= scidStart + scidLength && header.tokenEnd >= header.tokenStart, 'token')
  must(header.tokenEnd <= end, 'token out of the packet')
  if (type <= PACKET_HANDSHAKE || type === PACKET_ONE_RTT) {
    const { packetNumberOffset } = header
    must(packetNumberOffset >= header.tokenEnd && packetNumberOffset <= end, 'packet number')
  }
  if (type <= PACKET_ONE_RTT) must(dcidLength <= 20 && scidLength <= 20, 'a long connection ID')
}

function checkAgain(input: Uint8Array, header: PacketHeader): void {
  const { type, start, end, packetNumberOffset } = header
  const dcid = input.slice(header.dcidStart, header.dcidStart + header.dcidLength)
  const scid = input.slice(header.scidStart, header.scidStart + header.scidLength)
  if (type === PACKET_UNKNOWN_VERSION) return checkNegotiation(input, header, dcid, scid)
  if (type === PACKET_VERSION_NEGOTIATION || type === PACKET_RETRY) return
  const rest = end - packetNumberOffset
  if (rest < 4 || rest > MAX_LENGTH) return
  const token = input.slice(header.tokenStart, header.tokenEnd)
  const numberLength = (input[start] & 3) + 1
  let number = 0
  for (let i = 0; i < numberLength; i++) number = number * 256 + input[packetNumberOffset + i]
  writer.reset(0, writer.bytes.length)
  let numberAt: number
  let expected: number
  if (type === PACKET_ONE_RTT) {
    const keyPhase = (input[start] & 4) !== 0
    numberAt = writeShortHeader(
      writer,
      dcid,
      (input[start] & 0x20) !== 0,
      keyPhase,
      number,
      numberLength,
    )
    expected = shortHeaderLength(dcid.length, numberLength)
  } else {
    numberAt = writeLongHeader(writer, type, VERSION_1, dcid, scid, token, number, numberLength)
    expected = longHeaderLength(type, dcid.length, scid.length, token.length, numberLength)
  }
  must(writer.position === expected, `a header of ${writer.position} bytes, ${expected} were said`)
  writer.bytes.set(input.subarray(packetNumberOffset + numberLength, end), writer.position)
  const packetEnd = numberAt + rest
  if (type !== PACKET_ONE_RTT) writePacketLength(writer.bytes, numberAt, rest)
  const reader = new ByteReader(writer.bytes, 0, packetEnd)
  const again = new PacketHeader()
  must(decodeHeader(reader, SHORT_DCID, again), 'our own header is refused')
  must(again.type === type && again.version === header.version, 'another type')
  must(again.packetNumberOffset === numberAt && again.end === packetEnd, 'other offsets')
  const { bytes } = writer
  mustEqual(bytes.slice(again.dcidStart, again.dcidStart + again.dcidLength), dcid, 'destination')
  mustEqual(bytes.slice(again.scidStart, again.scidStart + again.scidLength), scid, 'source')
  mustEqual(bytes.slice(again.tokenStart, again.tokenEnd), token, 'token')
}

// RFC 8999 §6: connection IDs exchanged, whatever their length; no more bytes than the answered
// packet's IDs and our few versions.
function checkNegotiation(
  input: Uint8Array,
  header: PacketHeader,
  dcid: Uint8Array,
  scid: Uint8Array,
): void {
  const packet = versionNegotiationPacket(input, header, input[header.start])
  const reader = new ByteReader(packet)
  const again = new PacketHeader()
  must(decodeHeader(reader, SHORT_DCID, again), 'our Version Negotiation is refused')
  must(again.type === PACKET_VERSION_NEGOTIATION, `type ${again.type}`)
  mustEqual(packet.slice(again.dcidStart, again.dcidStart + again.dcidLength), scid, 'destination')
  mustEqual(packet.slice(again.scidStart, again.scidStart + again.scidLength), dcid, 'source')
  must((again.tokenEnd - again.tokenStart) % 4 === 0, 'not whole versions')
}

// RFC 9000 §A.2 and §A.3: a number written in as many bytes as we say is told by the receiver.
function checkNumber(input: Uint8Array, header: PacketHeader): void {
  let largestAcked = -1
  let unacknowledged = 0
  for (let i = 0; i < 6; i++) {
    largestAcked = (largestAcked + 1) * 256 + (input[header.start + i] ?? 0)
    if (i < 3) unacknowledged = unacknowledged * 256 + (input[header.end - 1 - i] ?? 0)
  }
  const number = largestAcked + 1 + unacknowledged
  const length = packetNumberLength(number, largestAcked)
  const truncated = number % 2 ** (8 * length)
  must(
    decodePacketNumber(largestAcked, truncated, length) === number,
    `${number} in ${length} bytes`,
  )
  must(decodePacketNumber(number - 1, truncated, length) === number, `${number} right after`)
}
