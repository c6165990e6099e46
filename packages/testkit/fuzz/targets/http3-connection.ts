// HTTP/3 on a port whose peer writes what it likes on as many streams as it likes, in pieces cut
// anywhere.

import { encodeFieldSection } from '@godwit/qpack'
import { Http3Error } from '@godwit/http3'
import type { Http3Event, RequestStream } from '@godwit/http3'
import type { FakeStream } from '../../../http3/test/fake-port.ts'
import { data, frame, headers, join, RawPeer, request } from '../../../http3/test/peers.ts'
import { fixedElements, varintElements } from '../engine/outlines.ts'
import { blockBytes, Script } from '../engine/script.ts'
import { attempt, must, mustMatch } from '../engine/target.ts'
import type { Element, Target } from '../engine/target.ts'

type Role = 'client' | 'server'

// Steps of an input: a kind, a length of two bytes, and what the step needs.
const OPEN_UNI = 0
const MESSAGE = 1
const WRITE = 2
const WRITE_AND_FINISH = 3
const RESET = 4
const STOP = 5
const SHUTDOWN = 6
const ANSWER = 7
const KINDS = 8

/** Frames in the steps that write them; a unidirectional stream has its type before them. */
function outline(input: Uint8Array): readonly Element[] {
  return fixedElements(input, 1, input.length, 1, 'u16', (_, start, end, kind) => {
    const before = kind % KINDS === WRITE || kind % KINDS === WRITE_AND_FINISH ? 1 : 0
    const at = kind % KINDS === OPEN_UNI ? 1 : before
    return kind % KINDS > WRITE_AND_FINISH ? [] : varintElements(input, start + at, end)
  })
}

interface Outcome {
  readonly closedWith: number | null
  readonly open: number
  readonly reset: boolean
  /** The host called: when, and of which requests it knew, depends on the split. */
  readonly acted: boolean
  /** By stream: what the host was told, content joined. */
  readonly streams: ReadonlyMap<number, readonly unknown[]>
  readonly settings: unknown
}

/** What the host hears, in the order that a host may rely on. */
class Host {
  readonly streams = new Map<number, unknown[]>()
  readonly handles: RequestStream[] = []
  readonly #ended = new Set<RequestStream>()
  readonly #stopped = new Set<RequestStream>()
  readonly #role: Role
  reset = false
  content = 0

  constructor(role: Role) {
    this.#role = role
  }

