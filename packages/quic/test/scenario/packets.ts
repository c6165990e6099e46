// The packets of a datagram, for tests that look at what was sent: the null engine hides nothing.

import type { SimDatagram } from '@godwit/testkit'
import { ByteReader } from '@godwit/wire'
import { FRAME_CRYPTO, PACKET_ONE_RTT } from '../../src/constants.ts'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../../src/limits.ts'
import { decodeHeader, PacketHeader } from '../../src/packet-header.ts'

const TAG_LENGTH = 16

/** A frame, with the parts that tests look at. */
export interface SeenFrame {
  readonly type: number
  /** Of a CRYPTO or STREAM frame. */
  readonly offset: number
  /** What a CRYPTO, STREAM, PATH_CHALLENGE or PATH_RESPONSE frame holds, or a reason phrase. */
  readonly data: Uint8Array
  readonly errorCode: number
  /** Of an ACK frame. */
  readonly largestAcked: number
  /** Of a NEW_CONNECTION_ID frame. */
  readonly retirePriorTo: number
}

/** A packet that was sent. */
export interface SeenPacket {
  /** PACKET_INITIAL, ..., PACKET_ONE_RTT. */
  readonly type: number
  /** In hexadecimal, like the next two; empty where there is none. */
  readonly dcid: string
  readonly scid: string
  readonly token: string
  /** As it stands in the header: not extended by what was received before. */
  readonly packetNumber: number
  /** Bytes that the packet number takes. */
  readonly packetNumberLength: number
  readonly frames: readonly SeenFrame[]
  readonly size: number
}

/** The packets of a datagram, in order. Zeros behind the last are left out. */
export function packetsOf({ bytes }: Pick<SimDatagram, 'bytes'>): SeenPacket[] {
  const packets: SeenPacket[] = []
  const reader = new ByteReader(bytes)
  const header = new PacketHeader()
  const text = (start: number, end: number): string =>
    Buffer.from(bytes.subarray(start, end)).toString('hex')
  while (reader.remaining > 0 && bytes[reader.position] !== 0) {
    if (!decodeHeader(reader, LOCAL_CONNECTION_ID_LENGTH, header)) break
    if (header.packetNumberOffset === 0) continue
    const packetNumberLength = (bytes[header.start] & 3) + 1
    const payload = header.packetNumberOffset + packetNumberLength
    let packetNumber = 0
    for (let at = header.packetNumberOffset; at < payload; at++) {
      packetNumber = packetNumber * 256 + bytes[at]
    }
    const { dcidStart, dcidLength, scidStart, scidLength, tokenStart, tokenEnd } = header
    const long = header.type !== PACKET_ONE_RTT
    packets.push({
      type: header.type,
      dcid: text(dcidStart, dcidStart + dcidLength),
      scid: long ? text(scidStart, scidStart + scidLength) : '',
      token: long ? text(tokenStart, tokenEnd) : '',
      packetNumber,
      packetNumberLength,
      frames: framesOf(bytes, payload, header.end - TAG_LENGTH),
      size: header.end - header.start,
    })
  }
  return packets
}

/** All packets of a type in what was sent, in order. */
export function packetsOfType(sent: readonly SimDatagram[], type: number): SeenPacket[] {
  return sent.flatMap(packetsOf).filter((packet) => packet.type === type)
}

/** Whether one of the packets has a frame of a type. */
export function hasFrame({ frames }: SeenPacket, type: number): boolean {
  return frames.some((frame) => frame.type === type)
}

/** What the CRYPTO frames of packets say, by offset. Throws when they contradict each other. */
export function cryptoBytes(packets: readonly SeenPacket[]): Map<number, number> {
  const all = new Map<number, number>()
  for (const { type, offset, data } of packets.flatMap(({ frames }) => frames)) {
    if (type !== FRAME_CRYPTO) continue
    data.forEach((byte, i) => {
      const known = all.get(offset + i)
      if (known !== undefined && known !== byte) throw new Error(`two bytes at ${offset + i}`)
      all.set(offset + i, byte)
    })
  }
  return all
}

function framesOf(bytes: Uint8Array, start: number, end: number): SeenFrame[] {
  const reader = new ByteReader(bytes, start, end)
  const frames: SeenFrame[] = []
  while (reader.remaining > 0) {
    const frame = new Frame()
    decodeFrame(reader, frame)
    const { type, offset, errorCode } = frame
    if (type === 0) continue
    const isPath = type === 0x1a || type === 0x1b
    frames.push({
      type,
      offset,
      data: bytes.slice(frame.start, isPath ? frame.start + 8 : frame.end),
      errorCode,
      largestAcked: frame.ack.largest,
      retirePriorTo: frame.retirePriorTo,
    })
  }
  return frames
}
