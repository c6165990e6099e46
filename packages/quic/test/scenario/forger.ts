// A peer that does as the test says: it knows the secrets of the null handshake and seals packets
// of its own among those of the real peer.

import { TLS_AES_128_GCM_SHA256 } from '@godwit/protection'
import type { PacketProtection } from '@godwit/protection'
import type { EncryptionLevel } from '@godwit/quic'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE } from '@godwit/quic'
import {
  chain,
  CLIENT_ADDRESS,
  delay,
  nullSecret,
  observe,
  pair,
  SERVER_ADDRESS,
} from '@godwit/testkit'
import type { NetworkNode, Pair, PairOptions, SimAddress, SimDatagram } from '@godwit/testkit'
import type { Test } from 'tap'
import { ByteReader, encodeVarint, varintLength } from '@godwit/wire'
import {
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ZERO_RTT,
  VERSION_1,
} from '../../src/constants.ts'
import { writeLongHeader, writePacketLength, writeShortHeader } from '../../src/packet-header.ts'
import { PacketWriter } from '../../src/packet-writer.ts'

export type Side = 'client' | 'server'

const TAG_LENGTH = 16

/** Bytes of varints, strings and arrays, one after another. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  const arrays = parts.map((part) => {
    if (typeof part === 'string') return Uint8Array.from(Buffer.from(part))
    if (typeof part !== 'number') return part
    const out = new Uint8Array(varintLength(part))
    encodeVarint(out, 0, part)
    return out
  })
  return Uint8Array.from(Buffer.concat(arrays))
}

export interface ForgeOptions {
  readonly level?: EncryptionLevel
  readonly packetNumber?: number
  /** Source Connection ID, where the packet has one. */
  readonly source?: Uint8Array
  /** XORed into the first byte before sealing. */
  readonly firstByteBits?: number
  /** Address that it is sent from; that of `side` unless told. */
  readonly from?: SimAddress
  /** Destination Connection ID; that of the handshake unless told. */
  readonly destination?: Uint8Array
  /** Size of the datagram; zeros follow the packet. */
  readonly padTo?: number
  /** What the packet's key follows from; that of `level` and the side unless told. */
  readonly secret?: Uint8Array
}

/** A pair whose datagrams are noted, with a forger on each side. */
export interface ForgedPair extends Pair {
  /** Datagrams as they were sent, by the sender's side. */
  readonly sent: Record<Side, SimDatagram[]>
  /** Sends a packet with `frames` as if `side` had. */
  forge(side: Side, frames: Uint8Array, options?: ForgeOptions): void
  /** Sends any datagram as if `side` had. */
  inject(side: Side, datagram: Uint8Array): void
}

export function forgedPair(options: PairOptions = {}): ForgedPair {
  const seed = options.seed ?? 1
  const sent: Record<Side, SimDatagram[]> = { client: [], server: [] }
  const tap = (side: Side, node: NetworkNode | undefined): NetworkNode =>
    chain(
      observe((_, datagram) => sent[side].push(datagram)),
      node ?? delay(10),
    )
  const p = pair({
    ...options,
    toServer: tap('client', options.toServer),
    toClient: tap('server', options.toClient),
  })
  let nextNumber = 5000
  const inject = (side: Side, datagram: Uint8Array, source?: SimAddress): void => {
    const [from, to] =
      side === 'client' ? [CLIENT_ADDRESS, SERVER_ADDRESS] : [SERVER_ADDRESS, CLIENT_ADDRESS]
    p.sim.inject(source ?? from, to, { bytes: datagram, ecn: 0 })
  }
  const forge = (side: Side, frames: Uint8Array, forgeOptions: ForgeOptions = {}): void => {
    const { level = LEVEL_APPLICATION, packetNumber = nextNumber++ } = forgeOptions
    const memory = p.protection.engine.memory.bytes
    const writer = new PacketWriter(memory)
    writer.reset(0, memory.length)
    const ids = connectionIds(sent, side)
    const destination = forgeOptions.destination ?? ids.destination
    const numberOffset =
      level === LEVEL_APPLICATION
        ? writeShortHeader(writer, destination, false, false, packetNumber, 4)
        : writeLongHeader(
            writer,
            level === LEVEL_HANDSHAKE ? PACKET_HANDSHAKE : PACKET_ZERO_RTT,
            VERSION_1,
            destination,
            forgeOptions.source ?? ids.source,
            new Uint8Array(0),
            packetNumber,
            4,
          )
    memory.set(frames, writer.position)
    writer.position += frames.length
    if (level !== LEVEL_APPLICATION) {
      writePacketLength(memory, numberOffset, 4 + frames.length + 16)
    }
    memory[0] ^= forgeOptions.firstByteBits ?? 0
    const secret = forgeOptions.secret ?? nullSecret(seed, level, side)
    const key = p.protection.packetKey(VERSION_1, TLS_AES_128_GCM_SHA256, secret)
    key.protect(0, numberOffset, 4, frames.length, packetNumber)
    const end = writer.position + 16
    const size = Math.max(end, forgeOptions.padTo ?? 0)
    memory.fill(0, end, size)
    inject(side, memory.slice(0, size), forgeOptions.from)
  }
  return { ...p, sent, forge, inject }
}

