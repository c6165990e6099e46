// A QUIC endpoint as a host of the simulator, with an application that notes every event and reads
// every stream to its end.

import type { PacketEngine } from '@godwit/crypto'
import type { Connection, ConnectionEvent, Endpoint, QuicStream } from '@godwit/quic'
import type { Millis, SimDatagram } from './sim/nodes.ts'
import type { SimAddress, SimHost, SimTransmit } from './sim/simulator.ts'

const SLACK = 16

/** What arrived on one stream. */
export interface SimStream {
  readonly stream: QuicStream
  readonly chunks: Uint8Array[]
  received: number
  /** FIN arrived and everything was read. */
  ended: boolean
  /** Error code of the peer's RESET_STREAM, or null. */
  resetCode: number | null
  /** Error code of the peer's STOP_SENDING, or null. */
  stopCode: number | null
  /** Everything sent was acknowledged. */
  finished: boolean
}

/** A connection and what its application saw. */
export class SimConnection {
  readonly connection: Connection
  readonly events: ConnectionEvent[]
  readonly streams: Map<number, SimStream>
  /** False: streams are not read, so that flow control fills up. */
  autoRead: boolean
  /** Called for every event after it was noted. */
  onEvent: (event: ConnectionEvent) => void

  constructor(connection: Connection) {
    this.connection = connection
    this.events = []
    this.streams = new Map()
    this.autoRead = true
    this.onEvent = () => {}
  }

  /** The first event of a type, or undefined. */
  event<T extends ConnectionEvent['type']>(
    type: T,
  ): Extract<ConnectionEvent, { type: T }> | undefined {
    return this.events.find(
      (event): event is Extract<ConnectionEvent, { type: T }> => event.type === type,
    )
  }

  has(type: ConnectionEvent['type']): boolean {
    return this.events.some((event) => event.type === type)
  }

  /** The error of the 'closed' event; undefined while there is none. */
  get closeError(): Error | null | undefined {
    return this.event('closed')?.error
  }

  /** Opens a stream and writes to it. */
  send(direction: 'bidi' | 'uni', data: Uint8Array, finish: boolean = true): SimStream {
    const stream = this.connection.openStream(direction)
    if (stream === null) throw new Error(`no more ${direction} streams`)
    stream.write(data)
    if (finish) stream.finish()
    return this.stream(stream)
  }

  /** The record of a stream. */
  stream(stream: QuicStream): SimStream {
    let record = this.streams.get(stream.id)
    if (record === undefined) {
      record = {
        stream,
        chunks: [],
        received: 0,
        ended: false,
        resetCode: null,
        stopCode: null,
        finished: false,
      }
      this.streams.set(stream.id, record)
    }
    return record
  }

  /** Everything that a stream brought, in one array. */
  data(id: number): Uint8Array {
    const record = this.streams.get(id)
    const all = new Uint8Array(record?.received ?? 0)
    let at = 0
    for (const chunk of record?.chunks ?? []) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  /** Reads what a stream has now. */
  read(record: SimStream): void {
    const { stream } = record
    for (let data = stream.read(); data !== null; data = stream.read()) {
      record.chunks.push(data)
      record.received += data.length
    }
    record.ended = stream.ended
  }

  handleEvent(event: ConnectionEvent): void {
    this.events.push(event)
    if ('stream' in event) this.#noteStream(event, this.stream(event.stream))
    this.onEvent(event)
  }

  #noteStream(event: ConnectionEvent, record: SimStream): void {
    if (event.type === 'stream-readable' && this.autoRead) this.read(record)
    if (event.type === 'stream-reset') record.resetCode = event.errorCode
    if (event.type === 'stop-sending') record.stopCode = event.errorCode
    if (event.type === 'stream-finished') record.finished = true
  }
}

/** An endpoint on the simulated network. */
export class SimEndpoint implements SimHost {
  readonly address: SimAddress
  readonly endpoint: Endpoint
  readonly connections: SimConnection[]
  /** Connections that peers opened, in order. */
  readonly accepted: SimConnection[]
  /** Called for every connection that a peer opened. */
  onAccept: (connection: SimConnection) => void
  /** Whether the host's kernel cuts a datagram of so many bytes in fragments. */
  fragments: (size: number) => boolean
  readonly #engine: PacketEngine
  readonly #byConnection: Map<Connection, SimConnection>

  /** @param engine of the endpoint's PacketProtection, with two slots at least */
  constructor(address: SimAddress, endpoint: Endpoint, engine: PacketEngine) {
    this.address = address
    this.endpoint = endpoint
    this.connections = []
    this.accepted = []
    this.onAccept = () => {}
    this.fragments = () => false
    this.#engine = engine
    this.#byConnection = new Map()
  }

  /** Notes the events of a connection from now on. */
  watch(connection: Connection): SimConnection {
    let record = this.#byConnection.get(connection)
    if (record === undefined) {
      record = new SimConnection(connection)
      this.#byConnection.set(connection, record)
      this.connections.push(record)
    }
    return record
  }

  handleDatagram(now: Millis, from: SimAddress, datagram: SimDatagram): void {
    const { bytes, base, slotSize } = this.#engine.memory
    if (datagram.bytes.length > slotSize - SLACK) return
    bytes.set(datagram.bytes, base)
    this.endpoint.handleDatagram(now, from, datagram.ecn, base, datagram.bytes.length)
    this.#handleEvents()
  }

  handleTimeout(now: Millis): void {
    this.endpoint.handleTimeout(now)
    this.#handleEvents()
  }

  pollTimeout(): Millis {
    return this.endpoint.pollTimeout()
  }

  pollDatagram(now: Millis): SimTransmit | null {
    const { bytes, base, slotSize } = this.#engine.memory
    const slot = base + slotSize
    do {
      const transmit = this.endpoint.pollTransmit(now, slot, slotSize - SLACK)
      if (transmit !== null) {
        const { size, path, ecn, watch } = transmit
        if (watch !== null && this.fragments(size)) watch.handleFragmented(size)
        return { to: path, bytes: bytes.slice(slot, slot + size), ecn }
      }
      // What applications do with their events may give more to send.
    } while (this.#handleEvents())
    return null
  }

  // True when there were events.
  #handleEvents(): boolean {
    const { endpoint } = this
    let any = false
    for (let c = endpoint.pollAccepted(); c !== null; c = endpoint.pollAccepted()) {
      const record = this.watch(c)
      this.accepted.push(record)
      this.onAccept(record)
    }
    for (let c = endpoint.pollReady(); c !== null; c = endpoint.pollReady()) {
      const record = this.watch(c)
      for (let event = c.pollEvent(); event !== null; event = c.pollEvent()) {
        any = true
        record.handleEvent(event)
        if (event.type === 'drained') this.#byConnection.delete(c)
      }
    }
    return any
  }
}
