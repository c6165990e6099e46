// Every call of a stream, in every state of the part that it is about, after every event of the peer: it
// does its work, is dropped because the peer ended that part, or names the caller's mistake.

import t from 'tap'
import { SEND_HIGH_WATER_MARK } from '../../src/limits.ts'
import type { QuicStream } from '../../src/port.ts'
import { drain, exchange, join, parameters, pattern, Side } from './harness.ts'

const MISTAKE = 'ERR_QUIC_STREAM_STATE'

/** What a call says: its value, or the code of what it throws. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
}

class Cell {
  readonly client: Side
  readonly server: Side
  readonly stream: QuicStream
  theirs: QuicStream | null = null
  readonly told: string[] = []

  constructor() {
    const ample = { initialMaxData: 10_000_000, initialMaxStreamDataBidiRemote: 1_000_000 }
    const client = new Side('client')
    ;[this.client, this.server] = join(client, new Side('server', parameters(ample)))
    this.stream = this.client.streams.open('bidi')!
  }

  /** Carries everything both ways, and tells the application of the client. */
  run(): void {
    exchange(this.client, this.server)
    this.accept()
    this.poll()
  }

  accept(): QuicStream {
    this.theirs ??= this.server.accept()[0] ?? null
    this.server.events()
    return this.theirs!
  }

  poll(): void {
    this.told.push(...this.client.events().map((event) => event.split(' ')[0]))
  }
}

// --- the sending part

type Sending = 'open' | 'full' | 'ended' | 'acknowledged' | 'reset' | 'stopped' | 'closed'

const SENDING: Readonly<Record<Sending, (cell: Cell) => void>> = {
  open: ({ stream }) => {
    stream.write(pattern(10))
  },
  full: ({ stream }) => {
    stream.write(pattern(SEND_HIGH_WATER_MARK + 1))
  },
  ended: ({ stream, client }) => {
    stream.write(pattern(10))
    stream.finish()
    drain(client)
  },
  acknowledged: (cell) => {
    cell.stream.finish()
    cell.run()
  },
  reset: ({ stream }) => {
    stream.write(pattern(10))
    stream.reset(1)
  },
  stopped: ({ stream, client }) => {
    stream.write(pattern(10))
    client.streams.handleStopSending(stream.id, 9)
  },
  closed: ({ stream, client }) => {
    stream.write(pattern(10))
    client.streams.closeAll()
  },
}

const SEND_EVENTS: Readonly<Record<string, (cell: Cell) => void>> = {
  nothing: () => {},
  STOP_SENDING: ({ client, stream }) => client.streams.handleStopSending(stream.id, 9),
  'STOP_SENDING, again': ({ client, stream }) => {
    client.streams.handleStopSending(stream.id, 9)
    client.streams.handleStopSending(stream.id, 10)
  },
  'STOP_SENDING once there is room': ({ client, stream }) => {
    for (const packet of drain(client)) client.lost(packet)
    client.streams.handleStopSending(stream.id, 9)
  },
  MAX_STREAM_DATA: ({ client, stream }) => client.streams.handleMaxStreamData(stream.id, 5_000_000),
  'all is lost': ({ client }) => {
    for (const packet of drain(client)) client.lost(packet)
  },
  'all is acknowledged': (cell) => cell.run(),
  'the connection ends': ({ client }) => client.streams.closeAll(),
}

type Step = readonly [said: unknown, next: Sending]

/** What each call says in each state, and where it leads. `undefined` is said by what returns nothing. */
const SEND_CALLS: Readonly<
  Record<string, { call: (stream: QuicStream) => unknown; steps: Readonly<Record<Sending, Step>> }>
> = {
  write: {
    call: (stream) => stream.write(pattern(10)),
    steps: {
      open: [true, 'open'],
      full: [false, 'full'],
      ended: [MISTAKE, 'ended'],
      acknowledged: [MISTAKE, 'acknowledged'],
      reset: [MISTAKE, 'reset'],
      stopped: [false, 'stopped'],
      closed: [false, 'closed'],
    },
  },
  finish: {
    call: (stream) => stream.finish(),
    steps: {
      open: [undefined, 'ended'],
      full: [undefined, 'ended'],
      ended: [MISTAKE, 'ended'],
      acknowledged: [MISTAKE, 'acknowledged'],
      reset: [MISTAKE, 'reset'],
      stopped: [undefined, 'stopped'],
      closed: [undefined, 'closed'],
    },
  },
  reset: {
    call: (stream) => stream.reset(2),
    steps: {
      open: [undefined, 'reset'],
      full: [undefined, 'reset'],
      ended: [undefined, 'reset'],
      acknowledged: [undefined, 'acknowledged'],
      reset: [undefined, 'reset'],
      stopped: [undefined, 'reset'],
      closed: [undefined, 'closed'],
    },
  },
}

