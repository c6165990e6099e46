// Every call of an exchange, in every state of both its halves, after every event of the peer, heard of
// yet or not: it does its work, says that it came too late, or names the caller's mistake; and the host
// is told of each half's end exactly once.

import t from 'tap'
import { H3_NO_ERROR, H3_REQUEST_CANCELLED } from '../src/index.ts'
import type { Http3Event, RequestStream } from '../src/index.ts'
import type { FakeStream } from './fake-port.ts'
import { data, frame, headers, RawPeer, request } from './peers.ts'

type Role = 'client' | 'server'

// --- our sending half: what a call is expected to say, and where it leads

/** 'ending': ended, and not all of it acknowledged. 'over': acknowledged. 'dead': given up. */
type Sending = 'start' | 'content' | 'tunnel' | 'ending' | 'over' | 'dead'

/** The state that a call leads to, or why it is refused. Too late in 'dead', whatever it is. */
type Step = Sending | 'MISTAKE'

const SENDING_CALLS: Readonly<Record<string, Readonly<Record<Exclude<Sending, 'dead'>, Step>>>> = {
  sendInformational: row('start', 'MISTAKE', 'MISTAKE', 'MISTAKE', 'MISTAKE'),
  sendHeaders: row('content', 'MISTAKE', 'MISTAKE', 'MISTAKE', 'MISTAKE'),
  'sendHeaders, end': row('ending', 'MISTAKE', 'MISTAKE', 'MISTAKE', 'MISTAKE'),
  sendData: row('MISTAKE', 'content', 'tunnel', 'MISTAKE', 'MISTAKE'),
  'sendData of nothing': row('MISTAKE', 'content', 'tunnel', 'MISTAKE', 'MISTAKE'),
  sendFramed: row('MISTAKE', 'content', 'tunnel', 'MISTAKE', 'MISTAKE'),
  sendTrailers: row('MISTAKE', 'ending', 'MISTAKE', 'MISTAKE', 'MISTAKE'),
  finish: row('MISTAKE', 'ending', 'ending', 'ending', 'over'),
  reset: row('dead', 'dead', 'dead', 'dead', 'over'),
  cancel: row('dead', 'dead', 'dead', 'dead', 'over'),
  stopSending: row('start', 'content', 'tunnel', 'ending', 'over'),
  readData: row('start', 'content', 'tunnel', 'ending', 'over'),
}

function row(start: Step, content: Step, tunnel: Step, ending: Step, over: Step) {
  return { start, content, tunnel, ending, over }
}

const CALLS = Object.keys(SENDING_CALLS)
/** Those that send, with what they say when it is too late. */
const TOO_LATE: Readonly<Record<string, unknown>> = {
  sendInformational: false,
  sendHeaders: false,
  'sendHeaders, end': false,
  sendData: 'too-late',
  'sendData of nothing': 'too-late',
  sendFramed: 'too-late',
  sendTrailers: false,
  finish: false,
}
const IN_TIME: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(Object.keys(TOO_LATE).map((name) => [name, true])),
  sendData: 'sent',
  'sendData of nothing': 'sent',
  sendFramed: 'sent',
}
/** A client's request has its headers: whatever happened, these are a mistake. */
const OF_SERVERS = ['sendInformational', 'sendHeaders', 'sendHeaders, end']

function call(stream: RequestStream, name: string): unknown {
  // Headers of a successful response: to a CONNECT they open a tunnel.
  switch (name) {
    case 'sendInformational':
      return stream.sendInformational([':status', '103'])
    case 'sendHeaders':
      return stream.sendHeaders([':status', '200'])
    case 'sendHeaders, end':
      return stream.sendHeaders([':status', '200'], true)
    case 'sendData':
      return stream.sendData(Uint8Array.of(1, 2, 3))
    case 'sendData of nothing':
      return stream.sendData(new Uint8Array(0))
    case 'sendFramed':
      return stream.sendFramed(new Uint8Array(5), 3)
    case 'sendTrailers':
      return stream.sendTrailers(['x-a', 'b'])
    case 'finish':
      return stream.finish()
    case 'reset':
      return stream.reset(7)
    case 'cancel':
      return stream.cancel()
    case 'stopSending':
      return stream.stopSending(7)
    default:
      return stream.readData()
  }
}

