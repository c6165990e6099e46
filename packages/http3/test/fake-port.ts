// Two QUIC ports joined in memory: streams of bytes with flow control, delivered when told to, in
// pieces as small as told to. What a port promises in packages/quic/src/port.ts, and no more.

import type { ConnectionEvent, QuicPort, QuicStream, StreamDirection } from '@godwit/quic'

export interface FakeOptions {
  /** Most bytes that one `read` gives. */
  readonly pieceSize?: number
  /** Most bytes delivered and not yet read, per stream. */
  readonly window?: number
  /** Bytes written and not delivered from which `write` returns false. */
  readonly highWaterMark?: number
  /** Streams that a side may have open at once, per direction. */
  readonly maxStreams?: number
}

export class FakeStream implements QuicStream {
  readonly id: number
  readonly direction: StreamDirection
  readonly local: boolean
  context: unknown = undefined
  readonly port: FakePort
  peer: FakeStream | null = null
  // sending
  readonly outgoing: Uint8Array[] = []
  bufferedAmount = 0
  finSent = false
  finDelivered = false
  resetSent: number | null = null
  resetDelivered = false
  needsWritable = false
  // receiving
  readonly incoming: Uint8Array[] = []
  unread = 0
  finReceived = false
  resetReceived: number | null = null
  stopped: number | null = null
  armed = true
  bytesRead = 0
  retained = false

  constructor(port: FakePort, id: number, direction: StreamDirection, local: boolean) {
    this.port = port
    this.id = id
    this.direction = direction
    this.local = local
  }

  retain(): void {
    this.retained = !this.local
  }

  release(): void {
    if (!this.retained) return
    this.retained = false
    this.port.forget(this)
  }

  get sends(): boolean {
    return this.direction === 'bidi' || this.local
  }

  get writableAmount(): number {
    const mark = this.port.options.highWaterMark
    return this.writable ? Math.max(0, mark - this.bufferedAmount) : 0
  }

  get writable(): boolean {
    return this.sends && !this.finSent && this.resetSent === null && this.port.closed === null
  }

  write(data: Uint8Array): boolean {
    if (!this.writable) throw new Error(`ERR_QUIC_STREAM_STATE write on stream ${this.id}`)
    if (data.length > 0) this.outgoing.push(data)
    this.bufferedAmount += data.length
    this.port.writes++
    if (this.bufferedAmount > this.port.options.highWaterMark) this.needsWritable = true
    return !this.needsWritable
  }

  finish(): void {
    if (!this.writable) throw new Error(`ERR_QUIC_STREAM_STATE finish on stream ${this.id}`)
    this.finSent = true
  }

  reset(errorCode: number): void {
    if (!this.sends) throw new Error(`ERR_QUIC_STREAM_STATE reset on stream ${this.id}`)
    if (this.resetSent !== null || this.finDelivered) return
    this.resetSent = errorCode
    this.outgoing.length = 0
    this.bufferedAmount = 0
  }

  read(): Uint8Array | null {
    const first = this.incoming[0]
    if (first === undefined || this.port.closed !== null) {
      this.armed = true
      return null
    }
    const piece = first.subarray(0, this.port.options.pieceSize)
    if (piece.length === first.length) this.incoming.shift()
    else this.incoming[0] = first.subarray(piece.length)
    this.unread -= piece.length
    this.bytesRead += piece.length
    return piece.slice()
  }

  get ended(): boolean {
    return this.finReceived && this.incoming.length === 0
  }

  stopSending(errorCode: number): void {
    if (this.direction === 'uni' && this.local) throw new Error('ERR_QUIC_STREAM_STATE')
    if (this.ended) throw new Error(`ERR_QUIC_STREAM_STATE stopSending on stream ${this.id}`)
    this.stopped ??= errorCode
    this.incoming.length = 0
    this.unread = 0
  }
}

export class FakePort implements QuicPort {
  readonly side: 'client' | 'server'
  readonly options: Required<FakeOptions>
  readonly streams = new Map<number, FakeStream>()
  readonly events: ConnectionEvent[] = []
  closed: { readonly errorCode: number; readonly reason: string } | null = null
  peer!: FakePort
  writes = 0
  keepAlive = false
  #nextBidi: number
  #nextUni: number
  #open = { bidi: 0, uni: 0 }

  constructor(side: 'client' | 'server', options: FakeOptions) {
    this.side = side
    this.options = {
      pieceSize: Infinity,
      window: 1_000_000,
      highWaterMark: 65_536,
      maxStreams: 1_000_000,
      ...options,
    }
    this.#nextBidi = side === 'client' ? 0 : 1
    this.#nextUni = side === 'client' ? 2 : 3
  }

