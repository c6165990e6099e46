// A session of node:http2 as the connection of requests.

import type { Http2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'

import type { ServerConnection } from './connection.ts'

const MADE = new WeakMap<Http2Session, Http2Connection>()

export class Http2Connection implements ServerConnection {
  readonly httpVersion = '2.0'
  readonly http3Session = null
  readonly stats = null
  readonly alpnProtocol = 'h2'
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly servername: string | null
  readonly #session: Http2Session

  private constructor(session: Http2Session) {
    this.#session = session
    // Now: an ended session has no socket.
    const socket = session.socket as TLSSocket
    this.remoteAddress = socket.remoteAddress ?? ''
    this.remotePort = socket.remotePort ?? 0
    this.localAddress = socket.localAddress
    this.localPort = socket.localPort
    const { servername } = socket as { servername?: string | false }
    this.servername = typeof servername === 'string' ? servername : null
  }

  static of(session: Http2Session): Http2Connection {
    let made = MADE.get(session)
    if (made === undefined) {
      made = new Http2Connection(session)
      MADE.set(session, made)
    }
    return made
  }

  get closed(): boolean {
    return this.#session.destroyed
  }

  wake(): void {
    // Node sends by itself.
  }

  removeExchange(): void {
    // Nobody keeps a list of them.
  }
}
