// The scripted side of a case: an endpoint that speaks QUIC and TLS properly and does on streams what a
// script says, packed in datagrams as the script says. As a client it is the adversary of servers, as a
// server that of clients.

import { PacketProtection } from '@godwit/protection'
import type { PacketEngine } from '@godwit/crypto'
import { Endpoint } from '@godwit/quic'
import type { Connection, ConnectionEvent, QuicStream, TransportOptions } from '@godwit/quic'
import { createClientSession, createServerSession } from '@godwit/tls'
import { selectProvider } from '../../src/crypto/select-provider.ts'
import { ServerIdentities } from '../../src/tls/server-identities.ts'
import { makeIdentity } from '../support/identity.ts'
import type { Platform, Station } from './platform.ts'

const SLOT_SIZE = 2048
const SLACK = 16

/** Shared by every peer of the process: memory is used during calls only. */
let engine: PacketEngine | null = null

function sharedEngine(): PacketEngine {
  engine ??= selectProvider('node').createPacketEngine(2, SLOT_SIZE)
  return engine
}

/** The certificate of servers under test and of scripted servers. */
export const IDENTITY = makeIdentity(['localhost', '127.0.0.1'])

let identities: ServerIdentities | null = null

function sharedIdentities(): ServerIdentities {
  const { key, cert } = IDENTITY
  identities ??= new ServerIdentities(selectProvider('node'), { key, cert }, undefined)
  return identities
}

/** What happens to the datagrams that carry what was written since the last. */
export type Delivery =
  /** Written on: more joins the same packets. */
  | 'join'
  /** Sent; what follows comes in datagrams of their own that arrive at the same moment. */
  | 'packet'
  /** Sent; what follows arrives some turns of the receiver's loop later. */
  | 'turn'
  /** Lost on the way. Recovery sends it again. */
  | 'lose'
  /** Sent, and overtaken by what follows. */
  | 'late'

/** A request stream as the peer sees it. */
export interface PeerStream {
  readonly quic: QuicStream
  readonly connection: Connection
  received: number
  /** The last bytes that came. */
  tail: string
  /** FIN came, and all was read. */
  ended: boolean
  resetCode: number | null
  stopCode: number | null
  /** What the script has done on it. */
  sentHeaders: boolean
  sentFin: boolean
  sentReset: boolean
  sentStop: boolean
}

export class Peer implements Station {
  readonly port: number
  readonly endpoint: Endpoint
  /** In the order of opening. */
  readonly streams: PeerStream[]
  readonly connections: Connection[]
  readonly #closed: Set<Connection>
  readonly #confirmed: Set<Connection>
  readonly #platform: Platform
  readonly #engine: PacketEngine
  #timer: { close(): void } | null
  #lag: number
  /** False: nothing is read, and flow control stops the other side. */
  reading: boolean
  /** True: nothing is sent any more, nor heard. */
  vanished: boolean
  /** The datagram with its CONNECTION_CLOSE was lost: the other side may not know before its idle timeout. */
  closeLost: boolean
  onEvent: (event: ConnectionEvent, connection: Connection) => void

