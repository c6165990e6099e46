// Frames and packet headers.

import { ByteReader, RangeSet } from '@godwit/wire'
import type * as PacketWriterModule from '../../packages/quic/src/packet-writer.ts'
import type * as FrameEncoderModule from '../../packages/quic/src/frame-encoder.ts'
import type * as FrameDecoderModule from '../../packages/quic/src/frame-decoder.ts'
import type * as FrameModule from '../../packages/quic/src/frame.ts'
import type * as PacketHeaderModule from '../../packages/quic/src/packet-header.ts'
import type * as ConstantsModule from '../../packages/quic/src/constants.ts'
import { internal } from '../lib/internal.ts'
import type { Micro } from './micro.ts'

const { PacketWriter } = await internal<typeof PacketWriterModule>('quic/packet-writer')
const { writeAck, writeMaxStreamData, writeStreamHeader } =
  await internal<typeof FrameEncoderModule>('quic/frame-encoder')
const { decodeFrame } = await internal<typeof FrameDecoderModule>('quic/frame-decoder')
const { Frame } = await internal<typeof FrameModule>('quic/frame')
const {
  decodeHeader,
  decodePacketNumber,
  PacketHeader,
  writeLongHeader,
  writePacketLength,
  writeShortHeader,
} = await internal<typeof PacketHeaderModule>('quic/packet-header')
const { PACKET_INITIAL, VERSION_1 } = await internal<typeof ConstantsModule>('quic/constants')

const DATA = 1300
const CID = new Uint8Array(8).fill(7)

function receivedRanges(count: number): RangeSet {
  const set = new RangeSet()
  for (let i = 0; i < count; i++) set.add(1000 + i * 4, 1002 + i * 4)
  return set
}

export function frameMicros(): Micro[] {
  const memory = new Uint8Array(2048)
  const writer = new PacketWriter(memory)
  const reader = new ByteReader(memory)
  const frame = new Frame()
  const header = new PacketHeader()
  const encode = (name: string, write: () => void): Micro => ({
    name: `encode ${name}`,
    run: () => {
      writer.reset(0, 1350)
      write()
      return writer.position
    },
  })
  const decode = (name: string, write: () => void): Micro => {
    const bytes = new Uint8Array(2048)
    const own = new PacketWriter(bytes)
    own.reset(0, 2048)
    writer.reset(0, 2048)
    write()
    bytes.set(memory.subarray(0, writer.position))
    const end = writer.position
    return {
      name: `decode ${name}`,
      run: () => {
        reader.reset(bytes, 0, end)
        decodeFrame(reader, frame)
        return frame.end
      },
    }
  }
  const streamHeader = (): void => writeStreamHeader(writer, 4, 1_000_000, DATA, false)
  const stream = (): void => {
    streamHeader()
    writer.position += DATA
  }
  const [one, many] = [receivedRanges(1), receivedRanges(32)]
  const ack = (): boolean => writeAck(writer, one, 100, null)
  const manyAcks = (): boolean => writeAck(writer, many, 100, null)
  const maxStreamData = (): void => writeMaxStreamData(writer, 4, 2 ** 24)

  const short = new PacketWriter(new Uint8Array(1350))
  short.reset(0, 1350)
  writeShortHeader(short, CID, false, false, 70_000, 2)
  const long = new PacketWriter(new Uint8Array(1350))
  long.reset(0, 1350)
  const pnOffset = writeLongHeader(
    long,
    PACKET_INITIAL,
    VERSION_1,
    CID,
    CID,
    new Uint8Array(0),
    0,
    2,
  )
  writePacketLength(long.bytes, pnOffset, 1200)
  let expected = 0
  return [
    encode('STREAM header', streamHeader),
    decode('STREAM', stream),
    encode('ACK of 1 range', ack),
    decode('ACK of 1 range', ack),
    encode('ACK of 32 ranges', manyAcks),
    decode('ACK of 32 ranges', manyAcks),
    encode('MAX_STREAM_DATA', maxStreamData),
    decode('MAX_STREAM_DATA', maxStreamData),
    encode('short header', () => writeShortHeader(writer, CID, false, false, 70_000, 2)),
    {
      name: 'parse short header',
      run: () => {
        reader.reset(short.bytes, 0, 1350)
        return decodeHeader(reader, CID.length, header)
      },
    },
    {
      name: 'parse Initial header',
      run: () => {
        reader.reset(long.bytes, 0, 1350)
        return decodeHeader(reader, CID.length, header)
      },
    },
    {
      name: 'packet number from 2 bytes',
      run: () => {
        expected = (expected + 1) & 0xffffff
        return decodePacketNumber(expected - 1, expected & 0xffff, 2)
      },
    },
  ]
}