// --- what the peer has sent before, and what it does next

/** The frames of a request, or of a response, and whether a FIN follows. */
const ARRIVED: Readonly<Record<string, (role: Role) => [Uint8Array[], boolean]>> = {
  'a head': (role) => [[head(role)], false],
  'content, unread': (role) => [[head(role), data(1, 2, 3)], false],
  'all, unread': (role) => [[head(role), data(1, 2, 3), headers('x-a', 'b')], true],
  'all, with nothing to read': (role) => [[head(role)], true],
}

function head(role: Role): Uint8Array {
  return role === 'server' ? headers(...request('POST')) : headers(':status', '200')
}

type PeerEvent = (stream: FakeStream, peer: RawPeer) => void

const EVENTS: Readonly<Record<string, PeerEvent>> = {
  nothing: () => {},
  DATA: (stream) => send(stream, data(4)),
  'trailers and FIN': (stream) => {
    send(stream, headers('x-c', 'd'))
    finish(stream)
  },
  FIN: (stream) => finish(stream),
  RESET_STREAM: (stream) => stream.reset(9),
  STOP_SENDING: (stream) => stop(stream, 9),
  'STOP_SENDING with NO_ERROR': (stream) => stop(stream, H3_NO_ERROR),
  'RESET_STREAM and STOP_SENDING': (stream) => {
    stream.reset(9)
    stop(stream, 9)
  },
  'a malformed trailer section': (stream) => send(stream, headers('UPPER', 'case')),
  'a frame that ends the connection': (stream) => send(stream, frame(0x04)),
  GOAWAY: (_, peer) => {
    peer.control(frame(0x07, 0))
  },
  CONNECTION_CLOSE: (_, peer) => {
    const { port } = peer.side
    port.close(0, '')
    port.events.push({ type: 'closed', error: null })
  },
}
/** How far the news has come before the host makes its next call. */
type Heard = 'by the transport' | 'by us' | 'by the host'
const HEARD: readonly Heard[] = ['by the transport', 'by us', 'by the host']

/** Those that give our half up, as soon as the transport knows of them. */
const STOPS = ['STOP_SENDING', 'STOP_SENDING with NO_ERROR', 'RESET_STREAM and STOP_SENDING']

function send(stream: FakeStream, bytes: Uint8Array): void {
  if (stream.writable) stream.write(bytes)
}

function finish(stream: FakeStream): void {
  if (stream.writable) stream.finish()
}

function stop(stream: FakeStream, errorCode: number): void {
  if (!stream.ended) stream.stopSending(errorCode)
}

// --- one cell

function say(value: unknown): string {
  if (value instanceof Error) return value.message
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
}

class Cell {
  readonly role: Role
  readonly peer: RawPeer
  readonly stream: RequestStream
  readonly raw: FakeStream
  readonly log: Http3Event['type'][] = []
  readonly wrong: string[] = []
  sending: Sending
  #heard = true
  /** Which halves the host ended itself. */
  ownReset = false
  ownStop = false

  constructor(role: Role, sending: Sending, arrived: string) {
    this.role = role
    // A peer that takes little: what is ended stays unacknowledged.
    this.peer = new RawPeer(role, { window: sending === 'ending' ? 64 : 1_000_000 })
    const { peer } = this
    const method = sending === 'tunnel' ? 'CONNECT' : 'POST'
    if (role === 'server') {
      this.raw = peer.message()
      this.raw.write(headers(...request(method)))
      const [frames, fin] = ARRIVED[arrived](role)
      for (const bytes of frames.slice(1)) this.raw.write(bytes)
      if (fin) this.raw.finish()
      this.#run()
      this.stream = peer.side.last('request').stream
    } else {
      this.stream = peer.side.http3.request(request(method), false)!
      this.#run()
      this.raw = peer.raw.streams.get(this.stream.id)!
      const [frames, fin] = ARRIVED[arrived](role)
      for (const bytes of frames) this.raw.write(bytes)
      if (fin) this.raw.finish()
      this.#run()
    }
    peer.side.onEvent = (event) => {
      if ('stream' in event) this.#hear(event.type, 'end' in event && event.end)
      return true
    }
    for (const event of peer.side.log.splice(0)) {
      if ('stream' in event) this.#hear(event.type, 'end' in event && event.end)
    }
    this.sending = sending
    this.#reach(sending)
    this.#run()
  }

