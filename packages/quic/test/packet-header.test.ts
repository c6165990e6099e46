import { ByteReader } from '@godwit/wire'
import * as fc from 'fast-check'
import t from 'tap'
import {
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  PACKET_RETRY,
  PACKET_UNKNOWN_VERSION,
  PACKET_VERSION_NEGOTIATION,
  PACKET_ZERO_RTT,
  VERSION_1,
} from '../src/constants.ts'
import {
  decodeHeader,
  decodePacketNumber,
  longHeaderLength,
  PacketHeader,
  packetNumberLength,
  shortHeaderLength,
  versionNegotiationLength,
  writeLongHeader,
  writePacketLength,
  writeShortHeader,
  writeVersionNegotiation,
} from '../src/packet-header.ts'
import { PacketWriter } from '../src/packet-writer.ts'

const SEED = 9000
const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const decode = (data: Uint8Array, header = new PacketHeader(), dcidLength = 0): boolean =>
  decodeHeader(new ByteReader(data), dcidLength, header)
const cid = fc.uint8Array({ minLength: 0, maxLength: 20 })

t.test('rfc9000#17.1-2: packet numbers are sent in as many bytes as the receiver needs', (t) => {
  t.equal(packetNumberLength(0xac5c02, 0xabe8b3), 2)
  t.equal(packetNumberLength(0xace8fe, 0xabe8b3), 3)
  t.equal(packetNumberLength(0, -1), 1)
  t.equal(packetNumberLength(127, -1), 1)
  t.equal(packetNumberLength(128, -1), 2)
  t.equal(packetNumberLength(2 ** 31, 0), 4)
  t.end()
})

t.test('RFC 9000 §A.3: the sample packet number', (t) => {
  t.equal(decodePacketNumber(0xa82f30ea, 0x9b32, 2), 0xa82f9b32)
  t.end()
})

t.test('rfc9000#17.1-2: what packetNumberLength chose, decodePacketNumber recovers', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 2 ** 52 }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (largestAcked, ahead, share) => {
        const packetNumber = largestAcked + ahead
        // The receiver has received at least what it acknowledged, at most everything before.
        const largest = largestAcked + Math.floor((ahead - 1) * share)
        const length = packetNumberLength(packetNumber, largestAcked)
        const truncated = packetNumber % 2 ** (8 * length)
        return decodePacketNumber(largest, truncated, length) === packetNumber
      },
    ),
    { seed: SEED },
  )
  t.end()
})

t.test('RFC 9000 §A.3: no candidate is negative or beyond 2^53-1', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER - 1 }),
      fc.nat({ max: 0xffffffff }),
      fc.integer({ min: 1, max: 4 }),
      (largest, bits, length) => {
        const truncated = bits % 2 ** (8 * length)
        const decoded = decodePacketNumber(largest, truncated, length)
        return decoded >= 0 && Number.isSafeInteger(decoded)
      },
    ),
    { seed: SEED },
  )
  t.end()
})

t.test('RFC 9000 §17.2: long headers round-trip, and their length is known before', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(PACKET_INITIAL, PACKET_ZERO_RTT, PACKET_HANDSHAKE),
      cid,
      cid,
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      fc.nat({ max: 500 }),
      (type, dcid, scid, token, packetNumber, pnLength, payload) => {
        const memory = new Uint8Array(2000)
        const writer = new PacketWriter(memory)
        writer.reset(7, 2000)
        const at = writeLongHeader(
          writer,
          type,
          VERSION_1,
          dcid,
          scid,
          token,
          packetNumber,
          pnLength,
        )
        const predicted = longHeaderLength(type, dcid.length, scid.length, token.length, pnLength)
        if (writer.position - 7 !== predicted) return false
        writePacketLength(memory, at, pnLength + payload)
        const header = new PacketHeader()
        const reader = new ByteReader(memory, 7, writer.position + payload + 30)
        let written = 0
        for (let i = 0; i < pnLength; i++) written = written * 256 + memory[at + i]
        return (
          decodeHeader(reader, 8, header) &&
          header.type === type &&
          header.version === VERSION_1 &&
          header.start === 7 &&
          header.packetNumberOffset === at &&
          header.end === at + pnLength + payload &&
          reader.position === header.end &&
          same(memory, header.dcidStart, header.dcidLength, dcid) &&
          same(memory, header.scidStart, header.scidLength, scid) &&
          (type !== PACKET_INITIAL ||
            same(memory, header.tokenStart, header.tokenEnd - header.tokenStart, token)) &&
          written === packetNumber % 2 ** (8 * pnLength)
        )
      },
    ),
    { seed: SEED },
  )
  t.end()
})