  handle(event: Http3Event): void {
    if (!('stream' in event)) return
    const { stream, type } = event
    let log = this.streams.get(stream.id)
    if (log === undefined) this.streams.set(stream.id, (log = []))
    if (type === 'request') {
      must(this.#role === 'server' && !this.handles.includes(stream), 'a request that came before')
      this.handles.push(stream)
    }
    if (type === 'stop-sending') {
      must(!this.#stopped.has(stream), 'stop-sending twice')
      this.#stopped.add(stream)
      return
    }
    if (type === 'writable' || type === 'finished') return
    must(!this.#ended.has(stream), `"${type}" after the end of the message`)
    if (type === 'data') {
      let length = 0
      for (let part = stream.readData(); part !== null; part = stream.readData()) {
        must(part.length > 0, 'content of no bytes')
        length += part.length
      }
      this.content += length
      const last = log.at(-1)
      if (typeof last === 'number') log[log.length - 1] = last + length
      else if (length > 0) log.push(length)
      return
    }
    if (type === 'reset') this.reset = true
    if (type === 'end' || type === 'reset') this.#ended.add(stream)
    if (type === 'request' || type === 'response') {
      log.push(type, event.fields)
      // Whether the end was known together with the headers depends on the split.
      if (event.end) log.push('end')
      if (event.end) this.#ended.add(stream)
      return
    }
    log.push(type, 'fields' in event ? event.fields : null)
  }
}

function play(role: Role, input: Uint8Array, pieceSize: number): Outcome {
  const script = new Script(input)
  script.u8()
  const peer = new RawPeer(role, { maxFieldSectionSize: 4096, pieceSize, maxStreams: 20 })
  const host = new Host(role)
  peer.side.onEvent = (event) => {
    host.handle(event)
    return true
  }
  const streams: FakeStream[] = []
  let written = 0
  let acted = false
  const write = (stream: FakeStream, bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += pieceSize) {
      // A refused stream takes no more.
      if (!stream.writable) return
      const piece = bytes.subarray(at, at + pieceSize)
      written += piece.length
      stream.write(piece)
      if (pieceSize !== Infinity) peer.run()
    }
  }
  const pick = (): FakeStream | null => {
    const at = script.u8()
    return streams.length === 0 ? null : streams[at % streams.length]
  }
  for (let steps = 0; !script.done && steps < 24; steps++) {
    const kind = script.u8() % KINDS
    const body = script.block()
    const inner = new Script(body)
    switch (kind) {
      case OPEN_UNI: {
        const stream = peer.raw.openStream('uni')
        if (stream !== null) streams.push(stream)
        if (stream !== null) write(stream, body)
        break
      }
      case MESSAGE: {
        const stream = openMessage(peer, role)
        if (stream !== null) streams.push(stream)
        if (stream !== null) write(stream, body)
        break
      }
      case WRITE:
      case WRITE_AND_FINISH: {
        const stream = streams.length === 0 ? null : streams[inner.u8() % streams.length]
        if (stream !== null) write(stream, inner.rest())
        if (kind === WRITE_AND_FINISH && stream?.writable === true) stream.finish()
        break
      }
      case RESET: {
        const stream = pick()
        if (stream?.sends === true) stream.reset(0x100 + inner.u8())
        break
      }
      case STOP: {
        const stream = pick()
        if (stream?.direction === 'bidi' && !stream.ended) stream.stopSending(0x100 + inner.u8())
        break
      }
      case SHUTDOWN:
        acted = true
        if (inner.u8() % 4 === 0) peer.side.http3.shutdown()
        else peer.side.http3.cancelStalled()
        break
      case ANSWER:
        for (const stream of host.handles) answer(stream, inner)
        acted ||= host.handles.length > 0
    }
    peer.run()
  }
  must(host.content <= written, `${host.content} bytes of content from ${written}`)
  const { closedWith } = peer
  must(closedWith === null || KNOWN_CODES.has(closedWith), `closed with ${closedWith}`)
  must(closedWith === null || peer.side.http3.openRequests === 0, 'requests after the end')
  return {
    closedWith,
    open: peer.side.http3.openRequests,
    reset: host.reset,
    acted,
    streams: host.streams,
    settings: peer.side.http3.peerSettings,
  }
}

/** H3_NO_ERROR to H3_VERSION_FALLBACK, and those of QPACK. */
const KNOWN_CODES = new Set([
  ...Array.from({ length: 17 }, (_, i) => 0x100 + i),
  0x200,
  0x201,
  0x202,
])

function openMessage(peer: RawPeer, role: Role): FakeStream | null {
  if (role === 'server') return peer.raw.openStream('bidi')
  const { value: stream } = attempt(() => peer.side.http3.request(request('GET'), true), Http3Error)
  peer.run()
  return stream === null ? null : (peer.raw.streams.get(stream.id) ?? null)
}

// A handler that calls as it likes; what it does wrong itself is its own error.
function answer(stream: RequestStream, script: Script): void {
  const calls: readonly (() => unknown)[] = [
    () => stream.sendInformational([':status', '103']),
    () => stream.sendHeaders([':status', '200']),
    () => stream.sendData(new Uint8Array(100)),
    () => stream.finish(),
    () => stream.sendTrailers(['x', 'y']),
    () => stream.reset(0x10c),
    () => stream.stopSending(0x100),
    () => stream.cancel(),
  ]
  for (let i = script.below(5); i >= 0; i--) attempt(calls[script.below(calls.length)], Http3Error)
}

function makeTarget(role: Role): Target {
  const head = role === 'server' ? headers(...request('POST')) : headers(':status', '200')
  const control = join([0, frame(0x04)])
  const uni = (bytes: Uint8Array): Uint8Array => blockBytes([OPEN_UNI], bytes)
  const message = (...parts: Uint8Array[]): Uint8Array => blockBytes([MESSAGE], join(parts))
  const seed = (...steps: Uint8Array[]): Uint8Array => join([3, ...steps])
  const trailers = frame(0x01, encodeFieldSection(['x-sum', '1']))
  const end = blockBytes([WRITE_AND_FINISH], Uint8Array.of(1))
  return {
    name: `http3-${role}`,
    about: `a ${role}'s connection: known codes, events in order, any split as one piece`,
    maxLength: 1500,
    steps: { base: 20_000, perByte: 2000 },
    dictionary: ['content-length', ':status', ':path', 'transfer-encoding', 'te', 0x21, 0x40],
    seeds: () => [
      seed(uni(control), message(head, data(1, 2, 3), trailers), end),
      seed(uni(control), message(head, data(1, 2, 3))),
      seed(uni(control), message(headers(':status', '103'), head), end),
      seed(uni(join([0, frame(0x04, 6, 0x44, 0, 1, 0, 7, 0), frame(0x07, 0), frame(0x0d, 9)]))),
      seed(uni(control), uni(Uint8Array.of(2, 0x20)), uni(Uint8Array.of(3, 0x40)), message(head)),
      seed(uni(control), uni(Uint8Array.of(0x21, 1, 2)), uni(Uint8Array.of(0x40, 0x54, 9))),
      seed(uni(control), message(head), blockBytes([ANSWER], Uint8Array.of(3, 0, 1, 2, 3)), end),
      seed(uni(control), message(head), blockBytes([RESET], Uint8Array.of(1))),
      seed(uni(control), message(head), blockBytes([STOP], Uint8Array.of(1)), end),
      seed(uni(control), message(head), blockBytes([SHUTDOWN], Uint8Array.of(0)), message(head)),
      seed(uni(control), message(frame(0x21, 1, 2), head, frame(0x40, 5), data()), end),
    ],
    outline,
    run(input) {
      const whole = play(role, input, Infinity)
      const split = play(role, input, 1 + ((input[0] ?? 0) & 7))
      if (whole.acted || split.acted) return
      mustMatch(split.closedWith, whole.closedWith, 'closed with, in pieces')
      // While a header section is held back, what comes behind it may end the message or the
      // connection: then less is told than when it came slowly.
      if (whole.closedWith !== null || whole.reset || split.reset) return
      mustMatch(split, whole, 'in pieces')
    },
  }
}

export const http3Server: Target = makeTarget('server')
export const http3Client: Target = makeTarget('client')
