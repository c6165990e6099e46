// Two `Streams` objects joined by packets of frames, without packet protection, recovery or time but
// what the test says: each test decides which packets arrive, when, how often, and what their sender
// is told of them.

import { ByteReader } from '@godwit/wire'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import type { ConnectionEvent, QuicStream } from '../../src/port.ts'
import { Streams } from '../../src/streams/streams.ts'
import { MemoryBudget } from '../../src/memory-budget.ts'
import type { TransportParameters } from '../../src/transport-parameters.ts'
import { defaultTransportParameters } from '../../src/transport-parameters.ts'

export interface Packet {
  readonly bytes: Uint8Array
  readonly tokens: Float64Array
}

/** Ample limits, or those given. */
export function parameters(given: Partial<TransportParameters> = {}): TransportParameters {
  return {
    ...defaultTransportParameters(),
    initialMaxData: 1_000_000,
    initialMaxStreamDataBidiLocal: 100_000,
    initialMaxStreamDataBidiRemote: 100_000,
    initialMaxStreamDataUni: 100_000,
    initialMaxStreamsBidi: 100,
    initialMaxStreamsUni: 100,
    ...given,
  }
}

/** One end. */
export class Side {
  readonly streams: Streams
  readonly local: TransportParameters
  pendingCalls: number
  now: number
  readonly #memory: Uint8Array
  readonly #writer: PacketWriter
  readonly #frame: Frame

  constructor(
    side: 'client' | 'server',
    local: TransportParameters = parameters(),
    maxData: number = 0,
    maxStreamData: number = 0,
    memory: MemoryBudget = new MemoryBudget(Infinity),
    maxUnsentData: number = 512 * 1024,
  ) {
    this.local = local
    this.pendingCalls = 0
    this.now = 0
    const onPending = (): void => {
      this.pendingCalls++
    }
    this.streams = new Streams({
      side,
      local,
      maxData,
      maxStreamData,
      maxUnsentData,
      memory,
      onPending,
    })
    this.#memory = new Uint8Array(1500)
    this.#writer = new PacketWriter(this.#memory)
    this.#frame = new Frame()
  }

  /** The next packet, or null when nothing is pending; throws when pending was not true. */
  send(size: number = 1200): Packet | null {
    if (!this.streams.hasPending()) return null
    const writer = this.#writer
    writer.reset(100, 100 + size)
    this.streams.writeControlFrames(this.now, writer)
    this.streams.writeStreamFrames(writer)
    if (writer.position === 100) throw new Error('hasPending, but nothing was written')
    if (writer.position > 100 + size) throw new Error('the packet is too long')
    return {
      bytes: this.#memory.slice(100, writer.position),
      tokens: writer.tokens.slice(0, writer.tokenCount * 4),
    }
  }