t.test('RFC 9000 §17.3.1: short headers round-trip', (t) => {
  fc.assert(
    fc.property(
      cid,
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      (dcid, spin, phase, pn, pnLength) => {
        const memory = new Uint8Array(100)
        const writer = new PacketWriter(memory)
        writer.reset(3, 100)
        const at = writeShortHeader(writer, dcid, spin, phase, pn, pnLength)
        const header = new PacketHeader()
        return (
          writer.position - 3 === shortHeaderLength(dcid.length, pnLength) &&
          decodeHeader(new ByteReader(memory, 3, 100), dcid.length, header) &&
          header.type === PACKET_ONE_RTT &&
          header.packetNumberOffset === at &&
          header.end === 100 &&
          ((memory[3] & 0x20) !== 0) === spin &&
          ((memory[3] & 0x04) !== 0) === phase &&
          (memory[3] & 0x03) === pnLength - 1 &&
          same(memory, header.dcidStart, header.dcidLength, dcid)
        )
      },
    ),
    { seed: SEED },
  )
  t.end()
})

t.test(
  'RFC 9000 §17.2.1: Version Negotiation lists versions and has the Fixed Bit set (rfc9000#17.2.1-2, rfc9000#17.2.1-3)',
  (t) => {
    const writer = new PacketWriter(new Uint8Array(100))
    writer.reset(0, 100)
    writeVersionNegotiation(writer, 0xff, bytes('0102'), bytes('030405'), [1, 0x6b3343cf])
    t.equal(writer.position, versionNegotiationLength(2, 3, 2))
    const data = writer.bytes.subarray(0, writer.position)
    t.same(data, bytes('ff 00000000 02 0102 03 030405 00000001 6b3343cf'))
    const header = new PacketHeader()
    t.ok(decode(data, header))
    t.equal(header.type, PACKET_VERSION_NEGOTIATION)
    t.same(data.subarray(header.tokenStart, header.tokenEnd), bytes('00000001 6b3343cf'))
    t.end()
  },
)

t.test(
  'RFC 8999 §5.1: of an unknown version only the connection IDs are read, up to 255 bytes (rfc9000#17.2-4)',
  (t) => {
    const header = new PacketHeader()
    const data = new Uint8Array(600)
    data.set(bytes('80 faceb00c ff'))
    data[6 + 255] = 30
    t.ok(decode(data, header))
    t.equal(header.type, PACKET_UNKNOWN_VERSION)
    t.equal(header.version, 0xfaceb00c)
    t.equal(header.dcidLength, 255)
    t.equal(header.scidLength, 30)
    t.equal(header.end, 600)
    t.end()
  },
)

t.test('RFC 9000 §17.2.5: a Retry takes the whole datagram', (t) => {
  const header = new PacketHeader()
  t.ok(decode(bytes('ff 00000001 00 01 aa 746f6b656e'), header))
  t.equal(header.type, PACKET_RETRY)
  t.equal(header.tokenEnd - header.tokenStart, 5)
  t.end()
})

t.test('RFC 9000 §17.2: packets that are not valid are dropped', (t) => {
  t.notOk(decode(bytes('80 00000001 00 00 00 01 00')), 'rfc9000#17.2-1: Fixed Bit zero, long')
  t.notOk(decode(bytes('00 0102')), 'rfc9000#17.3.1-1: Fixed Bit zero, short')
  const long = new Uint8Array(60)
  long.set(bytes('e0 00000001 15'))
  t.notOk(decode(long), 'rfc9000#17.2-3: destination connection ID of 21 bytes')
  long.set(bytes('e0 00000001 00 15'))
  t.notOk(decode(long), 'rfc9000#17.2-6: source connection ID of 21 bytes')
  t.notOk(decode(bytes('c0 00000001 00 00 00 40ff 00')), 'Length beyond the datagram')
  t.notOk(decode(bytes('c0 00000001 00 00 05 0000')), 'token beyond the datagram')
  t.notOk(decode(bytes('40 01'), new PacketHeader(), 8), 'short header without its connection ID')
  t.notOk(decode(new Uint8Array(0)), 'nothing at all')
  t.end()
})

t.test(
  'RFC 9000 §12.2: decoding any bytes ends, inside the datagram, without an exception',
  (t) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat({ max: 20 }),
        fc.boolean(),
        (data, dcidLength, v1) => {
          if (v1 && data.length > 5) data.set([data[0] | 0xc0, 0, 0, 0, 1])
          const header = new PacketHeader()
          const reader = new ByteReader(data)
          if (!decodeHeader(reader, dcidLength, header)) return true
          return (
            header.end <= data.length &&
            reader.position === header.end &&
            header.end > header.start &&
            header.packetNumberOffset <= header.end &&
            header.tokenEnd <= header.end
          )
        },
      ),
      { seed: SEED, numRuns: 2000 },
    )
    t.end()
  },
)

function same(memory: Uint8Array, start: number, length: number, expected: Uint8Array): boolean {
  return Buffer.compare(memory.subarray(start, start + length), expected) === 0
}