  #reach(sending: Sending): void {
    const { role, stream } = this
    if (sending === 'start') return
    if (role === 'server') stream.sendHeaders([':status', '200'])
    if (sending === 'dead') {
      stream.reset(5)
      this.ownReset = true
    }
    if (sending === 'ending') stream.sendData(new Uint8Array(500))
    if (sending === 'ending' || sending === 'over') stream.finish()
  }

  #run(): void {
    this.peer.run()
  }

  #hear(type: Http3Event['type'], end: boolean): void {
    const told = this.log
    const receiving = ['request', 'response', 'data', 'trailers', 'end', 'reset'].includes(type)
    if (receiving && (this.received || this.ownStop)) this.wrong.push(`${type} after the end`)
    if (!receiving && (this.sent || this.ownReset) && type !== 'informational') {
      this.wrong.push(`${type} after ${told.join()}`)
    }
    told.push(type)
    if (end) told.push('end')
  }

  /** The host was told that our message arrived, or never will. */
  get sent(): boolean {
    return this.log.includes('finished') || this.log.includes('stop-sending')
  }

  get received(): boolean {
    return this.log.includes('end') || this.log.includes('reset')
  }

  /** The peer does something. */
  happen(event: string, heard: Heard): void {
    const { peer } = this
    const { side } = peer
    EVENTS[event](this.raw, peer)
    peer.raw.deliver()
    if (heard === 'by the host') this.#run()
    if (heard === 'by us') {
      for (const event of side.port.events.splice(0)) side.http3.handleEvent(event)
    }
    this.#heard = heard !== 'by the transport'
    this.#follow()
    if (STOPS.includes(event) && !this.#heard && this.sending !== 'ending') this.#die()
  }

  /** What has happened to the connection or been told of the stream may have ended our half. */
  #follow(): void {
    const { port, http3 } = this.peer.side
    // That a message which has ended will not arrive is known when it is told.
    const known = this.#heard || http3.error !== null || this.sending !== 'ending'
    if ((port.closed !== null && known) || this.log.includes('stop-sending')) this.#die()
  }

  #die(): void {
    // What is acknowledged is so whatever follows.
    if (this.sending !== 'over') this.sending = 'dead'
  }

  /** Makes a call, and holds what it says against what it should. */
  check(name: string): void {
    let got: unknown
    try {
      got = call(this.stream, name)
    } catch (error) {
      got = (error as { code?: unknown }).code ?? error
    }
    const from = this.sending
    const step = from === 'dead' ? 'dead' : SENDING_CALLS[name][from]
    let expected: unknown
    if (this.role === 'client' && OF_SERVERS.includes(name)) expected = 'ERR_HTTP3_STREAM_STATE'
    else if (step === 'MISTAKE') expected = 'ERR_HTTP3_STREAM_STATE'
    else expected = from === 'dead' ? TOO_LATE[name] : IN_TIME[name]
    if (name === 'readData') {
      const done = this.ownStop || this.log.includes('reset')
      if (got !== null && (done || !(got instanceof Uint8Array))) {
        this.wrong.push(`readData said ${say(got)}`)
      }
    } else if (got !== expected) {
      this.wrong.push(`${name} in ${from} said ${say(got)}, not ${say(expected)}`)
    }
    if (step !== 'MISTAKE' && expected !== 'ERR_HTTP3_STREAM_STATE') this.sending = step
    if (name === 'sendHeaders' && step === 'content' && this.stream.method === 'CONNECT') {
      this.sending = 'tunnel'
    }
    if (name === 'reset' || name === 'cancel') this.ownReset = true
    if (name === 'stopSending' || name === 'cancel') this.ownStop = true
    this.#checkReads()
    // Reading may bring the end of the connection, or of the message, and so of our half.
    this.peer.side.poll()
    this.#follow()
  }

  #checkReads(): void {
    const { stream } = this
    const open = ['start', 'content', 'tunnel'].includes(this.sending)
    if (stream.writable && !open) this.wrong.push(`writable in ${this.sending}`)
    if (!(stream.bufferedAmount >= 0)) this.wrong.push(`${stream.bufferedAmount} bytes buffered`)
    if ((this.received || this.ownStop) && !stream.ended) this.wrong.push('ended is false')
  }

  /** The peer gives up what is left: the host has heard of both halves' ends, and all is forgotten. */
  conclude(): void {
    const { peer, raw } = this
    this.#run()
    if (peer.side.port.closed === null) {
      raw.reset(11)
      stop(raw, 11)
      this.#run()
      // A message that arrived whole ends when it is read.
      while (this.stream.readData() !== null);
      this.#run()
    }
    const { port, http3 } = peer.side
    if (port.closed === null) {
      if (!this.sent && !this.ownReset) this.wrong.push('nobody heard of the end of sending')
      if (!this.received && !this.ownStop) this.wrong.push('nobody heard of the end of receiving')
    }
    if (http3.openRequests !== 0) this.wrong.push('the exchange stays')
    if (port.closed === null && port.streams.has(this.stream.id)) {
      this.wrong.push('the stream stays')
    }
  }
}