  constructor(platform: Platform, role: 'client' | 'server', transport?: TransportOptions) {
    const provider = selectProvider('node')
    this.#platform = platform
    this.#engine = sharedEngine()
    const server = {
      createHandshake: () =>
        createServerSession({
          crypto: provider,
          selectIdentity: (name) => sharedIdentities().select(name),
          alpnProtocols: ['h3'],
          wallClock: Date.now,
        }),
      ...(transport === undefined ? {} : { transport }),
    }
    this.endpoint = new Endpoint({
      protection: new PacketProtection(provider, this.#engine),
      randomBytes: (length) => provider.randomBytes(length),
      ...(role === 'server' ? { server } : {}),
    })
    this.port = platform.occupy(this)
    this.streams = []
    this.connections = []
    this.#closed = new Set()
    this.#confirmed = new Set()
    this.#timer = null
    this.#lag = 0
    this.reading = true
    this.vanished = false
    this.closeLost = false
    this.onEvent = () => {}
  }

  // --- commands

  /** Starts a connection to `port`. */
  connect(port: number, transport?: TransportOptions): Connection {
    const handshake = createClientSession({
      crypto: selectProvider('node'),
      serverName: 'localhost',
      alpnProtocols: ['h3'],
      trustStore: null,
      rejectUnauthorized: false,
      wallClock: Date.now,
    })
    const connection = this.endpoint.connect(
      this.#platform.now,
      { address: '127.0.0.1', port },
      { handshake, ...(transport === undefined ? {} : { transport }) },
    )
    this.connections.push(connection)
    this.flush('packet')
    return connection
  }

  /** A new request stream, or null at the limit of the other side. */
  openStream(connection: Connection): PeerStream | null {
    const quic = connection.openStream('bidi')
    return quic === null ? null : this.#track(quic, connection)
  }

  /** Sends what was written since the last call. */
  flush(delivery: Delivery): void {
    if (delivery === 'join') return
    const { bytes, base } = this.#engine.memory
    const slot = base + SLOT_SIZE
    const late = this.#lag + (delivery === 'late' ? 2 : 0)
    if (delivery === 'lose' && this.connections.some(({ phase }) => phase === 'closing')) {
      this.closeLost = true
    }
    for (;;) {
      const transmit = this.endpoint.pollTransmit(this.#platform.now, slot, SLOT_SIZE - SLACK)
      if (transmit === null) break
      if (this.vanished || delivery === 'lose') continue
      const end = slot + transmit.size
      for (let at = slot; at < end; at += transmit.segmentSize) {
        const piece = bytes.subarray(at, Math.min(end, at + transmit.segmentSize))
        this.#platform.transmit(this.port, transmit.path.port, piece, late)
      }
    }
    if (delivery === 'turn') this.#lag++
    this.#setTimer()
  }

  /** What is sent from now on is not behind what was sent before. */
  resetLag(): void {
    this.#lag = 0
  }

  /** Takes the peer off the network; the other side hears nothing more. */
  leave(): void {
    this.vanished = true
    this.#timer?.close()
    this.#timer = null
    this.#platform.release(this.port)
  }

  // --- reads

  isClosed(connection: Connection): boolean {
    return this.#closed.has(connection)
  }

  isConfirmed(connection: Connection): boolean {
    return this.#confirmed.has(connection)
  }

  /** Reads what streams hold, after a time without reading. */
  readAll(): void {
    this.reading = true
    for (const record of this.streams) this.#read(record)
    this.flush('packet')
  }

  // --- Station

  handleDatagram(bytes: Uint8Array, fromPort: number): void {
    if (this.vanished || bytes.length > SLOT_SIZE - SLACK) return
    const { memory } = this.#engine
    memory.bytes.set(bytes, memory.base)
    const path = { address: '127.0.0.1', port: fromPort }
    this.endpoint.handleDatagram(this.#platform.now, path, 0, memory.base, bytes.length)
    this.#handleEvents()
    this.flush('packet')
  }

  // --- private

  #track(quic: QuicStream, connection: Connection): PeerStream {
    const record: PeerStream = {
      quic,
      connection,
      received: 0,
      tail: '',
      ended: false,
      resetCode: null,
      stopCode: null,
      sentHeaders: false,
      sentFin: false,
      sentReset: false,
      sentStop: false,
    }
    quic.context = record
    this.streams.push(record)
    return record
  }

  #setTimer(): void {
    this.#timer?.close()
    this.#timer = null
    const at = this.endpoint.pollTimeout()
    if (at === Infinity || this.vanished) return
    this.#timer = this.#platform.after(Math.max(1, at - this.#platform.now), () => {
      this.endpoint.handleTimeout(this.#platform.now)
      this.#handleEvents()
      this.flush('packet')
    })
  }

  #handleEvents(): void {
    for (let c = this.endpoint.pollAccepted(); c !== null; c = this.endpoint.pollAccepted()) {
      this.connections.push(c)
    }
    for (let c = this.endpoint.pollReady(); c !== null; c = this.endpoint.pollReady()) {
      for (let event = c.pollEvent(); event !== null; event = c.pollEvent()) {
        this.#handleEvent(event, c)
        this.onEvent(event, c)
      }
    }
  }

  #handleEvent(event: ConnectionEvent, connection: Connection): void {
    if (event.type === 'closed') this.#closed.add(connection)
    else if (event.type === 'connected' || event.type === 'handshake-confirmed') {
      this.#confirmed.add(connection)
    } else if (event.type === 'stream-opened' && event.stream.direction === 'bidi') {
      this.#track(event.stream, connection)
    }
    if (!('stream' in event)) return
    if (event.stream.direction === 'uni') {
      if (event.type === 'stream-readable' || event.type === 'stream-opened') {
        while (event.stream.read() !== null);
      }
      return
    }
    const record = event.stream.context as PeerStream // sound: #track
    if (event.type === 'stream-reset') record.resetCode = event.errorCode
    if (event.type === 'stop-sending') record.stopCode = event.errorCode
    if (event.type === 'stream-readable' || event.type === 'stream-opened') {
      if (this.reading) this.#read(record)
    }
  }

  #read(record: PeerStream): void {
    try {
      for (let data = record.quic.read(); data !== null; data = record.quic.read()) {
        record.received += data.length
        record.tail = Buffer.from(data.subarray(-64)).toString('latin1')
      }
      record.ended = record.quic.ended
    } catch {
      // The script has stopped it.
    }
  }
}