/** Where an event leads to; what the application ended itself it may not use, whatever follows. */
function afterSendEvent(state: Sending, event: string): Sending {
  if (event.startsWith('STOP_SENDING') && (state === 'open' || state === 'full')) return 'stopped'
  const ours = state === 'ended' || state === 'acknowledged' || state === 'reset'
  if (event === 'the connection ends' && !ours) return 'closed'
  if ((event === 'all is lost' || event === 'all is acknowledged') && state === 'full')
    return 'open'
  return state
}

for (const [from, reach] of Object.entries(SENDING) as [Sending, (cell: Cell) => void][]) {
  t.test(`RFC 9000 §3.1: every call while the sending part is "${from}"`, (t) => {
    const names = Object.keys(SEND_CALLS)
    let cells = 0
    for (const [event, happen] of Object.entries(SEND_EVENTS)) {
      const wrong: string[] = []
      for (const told of [false, true]) {
        for (let first = 0; first < names.length; first++) {
          for (const order of [1, 2]) {
            cells++
            const cell = new Cell()
            reach(cell)
            happen(cell)
            if (told) cell.poll()
            let state = afterSendEvent(from, event)
            const made: string[] = []
            const complain = (text: string): void => {
              wrong.push(`${told ? 'told' : 'untold'}; ${made.join(', ')}: ${text}`)
            }
            for (let i = 0; i < names.length; i++) {
              const name = names[(first + i * order) % names.length]
              made.push(name)
              const [expected, next] = SEND_CALLS[name].steps[state]
              const said = outcome(() => SEND_CALLS[name].call(cell.stream))
              if (said !== expected) complain(`in ${state} said ${JSON.stringify(said)}`)
              state = next
              if (cell.stream.writable !== (state === 'open' || state === 'full')) {
                complain(`writable is ${cell.stream.writable} in ${state}`)
              }
            }
            conclude(cell, event, from, complain)
          }
        }
      }
      t.same(wrong, [], event)
    }
    t.equal(cells, Object.keys(SEND_EVENTS).length * 2 * names.length * 2)
    t.end()
  })
}

/** Whatever was called, `reset` among it: the part ends, is told of once, and nothing is kept. */
function conclude(cell: Cell, event: string, from: string, complain: (text: string) => void): void {
  const closed = event === 'the connection ends' || from === 'closed'
  for (const packet of drain(cell.client)) {
    cell.server.receive(packet.bytes)
    cell.client.acked(packet)
  }
  cell.run()
  const { told, stream } = cell
  const finished = told.filter((name) => name === 'stream-finished').length
  const stops = told.filter((name) => name === 'stop-sending').length
  if (!closed && finished !== 1) complain(`${finished} times stream-finished`)
  if (finished > 1) complain(told.join())
  const heeded = ['open', 'full', 'ended'].includes(from) && event.startsWith('STOP_SENDING')
  if (!closed && stops !== (heeded || from === 'stopped' ? 1 : 0)) complain(told.join())
  if (stops > 0 && told.lastIndexOf('stream-writable') > told.indexOf('stop-sending')) {
    complain(told.join())
  }
  if (stops > 0 && finished > 0 && told.indexOf('stop-sending') > told.indexOf('stream-finished')) {
    complain(`stop-sending after the end: ${told.join()}`)
  }
  const last = told.indexOf('stream-finished')
  if (last >= 0 && told.lastIndexOf('stream-writable') > last) complain(told.join())
  if (stream.bufferedAmount !== 0) complain(`${stream.bufferedAmount} bytes are kept`)
}

// --- the receiving part

type Receiving = 'empty' | 'unread' | 'gap' | 'whole' | 'read' | 'reset' | 'stopped'

/** Bytes that arrive: a STREAM frame of the peer. */
function arrive({ client, stream }: Cell, offset: number, length: number, fin: boolean): void {
  client.streams.handleStreamFrame(0, stream.id, offset, pattern(length), 0, length, fin)
}