  /** Takes the frames of a packet of the other end. */
  receive(bytes: Uint8Array): void {
    const { streams, now } = this
    for (const frame of framesOf(bytes, this.#frame)) {
      switch (frame.type) {
        case 0x04:
          streams.handleResetStream(now, frame.streamId, frame.errorCode, frame.finalSize)
          break
        case 0x05:
          streams.handleStopSending(frame.streamId, frame.errorCode)
          break
        case 0x08: {
          const { streamId, offset, start, end, fin } = frame
          streams.handleStreamFrame(now, streamId, offset, bytes, start, end, fin)
          break
        }
        case 0x10:
          streams.handleMaxData(frame.maximum)
          break
        case 0x11:
          streams.handleMaxStreamData(frame.streamId, frame.maximum)
          break
        case 0x12:
        case 0x13:
          streams.handleMaxStreams(frame.type === 0x12, frame.maximum)
          break
        case 0x14:
          streams.handleDataBlocked(frame.maximum)
          break
        case 0x15:
          streams.handleStreamDataBlocked(frame.streamId, frame.maximum)
          break
        case 0x16:
        case 0x17:
          streams.handleStreamsBlocked(frame.type === 0x16, frame.maximum)
          break
        default:
          throw new Error(`frame type ${frame.type}`)
      }
    }
  }

  acked(packet: Packet): void {
    const t = packet.tokens
    for (let i = 0; i < t.length; i += 4) {
      this.streams.onTokenAcked(t[i], t[i + 1], t[i + 2], t[i + 3])
    }
  }

  lost(packet: Packet): void {
    const t = packet.tokens
    for (let i = 0; i < t.length; i += 4) {
      this.streams.onTokenLost(t[i], t[i + 1], t[i + 2], t[i + 3])
    }
  }

  /** All events, as `type` or `type id`. */
  events(): string[] {
    const names: string[] = []
    for (let event = this.streams.pollEvent(); event !== null; event = this.streams.pollEvent()) {
      names.push('stream' in event ? `${event.type} ${event.stream.id}` : event.type)
    }
    return names
  }

  /** The streams that the other end opened, told by the events so far, which are dropped. */
  accept(): QuicStream[] {
    const opened: QuicStream[] = []
    for (let event = this.streams.pollEvent(); event !== null; event = this.streams.pollEvent()) {
      if (event.type === 'stream-opened') opened.push(event.stream)
    }
    return opened
  }

  event(): ConnectionEvent | null {
    return this.streams.pollEvent()
  }
}

/** A client and a server that know each other's limits. */
export function join(
  client: Side = new Side('client'),
  server: Side = new Side('server'),
): [Side, Side] {
  client.streams.setPeerLimits(server.local)
  server.streams.setPeerLimits(client.local)
  return [client, server]
}

/** Carries packets both ways until both ends are dry, acknowledging each. Returns how many. */
export function exchange(a: Side, b: Side): number {
  let count = 0
  for (;;) {
    const ab = a.send()
    if (ab !== null) {
      b.receive(ab.bytes)
      a.acked(ab)
    }
    const ba = b.send()
    if (ba !== null) {
      a.receive(ba.bytes)
      b.acked(ba)
    }
    if (ab === null && ba === null) return count
    if (++count > 100_000) throw new Error('no end of packets')
  }
}

/** Sends until nothing is pending; the packets are given back, not delivered. */
export function drain(side: Side, size: number = 1200): Packet[] {
  const packets: Packet[] = []
  for (let packet = side.send(size); packet !== null; packet = side.send(size)) packets.push(packet)
  return packets
}

/** What a packet says, one line a frame. */
export function describe(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (const f of framesOf(bytes, new Frame())) lines.push(describeFrame(f))
  return lines
}

function describeFrame(f: Frame): string {
  switch (f.type) {
    case 0x04:
      return `RESET_STREAM ${f.streamId} code ${f.errorCode} size ${f.finalSize}`
    case 0x05:
      return `STOP_SENDING ${f.streamId} code ${f.errorCode}`
    case 0x08:
      return `STREAM ${f.streamId} ${f.offset}+${f.end - f.start}${f.fin ? ' FIN' : ''}`
    case 0x10:
      return `MAX_DATA ${f.maximum}`
    case 0x11:
      return `MAX_STREAM_DATA ${f.streamId} ${f.maximum}`
    case 0x12:
    case 0x13:
      return `MAX_STREAMS ${f.type === 0x12 ? 'bidi' : 'uni'} ${f.maximum}`
    case 0x14:
      return `DATA_BLOCKED ${f.maximum}`
    case 0x15:
      return `STREAM_DATA_BLOCKED ${f.streamId} ${f.maximum}`
    default:
      return `STREAMS_BLOCKED ${f.type === 0x16 ? 'bidi' : 'uni'} ${f.maximum}`
  }
}

function* framesOf(bytes: Uint8Array, frame: Frame): Generator<Frame> {
  const reader = new ByteReader(bytes)
  while (reader.remaining > 0) {
    decodeFrame(reader, frame)
    yield frame
  }
}

/** Bytes whose every value tells its offset. */
export function pattern(length: number, start: number = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = ((start + i) * 31 + ((start + i) >>> 8)) & 0xff
  return bytes
}

/** Reads until null; returns all bytes. */
export function readAll(stream: QuicStream): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let data = stream.read(); data !== null; data = stream.read()) pieces.push(data)
  return concat(pieces)
}

export function concat(pieces: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** mulberry32: a small seeded generator of numbers in 0..1. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = state
    x = Math.imul(x ^ (x >>> 15), x | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}
