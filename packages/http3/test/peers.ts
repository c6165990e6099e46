// Helpers of the tests: two HTTP/3 connections over joined ports, or one and a peer that writes bytes.

import type { ConnectionEvent } from '@godwit/quic'
import type { Http3ConnectionOptions, Http3Event, RequestStream } from '../src/index.ts'
import { Http3Connection } from '../src/index.ts'
import { encodeFieldSection } from '@godwit/qpack'
import { encodeVarint, varintLength } from '@godwit/wire'
import type { FakeOptions, FakePort, FakeStream } from './fake-port.ts'
import { joinPorts } from './fake-port.ts'

/** One side: a connection and what it said. */
export class Side {
  readonly port: FakePort
  readonly http3: Http3Connection
  readonly log: Http3Event[] = []
  /** Called for each event before it is logged; true: do not log. */
  onEvent: ((event: Http3Event) => boolean) | null = null

  constructor(port: FakePort, options: Http3ConnectionOptions) {
    this.port = port
    this.http3 = new Http3Connection(port, options)
  }

  /** Handles what the port has. True when there was something. */
  turn(): boolean {
    const events = this.port.events.splice(0)
    for (const event of events) {
      this.http3.handleEvent(event)
      this.poll()
    }
    return this.poll() || events.length > 0
  }

  poll(): boolean {
    let some = false
    for (;;) {
      const event = this.http3.pollEvent()
      if (event === null) return some
      some = true
      if (this.onEvent?.(event) === true) continue
      this.log.push(event)
    }
  }

  /** Types of the logged events, settings left out; the log is emptied. */
  types(): string[] {
    return this.log
      .splice(0)
      .filter((event) => event.type !== 'settings')
      .map((event) => event.type)
  }

  /** The last logged event of `type`. */
  last<T extends Http3Event['type']>(type: T): Extract<Http3Event, { type: T }> {
    const event = this.log.findLast((event) => event.type === type)
    if (event === undefined) throw new Error(`no ${type} among ${this.types().join()}`)
    return event as Extract<Http3Event, { type: T }> // sound: found by its type
  }
}

export interface Pair {
  readonly client: Side
  readonly server: Side
  /** Until nothing moves. */
  readonly run: () => void
}

export function pair(
  options: FakeOptions & { client?: Http3ConnectionOptions; server?: Http3ConnectionOptions } = {},
): Pair {
  const ports = joinPorts(options)
  const client = new Side(ports.client, options.client ?? {})
  const server = new Side(ports.server, options.server ?? {})
  client.http3.handleEvent({ type: 'connected' })
  server.http3.handleEvent({ type: 'connected' })
  return {
    client,
    server,
    run() {
      let moved = true
      while (moved) {
        moved = client.port.deliver()
        if (server.port.deliver()) moved = true
        if (client.turn()) moved = true
        if (server.turn()) moved = true
      }
    },
  }
}

/** One connection whose peer is played by the test. */
export class RawPeer {
  readonly side: Side
  readonly raw: FakePort
  readonly #role: 'client' | 'server'

  /** @param role of the connection that is tested. */
  constructor(role: 'client' | 'server', options: FakeOptions & Http3ConnectionOptions = {}) {
    const ports = joinPorts(options)
    this.#role = role
    this.side = new Side(ports[role], options)
    this.raw = ports[role === 'client' ? 'server' : 'client']
    this.side.http3.handleEvent({ type: 'connected' })
  }

  run(): void {
    let moved = true
    while (moved) {
      moved = this.side.port.deliver()
      if (this.raw.deliver()) moved = true
      if (this.side.turn()) moved = true
    }
  }

  /** A unidirectional stream of the peer with `bytes`. */
  uni(...bytes: (Uint8Array | number)[]): FakeStream {
    const stream = this.raw.openStream('uni')!
    stream.write(join(bytes))
    return stream
  }

  /** The peer's control stream with empty SETTINGS and `bytes` after it. */
  control(...bytes: (Uint8Array | number)[]): FakeStream {
    return this.uni(0, frame(0x04), ...bytes)
  }

  /**
   * The peer's half of a request stream: a request that it opens, or, when a client is tested, the
   * response to a request that this makes.
   */
  message(method: string = 'GET'): FakeStream {
    if (this.#role === 'server') return this.raw.openStream('bidi')!
    const stream = this.side.http3.request(request(method), true)!
    this.run()
    return this.raw.streams.get(stream.id)!
  }

  /** The error code that the tested connection closed with, or null. */
  get closedWith(): number | null {
    return this.side.port.closed?.errorCode ?? null
  }

  events(): ConnectionEvent[] {
    return this.raw.events.splice(0)
  }
}

export function join(parts: readonly (Uint8Array | number)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))
}

export function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value))
  encodeVarint(bytes, 0, value)
  return bytes
}

export function frame(type: number, ...payload: (Uint8Array | number)[]): Uint8Array {
  const bytes = join(payload)
  return join([varint(type), varint(bytes.length), bytes])
}

export function headers(...fields: string[]): Uint8Array {
  return frame(0x01, encodeFieldSection(fields))
}

export function data(...payload: (Uint8Array | number)[]): Uint8Array {
  return frame(0x00, ...payload)
}

export function request(method: string = 'GET', ...fields: string[]): string[] {
  if (method === 'CONNECT') return [':method', method, ':authority', 'example.org:443', ...fields]
  return [
    ':method',
    method,
    ':scheme',
    'https',
    ':authority',
    'example.org',
    ':path',
    '/',
    ...fields,
  ]
}

/** Header section of the message that the tested side receives. */
export function messageHeaders(role: 'client' | 'server', ...fields: string[]): Uint8Array {
  return role === 'server'
    ? headers(...request('POST', ...fields))
    : headers(':status', '200', ...fields)
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

export function text(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('latin1')
}

export function readAll(stream: RequestStream): string {
  const parts: Uint8Array[] = []
  for (;;) {
    const part = stream.readData()
    if (part === null) return text(parts)
    parts.push(part)
  }
}