const SENDING: Readonly<Record<Role, readonly Sending[]>> = {
  server: ['start', 'content', 'tunnel', 'ending', 'over', 'dead'],
  client: ['content', 'tunnel', 'ending', 'over', 'dead'],
}

for (const role of ['server', 'client'] as const) {
  for (const sending of SENDING[role]) {
    // Trailers end a message, and a tunnel has none.
    const arrivals = Object.keys(ARRIVED).filter(
      (arrived) => sending !== 'tunnel' || arrived !== 'all, unread',
    )
    t.test(`${role}: our half is in state "${sending}"`, (t) => {
      let cells = 0
      for (const arrived of arrivals) {
        for (const event of Object.keys(EVENTS)) {
          if (event === 'GOAWAY' && role === 'server') continue
          const wrong: string[] = []
          const told = new Cell(role, sending, arrived)
          told.happen(event, 'by the host')
          for (const heard of HEARD) {
            for (let first = 0; first < CALLS.length; first++) {
              const cell = new Cell(role, sending, arrived)
              cell.happen(event, heard)
              if (heard === 'by us') cell.sending = told.sending
              const made: string[] = []
              // That call, and then all others: whatever was done before, none may be surprised.
              for (let i = 0; i < CALLS.length; i++) {
                const name = CALLS[(first + i * 5) % CALLS.length]
                made.push(name)
                cell.check(name)
                if (cell.wrong.length > 0) break
              }
              cell.conclude()
              cells++
              for (const text of cell.wrong) {
                wrong.push(`heard ${heard}; ${made.join(', ')}: ${text}`)
              }
            }
          }
          t.same(wrong, [], `${arrived} had arrived, then ${event}`)
        }
      }
      const events = Object.keys(EVENTS).length - (role === 'server' ? 1 : 0)
      t.equal(cells, arrivals.length * events * HEARD.length * CALLS.length)
      t.end()
    })
  }
}

t.test('a request whose client gave up the response before it asked', (t) => {
  for (const name of CALLS) {
    const peer = new RawPeer('server')
    const raw = peer.message()
    raw.stopSending(H3_REQUEST_CANCELLED)
    raw.write(headers(...request('POST')))
    const told: string[] = []
    peer.side.onEvent = (event) => {
      told.push(event.type)
      if (event.type !== 'request') return true
      t.equal(call(event.stream, name) ?? undefined, TOO_LATE[name], name)
      return true
    }
    peer.run()
    const own = name === 'reset' || name === 'cancel'
    t.same(told, own ? ['request'] : ['request', 'stop-sending'], name)
  }
  t.end()
})
