// A UDP proxy that makes a bad network out of the loopback: datagrams of each client pass the
// network nodes of testkit, the same ones that the simulator uses, in real time.

import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { performance } from 'node:perf_hooks'
import type { NetworkNode, SimDatagram } from '@godwit/testkit'

/** Where a socket is. */
export interface Address {
  readonly address: string
  readonly port: number
}

export interface ProxyOptions {
  /** Where the server listens. */
  readonly target: Address
  /** Port to listen on. Default: a free one. */
  readonly port?: number
  /** The way from clients to the server, and back. Default: straight through. */
  readonly toServer?: NetworkNode
  readonly toClient?: NetworkNode
  /** Sees every datagram as it arrives at the proxy, before the nodes. */
  readonly onDatagram?: (direction: 'to-server' | 'to-client', bytes: Uint8Array) => void
  /**
   * Sees datagrams as the server's network card would: those to it when they arrive, those from it
   * when they leave. `client` is the address that the server knows the client by.
   */
  readonly onServerSide?: (
    direction: 'to-server' | 'to-client',
    client: Address,
    bytes: Uint8Array,
  ) => void
  /** Sees datagrams when they arrive at the client. */
  readonly onClientSide?: (bytes: Uint8Array) => void
}

interface Client {
  readonly address: string
  readonly port: number
  upstream: Upstream
}

/** The socket that stands for a client towards the server. */
interface Upstream {
  readonly socket: Socket
  /** Its address; the port is 0 until it is bound. */
  readonly address: Address
}

/** Clients beyond this are ignored: a peer that changes ports for ever opens no more sockets. */
const MAX_CLIENTS = 1000
/** Timers have a grain of 1 ms: what is due within half of that goes now. */
const GRAIN = 0.5

const straight: NetworkNode = { push: (now, datagram, emit) => emit(now, datagram) }

/** A running proxy. Clients talk to `port`. */
export class UdpProxy {
  readonly #options: ProxyOptions
  readonly #front: Socket
  readonly #clients: Map<string, Client>
  readonly #deliveries: DeliveryQueue
  #start: number
  #port: number
  #closed: boolean

  private constructor(options: ProxyOptions, front: Socket) {
    this.#options = options
    this.#front = front
    this.#clients = new Map()
    this.#deliveries = new DeliveryQueue()
    this.#start = -1
    this.#port = 0
    this.#closed = false
  }

