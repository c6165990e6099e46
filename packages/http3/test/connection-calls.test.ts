// Every call of a connection in every state of it; and that what waits to be polled is bounded, whatever
// a peer puts into one packet.

import t from 'tap'
import { H3_EXCESSIVE_LOAD, H3_FRAME_UNEXPECTED } from '../src/index.ts'
import type { Http3Connection } from '../src/index.ts'
import { FREE_IDLE_FRAMES, MAX_GLITCHES, MAX_INTERIM_RESPONSES } from '../src/limits.ts'
import { data, frame, headers, join, RawPeer, readAll, request, varint } from './peers.ts'

type Role = 'client' | 'server'

const STATES: Readonly<Record<string, (peer: RawPeer) => void>> = {
  connected: () => {},
  'with settings': (peer) => {
    peer.control()
  },
  'with a request': (peer) => {
    const raw = peer.message()
    if (peer.side.port.side === 'server') raw.write(headers(...request('POST')))
  },
  'after our GOAWAY': (peer) => peer.side.http3.shutdown(),
  "after the peer's GOAWAY": (peer) => {
    peer.control(frame(0x07, 0))
  },
  'closed by the peer': (peer) => {
    peer.side.port.close(0, '')
    peer.side.port.events.push({ type: 'closed', error: null })
  },
  'closed by us, for what the peer did': (peer) => {
    peer.control(frame(0x00))
  },
}

const CALLS: Readonly<Record<string, (http3: Http3Connection) => unknown>> = {
  request: (http3) => (http3.request(request('GET'), true) === null ? null : 'a stream'),
  'request with wrong fields': (http3) => http3.request([':path', '/'], true),
  'request with an odd number of strings': (http3) => http3.request([':path'], true),
  'request whose content is missing': (http3) =>
    http3.request(request('POST', 'content-length', '3'), true),
  shutdown: (http3) => http3.shutdown(),
  cancelStalled: (http3) => http3.cancelStalled(),
  pollEvent: (http3) => http3.pollEvent(),
  handleEvent: (http3) => http3.handleEvent({ type: 'handshake-confirmed' }),
}

function expected(role: Role, state: string, call: string): unknown {
  if (!call.startsWith('request')) {
    return call === 'cancelStalled' ? 0 : call === 'pollEvent' ? null : undefined
  }
  if (role === 'server') return 'ERR_HTTP3_STREAM_STATE'
  if (call === 'request with wrong fields' || call.includes('odd')) return 'TypeError'
  if (state.startsWith('after') || state.startsWith('closed')) return 'ERR_HTTP3_GOAWAY'
  return call === 'request' ? 'a stream' : 'ERR_HTTP3_CONTENT_LENGTH'
}

for (const role of ['client', 'server'] as const) {
  t.test(`${role}: every call in every state of the connection`, (t) => {
    for (const [state, reach] of Object.entries(STATES)) {
      for (const call of Object.keys(CALLS)) {
        const peer = new RawPeer(role)
        reach(peer)
        peer.run()
        const closedBefore = peer.side.port.closed
        let said: unknown
        try {
          said = CALLS[call](peer.side.http3)
        } catch (error) {
          said = (error as { code?: unknown }).code ?? (error as Error).name
        }
        t.equal(said, expected(role, state, call), `${state}: ${call}`)
        peer.run()
        t.equal(peer.side.port.closed, closedBefore, `${state}: ${call} closes nothing`)
        if (call !== 'request whose content is missing') continue
        t.equal(peer.side.http3.openRequests, state === 'with a request' ? 1 : 0, 'nothing is left')
      }
    }
    t.end()
  })
}

// --- what waits to be polled

/** Events that are waiting after the connection has handled all that the peer has sent. */
function waiting(peer: RawPeer): number {
  const before = peer.side.log.length
  peer.raw.deliver()
  for (const event of peer.side.port.events.splice(0)) peer.side.http3.handleEvent(event)
  peer.side.poll()
  return peer.side.log.length - before
}

