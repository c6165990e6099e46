// A server in memory, and what an attacker has: the connection ID that everybody on the path sees, and
// as a hostile peer the keys of a connection of its own.

import { isSimdAvailable, TLS_AES_128_GCM_SHA256 } from '@godwit/crypto'
import type { PacketKey } from '@godwit/crypto'
import { createNodeProvider } from '@godwit/node'
import { PacketProtection, VERSION_1 } from '@godwit/protection'
import type { Connection, ConnectionEvent, NetworkPath } from '@godwit/quic'
import { LEVEL_APPLICATION } from '@godwit/quic'
import { nullSecret, Prng } from '@godwit/testkit'
import type * as PacketHeaderModule from '../../packages/quic/src/packet-header.ts'
import type * as PacketWriterModule from '../../packages/quic/src/packet-writer.ts'
import type * as SimdProviderModule from '../../packages/node/src/crypto/simd-provider.ts'
import { internal } from '../lib/internal.ts'
import { cpuMillis } from '../lib/machine.ts'
import { Loopback } from '../lib/loopback.ts'

const { PacketWriter } = await internal<typeof PacketWriterModule>('quic/packet-writer')
const { writeLongHeader, writePacketLength, writeShortHeader } =
  await internal<typeof PacketHeaderModule>('quic/packet-header')
const { SimdProvider } = await internal<typeof SimdProviderModule>('node/crypto/simd-provider')

/** A full packet, and the smallest that a header protection sample allows. */
export const FULL = 1200
export const TINY = 40
const CID_LENGTH = 8
const TAG = 16
const PN_LENGTH = 4
const SLACK = 16
const PATH: NetworkPath = { address: '10.0.0.1', port: 40_000 }
/** Far above what the client has used: its numbers and the attacker's never meet. */
const FIRST_PACKET_NUMBER = 1_000_000

export type Frames = InstanceType<typeof PacketWriter>

export class Target {
  readonly loopback: Loopback
  readonly prng: Prng
  /** The server's connection ID. */
  readonly cid: Uint8Array
  /** True once the server has closed the connection. */
  closed: boolean
  /** Bytes that the server sent in answer. */
  answered: number
  onEvent: (connection: Connection, event: ConnectionEvent) => void
  readonly #protection: PacketProtection
  readonly #seal: PacketKey
  readonly #writer: Frames
  #packetNumber: number

  constructor() {
    const provider = isSimdAvailable() ? new SimdProvider() : createNodeProvider()
    this.loopback = new Loopback((slots) => provider.createPacketEngine(slots))
    this.prng = new Prng(7)
    this.cid = this.#findConnectionId()
    this.closed = false
    this.answered = 0
    this.onEvent = () => {}
    this.#protection = new PacketProtection(provider, provider.createPacketEngine(1))
    const secret = nullSecret(1, LEVEL_APPLICATION, 'client')
    this.#seal = this.#protection.packetKey(VERSION_1, TLS_AES_128_GCM_SHA256, secret)
    this.#writer = new PacketWriter(this.#protection.engine.memory.bytes)
    this.#packetNumber = FIRST_PACKET_NUMBER
    this.loopback.server.onEvent = (connection, event) => {
      if (event.type === 'closed') this.closed = true
      else this.onEvent(connection, event)
    }
  }

  /** A 1-RTT packet of at most `size` bytes with the frames that `write` writes; padded to `minimum`. */
  sealed(write: (frames: Frames) => void, size: number = FULL, minimum: number = TINY): Uint8Array {
    const writer = this.#writer
    const { bytes } = writer
    writer.reset(0, size - TAG)
    const number = this.#packetNumber++
    const pnOffset = writeShortHeader(writer, this.cid, false, false, number, PN_LENGTH)
    write(writer)
    writer.padTo(minimum - TAG)
    const payload = writer.position - pnOffset - PN_LENGTH
    this.#seal.protect(0, pnOffset, PN_LENGTH, payload, number)
    return bytes.slice(0, writer.position + TAG)
  }

  /** What looks like a 1-RTT packet for `cid`, and does not open. */
  forged(size: number, cid: Uint8Array = this.cid): Uint8Array {
    const bytes = this.prng.bytes(size)
    bytes[0] = 0x40 | (bytes[0] & 0x3f)
    bytes.set(cid, 1)
    return bytes
  }

  /** What looks like a client's first packets, `count` of them in a datagram of `size`. */
  forgedInitials(size: number, count: number, version: number = VERSION_1): Uint8Array {
    const datagram = new Uint8Array(size)
    const writer = new PacketWriter(datagram)
    const [dcid, scid] = [this.prng.bytes(CID_LENGTH), this.prng.bytes(CID_LENGTH)]
    for (let i = 0; i < count; i++) {
      const start = Math.floor((size * i) / count)
      const end = Math.floor((size * (i + 1)) / count)
      writer.reset(start, end)
      const none = new Uint8Array(0)
      const pnOffset = writeLongHeader(writer, 0, version, dcid, scid, none, 0, PN_LENGTH)
      writePacketLength(datagram, pnOffset, end - pnOffset)
      datagram.set(this.prng.bytes(end - pnOffset), pnOffset)
    }
    return datagram
  }

  /** A client's first packet that opens, and asks for a connection. */
  initial(write: (frames: Frames) => void): Uint8Array {
    const writer = this.#writer
    const [dcid, scid] = [this.prng.bytes(CID_LENGTH), this.prng.bytes(CID_LENGTH)]
    writer.reset(0, FULL - TAG)
    const none = new Uint8Array(0)
    const pnOffset = writeLongHeader(writer, 0, VERSION_1, dcid, scid, none, 0, PN_LENGTH)
    write(writer)
    writer.padTo(FULL - TAG)
    writePacketLength(writer.bytes, pnOffset, FULL - pnOffset)
    const { seal, open } = this.#protection.initialKeys(VERSION_1, dcid, 'client')
    seal.protect(0, pnOffset, PN_LENGTH, FULL - TAG - pnOffset - PN_LENGTH, 0)
    seal.dispose()
    open.dispose()
    return writer.bytes.slice(0, FULL)
  }

  /** Gives datagrams to the server as one burst; returns the milliseconds of processor time until it has answered. */
  receive(datagrams: readonly Uint8Array[]): number {
    const { server } = this.loopback
    const { bytes, base, slotSize } = server.engine.memory
    datagrams.forEach((datagram, i) => bytes.set(datagram, base + (i + 1) * slotSize))
    this.loopback.now += 0.1
    const { now } = this.loopback
    const start = cpuMillis()
    for (let i = 0; i < datagrams.length; i++) {
      const at = base + (i + 1) * slotSize
      server.endpoint.handleDatagram(now, PATH, 0, at, datagrams[i].length)
    }
    server.dispatch()
    if (server.endpoint.pollTimeout() <= now) server.endpoint.handleTimeout(now)
    for (;;) {
      const transmit = server.endpoint.pollTransmit(now, base, slotSize - SLACK)
      if (transmit === null) break
      this.answered += transmit.size
    }
    return cpuMillis() - start
  }

  // From a packet of the client that nobody will get.
  #findConnectionId(): Uint8Array {
    const { client, connection, now } = this.loopback
    connection.openStream('uni')?.write(new Uint8Array(1))
    const { bytes, base, slotSize } = client.engine.memory
    const transmit = client.endpoint.pollTransmit(now, base, slotSize - SLACK)
    if (transmit === null) throw new Error('the client sends nothing')
    return bytes.slice(base + 1, base + 1 + CID_LENGTH)
  }
}
