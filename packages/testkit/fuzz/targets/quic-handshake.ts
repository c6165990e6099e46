// Connections that begin, with TLS as it is: Initial, Handshake and Retry packets that are authentic,
// with frames, messages and tokens that are not what an honest peer sends.

import { VERSION_1 } from '@godwit/protection'
import type { PacketKey } from '@godwit/protection'
import { QuicError } from '@godwit/quic'
import type { EncryptionLevel, HandshakeEvent, HandshakeSession } from '@godwit/quic'
import { CLIENT_ADDRESS, pair, SERVER_ADDRESS } from '@godwit/testkit'
import type { Pair, SimConnection } from '@godwit/testkit'
import { isCipherSuite } from '@godwit/crypto'
import { PACKET_HANDSHAKE, PACKET_INITIAL, PACKET_RETRY } from '../../../quic/src/constants.ts'
import { writeLongHeader, writePacketLength } from '../../../quic/src/packet-header.ts'
import { PacketWriter } from '../../../quic/src/packet-writer.ts'
import { fixedElements } from '../engine/outlines.ts'
import { encodeVarint, encodeVarintOf, join } from '../engine/mutate.ts'
import { blockBytes, Script } from '../engine/script.ts'
import { must } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'
import { createFastProvider } from './fast-provider.ts'
import { frameElements } from './quic-frames.ts'
import { shifted } from './quic-connection.ts'
import { clientSession, serverSession } from './tls-handshake.ts'

type Side = 'client' | 'server'

const INITIAL: EncryptionLevel = 0
const HANDSHAKE: EncryptionLevel = 2
const NOTHING = new Uint8Array(0)
const provider = createFastProvider(1)

// Steps of an input: a kind, a length of two bytes, and what the step needs.
const INITIAL_PACKET = 0
const HANDSHAKE_PACKET = 1
const BOTH = 2
const SHORT_INITIAL = 3
const RETRY = 4
const WAIT = 5
const DATAGRAM = 6
const KINDS = 7

/** A session that lets see what passes: the secrets to seal with, the messages to begin with. */
class Tapped implements HandshakeSession {
  readonly events: HandshakeEvent[] = []
  readonly #session: HandshakeSession

  constructor(session: HandshakeSession) {
    this.#session = session
  }

  start(transportParameters: Uint8Array): void {
    this.#session.start(transportParameters)
  }

  handleCrypto(level: EncryptionLevel, data: Uint8Array): void {
    this.#session.handleCrypto(level, data)
  }

  pollEvent(): HandshakeEvent | null {
    const event = this.#session.pollEvent()
    // Secrets are wiped by those who use them.
    if (event?.type === 'secrets') {
      this.events.push({
        ...event,
        read: event.read?.slice() ?? null,
        write: event.write?.slice() ?? null,
      })
    } else if (event !== null) this.events.push(event)
    return event
  }

  dispose(): void {
    this.#session.dispose()
  }
}

interface Scene {
  readonly p: Pair
  readonly victim: Side
  /** Of the victim; a server has one when it has taken an Initial. */
  session: Tapped | null
  /** Connection IDs: of the victim's first packet or chosen by the forger; the forger's own. */
  destination: Uint8Array
  readonly source: Uint8Array
  original: Uint8Array
  number: number
}

function makeScene(victim: Side, connected: boolean): Scene {
  const tapped: Record<Side, Tapped | null> = { client: null, server: null }
  const make = (side: Side): HandshakeSession =>
    (tapped[side] = new Tapped(side === 'client' ? clientSession() : serverSession()))
  const drop = { push: () => {} }
  const p = pair({
    seed: 1,
    provider,
    clientHandshake: () => make('client'),
    serverHandshake: () => make('server'),
    // The honest side hears nothing, and so says nothing.
    ...(connected ? {} : victim === 'client' ? { toServer: drop } : { toClient: drop }),
  })
  const original = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)
  const scene = {
    p,
    victim,
    destination: original,
    source: Uint8Array.of(0xf0, 0xf1, 0xf2, 0xf3),
    original,
    number: 0,
    get session() {
      return tapped[victim]
    },
  }
  return scene
}

function seal(
  scene: Scene,
  type: number,
  key: PacketKey,
  frames: Uint8Array,
  size: number,
): Uint8Array {
  const memory = scene.p.protection.engine.memory.bytes
  const writer = new PacketWriter(memory)
  writer.reset(0, memory.length)
  const number = scene.number++
  const { destination, source } = scene
  const at = writeLongHeader(writer, type, VERSION_1, destination, source, NOTHING, number, 4)
  const payload = new Uint8Array(Math.max(frames.length, size - at - 20))
  payload.set(frames)
  memory.set(payload, writer.position)
  writePacketLength(memory, at, 4 + payload.length + 16)
  key.protect(0, at, 4, payload.length, number)
  return memory.slice(0, at + 4 + payload.length + 16)
}

