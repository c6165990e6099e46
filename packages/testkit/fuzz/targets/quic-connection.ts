// Whole connections: the peer has the keys and sends packets that are authentic in everything but
// what their frames say, among packets that nobody sealed.

import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, QuicError, StatelessResetError } from '@godwit/quic'
import type { ConnectionEvent, EncryptionLevel } from '@godwit/quic'
import type { NetworkNode, SimConnection } from '@godwit/testkit'
import { forgedPair } from '../../../quic/test/scenario/forger.ts'
import type { ForgedPair, Side } from '../../../quic/test/scenario/forger.ts'
import { ByteReader } from '@godwit/wire'
import { FRAME_PADDING, FRAME_PING } from '../../../quic/src/constants.ts'
import { TransportError } from '../../../quic/src/errors.ts'
import { decodeFrame } from '../../../quic/src/frame-decoder.ts'
import { Frame } from '../../../quic/src/frame.ts'
import { decodeTransportParameters } from '../../../quic/src/transport-parameters.ts'
import { Prng } from '../../src/prng.ts'
import { fixedElements } from '../engine/outlines.ts'
import { blockBytes, Script } from '../engine/script.ts'
import { attempt, hex, must, mustEqual } from '../engine/target.ts'
import type { Element, Target } from '../engine/target.ts'
import { createFastProvider } from './fast-provider.ts'
import { frameElements, ONE_OF_EACH } from './quic-frames.ts'
import { StreamModel } from './stream-model.ts'

const provider = createFastProvider(1)

// Steps of an input: a kind, a length of two bytes, and what the step needs.
const PACKET = 0
const PACKET_TWICE = 1
const HANDSHAKE_PACKET = 2
const WAIT = 3
const APPLICATION = 4
const DATAGRAM = 5
const EDIT = 6
const KINDS = 8

const TRANSPORT = {
  initialMaxData: 40_000,
  initialMaxStreamData: 20_000,
  maxData: 80_000,
  maxStreamData: 40_000,
  initialMaxStreamsBidi: 8,
  initialMaxStreamsUni: 4,
}

/** Steps, with the frames in those that are packets. */
function stepElements(input: Uint8Array): readonly Element[] {
  return fixedElements(input, 1, input.length, 1, 'u16', (_, start, end, kind) =>
    kind % KINDS <= HANDSHAKE_PACKET ? shifted(frameElements(input.slice(start, end)), start) : [],
  )
}

/** The same elements, `by` bytes further on. */
export function shifted(elements: readonly Element[], by: number): Element[] {
  return elements.map(({ start, end, contents, length, children }) => ({
    start: start + by,
    end: end + by,
    contents: contents + by,
    length: length === null ? null : { ...length, at: length.at + by },
    children: shifted(children, by),
  }))
}

/** A network path that can be shut: the honest peer must not hear what is answered to the forger. */
class Gate implements NetworkNode {
  open = true
  readonly push: NetworkNode['push'] = (now, datagram, emit) => {
    if (this.open) emit(now + 10, datagram)
  }
}

/** What must hold of the events of one connection, whatever happens. */
class EventOracle {
  #closed = false
  #drained = false
  readonly #over = new Set<string>()

