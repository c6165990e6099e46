// A model of the whole: two ends joined by a pipe that delays, reorders, repeats and loses packets and
// acknowledgements, while a random application writes, reads, resets and stops on many streams.

import t from 'tap'
import type { QuicStream } from '../../src/port.ts'
import type { Packet } from './harness.ts'
import { describe, join, parameters, pattern, random, Side } from './harness.ts'

/** What the model knows of one direction of one stream. */
interface Flow {
  /** Bytes that the writer will write. */
  readonly size: number
  written: number
  finished: boolean
  read: number
  ended: boolean
  reset: boolean
  stopped: boolean
  writerDone: boolean
}

interface InFlight {
  readonly from: Side
  readonly to: Side
  readonly packet: Packet
  readonly at: number
}

class Model {
  readonly rnd: () => number
  readonly loss: number
  readonly sides: [Side, Side]
  readonly flows: Map<string, Flow>
  readonly flight: InFlight[]
  readonly held: Map<Side, QuicStream[]>
  /** The highest limits that each end has announced in any packet that arrived. */
  readonly announced: Map<Side, Map<string, number>>
  turn: number

  constructor(seed: number, loss: number) {
    this.rnd = random(seed)
    this.loss = loss
    const local = parameters({
      initialMaxData: 6000,
      initialMaxStreamDataBidiLocal: 3000,
      initialMaxStreamDataBidiRemote: 3000,
      initialMaxStreamDataUni: 2000,
      initialMaxStreamsBidi: 4,
      initialMaxStreamsUni: 3,
    })
    const make = (side: 'client' | 'server'): Side => new Side(side, local, 60_000, 30_000)
    this.sides = join(make('client'), make('server'))
    for (const side of this.sides) side.streams.setRtt(20)
    this.flows = new Map()
    this.flight = []
    this.held = new Map(this.sides.map((side) => [side, []]))
    this.announced = new Map(this.sides.map((side) => [side, new Map()]))
    this.turn = 0
  }

  flow(writer: Side, id: number): Flow {
    const key = `${writer === this.sides[0] ? 'client' : 'server'} ${id}`
    let flow = this.flows.get(key)
    if (flow === undefined) {
      const size = Math.floor(this.rnd() ** 3 * 40_000)
      flow = {
        size,
        written: 0,
        finished: false,
        read: 0,
        ended: false,
        reset: false,
        stopped: false,
        writerDone: false,
      }
      this.flows.set(key, flow)
    }
    return flow
  }

  other(side: Side): Side {
    return side === this.sides[0] ? this.sides[1] : this.sides[0]
  }

  writes(stream: QuicStream): boolean {
    return stream.direction === 'bidi' || stream.local
  }

  reads(stream: QuicStream): boolean {
    return stream.direction === 'bidi' || !stream.local
  }

  /** One turn of the application of `side`. */
  act(side: Side, calm: boolean): void {
    const streams = this.held.get(side) as QuicStream[]
    if (!calm && this.rnd() < 0.3) {
      const stream = side.streams.open(this.rnd() < 0.5 ? 'bidi' : 'uni')
      if (stream !== null) streams.push(stream)
    }
    for (const stream of streams) {
      if (this.writes(stream)) this.write(side, stream, calm)
      if (this.reads(stream) && (calm || this.rnd() < 0.5)) this.read(side, stream, calm)
    }
  }

  write(side: Side, stream: QuicStream, calm: boolean): void {
    const flow = this.flow(side, stream.id)
    if (flow.writerDone) return
    if (!calm && this.rnd() < 0.005) {
      flow.reset = true
      flow.writerDone = true
      stream.reset(7)
      return
    }
    while (flow.written < flow.size) {
      if (!calm && this.rnd() < 0.3) break
      const length = Math.min(
        flow.size - flow.written,
        this.rnd() < 0.5 ? 1 + Math.floor(this.rnd() * 30) : 1 + Math.floor(this.rnd() * 5000),
      )
      stream.write(pattern(length, flow.written))
      flow.written += length
    }
    if (flow.written === flow.size) {
      flow.finished = true
      flow.writerDone = true
      stream.finish()
    }
  }

  read(side: Side, stream: QuicStream, calm: boolean): void {
    const flow = this.flow(this.other(side), stream.id)
    if (!calm && this.rnd() < 0.005) {
      flow.stopped = true
      stream.stopSending(9)
    }
    for (let data = stream.read(); data !== null; data = stream.read()) {
      const expected = pattern(data.length, flow.read)
      if (Buffer.compare(data, expected) !== 0) throw new Error(`stream ${stream.id}: bytes differ`)
      flow.read += data.length
    }
    if (stream.ended) flow.ended = true
  }

