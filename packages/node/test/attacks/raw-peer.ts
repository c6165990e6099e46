// Peers that speak QUIC and TLS properly and write to streams whatever a test says: the adversary of
// the tests in this folder, over a real socket.

import { createServerSession, createClientSession } from '@godwit/tls'
import type { Connection, ConnectionEvent, QuicStream } from '@godwit/quic'
import { encodeFieldSection } from '@godwit/qpack'
import { encodeVarint, varintLength } from '@godwit/wire'
import type { Test } from 'tap'
import { selectProvider } from '../../src/crypto/select-provider.ts'
import { EndpointHost } from '../../src/endpoint-host.ts'
import { ServerIdentities } from '../../src/tls/server-identities.ts'
import { makeIdentity } from '../support/identity.ts'
import { until } from '../support/until.ts'

/** Bytes of varints, strings (latin1) and arrays, one after another. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(
      parts.map((part) => {
        if (typeof part === 'string') return Buffer.from(part, 'latin1')
        if (typeof part !== 'number') return part
        const out = new Uint8Array(varintLength(part))
        encodeVarint(out, 0, part)
        return out
      }),
    ),
  )
}

/** An HTTP/3 frame. */
export function frame(type: number, payload: Uint8Array): Uint8Array {
  return bytes(type, payload.length, payload)
}

/** A HEADERS frame. */
export function headers(...fields: readonly string[]): Uint8Array {
  return frame(0x01, encodeFieldSection(fields))
}

/** A GET for `path`, whole. */
export function get(path: string = '/', ...fields: readonly string[]): Uint8Array {
  const pseudo = [':method', 'GET', ':scheme', 'https', ':authority', 'localhost', ':path', path]
  return headers(...pseudo, ...fields)
}

/** A control stream that begins with SETTINGS of these identifiers and values. */
export function controlStream(...settings: readonly number[]): Uint8Array {
  return bytes(0x00, frame(0x04, bytes(...settings)))
}

/** One connection of the adversary. */
export class RawPeer {
  readonly connection: Connection
  readonly events: ConnectionEvent[] = []
  /** What came on each stream. */
  readonly received: Map<number, Buffer> = new Map()
  /** False: nothing is read, so that flow control stops the other side. */
  autoRead = true
  onEvent: (event: ConnectionEvent) => void = () => {}
  readonly #host: () => EndpointHost

  constructor(host: () => EndpointHost, connection: Connection) {
    this.connection = connection
    this.#host = host
  }

  handleEvents(): void {
    for (let event = this.connection.pollEvent(); event !== null;) {
      this.events.push(event)
      if (event.type === 'stream-readable' && this.autoRead) this.#read(event.stream)
      this.onEvent(event)
      event = this.connection.pollEvent()
    }
  }

  /** Opens a stream and writes to it. */
  send(direction: 'bidi' | 'uni', data: Uint8Array, finish: boolean = false): QuicStream {
    const stream = this.connection.openStream(direction)
    if (stream === null) throw new Error('no more streams')
    stream.write(data)
    if (finish) stream.finish()
    this.wake()
    return stream
  }

  /** Commands take effect. */
  wake(): void {
    this.#host().wake(this)
  }

  has(type: ConnectionEvent['type']): boolean {
    return this.events.some((event) => event.type === type)
  }

  /** The application error code that the other side closed with; null: none yet. */
  get closeCode(): number | null {
    for (const event of this.events) {
      if (event.type !== 'closed') continue
      return (event.error as { errorCode?: number } | null)?.errorCode ?? 0
    }
    return null
  }

  /** Error code of the RESET_STREAM on stream `id`, or null. */
  resetCode(id: number): number | null {
    for (const event of this.events) {
      if (event.type === 'stream-reset' && event.stream.id === id) return event.errorCode
    }
    return null
  }

  #read(stream: QuicStream): void {
    const chunks = [this.received.get(stream.id) ?? Buffer.alloc(0)]
    for (let data = stream.read(); data !== null; data = stream.read())
      chunks.push(Buffer.from(data))
    this.received.set(stream.id, Buffer.concat(chunks))
  }
}

/** A client of the server on `port` of 127.0.0.1; resolves when the handshake is confirmed. */
export async function rawClient(t: Test, port: number): Promise<RawPeer> {
  const host = await EndpointHost.open({
    provider: selectProvider(),
    host: '127.0.0.1',
    port: 0,
    onError: () => {},
  })
  t.teardown(() => host.destroy())
  const handshake = createClientSession({
    crypto: selectProvider(),
    serverName: 'localhost',
    alpnProtocols: ['h3'],
    trustStore: null,
    rejectUnauthorized: false,
    wallClock: Date.now,
  })
  const path = { address: '127.0.0.1', port }
  const peer = host.connect(path, { handshake }, (c) => new RawPeer(() => host, c))
  await until(() => peer.has('handshake-confirmed') || peer.has('closed'))
  return peer
}

/** A server; `behave` is called for each connection. */
export async function rawServer(
  t: Test,
  behave: (peer: RawPeer) => void,
): Promise<{ readonly url: string; readonly ca: string }> {
  const { key, cert, ca } = makeIdentity()
  const provider = selectProvider()
  const identities = new ServerIdentities(provider, { key, cert }, undefined)
  const host: EndpointHost = await EndpointHost.open({
    provider,
    host: '127.0.0.1',
    port: 0,
    server: {
      createHandshake: () =>
        createServerSession({
          crypto: provider,
          selectIdentity: (name) => identities.select(name),
          alpnProtocols: ['h3'],
          wallClock: Date.now,
        }),
    },
    accept: (connection) => {
      const peer = new RawPeer(() => host, connection)
      behave(peer)
      return peer
    },
    onError: () => {},
  })
  t.teardown(() => host.destroy())
  return { url: `https://127.0.0.1:${host.address?.port}`, ca }
}

export { until }