export interface InitialOptions {
  /** Who seals it. Default: the client. */
  readonly side?: Side
  readonly token?: Uint8Array
  /** The ID that keys are derived from. Default: `dcid`, as in a client's first packets. */
  readonly keysFrom?: Uint8Array
  readonly version?: number
  /** Bytes of the whole packet, which PADDING frames fill. Default: as it comes out. */
  readonly size?: number
}

/** An Initial packet with `frames`, sealed: authentic, whatever else is wrong with it. */
export function sealInitial(
  protection: PacketProtection,
  dcid: Uint8Array,
  scid: Uint8Array,
  frames: Uint8Array,
  packetNumber: number = 0,
  options: InitialOptions = {},
): Uint8Array {
  const { side = 'client', token = new Uint8Array(0), keysFrom = dcid, size = 0 } = options
  const { version = VERSION_1 } = options
  const memory = protection.engine.memory.bytes
  const writer = new PacketWriter(memory)
  writer.reset(0, memory.length)
  const at = writeLongHeader(writer, PACKET_INITIAL, version, dcid, scid, token, packetNumber, 4)
  memory.set(frames, at + 4)
  const length = Math.max(frames.length, size - at - 4 - TAG_LENGTH)
  memory.fill(0, at + 4 + frames.length, at + 4 + length)
  writePacketLength(memory, at, 4 + length + TAG_LENGTH)
  const { seal } = protection.initialKeys(VERSION_1, keysFrom, side)
  seal.protect(0, at, 4, length, packetNumber)
  return memory.slice(0, at + 4 + length + TAG_LENGTH)
}

/** The connection IDs that `side` uses, from the long headers that were sent. */
export function connectionIds(
  sent: Record<Side, SimDatagram[]>,
  side: Side,
): { source: Uint8Array; destination: Uint8Array } {
  const peer = side === 'client' ? 'server' : 'client'
  return { source: sourceId(sent[side]), destination: sourceId(sent[peer]) }
}

function sourceId(datagrams: readonly SimDatagram[]): Uint8Array {
  for (const { bytes } of datagrams) {
    if ((bytes[0] & 0x80) === 0) continue
    const at = 6 + bytes[5]
    return bytes.slice(at + 1, at + 1 + bytes[at])
  }
  throw new Error('no long header was sent')
}

/** Rewrites encoded transport parameters: a value for an ID replaces or adds, null takes away. */
export function editParameters(
  edits: Record<number, Uint8Array | null>,
): (encoded: Uint8Array) => Uint8Array {
  return (encoded) => {
    const parameters = new Map<number, Uint8Array>()
    const reader = new ByteReader(encoded)
    while (reader.remaining > 0) parameters.set(reader.varint(), reader.copy(reader.varint()))
    for (const [id, value] of Object.entries(edits)) {
      if (value === null) parameters.delete(Number(id))
      else parameters.set(Number(id), value)
    }
    const parts: (number | Uint8Array)[] = []
    for (const [id, value] of parameters) parts.push(id, value.length, value)
    return bytes(...parts)
  }
}

/** How every attack ends: on the same server a new connection is made, and its request arrives whole. */
export function stillServes(t: Test, p: Pair): void {
  const { client, server } = p.establish()
  const data = p.prng.bytes(5000)
  const { stream } = client.send('bidi', data)
  t.ok(
    p.run(() => server.streams.get(stream.id)?.ended === true, 5000),
    'a request is served',
  )
  t.ok(Buffer.from(server.data(stream.id)).equals(data), 'intact')
}
