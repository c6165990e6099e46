// HTTP/0.9 over QUIC, the client's side: one stream for each file.

import { closeSync, openSync, writeSync } from 'node:fs'
import { connectQuic } from '@godwit/node/quic'
import type {
  Connection,
  ConnectionEvent,
  EndpointHost,
  QuicConnectOptions,
  QuicStream,
} from '@godwit/node/quic'

/** A file to fetch: its path on the server, and where it goes. */
export interface Download {
  readonly path: string
  readonly file: string
}

/** Fetches `downloads` on one connection, as many at a time as the server permits, and closes it. */
export function fetchHq(
  host: EndpointHost,
  options: QuicConnectOptions,
  downloads: readonly Download[],
  onConnection?: (connection: Connection) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    connectQuic(host, options, (connection) => {
      onConnection?.(connection)
      return new HqClientSession(host, connection, downloads, resolve, reject)
    })
  })
}

class HqClientSession {
  readonly #host: EndpointHost
  readonly #connection: Connection
  readonly #waiting: Download[]
  /** Descriptors of the files in progress. */
  readonly #files: Map<QuicStream, number>
  readonly #resolve: () => void
  readonly #reject: (error: Error) => void
  #failure: Error | null

  constructor(
    host: EndpointHost,
    connection: Connection,
    downloads: readonly Download[],
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.#host = host
    this.#connection = connection
    this.#waiting = [...downloads].reverse()
    this.#files = new Map()
    this.#resolve = resolve
    this.#reject = reject
    this.#failure = null
    // As an HTTP/3 client does by itself: whoever only listens is not found again after a rebinding.
    connection.setKeepAlive(true)
  }

  handleEvents(): void {
    for (let event = this.#connection.pollEvent(); event !== null;) {
      this.#handle(event)
      event = this.#connection.pollEvent()
    }
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case 'connected':
      case 'streams-available':
        this.#request()
        break
      case 'stream-readable':
        this.#read(event.stream)
        break
      case 'stream-reset':
        this.#fail(new Error(`the server reset a stream with code ${event.errorCode}`))
        break
      case 'closed':
        this.#onClosed(event.error)
        break
      case 'drained':
        this.#host.forget(this.#connection)
        break
      case 'handshake-confirmed':
      case 'stream-opened':
      case 'stream-writable':
      case 'stop-sending':
      case 'stream-finished':
        break
    }
  }

  /** Asks for what is waiting, up to the server's limit. */
  #request(): void {
    while (this.#waiting.length > 0) {
      const stream = this.#connection.openStream('bidi')
      if (stream === null) return
      const download = this.#waiting.pop() as Download // sound: the length was looked at
      this.#files.set(stream, openSync(download.file, 'w'))
      stream.write(Buffer.from(`GET ${download.path}\r\n`))
      stream.finish()
    }
  }

  #read(stream: QuicStream): void {
    const file = this.#files.get(stream)
    for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) {
      if (file !== undefined) writeSync(file, bytes)
    }
    if (!stream.ended || file === undefined) return
    closeSync(file)
    this.#files.delete(stream)
    if (this.#files.size === 0 && this.#waiting.length === 0) this.#connection.close(0, '')
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#connection.close(0, '')
  }

  #onClosed(error: Error | null): void {
    const unfinished = this.#files.size + this.#waiting.length
    for (const file of this.#files.values()) closeSync(file)
    this.#files.clear()
    if (this.#failure !== null) this.#reject(this.#failure)
    else if (unfinished === 0) this.#resolve()
    else this.#reject(error ?? new Error(`closed by the server, ${unfinished} files missing`))
  }
}
