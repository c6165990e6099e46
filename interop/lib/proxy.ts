// A UDP proxy that makes a bad network out of the loopback: datagrams of each client pass the
// network nodes of testkit, the same ones that the simulator uses, in real time.

import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { performance } from 'node:perf_hooks'
import type { NetworkNode, SimDatagram } from '@godwit/testkit'

export interface ProxyOptions {
  /** Where the server listens. */
  readonly target: { readonly address: string; readonly port: number }
  /** The way from clients to the server, and back. Default: straight through. */
  readonly toServer?: NetworkNode
  readonly toClient?: NetworkNode
  /** Sees every datagram as it arrives at the proxy, before the nodes. */
  readonly onDatagram?: (direction: 'to-server' | 'to-client', bytes: Uint8Array) => void
}

interface Client {
  readonly address: string
  readonly port: number
  upstream: Socket
}

/** Clients beyond this are ignored: a peer that changes ports for ever opens no more sockets. */
const MAX_CLIENTS = 1000

const straight: NetworkNode = { push: (now, datagram, emit) => emit(now, datagram) }

/** A running proxy. Clients talk to `port`. */
export class UdpProxy {
  readonly #options: ProxyOptions
  readonly #front: Socket
  readonly #clients: Map<string, Client>
  readonly #timers: Set<NodeJS.Timeout>
  #port: number

  private constructor(options: ProxyOptions, front: Socket) {
    this.#options = options
    this.#front = front
    this.#clients = new Map()
    this.#timers = new Set()
    this.#port = 0
  }

  /** Binds to `address` (default 127.0.0.1) and a free port. */
  static async start(options: ProxyOptions, address = '127.0.0.1'): Promise<UdpProxy> {
    const family = address.includes(':') ? 'udp6' : 'udp4'
    const proxy = new UdpProxy(options, createSocket(family))
    proxy.#front.on('message', (bytes, from) => proxy.#fromClient(bytes, from))
    await new Promise<void>((resolve, reject) => {
      proxy.#front.once('error', reject)
      proxy.#front.bind(0, address, resolve)
    })
    proxy.#port = proxy.#front.address().port
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** From now on the server sees every client at a new port, as after a NAT forgot it. */
  rebind(): void {
    for (const client of this.#clients.values()) {
      const old = client.upstream
      client.upstream = this.#upstream(client)
      // What is still on its way to the old port is lost, as it would be.
      old.close()
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    for (const client of this.#clients.values()) client.upstream.close()
    this.#clients.clear()
    this.#front.close()
  }

  #fromClient(bytes: Buffer, from: RemoteInfo): void {
    this.#options.onDatagram?.('to-server', bytes)
    const key = `${from.address} ${from.port}`
    let client = this.#clients.get(key)
    if (client === undefined) {
      if (this.#clients.size >= MAX_CLIENTS) return
      const made: Client = { address: from.address, port: from.port, upstream: this.#front }
      made.upstream = this.#upstream(made)
      this.#clients.set(key, made)
      client = made
    }
    const { target, toServer = straight } = this.#options
    const to = client
    this.#pass(toServer, { bytes, ecn: 0 }, (d) =>
      to.upstream.send(d.bytes, target.port, target.address),
    )
  }

  #upstream(client: Client): Socket {
    const { target, toClient = straight } = this.#options
    const socket = createSocket(target.address.includes(':') ? 'udp6' : 'udp4')
    socket.on('message', (bytes) => {
      this.#options.onDatagram?.('to-client', bytes)
      this.#pass(toClient, { bytes, ecn: 0 }, (d) =>
        this.#front.send(d.bytes, client.port, client.address),
      )
    })
    // A server that is gone answers with ICMP: that is silence to a UDP client.
    socket.on('error', () => {})
    return socket
  }

  #pass(node: NetworkNode, datagram: SimDatagram, send: (d: SimDatagram) => void): void {
    const now = performance.now()
    node.push(now, datagram, (at, d) => {
      if (at <= now) {
        send(d)
        return
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        send(d)
      }, at - now)
      this.#timers.add(timer)
    })
  }
}