  openStream(direction: StreamDirection): FakeStream | null {
    if (this.#open[direction] >= this.options.maxStreams) return null
    this.#open[direction]++
    const id = direction === 'bidi' ? this.#nextBidi : this.#nextUni
    if (direction === 'bidi') this.#nextBidi += 4
    else this.#nextUni += 4
    const stream = new FakeStream(this, id, direction, true)
    this.streams.set(id, stream)
    return stream
  }

  setKeepAlive(wanted: boolean): void {
    this.keepAlive = wanted
  }

  close(errorCode: number, reason: string): void {
    if (this.closed !== null) return
    this.closed = { errorCode, reason }
  }

  /** Moves what can be moved to the peer. True when something moved. */
  deliver(): boolean {
    let moved = false
    for (const stream of this.streams.values()) if (this.#deliverStream(stream)) moved = true
    return moved
  }

  #deliverStream(stream: FakeStream): boolean {
    const twin = stream.peer ?? this.#openAtPeer(stream)
    if (twin === null) return false
    let moved = false
    // STOP_SENDING of ours: the peer resets with the same code.
    if (stream.stopped !== null && !twin.finDelivered && twin.resetSent === null) {
      twin.reset(stream.stopped)
      this.peer.events.push({ type: 'stop-sending', stream: twin, errorCode: stream.stopped })
      moved = true
    }
    if (stream.resetSent !== null) {
      if (twin.resetReceived === null && !twin.ended) {
        twin.resetReceived = stream.resetSent
        twin.incoming.length = 0
        twin.unread = 0
        moved = true
        if (twin.stopped === null) {
          const errorCode = stream.resetSent
          this.peer.events.push({ type: 'stream-reset', stream: twin, errorCode })
        }
        stream.resetDelivered = true
        this.events.push({ type: 'stream-finished', stream })
        this.forget(stream)
      }
      return moved
    }
    while (stream.outgoing.length > 0 && twin.unread < this.options.window) {
      const chunk = stream.outgoing[0]
      const part = chunk.subarray(0, this.options.window - twin.unread)
      if (part.length === chunk.length) stream.outgoing.shift()
      else stream.outgoing[0] = chunk.subarray(part.length)
      stream.bufferedAmount -= part.length
      moved = true
      if (twin.stopped !== null) continue
      twin.incoming.push(part)
      twin.unread += part.length
      this.#readable(twin)
    }
    if (stream.needsWritable && stream.bufferedAmount <= this.options.highWaterMark) {
      stream.needsWritable = false
      this.events.push({ type: 'stream-writable', stream })
      moved = true
    }
    if (stream.finSent && stream.outgoing.length === 0 && !stream.finDelivered) {
      stream.finDelivered = true
      twin.finReceived = true
      moved = true
      this.#readable(twin)
      this.events.push({ type: 'stream-finished', stream })
      this.forget(stream)
    }
    return moved
  }

  #readable(twin: FakeStream): void {
    if (!twin.armed || twin.stopped !== null) return
    twin.armed = false
    this.peer.events.push({ type: 'stream-readable', stream: twin })
  }

  #openAtPeer(stream: FakeStream): FakeStream | null {
    if (!stream.local) return null
    const used = stream.outgoing.length > 0 || stream.finSent || stream.resetSent !== null
    if (!used && stream.stopped === null) return null
    const twin = new FakeStream(this.peer, stream.id, stream.direction, false)
    twin.peer = stream
    stream.peer = twin
    this.peer.streams.set(twin.id, twin)
    this.peer.events.push({ type: 'stream-opened', stream: twin })
    return twin
  }

  /** A stream whose both halves are over leaves both maps and gives its place back. */
  forget(stream: FakeStream): void {
    const twin = stream.peer
    if (twin === null || stream.retained || twin.retained) return
    const over = (s: FakeStream): boolean => !s.sends || s.finDelivered || s.resetDelivered
    if (!over(stream) || !over(twin) || this.streams.get(stream.id) !== stream) return
    this.streams.delete(stream.id)
    this.peer.streams.delete(stream.id)
    const opener = stream.local ? this : this.peer
    const full = opener.#open[stream.direction] >= opener.options.maxStreams
    opener.#open[stream.direction]--
    if (full) opener.events.push({ type: 'streams-available', direction: stream.direction })
  }
}

/** A client's port and a server's, joined. */
export function joinPorts(options: FakeOptions = {}): { client: FakePort; server: FakePort } {
  const client = new FakePort('client', options)
  const server = new FakePort('server', options)
  client.peer = server
  server.peer = client
  return { client, server }
}