const RECEIVING: Readonly<Record<Receiving, (cell: Cell) => void>> = {
  empty: () => {},
  unread: (cell) => arrive(cell, 0, 10, false),
  gap: (cell) => arrive(cell, 20, 10, true),
  whole: (cell) => arrive(cell, 0, 30, true),
  read: (cell) => {
    arrive(cell, 0, 30, true)
    while (cell.stream.read() !== null);
  },
  reset: ({ client, stream }) => client.streams.handleResetStream(0, stream.id, 9, 30),
  stopped: (cell) => {
    arrive(cell, 0, 10, false)
    cell.stream.stopSending(1)
  },
}

const RECEIVE_EVENTS: Readonly<Record<string, (cell: Cell) => void>> = {
  nothing: () => {},
  'STREAM with the rest and FIN': (cell) => arrive(cell, 0, 30, true),
  'STREAM, the same again': (cell) => arrive(cell, 0, 10, false),
  RESET_STREAM: ({ client, stream }) => client.streams.handleResetStream(0, stream.id, 9, 30),
  STREAM_DATA_BLOCKED: ({ client, stream }) =>
    client.streams.handleStreamDataBlocked(stream.id, 100_000),
  'the connection ends': ({ client }) => client.streams.closeAll(),
}

const RECEIVE_CALLS: Readonly<Record<string, (stream: QuicStream) => unknown>> = {
  read: (stream) => stream.read()?.length ?? null,
  stopSending: (stream) => stream.stopSending(3),
  ended: (stream) => stream.ended,
}

/** Bytes that can be read in a state after an event, and whether the end comes after them. */
function readable(state: Receiving, event: string): [bytes: number, ended: boolean] {
  if (state === 'reset' || state === 'stopped') return [0, false]
  if (state === 'read') return [0, true]
  if (state === 'whole') return [30, true] // what is complete stays so, whatever follows
  if (event === 'RESET_STREAM' || event === 'the connection ends') return [0, false]
  if (event === 'STREAM with the rest and FIN') return [30, true]
  const arrived = state === 'unread' || event === 'STREAM, the same again'
  return [arrived ? 10 : 0, false]
}

for (const [from, reach] of Object.entries(RECEIVING) as [Receiving, (cell: Cell) => void][]) {
  t.test(`RFC 9000 §3.2: every call while the receiving part is "${from}"`, (t) => {
    for (const [event, happen] of Object.entries(RECEIVE_EVENTS)) {
      for (const told of [false, true]) {
        for (const first of Object.keys(RECEIVE_CALLS)) {
          const what = `${event}; ${told ? 'told' : 'untold'}; ${first}`
          const cell = new Cell()
          cell.stream.finish()
          reach(cell)
          happen(cell)
          if (told) cell.poll()
          const [bytes, ended] = readable(from, event)
          let expected: unknown = undefined
          if (first === 'read') expected = bytes > 0 ? bytes : null
          if (first === 'ended') expected = ended && bytes === 0
          t.equal(
            outcome(() => RECEIVE_CALLS[first](cell.stream)),
            expected,
            what,
          )
          // Then all calls, again and again: what is left is what the first has left.
          const stopped = first === 'stopSending' || from === 'stopped'
          let left = first === 'stopSending' || first === 'read' ? 0 : bytes
          if (from === 'read' || event === 'the connection ends')
            left = first === 'read' ? 0 : bytes
          for (let i = 0; i < 3; i++) {
            const read = outcome(() => cell.stream.read()?.length ?? null)
            t.equal(read, left > 0 ? left : null, `${what}, read`)
            left = 0
          }
          if (!stopped) t.equal(cell.stream.ended, ended, `${what}, ended`)
          t.equal(
            outcome(() => cell.stream.stopSending(4)),
            undefined,
            `${what}, stopSending`,
          )
          t.equal(cell.stream.read(), null, `${what}, read after all`)
          // In the end the peer is through with it, and nothing is kept.
          if (event !== 'the connection ends') {
            cell.client.streams.handleResetStream(0, cell.stream.id, 9, 30)
            cell.run()
            const resets = cell.told.filter((name) => name === 'stream-reset').length
            t.ok(
              resets <= 1 &&
                (!stopped || resets === 0 || event === 'RESET_STREAM' || from === 'reset'),
              what,
            )
            t.equal(cell.client.streams.stats.openStreams, 0, `${what}, forgotten`)
          }
        }
      }
    }
    t.end()
  })
}
