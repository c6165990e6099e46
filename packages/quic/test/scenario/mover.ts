// A client that is at several addresses, packet by packet as the test says, and what its server sends to
// each of them. The real client makes the handshake and is silent then, unless a test uses it.

import { CLIENT_ADDRESS, SERVER_ADDRESS } from '@godwit/testkit'
import type { PairOptions, SimAddress, SimConnection } from '@godwit/testkit'
import { ByteReader } from '@godwit/wire'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { PACKET_ONE_RTT } from '../../src/constants.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../../src/limits.ts'
import { decodeHeader, PacketHeader } from '../../src/packet-header.ts'
import { forgedPair } from './forger.ts'
import type { ForgedPair, ForgeOptions } from './forger.ts'

const TAG_LENGTH = 16
/** Of the link between the pair; from other addresses packets arrive at once. */
const NETWORK_DELAY = 10

/** Another port of the client's address, and other addresses. */
export const OTHER_PORT: SimAddress = { address: '10.0.0.1', port: 40_001 }
export const ELSEWHERE: SimAddress = { address: '10.0.0.3', port: 40_000 }
export const FURTHER: SimAddress = { address: '10.0.0.4', port: 40_000 }

export const PING: Uint8Array = Uint8Array.of(0x01)

export interface SentFrame {
  readonly type: number
  /** What a PATH_CHALLENGE, PATH_RESPONSE or STREAM frame holds, or the ID of a NEW_CONNECTION_ID. */
  readonly data: Uint8Array
  readonly sequenceNumber: number
}

/** A datagram of the server with one 1-RTT packet. */
export interface Seen {
  readonly at: number
  readonly size: number
  /** Destination Connection ID, in hexadecimal. */
  readonly dcid: string
  readonly frames: readonly SentFrame[]
}

export interface Mover extends ForgedPair {
  readonly clientSide: SimConnection
  readonly serverSide: SimConnection
  /** What the server sent to an address since the handshake was confirmed. */
  sentTo(address: SimAddress): readonly Seen[]
  /** Bytes of that. */
  bytesTo(address: SimAddress): number
  /** Bytes that came from an address since then. */
  bytesFrom(address: SimAddress): number
  /** Sends a 1-RTT packet from an address to the server, and runs until its answers are sent. */
  from(address: SimAddress, frames: Uint8Array, options?: ForgeOptions): void
  /** The IDs that the server issued beside that of the handshake. */
  readonly spareIds: readonly Uint8Array[]
}

const same = (a: SimAddress, b: SimAddress): boolean => a.address === b.address && a.port === b.port

export function mover(options: PairOptions = {}): Mover {
  const p = forgedPair(options)
  const sent: { readonly to: SimAddress; readonly seen: Seen }[] = []
  const received: { readonly from: SimAddress; readonly size: number }[] = []
  const { client, server } = p.establish()
  p.runFor(200)
  p.sim.onSend = (from, to, { bytes }) => {
    if (same(to, SERVER_ADDRESS)) received.push({ from, size: bytes.length })
    else if (same(from, SERVER_ADDRESS)) sent.push({ to, seen: look(p.sim.now, bytes) })
  }
  const sentTo = (address: SimAddress): readonly Seen[] =>
    sent.filter(({ to }) => same(to, address)).map(({ seen }) => seen)
  return {
    ...p,
    clientSide: client,
    serverSide: server,
    sentTo,
    bytesTo: (address) => sentTo(address).reduce((sum, { size }) => sum + size, 0),
    bytesFrom: (address) =>
      received.reduce((sum, { from, size }) => (same(from, address) ? sum + size : sum), 0),
    from: (address, frames, forgeOptions = {}) => {
      p.forge('client', frames, { from: address, ...forgeOptions })
      p.runFor(same(address, CLIENT_ADDRESS) ? NETWORK_DELAY : 0)
    },
    spareIds: p.sent.server
      .flatMap(({ bytes }) => look(0, bytes).frames)
      .filter(({ type }) => type === 0x18)
      .map(({ data }) => data),
  }
}

// The 1-RTT packet of a datagram. The null engine hides nothing.
function look(at: number, bytes: Uint8Array): Seen {
  const reader = new ByteReader(bytes)
  const header = new PacketHeader()
  // Zeros behind the last packet pad the datagram.
  while (reader.remaining > 0 && bytes[reader.position] !== 0) {
    if (!decodeHeader(reader, LOCAL_CONNECTION_ID_LENGTH, header)) break
    if (header.type !== PACKET_ONE_RTT) continue
    const start = header.packetNumberOffset + (bytes[header.start] & 3) + 1
    const id = bytes.subarray(header.dcidStart, header.dcidStart + header.dcidLength)
    const frames = decodeAll(bytes, start, header.end - TAG_LENGTH)
    return { at, size: bytes.length, dcid: Buffer.from(id).toString('hex'), frames }
  }
  return { at, size: bytes.length, dcid: '', frames: [] }
}

// A stateless reset has the look of a 1-RTT packet, and random bytes for frames: none.
function decodeAll(bytes: Uint8Array, start: number, end: number): SentFrame[] {
  try {
    return decodeFrames(bytes, start, end)
  } catch {
    return []
  }
}

function decodeFrames(bytes: Uint8Array, start: number, end: number): SentFrame[] {
  const reader = new ByteReader(bytes, start, end)
  const frames: SentFrame[] = []
  while (reader.remaining > 0) {
    const frame = new Frame()
    decodeFrame(reader, frame)
    const { type, sequenceNumber } = frame
    const dataEnd = type === 0x1a || type === 0x1b ? frame.start + 8 : frame.end
    frames.push({ type, sequenceNumber, data: bytes.slice(frame.start, dataEnd) })
  }
  return frames
}

/** The frames of a type in what was sent. */
export function framesOf(seen: readonly Seen[], type: number): readonly SentFrame[] {
  return seen.flatMap(({ frames }) => frames.filter((frame) => frame.type === type))
}

/** Types of frames, without PADDING. */
export function typesOf({ frames }: Seen): readonly number[] {
  return frames.map(({ type }) => type).filter((type) => type !== 0x00)
}