  check(event: ConnectionEvent): void {
    must(!this.#drained, `"${event.type}" after "drained"`)
    must(!this.#closed || event.type === 'drained', `"${event.type}" after "closed"`)
    if (event.type === 'closed') this.#closed = true
    if (event.type === 'drained') this.#drained = true
    if (!('stream' in event)) return
    const { stream, type } = event
    if (type === 'stream-opened') must(!stream.local, 'the peer opened a stream of ours')
    if (type === 'stream-opened' || type === 'stream-reset' || type === 'stream-finished') {
      const key = `${type} ${stream.id}`
      must(!this.#over.has(key), `"${type}" twice of stream ${stream.id}`)
      this.#over.add(key)
    }
    if (type === 'stream-readable') {
      must(!this.#over.has(`stream-reset ${stream.id}`), `readable after reset of ${stream.id}`)
    }
  }
}

function act(victim: SimConnection, script: Script): void {
  const streams = [...victim.streams.values()]
  const record = streams.length > 0 ? streams[script.below(streams.length)] : null
  const code = script.u8()
  switch (script.below(9)) {
    case 0: {
      const stream = victim.connection.openStream(code % 2 === 0 ? 'bidi' : 'uni')
      if (stream !== null) victim.stream(stream).stream.write(new Uint8Array(code * 40))
      return
    }
    case 1:
      record?.stream.write(new Uint8Array(code * 200))
      return
    case 2:
      record?.stream.finish()
      return
    case 3:
      record?.stream.reset(code)
      return
    case 4:
      record?.stream.stopSending(code)
      return
    case 5:
      victim.autoRead = code % 2 === 0
      return
    case 6:
      if (record !== null) victim.read(record)
      return
    case 7:
      victim.connection.setKeepAlive(code % 2 === 0)
      return
    default:
      victim.connection.close(code, 'as the script says')
  }
}

interface Scene {
  readonly p: ForgedPair
  readonly side: Side
  readonly victim: SimConnection
  readonly watcher: StreamWatcher
}

/** Holds a connection against the model of streams, as long as that knows what must happen. */
class StreamWatcher {
  readonly #model: StreamModel
  readonly #frame = new Frame()
  #expects: string | null = null
  #knows = true

  constructor(victim: Side) {
    const limits = {
      stream: { least: TRANSPORT.initialMaxStreamData, most: TRANSPORT.maxStreamData },
      connection: { least: TRANSPORT.initialMaxData, most: TRANSPORT.maxData },
      bidi: TRANSPORT.initialMaxStreamsBidi,
      uni: TRANSPORT.initialMaxStreamsUni,
    }
    this.#model = new StreamModel(victim, limits, { bidi: 1, uni: 1 })
  }

  /** Something happens that the model does not know. */
  giveUp(): void {
    this.#knows = false
  }

  /** The frames of a packet that the connection is about to get. */
  expect(payload: Uint8Array): void {
    if (!this.#knows || this.#expects !== null) return
    const reader = new ByteReader(payload)
    if (payload.length === 0) this.giveUp()
    while (this.#knows && reader.remaining > 0) {
      if (attempt(() => decodeFrame(reader, this.#frame), TransportError).error !== null) {
        return this.giveUp()
      }
      const { type } = this.#frame
      if (type === FRAME_PADDING || type === FRAME_PING) continue
      const verdict = this.#model.handle(this.#frame, payload)
      if (verdict === 'unknown') return this.giveUp()
      if (verdict === null) continue
      this.#expects = verdict.expects
      return
    }
  }

  check(victim: SimConnection): void {
    if (!this.#knows) return
    const { closeError } = victim
    const code = closeError instanceof QuicError ? closeError.code : null
    // Time passed, or there were more gaps than are kept.
    if (code === 'ERR_QUIC_IDLE_TIMEOUT' || code === 'ERR_QUIC_INTERNAL') return
    must(code === this.#expects, `closed with ${code}, expected ${this.#expects}`)
    if (code !== null) return
    for (const [id, stream] of this.#model.streams) {
      if (stream.reset) continue
      const expected = StreamModel.readable(stream)
      mustEqual(victim.data(id), expected, `stream ${id}`)
      const ended = expected.length === stream.finalSize
      must((victim.streams.get(id)?.ended ?? false) === ended, `stream ${id}: ended is ${!ended}`)
    }
  }
}

function play({ p, side, victim, watcher }: Scene, kind: number, body: Uint8Array): void {
  const forge = (level: EncryptionLevel, frames: Uint8Array): void => {
    const payload = frames.slice(0, 1400)
    if (level === LEVEL_APPLICATION) watcher.expect(payload)
    else watcher.giveUp()
    p.forge(side, payload, { level })
  }
  switch (kind % KINDS) {
    case PACKET:
      return forge(LEVEL_APPLICATION, body)
    case PACKET_TWICE:
      // Two packets that arrive at once.
      forge(LEVEL_APPLICATION, body.subarray(0, body.length >>> 1))
      return forge(LEVEL_APPLICATION, body.subarray(body.length >>> 1))
    case HANDSHAKE_PACKET:
      return forge(LEVEL_HANDSHAKE, body)
    case WAIT:
      return p.runFor(((body[0] ?? 1) * (body[1] ?? 10)) / 4)
    case APPLICATION:
      watcher.giveUp()
      attempt(() => act(victim, new Script(body)), QuicError)
      return
    case DATAGRAM:
      return p.inject(side, body)
    case EDIT: {
      // A datagram of the connection once more, with a byte changed or its end cut off.
      const own = p.sent[side]
      const copy = own[(body[0] ?? 0) % own.length].bytes.slice()
      const at = (((body[1] ?? 0) << 8) | (body[2] ?? 0)) % copy.length
      copy[at] ^= body[3] ?? 0
      return p.inject(side, body.length > 4 ? copy.subarray(0, at) : copy)
    }
    default:
      return p.runFor(0)
  }
}

/** The rest of a run: the connection ends, nothing is left of it, and another one is served. */
function aftermath(p: ForgedPair, gates: readonly Gate[], victim: SimConnection): void {
  const { closeError } = victim
  const internal = closeError instanceof QuicError && closeError.code === 'ERR_QUIC_INTERNAL'
  if (internal && closeError.cause !== undefined) throw closeError.cause
  for (const { connection } of [...p.client.connections, ...p.server.connections]) {
    connection.close(0, '')
  }
  p.runFor(200_000)
  for (const host of [p.client, p.server]) {
    must(host.endpoint.connectionCount === 0, 'a connection is left')
    must(host.pollTimeout() === Infinity, 'a timer is left')
  }
  for (const gate of gates) gate.open = true
  const { client, server } = p.establish()
  const { stream } = client.send('bidi', Uint8Array.of(1, 2, 3))
  must(
    p.run(() => server.streams.get(stream.id)?.ended === true),
    'another connection is not served',
  )
}

function run(input: Uint8Array): void {
  const script = new Script(input)
  const options = script.u8()
  const gates = [new Gate(), new Gate()]
  const transport = { ...TRANSPORT, ackFrequency: (options & 2) !== 0 }
  const p = forgedPair({
    seed: 1,
    provider,
    toServer: gates[0],
    toClient: gates[1],
    client: transport,
    server: transport,
  })
  const { client, server } = p.establish()
  const [side, victim] =
    (options & 1) !== 0 ? (['client', server] as const) : (['server', client] as const)
  const oracle = new EventOracle()
  victim.onEvent = (event) => oracle.check(event)
  victim.send('bidi', new Uint8Array(3000), false)
  victim.send('uni', new Uint8Array(100))
  p.runFor(40)
  gates[side === 'client' ? 1 : 0].open = false
  const watcher = new StreamWatcher(side === 'client' ? 'server' : 'client')
  for (let steps = 0; !script.done && steps < 40; steps++) {
    const kind = script.u8()
    play({ p, side, victim, watcher }, kind, script.block())
    if ((kind & 0x80) === 0) p.runFor(1)
  }
  p.runFor(30)
  watcher.check(victim)
  aftermath(p, gates, victim)
}

export const quicConnection: Target = {
  name: 'quic-connection',
  about: 'frames in authentic packets of an open connection: it ends in order, others are served',
  maxLength: 3000,
  seeds: () => {
    const frames = ONE_OF_EACH.map((frame) => Uint8Array.from(frame))
    const packet = (body: Uint8Array | readonly number[]): Uint8Array =>
      blockBytes([PACKET], Uint8Array.from(body))
    const each = [1, 0].flatMap((side) =>
      frames.map((frame) => Uint8Array.of(side, ...packet(frame))),
    )
    const prng = new Prng(1)
    const crypto = Uint8Array.from([6, 0x41, 0, 5, 20, 0, 0, 1, 9])
    return [
      ...each,
      // Streams that end, and what comes behind or beside their end.
      Uint8Array.of(1, ...packet([0x0b, 0, 2, 1, 2]), ...packet([0x0e, 0, 1, 1, 7])),
      Uint8Array.of(1, ...packet([0x0e, 0, 2, 2, 1, 2]), ...packet([0x0f, 0, 3, 1, 7])),
      Uint8Array.of(0, ...packet([0x0f, 3, 2, 1, 7]), ...packet([0x04, 3, 5, 3])),
      Uint8Array.of(3, ...packet([8, 0, 1, 2, 3]), ...blockBytes([WAIT], Uint8Array.of(40, 40))),
      Uint8Array.of(1, ...blockBytes([HANDSHAKE_PACKET], crypto), ...packet(crypto)),
      Uint8Array.of(1, ...blockBytes([PACKET_TWICE], Uint8Array.of(1, 1, 1, 1)), ...packet([1])),
      Uint8Array.of(2, ...blockBytes([DATAGRAM], prng.bytes(60)), ...packet([1])),
      Uint8Array.of(1, ...blockBytes([EDIT], Uint8Array.of(0, 0, 30, 1)), ...packet([1])),
      ...Array.from({ length: 9 }, (_, action) =>
        Uint8Array.of(
          1,
          ...packet([0x0a, 0x08, 2, 1, 2]),
          ...blockBytes([APPLICATION], Uint8Array.of(1, 20, action)),
          ...packet([0x10, 0x90, 0, 0, 0, 0x02, 0, 0, 0, 0]),
        ),
      ),
    ]
  },
  outline: stepElements,
  run,
}

/** Datagrams that nobody has keys for, at an endpoint that has a connection under way. */
export const quicDatagrams: Target = {
  name: 'quic-datagrams',
  about:
    'any datagrams at a server and a client: dropped or answered in order, connection unharmed',
  maxLength: 4000,
  seeds: () => {
    const p = forgedPair({ seed: 1, provider })
    p.establish()
    const all = [...p.sent.client, ...p.sent.server].map(({ bytes }) => bytes)
    return [
      ...all.map((bytes) => Uint8Array.of(1, ...blockBytes([0], bytes))),
      Uint8Array.of(0, ...blockBytes([1], Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))),
      Uint8Array.of(0, ...blockBytes([0], new Uint8Array(1200).fill(0xc0))),
      Uint8Array.of(0, ...blockBytes([0], new Uint8Array(60).fill(0x41))),
    ]
  },
  outline: (input) => fixedElements(input, 1, input.length, 1, 'u16'),
  run(input) {
    const script = new Script(input)
    const options = script.u8()
    const tokens: Uint8Array[] = []
    const noteToken = (encoded: Uint8Array): Uint8Array => {
      const { statelessResetToken } = decodeTransportParameters(encoded, 'server')
      if (statelessResetToken !== null) tokens.push(statelessResetToken)
      return encoded
    }
    const p = forgedPair({ seed: 1, provider, serverNull: { rewriteParameters: noteToken } })
    const early = (options & 1) !== 0
    const client = p.connect()
    const toClient: Uint8Array[] = []
    if (!early) p.runFor(200)
    while (!script.done) {
      const kind = script.u8()
      const bytes = script.block()
      const before = p.server.endpoint.stats.bytesSent
      if ((kind & 1) !== 0) toClient.push(bytes)
      p.inject((kind & 1) === 0 ? 'client' : 'server', bytes)
      if ((kind & 2) !== 0) p.runFor(15)
      if ((kind & 1) === 0 && !early) checkAnswer(p, bytes, before)
    }
    // A datagram that was not authentic changes nothing; a copy of an authentic one, neither.
    p.run(() => client.has('handshake-confirmed') || client.has('closed'), 60_000)
    let served = false
    if (client.has('handshake-confirmed') && !client.has('closed')) {
      const { stream } = client.send('bidi', Uint8Array.of(7))
      const ended = (one: SimConnection): boolean => one.streams.get(stream.id)?.ended === true
      served = p.run(() => p.server.accepted.some(ended))
    }
    if (client.closeError instanceof StatelessResetError) {
      // Packets of the simulator can be read, so an input may have the token that an attacker would have
      // to guess: that of the ID in use, and no other.
      const known = toClient.some((bytes) => tokens.some((token) => endsWith(bytes, token)))
      must(known, 'reset without the token of the ID in use')
    } else if (client.has('handshake-confirmed')) {
      must(served, 'the connection does not go on')
    }
    for (const one of [...p.client.connections, ...p.server.connections]) {
      const { closeError } = one
      if (closeError instanceof QuicError && closeError.cause !== undefined) throw closeError.cause
      one.connection.close(0, '')
    }
    p.runFor(120_000)
    must(p.server.endpoint.connectionCount === 0, 'a connection is left at the server')
    must(p.client.endpoint.connectionCount === 0, 'a connection is left at the client')
  },
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  return hex(bytes).endsWith(hex(end))
}

// RFC 9000 §8.1: at most three times of what came, and a reset or a negotiation less than that.
function checkAnswer(p: ForgedPair, bytes: Uint8Array, before: number): void {
  const sent = p.server.endpoint.stats.bytesSent - before
  must(sent <= 3 * Math.max(1200, bytes.length) + 3000, `${sent} bytes for ${bytes.length}`)
}
