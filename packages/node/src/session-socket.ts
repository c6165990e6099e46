// Sockets: what libraries written for node:http ask of one, answered by a connection.

import { EventEmitter } from 'node:events'

import type { ConnectionStats } from '@godwit/quic'

/** What a socket tells of the connection below it. */
export interface ConnectionInfo {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly alpnProtocol: string | null
  readonly servername: string | null
  /** Figures of the connection; null over TCP, where the kernel keeps them. */
  readonly stats: ConnectionStats | null
  readonly closed: boolean
}

/** Addresses and state. It carries no bytes: those belong to requests. */
export abstract class ConnectionSocket extends EventEmitter {
  readonly #info: ConnectionInfo
  /** As on a TLSSocket. */
  readonly encrypted = true

  constructor(info: ConnectionInfo) {
    super()
    this.#info = info
    // Libraries add a listener for each request, and a session may have thousands.
    this.setMaxListeners(0)
  }

  get remoteAddress(): string {
    return this.#info.remoteAddress
  }

  get remotePort(): number {
    return this.#info.remotePort
  }

  get remoteFamily(): 'IPv4' | 'IPv6' {
    return this.remoteAddress.includes(':') ? 'IPv6' : 'IPv4'
  }

  get localAddress(): string | undefined {
    return this.#info.localAddress
  }

  get localPort(): number | undefined {
    return this.#info.localPort
  }

  get alpnProtocol(): string | null {
    return this.#info.alpnProtocol
  }

  get servername(): string | null {
    return this.#info.servername
  }

  /** Figures of the connection: RTT in ms, congestion window in bytes, packets. Null over TCP. */
  get stats(): ConnectionStats | null {
    return this.#info.stats
  }

  abstract get destroyed(): boolean

  get readable(): boolean {
    return !this.destroyed
  }

  get writable(): boolean {
    return !this.destroyed
  }

  // What sockets have and a QUIC connection does by itself.

  setTimeout(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** What a session's socket can do to its session. */
export interface SocketOwner extends ConnectionInfo {
  destroy(): void
}

/** The socket of a whole session, `session.socket`. 'close' when the session is over. */
export class SessionSocket extends ConnectionSocket {
  readonly #session: SocketOwner

  constructor(session: SocketOwner) {
    super(session)
    this.#session = session
  }

  get destroyed(): boolean {
    return this.#session.closed
  }

  /** Closes the whole session, with every request on it. */
  destroy(): this {
    this.#session.destroy()
    return this
  }
}