const times = (count: number, bytes: (i: number) => Uint8Array): Uint8Array =>
  join(Array.from({ length: count }, (_, i) => bytes(i)))

t.test('interim responses without end make a bounded number of events', (t) => {
  const peer = new RawPeer('client')
  const raw = peer.message()
  raw.write(times(10_000, () => headers(':status', '103')))
  t.equal(waiting(peer), MAX_INTERIM_RESPONSES + 1)
  t.equal(peer.closedWith, null, 'the request fails alone')
  t.end()
})

t.test('GOAWAY without end makes a bounded number of events', (t) => {
  const peer = new RawPeer('client')
  peer.control(times(10_000, (i) => frame(0x07, varint(4 * (20_000 - i)))))
  const events = waiting(peer)
  t.ok(events > FREE_IDLE_FRAMES && events <= FREE_IDLE_FRAMES + MAX_GLITCHES + 2, `${events}`)
  t.equal(peer.closedWith, H3_EXCESSIVE_LOAD)
  t.end()
})

t.test('frames that carry nothing make no events, and come to an end', (t) => {
  for (const empty of [data(), frame(0x21)]) {
    const peer = new RawPeer('server')
    const raw = peer.message()
    raw.write(headers(...request('POST')))
    raw.write(times(10_000, () => empty))
    t.ok(waiting(peer) <= 2)
    t.equal(peer.closedWith, H3_EXCESSIVE_LOAD)
  }
  t.end()
})

t.test('content of one byte a frame is told of once, and read at the pace of the host', (t) => {
  const peer = new RawPeer('server')
  const raw = peer.message()
  raw.write(headers(...request('POST')))
  raw.write(times(10_000, (i) => data(i & 0xff)))
  t.equal(waiting(peer), 2)
  const { stream } = peer.side.last('request')
  let reads = 0
  while (stream.readData() !== null) reads++
  t.equal(reads, 10_000)
  t.equal(peer.side.poll(), false)
  t.end()
})

t.test('many streams at once make a few events each', (t) => {
  const peer = new RawPeer('server')
  for (let i = 0; i < 100; i++) {
    const raw = peer.message()
    raw.write(headers(...request('POST')))
    raw.write(data(1))
    raw.write(headers('x-a', 'b'))
    raw.finish()
    raw.stopSending(1)
  }
  const events = waiting(peer)
  t.ok(events >= 300 && events <= 500, `${events}`)
  t.end()
})

t.test('a frame that ends the connection leaves nothing that comes after it', (t) => {
  const peer = new RawPeer('server')
  const raw = peer.message()
  raw.write(headers(...request('POST')))
  raw.write(frame(0x04))
  raw.write(data(1, 2, 3))
  t.equal(waiting(peer), 0)
  t.equal(peer.closedWith, H3_FRAME_UNEXPECTED)
  t.end()
})

// --- RFC 9114 §5.4

t.test('without GOAWAY every request might have been processed (rfc9114#5.4-1)', (t) => {
  for (const goaway of [false, true]) {
    const peer = new RawPeer('client')
    const http3 = peer.side.http3
    const first = http3.request(request('POST'), true)!
    const second = http3.request(request('POST'), false)!
    peer.run()
    if (goaway) {
      peer.control(frame(0x07, varint(second.id)))
      peer.run()
    }
    peer.side.port.close(0, '')
    peer.side.port.events.push({ type: 'closed', error: null })
    peer.run()
    const rejected = peer.side.log.filter(
      (event) => event.type === 'reset' && event.error.code === 'ERR_HTTP3_REQUEST_REJECTED',
    )
    t.same(
      rejected.map((event) => 'stream' in event && event.stream.id),
      goaway ? [second.id] : [],
      'rfc9114#5.4-1: only what a GOAWAY names may be sent again',
    )
    t.equal(peer.side.log.filter((event) => event.type === 'reset').length, goaway ? 1 : 0)
    t.equal(readAll(first), '')
    t.equal(http3.openRequests, 0)
  }
  t.end()
})
