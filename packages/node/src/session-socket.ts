// `req.socket`: what libraries written for node:http ask of a socket, answered by the session.

import { EventEmitter } from 'node:events'

import type { ConnectionStats } from '@godwit/quic'
import type { Http3Session } from './http3-session.ts'

/** Addresses and state of a session. It carries no bytes: those belong to requests. */
export class SessionSocket extends EventEmitter {
  readonly #session: Http3Session
  /** As on a TLSSocket. */
  readonly encrypted = true
  destroyed: boolean
  readable: boolean
  writable: boolean

  constructor(session: Http3Session) {
    super()
    this.#session = session
    this.destroyed = session.closed
    this.readable = !session.closed
    this.writable = !session.closed
    // Libraries add a listener for each request, and a session may have thousands.
    this.setMaxListeners(0)
  }

  get remoteAddress(): string {
    return this.#session.remoteAddress
  }

  get remotePort(): number {
    return this.#session.remotePort
  }

  get remoteFamily(): 'IPv4' | 'IPv6' {
    return this.remoteAddress.includes(':') ? 'IPv6' : 'IPv4'
  }

  get localAddress(): string | undefined {
    return this.#session.localAddress
  }

  get localPort(): number | undefined {
    return this.#session.localPort
  }

  get alpnProtocol(): string | null {
    return this.#session.alpnProtocol
  }

  get servername(): string | null {
    return this.#session.servername
  }

  /** Figures of the connection. */
  get stats(): ConnectionStats {
    return this.#session.stats
  }

  get session(): Http3Session {
    return this.#session
  }

  /** Closes the whole session, with every request on it. */
  destroy(): this {
    this.#session.destroy()
    return this
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

  /** The session tells of its end. */
  handleSessionClosed(): void {
    this.destroyed = true
    this.readable = false
    this.writable = false
    this.emit('close')
  }
}
