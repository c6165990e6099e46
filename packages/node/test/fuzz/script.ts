// Runs the peer's steps of a case: HTTP/3 frames written by hand on the streams of a Peer.

import type { Connection } from '@godwit/quic'
import { bytes, controlStream, frame, headers } from '../attacks/raw-peer.ts'
import {
  CODES,
  isConnectionOp,
  type Case,
  type ConnectionOp,
  type PeerStep,
  type StreamOp,
} from './case.ts'
import { PATHS } from './files.ts'
import type { Peer, PeerStream } from './peer.ts'
import type { Platform } from './platform.ts'

/** How long a scripted server waits for a stream that its next step is about, in ms. */
const STREAM_PATIENCE = 300

const STATUSES = [
  '200',
  '200',
  '200',
  '206',
  '404',
  '500',
  '204',
  '304',
  '302',
  '599',
  '700',
] as const

export class Script {
  readonly #platform: Platform
  readonly #peer: Peer
  readonly #case: Case
  readonly #isServer: boolean
  /** By number of the script; a scripted server has those that its client opened. */
  readonly #slots: (PeerStream | null)[]
  /** What is left of frames that were written in part, by number. */
  readonly #rest: (Uint8Array | undefined)[]
  #control: ReturnType<Connection['openStream']>
  #at: number
  #patience: number
  over: boolean
  /** The script closed the connection. */
  closed: boolean

  constructor(platform: Platform, peer: Peer, given: Case, isServer: boolean) {
    this.#platform = platform
    this.#peer = peer
    this.#case = given
    this.#isServer = isServer
    this.#slots = []
    this.#rest = []
    this.#control = null
    this.#at = 0
    this.#patience = 0
    this.over = false
    this.closed = false
  }

  /** Takes steps until one that waits. */
  run(): void {
    const steps = this.#case.peer
    while (this.#at < steps.length) {
      const step = steps[this.#at] as PeerStep
      const wait = this.#wait(step)
      if (wait > 0) {
        this.#peer.resetLag()
        this.#platform.after(wait, () => this.run())
        return
      }
      this.#at++
      this.#take(step)
      this.#peer.flush(step.via)
      if (step.wait > 0) {
        this.#peer.flush('packet')
        this.#peer.resetLag()
        this.#platform.after(step.wait, () => this.run())
        return
      }
    }
    this.#peer.flush('packet')
    this.#peer.resetLag()
    this.over = true
  }

  /** The stream of number `s`, if there is one. */
  stream(s: number): PeerStream | null {
    return (this.#isServer ? this.#peer.streams[s] : this.#slots[s]) ?? null
  }

  // A scripted server answers requests: the step waits for its stream.
  #wait(step: PeerStep): number {
    if (!this.#isServer || this.#peer.streams[step.s] !== undefined) return 0
    if (this.#patience >= STREAM_PATIENCE) return 0
    this.#patience += 5
    return 5
  }

  #connection(s: number): Connection | null {
    const connection = this.stream(s)?.connection ?? this.#peer.connections.at(-1)
    return connection === undefined || this.#peer.isClosed(connection) ? null : connection
  }

  #target(s: number): PeerStream | null {
    if (this.#isServer) return this.#peer.streams[s] ?? null
    const known = this.#slots[s]
    if (known !== undefined && known !== null) return known
    const connection = this.#connection(s)
    if (connection === null) return null
    return (this.#slots[s] = this.#peer.openStream(connection))
  }

  #take(step: PeerStep): void {
    try {
      this.#perform(step)
    } catch {
      // Not possible in this state of the stream: QUIC itself refuses it. The rest of the script goes on.
    }
  }

  #perform({ op, s, n }: PeerStep): void {
    if (isConnectionOp(op)) {
      const connection = this.#connection(s)
      if (connection !== null) this.#performOnConnection(op, connection, n)
    } else {
      const stream = this.#target(s)
      if (stream !== null) this.#performOnStream(op, stream, s, n)
    }
  }

  #performOnConnection(op: ConnectionOp, connection: Connection, n: number): void {
    switch (op) {
      case 'goaway':
        return this.#writeControl(connection, frame(0x07, bytes(this.#isServer ? 4 * (n % 3) : 0)))
      case 'settings':
        return this.#writeControl(connection, frame(0x04, bytes(0x06, n)))
      case 'uni': {
        const stream = connection.openStream('uni')
        stream?.write(bytes([0x21, 0x02, 0x03, 0x01, 0x00][n % 5] as number, 'x'.repeat(n % 50)))
        return
      }
      case 'close':
        this.closed = true
        connection.close(CODES[n % CODES.length] as number, 'scripted')
        return
      case 'keys':
        connection.updateKeys()
        return
      case 'ping':
        return
      case 'read':
        this.#peer.reading = !this.#peer.reading
        if (this.#peer.reading) this.#peer.readAll()
        return
      case 'vanish':
        this.#peer.flush('packet')
        this.#peer.vanished = true
    }
  }

  #performOnStream(op: StreamOp, stream: PeerStream, s: number, n: number): void {
    const { quic } = stream
    switch (op) {
      case 'headers':
        this.#write(s, quic, this.#isServer ? responseHeaders(n) : this.#requestHeaders(n), n)
        stream.sentHeaders = true
        return
      case 'interim':
        return this.#write(s, quic, headers(':status', n % 2 === 0 ? '103' : '100'), n)
      case 'data':
        return this.#write(s, quic, frame(0x00, new Uint8Array(n % 4 === 0 ? n * 20 : n % 50)), n)
      case 'trailers':
        return this.#write(s, quic, headers('x-trailer', 'last'), n)
      case 'fin':
        quic.finish()
        stream.sentFin = true
        return
      case 'reset':
        quic.reset(CODES[n % CODES.length] as number)
        stream.sentReset = true
        return
      case 'stop':
        quic.stopSending(CODES[n % CODES.length] as number)
        stream.sentStop = true
        return
      case 'part': {
        const whole = this.#isServer ? responseHeaders(n) : this.#requestHeaders(n)
        const cut = 1 + (n % (whole.length - 1))
        quic.write(whole.subarray(0, cut))
        this.#rest[s] = whole.subarray(cut)
        return
      }
      case 'frame':
        // Reserved, unknown, forbidden, and empty ones.
        return this.#write(
          s,
          quic,
          frame([0x21, 0x40, 0x02, 0x05, 0x04, 0x00][n % 6] as number, bytes('y'.repeat(n % 9))),
          n,
        )
    }
  }

  // What is left of a frame comes first. Some frames come in two datagrams.
  #write(s: number, quic: PeerStream['quic'], data: Uint8Array, n: number): void {
    const rest = this.#rest[s]
    this.#rest[s] = undefined
    if (rest !== undefined) quic.write(rest)
    if (n % 7 !== 3 || data.length < 2) {
      quic.write(data)
      return
    }
    const cut = 1 + (n % (data.length - 1))
    quic.write(data.subarray(0, cut))
    this.#peer.flush(n % 2 === 0 ? 'packet' : 'turn')
    quic.write(data.subarray(cut))
  }

  #requestHeaders(n: number): Uint8Array {
    return this.#case.area === 'static' ? fileRequest(n) : requestHeaders(n)
  }

  #writeControl(connection: Connection, data: Uint8Array): void {
    this.#control ??= controlOf(connection)
    this.#control?.write(data)
  }
}

