// HTTP/0.9 over QUIC, the server's side: `GET /path` and CRLF on a stream; the answer is the file
// and FIN. ALPN hq-interop; only the interop runner speaks it.

import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Connection, ConnectionEvent, EndpointHost, QuicStream } from '@godwit/node/quic'

/** The longest request: paths of the runner have at most 250 characters. */
const MAX_REQUEST = 4096
const PIECE = 64 * 1024
/** Application error codes are the protocol's own affair, and this one has none. */
const BAD_REQUEST = 1
const NOT_FOUND = 2

/** A stream's request as it arrives, then the file that answers it. */
interface Exchange {
  request: string
  file: number | null
}

export class HqServerSession {
  readonly #host: EndpointHost
  readonly #connection: Connection
  readonly #www: string
  readonly #exchanges: Map<QuicStream, Exchange>

  constructor(host: EndpointHost, connection: Connection, www: string) {
    this.#host = host
    this.#connection = connection
    this.#www = www
    this.#exchanges = new Map()
  }

  handleEvents(): void {
    for (let event = this.#connection.pollEvent(); event !== null;) {
      this.#handle(event)
      event = this.#connection.pollEvent()
    }
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case 'stream-opened':
        if (event.stream.direction === 'uni') event.stream.stopSending(BAD_REQUEST)
        else this.#exchanges.set(event.stream, { request: '', file: null })
        break
      case 'stream-readable':
        this.#read(event.stream)
        break
      case 'stream-writable':
        this.#write(event.stream)
        break
      case 'stream-reset':
      case 'stop-sending':
        if (event.stream.writable) event.stream.reset(BAD_REQUEST)
        this.#end(event.stream)
        break
      case 'closed':
        for (const stream of this.#exchanges.keys()) this.#end(stream)
        break
      case 'drained':
        this.#host.forget(this.#connection)
        break
      case 'connected':
      case 'handshake-confirmed':
      case 'stream-finished':
      case 'streams-available':
        break
    }
  }

  #read(stream: QuicStream): void {
    const exchange = this.#exchanges.get(stream)
    for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) {
      if (exchange === undefined || exchange.file !== null) continue
      exchange.request += Buffer.from(bytes).toString('latin1')
    }
    if (exchange === undefined || exchange.file !== null) return
    const end = exchange.request.search(/\r?\n/)
    // Some clients end the request with the stream only.
    if (end < 0 && !stream.ended && exchange.request.length <= MAX_REQUEST) return
    const line = end < 0 ? exchange.request : exchange.request.slice(0, end)
    const path = /^GET\s+(\S+)\s*$/.exec(line)?.[1]
    exchange.file = path === undefined ? null : this.#open(path)
    if (exchange.file === null) {
      stream.reset(path === undefined ? BAD_REQUEST : NOT_FOUND)
      this.#end(stream)
    } else {
      this.#write(stream)
    }
  }

  /** A descriptor of the file that `path` names, if it lies in the folder. */
  #open(path: string): number | null {
    try {
      const root = realpathSync(this.#www)
      const file = realpathSync(join(root, decodeURIComponent(path)))
      if (!file.startsWith(root + sep) || !statSync(file).isFile()) return null
      return openSync(file, 'r')
    } catch {
      return null
    }
  }

  #write(stream: QuicStream): void {
    const exchange = this.#exchanges.get(stream)
    if (exchange === undefined || exchange.file === null) return
    for (let room = true; room;) {
      // The stream keeps what it is given until it is acknowledged: every piece is a new one.
      const piece = Buffer.allocUnsafeSlow(PIECE)
      const length = readSync(exchange.file, piece, 0, PIECE, null)
      if (length > 0) room = stream.write(piece.subarray(0, length))
      if (length < PIECE) {
        stream.finish()
        this.#end(stream)
        return
      }
    }
  }

  #end(stream: QuicStream): void {
    const file = this.#exchanges.get(stream)?.file
    if (file !== undefined && file !== null) closeSync(file)
    this.#exchanges.delete(stream)
  }
}