function initialPacket(scene: Scene, frames: Uint8Array, size: number): Uint8Array {
  const forger = scene.victim === 'client' ? 'server' : 'client'
  const keys = scene.p.protection.initialKeys(VERSION_1, scene.original, forger)
  return seal(scene, PACKET_INITIAL, keys.seal, frames.subarray(0, 1300), size)
}

/** Empty while the victim has no keys to open it. */
function handshakePacket(scene: Scene, frames: Uint8Array): Uint8Array {
  for (const event of scene.session?.events ?? []) {
    if (event.type !== 'secrets' || event.level !== HANDSHAKE || event.read === null) continue
    if (!isCipherSuite(event.cipherSuite)) continue
    const key = scene.p.protection.packetKey(VERSION_1, event.cipherSuite, event.read)
    return seal(scene, PACKET_HANDSHAKE, key, frames.subarray(0, 1300), 0)
  }
  return NOTHING
}

function retryPacket(scene: Scene, token: Uint8Array): Uint8Array {
  const { destination, source, original } = scene
  const head = Uint8Array.of(0xc0 | (PACKET_RETRY << 4), 0, 0, 0, 1)
  const ids = join(
    Uint8Array.of(destination.length),
    destination,
    Uint8Array.of(source.length),
    source,
  )
  const packet = join(head, ids, token.subarray(0, 1000))
  return join(packet, scene.p.protection.retryIntegrityTag(VERSION_1, original, packet))
}

function play(scene: Scene, kind: number, body: Uint8Array): void {
  const half = body.length >>> 1
  switch (kind % KINDS) {
    case INITIAL_PACKET:
      return inject(scene, initialPacket(scene, body, 1200))
    case HANDSHAKE_PACKET:
      return inject(scene, handshakePacket(scene, body))
    case BOTH: {
      const first = initialPacket(scene, body.subarray(0, half), 0)
      const second = handshakePacket(scene, body.subarray(half))
      const padding = new Uint8Array(Math.max(0, 1200 - first.length - second.length))
      return inject(scene, join(first, second, padding))
    }
    case SHORT_INITIAL:
      return inject(scene, initialPacket(scene, body, 0))
    case RETRY:
      inject(scene, retryPacket(scene, body))
      // What the victim sends from now on is under the keys of the new ID.
      if (scene.victim === 'client' && (kind & 0x80) !== 0) scene.original = scene.source
      return
    case WAIT:
      return scene.p.runFor((body[0] ?? 1) * 8)
    default:
      return inject(scene, body)
  }
}

function inject({ p, victim }: Scene, datagram: Uint8Array): void {
  const [from, to] =
    victim === 'server' ? [CLIENT_ADDRESS, SERVER_ADDRESS] : [SERVER_ADDRESS, CLIENT_ADDRESS]
  if (datagram.length > 0) p.sim.inject(from, to, { bytes: datagram.subarray(0, 2000), ecn: 0 })
}

/** The client's first packet says what its keys are made of, and where to answer. */
function connect(scene: Scene): SimConnection {
  let first: Uint8Array | null = null
  scene.p.sim.onSend = (from, _, { bytes }) => {
    if (from.port === CLIENT_ADDRESS.port) first ??= bytes.slice()
  }
  const client = scene.p.connect()
  scene.p.runFor(1)
  scene.p.sim.onSend = () => {}
  if (first === null) throw new Error('no Initial was sent')
  const bytes: Uint8Array = first
  const sourceAt = 6 + bytes[5]
  scene.original = bytes.slice(6, sourceAt)
  scene.destination = bytes.slice(sourceAt + 1, sourceAt + 1 + bytes[sourceAt])
  return client
}