  /** Binds to `address` (default 127.0.0.1). */
  static async start(options: ProxyOptions, address = '127.0.0.1'): Promise<UdpProxy> {
    const proxy = new UdpProxy(options, createSocket(family(address)))
    proxy.#front.on('message', (bytes, from) => proxy.#fromClient(bytes, from))
    await new Promise<void>((resolve, reject) => {
      proxy.#front.once('error', reject)
      proxy.#front.bind(options.port ?? 0, address, resolve)
    })
    // A client that is gone answers with ICMP: that is silence to a UDP socket.
    proxy.#front.removeAllListeners('error').on('error', () => {})
    proxy.#port = proxy.#front.address().port
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /**
   * From now on the server sees every client at a new port, as after a NAT forgot it, and at
   * `address`, if that is given.
   */
  async rebind(address?: string): Promise<void> {
    for (const client of this.#clients.values()) {
      const old = client.upstream
      const upstream = await this.#openUpstream(client, address ?? old.address.address)
      if (this.#closed) {
        upstream.socket.close()
        return
      }
      client.upstream = upstream
      // What is still on its way to the old port is lost, as it would be.
      old.socket.close()
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#deliveries.clear()
    for (const client of this.#clients.values()) client.upstream.socket.close()
    this.#clients.clear()
    this.#front.close()
  }

  /** Times that nodes see start at 0 with the first datagram. */
  get #now(): number {
    const now = performance.now()
    if (this.#start < 0) this.#start = now
    return now - this.#start
  }

  #fromClient(bytes: Buffer, from: RemoteInfo): void {
    // Nobody can be answered there.
    if (from.port === 0) return
    this.#options.onDatagram?.('to-server', bytes)
    const key = `${from.address} ${from.port}`
    let client = this.#clients.get(key)
    if (client === undefined) {
      if (this.#clients.size >= MAX_CLIENTS) return
      const { target } = this.#options
      const local = target.address.includes(':') ? '::' : '0.0.0.0'
      const socket = createSocket(family(target.address))
      const made: Client = {
        address: from.address,
        port: from.port,
        upstream: { socket, address: { address: local, port: 0 } },
      }
      this.#clients.set(key, made)
      this.#listen(socket, made)
      // Connecting names the address that the server sees; what is sent before that waits for it.
      socket.connect(target.port, target.address, (error?: Error) => {
        if (this.#closed || error) return
        made.upstream = { socket, address: socket.address() }
      })
      client = made
    }
    const to = client
    this.#pass(this.#options.toServer ?? straight, bytes, (passed) => this.#toServer(to, passed))
  }

  #toServer(client: Client, bytes: Uint8Array): void {
    const { socket, address } = client.upstream
    if (address.port === 0) {
      socket.once('connect', () => setImmediate(() => this.#toServer(client, bytes)))
      return
    }
    if (this.#closed) return
    this.#options.onServerSide?.('to-server', address, bytes)
    socket.send(bytes, () => {
      // Refused or unreachable: lost.
    })
  }

  async #openUpstream(client: Client, local: string): Promise<Upstream> {
    const { target } = this.#options
    const socket = createSocket(family(target.address))
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(0, local, resolve)
      })
      socket.removeAllListeners('error')
      this.#listen(socket, client)
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error): void => (error ? reject(error) : resolve())
        socket.connect(target.port, target.address, done)
      })
      return { socket, address: socket.address() }
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #listen(socket: Socket, client: Client): void {
    socket.on('message', (bytes) => {
      this.#options.onDatagram?.('to-client', bytes)
      this.#options.onServerSide?.('to-client', socket.address(), bytes)
      this.#pass(this.#options.toClient ?? straight, bytes, (passed) => {
        this.#options.onClientSide?.(passed)
        this.#front.send(passed, client.port, client.address)
      })
    })
    // A server that is gone answers with ICMP: that is silence to a UDP client.
    socket.on('error', () => {})
  }

  #pass(node: NetworkNode, bytes: Uint8Array, send: (bytes: Uint8Array) => void): void {
    const now = this.#now
    node.push(now, { bytes, ecn: 0 }, (at, datagram: SimDatagram) => {
      if (at <= now) send(datagram.bytes)
      else this.#deliveries.add(at + this.#start, () => send(datagram.bytes))
    })
  }
}

const family = (address: string): 'udp4' | 'udp6' => (address.includes(':') ? 'udp6' : 'udp4')

/** Calls functions at their times, in the order of their times. */
class DeliveryQueue {
  /** By time; the next one is the last. */
  readonly #waiting: { readonly at: number; readonly deliver: () => void }[]
  #timer: NodeJS.Timeout | null
  #timerAt: number

  constructor() {
    this.#waiting = []
    this.#timer = null
    this.#timerAt = Infinity
  }

  /** `at` is a time of performance.now(). */
  add(at: number, deliver: () => void): void {
    // Most are due after all others: look from the start.
    let index = 0
    while (index < this.#waiting.length && this.#waiting[index].at > at) index++
    this.#waiting.splice(index, 0, { at, deliver })
    this.#setTimer()
  }

  clear(): void {
    this.#waiting.length = 0
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #setTimer(): void {
    const next = this.#waiting.at(-1)
    if (next === undefined || next.at >= this.#timerAt) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerAt = next.at
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, next.at - performance.now()))
  }

  #deliver(): void {
    this.#timer = null
    this.#timerAt = Infinity
    const now = performance.now() + GRAIN
    for (let next = this.#waiting.at(-1); next !== undefined && next.at <= now;) {
      this.#waiting.pop()
      next.deliver()
      next = this.#waiting.at(-1)
    }
    this.#setTimer()
  }
}
