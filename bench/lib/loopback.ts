// A client endpoint and a server endpoint in one process, without sockets and without a network:
// datagrams are copied from one packet memory to the other, a burst at a time, and the processor time
// that each side needs is read around the burst. Time itself is virtual.

import type { PacketEngine } from '@godwit/crypto'
import { createNodeProvider } from '@godwit/node'
import { PacketProtection } from '@godwit/protection'
import { Endpoint } from '@godwit/quic'
import type { Connection, ConnectionEvent, NetworkPath, TransportOptions } from '@godwit/quic'
import { createNullHandshake } from '@godwit/testkit'
import { cpuMillis } from './machine.ts'

/** Datagrams that leave before the other side gets its turn. */
const BURST = 32
const SLACK = 16
/** Virtual milliseconds that a burst takes: 4 Gbit/s of full packets. */
const BURST_TIME = 0.08

const CLIENT: NetworkPath = { address: '10.0.0.1', port: 40_000 }
const SERVER: NetworkPath = { address: '10.0.0.2', port: 443 }

export type OnEvent = (connection: Connection, event: ConnectionEvent) => void

/** One side and what it cost so far. */
export class LoopbackHost {
  readonly endpoint: Endpoint
  readonly engine: PacketEngine
  /** Milliseconds of processor time: making datagrams; handling them, with all that events lead to. */
  sendTime: number
  receiveTime: number
  datagramsSent: number
  datagramsReceived: number
  bytesSent: number
  onEvent: OnEvent

  constructor(endpoint: Endpoint, engine: PacketEngine) {
    this.endpoint = endpoint
    this.engine = engine
    this.sendTime = 0
    this.receiveTime = 0
    this.datagramsSent = 0
    this.datagramsReceived = 0
    this.bytesSent = 0
    this.onEvent = () => {}
  }

  resetCounts(): void {
    this.sendTime = 0
    this.receiveTime = 0
    this.datagramsSent = 0
    this.datagramsReceived = 0
    this.bytesSent = 0
  }

  /** Hands events to the application until there are none. */
  dispatch(): void {
    const { endpoint } = this
    while (endpoint.pollAccepted() !== null);
    for (let c = endpoint.pollReady(); c !== null; c = endpoint.pollReady()) {
      for (let event = c.pollEvent(); event !== null; event = c.pollEvent()) this.onEvent(c, event)
    }
  }
}

export class Loopback {
  readonly client: LoopbackHost
  readonly server: LoopbackHost
  /** The client's connection. */
  readonly connection: Connection
  now: number
  readonly #sizes: Int32Array

  /** Makes both and completes the handshake, which is the null handshake of testkit. */
  constructor(makeEngine: (slotCount: number) => PacketEngine, transport: TransportOptions = {}) {
    const provider = createNodeProvider()
    const make = (isServer: boolean): LoopbackHost => {
      const engine = makeEngine(2 * BURST)
      const endpoint = new Endpoint({
        protection: new PacketProtection(provider, engine),
        randomBytes: (length) => provider.randomBytes(length),
        ...(isServer
          ? { server: { createHandshake: () => createNullHandshake('server'), transport } }
          : {}),
      })
      return new LoopbackHost(endpoint, engine)
    }
    this.client = make(false)
    this.server = make(true)
    this.now = 1000
    this.#sizes = new Int32Array(BURST)
    this.connection = this.client.endpoint.connect(this.now, SERVER, {
      handshake: createNullHandshake('client'),
      transport,
    })
    let confirmed = 0
    this.client.onEvent = (_, { type }) => {
      if (type === 'handshake-confirmed') confirmed++
    }
    if (!this.runUntil(() => confirmed > 0)) throw new Error('the handshake did not complete')
    this.client.onEvent = () => {}
  }

  /** Runs until `done`, or until nothing happens any more (false). */
  runUntil(done: () => boolean): boolean {
    for (let idle = 0; idle < 1000; idle++) {
      if (this.#exchange()) idle = 0
      if (done()) return true
      if (idle > 0) this.#advance()
    }
    return false
  }

  /** A datagram from `bytes` to the server, outside of everything that is timed. */
  deliver(bytes: Uint8Array, from: NetworkPath = CLIENT): void {
    const { memory } = this.server.engine
    memory.bytes.set(bytes, memory.base)
    this.server.endpoint.handleDatagram(this.now, from, 0, memory.base, bytes.length)
  }

  /** Lets either side send what it has. True: something was. */
  #exchange(): boolean {
    const there = this.#move(this.client, this.server, CLIENT)
    const back = this.#move(this.server, this.client, SERVER)
    return there || back
  }

  #move(from: LoopbackHost, to: LoopbackHost, path: NetworkPath): boolean {
    const source = from.engine.memory
    const target = to.engine.memory
    const limit = source.slotSize - SLACK
    const start = cpuMillis()
    let count = 0
    for (; count < BURST; count++) {
      const offset = source.base + count * source.slotSize
      const transmit = from.endpoint.pollTransmit(this.now, offset, limit)
      if (transmit === null) break
      this.#sizes[count] = transmit.size
      from.bytesSent += transmit.size
    }
    from.sendTime += cpuMillis() - start
    from.datagramsSent += count
    if (count === 0) return false
    this.now += (BURST_TIME * count) / BURST
    for (let i = 0; i < count; i++) {
      const at = source.base + i * source.slotSize
      const packet = source.bytes.subarray(at, at + this.#sizes[i])
      target.bytes.set(packet, target.base + (BURST + i) * target.slotSize)
    }
    const arrived = cpuMillis()
    for (let i = 0; i < count; i++) {
      const at = target.base + (BURST + i) * target.slotSize
      to.endpoint.handleDatagram(this.now, path, 0, at, this.#sizes[i])
    }
    to.dispatch()
    to.receiveTime += cpuMillis() - arrived
    to.datagramsReceived += count
    return true
  }

  #advance(): void {
    const next = Math.min(this.client.endpoint.pollTimeout(), this.server.endpoint.pollTimeout())
    this.now = Number.isFinite(next) ? Math.max(next, this.now + 0.01) : this.now + 1
    for (const host of [this.client, this.server]) {
      if (host.endpoint.pollTimeout() <= this.now) host.endpoint.handleTimeout(this.now)
      host.dispatch()
    }
  }
}