function run(input: Uint8Array): void {
  const script = new Script(input)
  const victim = (script.u8() & 1) === 0 ? 'server' : 'client'
  const scene = makeScene(victim, false)
  if (victim === 'client') connect(scene)
  for (let steps = 0; !script.done && steps < 30; steps++) {
    const kind = script.u8()
    play(scene, kind, script.block())
    scene.p.runFor(12)
    // A server chooses its ID when it answers.
    if (victim === 'server') scene.destination = serverId(scene) ?? scene.destination
  }
  const { p } = scene
  const all = [...p.client.connections, ...p.server.connections]
  for (const { connection, closeError } of all) {
    if (closeError instanceof QuicError && closeError.code === 'ERR_QUIC_INTERNAL') {
      if (closeError.cause !== undefined) throw closeError.cause
    }
    connection.close(0, '')
  }
  for (const event of scene.session?.events ?? []) {
    // Nothing that a peer sends is an internal error of TLS.
    if (event.type === 'alert' && event.description === 80) throw event.error.cause ?? event.error
  }
  p.runFor(120_000)
  for (const host of [p.client, p.server]) {
    must(host.endpoint.connectionCount === 0, 'a connection is left')
    must(host.pollTimeout() === Infinity, 'a timer is left')
  }
}

const serverIds = new WeakMap<Pair, Uint8Array>()

function serverId({ p }: Scene): Uint8Array | null {
  const known = serverIds.get(p)
  if (known !== undefined || p.server.accepted.length === 0) return known ?? null
  p.sim.onSend = (from, _, { bytes }) => {
    if (from.port !== SERVER_ADDRESS.port || (bytes[0] & 0x80) === 0 || serverIds.has(p)) return
    const at = 6 + bytes[5]
    serverIds.set(p, bytes.slice(at + 1, at + 1 + bytes[at]))
  }
  return null
}

/** CRYPTO frames with `bytes`, `size` at a time. */
function cryptoFrames(bytes: Uint8Array, size: number): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) {
    const data = bytes.subarray(at, at + size)
    frames.push(join(Uint8Array.of(6), encodeVarint(at), encodeVarintOf(data.length, 2), data))
  }
  return frames
}

function messagesOf(session: Tapped | null, level: EncryptionLevel): Uint8Array {
  const parts = (session?.events ?? []).map((event) =>
    event.type === 'crypto' && event.level === level ? event.data : NOTHING,
  )
  return join(...parts)
}

/** What honest sides say, as steps: a server's answer fits the client that gets it here. */
function seeds(): Uint8Array[] {
  const honest = makeScene('server', true)
  const client = makeScene('client', true)
  honest.p.connect()
  client.p.connect()
  honest.p.runFor(500)
  client.p.runFor(500)
  // The server's session of a pair whose client is the victim, and the other way round.
  const hello = messagesOf(client.session, INITIAL)
  const answer = [INITIAL, HANDSHAKE].map((level) => messagesOf(honest.session, level))
  const steps = (kind: number, bytes: Uint8Array, size: number): Uint8Array[] =>
    cryptoFrames(bytes, size).map((frame) => blockBytes([kind], frame))
  return [
    join(Uint8Array.of(0), ...steps(INITIAL_PACKET, hello, 1000)),
    join(Uint8Array.of(0), ...steps(INITIAL_PACKET, hello, 90)),
    join(
      Uint8Array.of(0),
      ...steps(INITIAL_PACKET, hello, 1000),
      blockBytes([HANDSHAKE_PACKET], Uint8Array.of(6, 0, 4, 20, 0, 0, 0)),
    ),
    join(
      Uint8Array.of(1),
      ...steps(INITIAL_PACKET, answer[0], 1000),
      ...steps(HANDSHAKE_PACKET, answer[1], 900),
    ),
    join(
      Uint8Array.of(1),
      ...steps(SHORT_INITIAL, answer[0], 50),
      blockBytes([WAIT], Uint8Array.of(90)),
    ),
    join(
      Uint8Array.of(1),
      blockBytes([RETRY], Uint8Array.of(1, 2, 3)),
      ...steps(0, answer[0], 1000),
    ),
    join(
      Uint8Array.of(1),
      blockBytes([0x80 + 5 + RETRY], Uint8Array.of(1)),
      blockBytes([DATAGRAM], Uint8Array.of(0x80, 0, 0, 0, 0, 0)),
    ),
    join(Uint8Array.of(0), blockBytes([BOTH], Uint8Array.of(1, 0x1c, 0, 0, 0))),
  ]
}

export const quicHandshake: Target = {
  name: 'quic-handshake',
  about:
    'Initial, Handshake and Retry packets with TLS inside, authentic: nothing internal, nothing left',
  maxLength: 3000,
  dictionary: [0x1301, 0x1302, 0x1303, 0x0304],
  seeds,
  outline: (input) =>
    fixedElements(input, 1, input.length, 1, 'u16', (_, start, end, kind) =>
      kind % KINDS <= SHORT_INITIAL ? shifted(frameElements(input.slice(start, end)), start) : [],
    ),
  run,
}