const CONTROLS = new WeakMap<Connection, NonNullable<ReturnType<Connection['openStream']>>>()

/** The control stream of a connection, opened when needed. */
export function controlOf(
  connection: Connection,
  fieldSize: number = -1,
): ReturnType<Connection['openStream']> {
  const known = CONTROLS.get(connection)
  if (known !== undefined) return known
  const stream = connection.openStream('uni')
  if (stream === null) return null
  stream.write(fieldSize < 0 ? controlStream() : controlStream(0x06, fieldSize))
  CONTROLS.set(connection, stream)
  return stream
}

function requestHeaders(n: number): Uint8Array {
  const kind = n % 12
  const method =
    kind < 5 ? 'GET' : kind < 9 ? 'POST' : (['HEAD', 'OPTIONS', 'CONNECT'] as const)[kind - 9]
  const fields = [':method', method ?? 'GET']
  if (method !== 'CONNECT') fields.push(':scheme', 'https')
  fields.push(':authority', 'localhost')
  if (method !== 'CONNECT') fields.push(':path', n % 37 === 5 ? '/%zz' : `/case?n=${n}`)
  if (n % 11 === 3) fields.push('expect', '100-continue')
  if (n % 13 === 5) fields.push('content-length', String(n % 5))
  if (n % 41 === 7) fields.push('Bad Name', 'value')
  if (n % 17 === 4) fields.push('range', 'bytes=0-5,10-20')
  return headers(...fields)
}

const RANGES = [
  'bytes=0-5',
  'bytes=-7',
  'bytes=0-700000,1-700000',
  'bytes=0-0,5-6,1-3',
  'bytes=900000-',
  'bytes=99999999-',
  'bytes=x',
] as const

function fileRequest(n: number): Uint8Array {
  const fields = [':method', n % 9 === 4 ? 'HEAD' : n % 23 === 5 ? 'POST' : 'GET']
  fields.push(':scheme', 'https', ':authority', 'localhost', ':path')
  fields.push(PATHS[n % PATHS.length] as string)
  if (n % 3 > 0) fields.push('range', RANGES[(n >> 3) % RANGES.length] as string)
  if (n % 13 === 2) fields.push('if-none-match', '*')
  return headers(...fields)
}

function responseHeaders(n: number): Uint8Array {
  const status = STATUSES[n % STATUSES.length] as string
  const fields = [':status', status]
  if (status === '302') fields.push('location', n % 2 === 0 ? '/again' : 'http://elsewhere/')
  if (n % 5 === 1) fields.push('content-length', String(n % 7))
  if (n % 41 === 7) fields.push('Bad Name', 'value')
  return headers(...fields)
}