  /** Events of `side`; each has to make sense. */
  poll(side: Side): void {
    for (let event = side.event(); event !== null; event = side.event()) {
      if (event.type === 'stream-opened') {
        if (event.stream.local) throw new Error('opened by us')
        this.held.get(side)?.push(event.stream)
      } else if (event.type === 'stream-reset') {
        if (!this.flow(this.other(side), event.stream.id).reset) throw new Error('not reset')
      } else if (event.type === 'stop-sending') {
        const flow = this.flow(side, event.stream.id)
        if (!flow.stopped) throw new Error('not stopped')
        flow.writerDone = true
        flow.reset = true
      }
    }
  }

  send(side: Side): void {
    for (let packet = side.send(); packet !== null; packet = side.send()) {
      this.checkLimits(side, packet)
      if (this.rnd() < this.loss) {
        this.flight.push({ from: side, to: side, packet, at: this.turn + 30 })
        continue
      }
      const copies = this.rnd() < 0.1 ? 2 : 1
      for (let i = 0; i < copies; i++) {
        const delay = 1 + Math.floor(this.rnd() * 8)
        this.flight.push({ from: side, to: this.other(side), packet, at: this.turn + delay })
      }
    }
  }

  /** RFC 9000 §4.1: no packet may hold data past what the peer has announced. */
  checkLimits(side: Side, packet: Packet): void {
    const limits = this.announced.get(side) as Map<string, number>
    for (const line of describe(packet.bytes)) {
      const [, id, range] = /^STREAM (\d+) (\d+\+\d+)/.exec(line) ?? []
      if (id === undefined) continue
      const [offset, length] = range.split('+').map(Number)
      const initial = (Number(id) & 2) === 0 ? 3000 : 2000
      if (offset + length > (limits.get(id) ?? initial)) throw new Error(`${line}: past the limit`)
    }
  }

  deliver(): void {
    for (let i = this.flight.length - 1; i >= 0; i--) {
      const { from, to, packet, at } = this.flight[i]
      if (at > this.turn) continue
      this.flight.splice(i, 1)
      if (to === from) {
        from.lost(packet)
        continue
      }
      to.receive(packet.bytes)
      this.learn(to, packet)
      // An acknowledgement may be late, so that the packet is first taken for lost, or never come.
      const fate = this.rnd()
      if (fate < 0.85) from.acked(packet)
      else if (fate < 0.95) {
        from.lost(packet)
        from.acked(packet)
      } else from.lost(packet)
    }
  }

  learn(side: Side, packet: Packet): void {
    const limits = this.announced.get(side) as Map<string, number>
    for (const line of describe(packet.bytes)) {
      const [, id, value] = /^MAX_STREAM_DATA (\d+) (\d+)/.exec(line) ?? []
      if (id !== undefined) limits.set(id, Math.max(limits.get(id) ?? 0, Number(value)))
    }
  }

  step(calm: boolean): void {
    this.turn++
    for (const side of this.sides) side.now = this.turn * 10
    this.deliver()
    for (const side of this.sides) {
      this.poll(side)
      this.act(side, calm)
      this.send(side)
      const { bytesToRead } = side.streams.stats
      if (bytesToRead > 60_000) throw new Error(`${bytesToRead} bytes buffered past every window`)
    }
  }

  get quiet(): boolean {
    return this.flight.length === 0 && this.sides.every((side) => !side.streams.hasPending())
  }
}

t.test(
  'RFC 9000 §2 to §4: whatever the pipe does, streams deliver every byte, in order, and end (rfc9000#2.2-1, rfc9000#2.2-4, rfc9000#4.5-2)',
  (t) => {
    let streams = 0
    let bytes = 0
    for (let seed = 1; seed <= 60; seed++) {
      const model = new Model(seed, [0, 0.05, 0.3][seed % 3])
      for (let i = 0; i < 150; i++) model.step(false)
      // Then everybody finishes what was begun.
      for (let i = 0; i < 20_000 && !(i > 40 && model.quiet); i++) model.step(true)
      for (const [key, flow] of model.flows) {
        const title = `seed ${seed}, ${key}: ${JSON.stringify(flow)}`
        if (!flow.finished && !flow.reset) t.fail(`${title} not finished`)
        else if (!flow.reset && !flow.stopped && (flow.read !== flow.size || !flow.ended))
          t.fail(title)
        else if (flow.read > flow.written) t.fail(title)
        bytes += flow.read
      }
      for (const side of model.sides) {
        const { openStreams, bytesToRead, bytesToSend } = side.streams.stats
        if (openStreams + bytesToRead + bytesToSend > 0) {
          t.fail(
            `seed ${seed}: ${openStreams} streams, ${bytesToRead} and ${bytesToSend} bytes left`,
          )
        }
      }
      streams += model.flows.size
    }
    t.ok(streams > 1000 && bytes > 5_000_000, `${streams} flows, ${bytes} bytes`)
    t.end()
  },
)
