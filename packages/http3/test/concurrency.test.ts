// The limit on concurrent streams bounds what a server has open for a client, whatever the order in
// which a client ends the halves of its streams.

import t from 'tap'
import { H3_EXCESSIVE_LOAD, H3_REQUEST_CANCELLED } from '../src/index.ts'
import type { RequestStream } from '../src/index.ts'
import type { FakeStream } from './fake-port.ts'
import { data, headers, RawPeer, request } from './peers.ts'

const MAX_STREAMS = 100

/** Ways to make the transport believe that a stream is over while its request is being served. */
const ATTACKS: Readonly<Record<string, (stream: FakeStream) => void>> = {
  'STOP_SENDING before HEADERS, content and FIN': (stream) => {
    stream.stopSending(H3_REQUEST_CANCELLED)
    stream.write(headers(...request('POST')))
    stream.write(data(1, 2, 3))
    stream.finish()
  },
  'STOP_SENDING after HEADERS, content and FIN': (stream) => {
    stream.write(headers(...request('POST')))
    stream.write(data(1, 2, 3))
    stream.finish()
    stream.port.deliver()
    stream.stopSending(H3_REQUEST_CANCELLED)
  },
}

for (const [name, attack] of Object.entries(ATTACKS)) {
  t.test(`${name}: a careless handler holds no more requests than streams may be open`, (t) => {
    const peer = new RawPeer('server', { maxStreams: MAX_STREAMS })
    const open = new Set<RequestStream>()
    peer.side.onEvent = (event) => {
      if (event.type === 'request') open.add(event.stream)
      return true
    }
    for (let i = 0; i < 10 * MAX_STREAMS; i++) {
      const stream = peer.raw.openStream('bidi')
      if (stream !== null) attack(stream)
      peer.run()
    }
    t.equal(open.size, MAX_STREAMS)
    t.equal(peer.side.http3.openRequests, MAX_STREAMS)
    t.equal(peer.closedWith, null)

    // As soon as they are ended, others are served.
    for (const stream of open) stream.cancel()
    open.clear()
    peer.run()
    const honest = peer.message()
    honest.write(headers(...request()))
    honest.finish()
    peer.run()
    t.equal(open.size, 1)
    t.end()
  })
}

const ABANDONED: Readonly<Record<string, (stream: FakeStream) => void>> = {
  'STOP_SENDING and HEADERS': (stream) => {
    stream.stopSending(H3_REQUEST_CANCELLED)
    stream.write(headers(...request()))
    stream.finish()
  },
  'RESET_STREAM before HEADERS': (stream) => {
    stream.write(Uint8Array.of(1))
    stream.port.deliver()
    stream.reset(H3_REQUEST_CANCELLED)
  },
  'STOP_SENDING and RESET_STREAM before HEADERS': (stream) => {
    stream.stopSending(H3_REQUEST_CANCELLED)
    stream.reset(H3_REQUEST_CANCELLED)
  },
}

for (const [name, abandon] of Object.entries(ABANDONED)) {
  t.test(`${name}: places come back, and a flood of them ends the connection`, (t) => {
    const peer = new RawPeer('server', { maxStreams: MAX_STREAMS })
    peer.side.onEvent = (event) => {
      if (event.type === 'stop-sending') event.stream.cancel()
      return true
    }
    let sent = 0
    for (; sent < 5000 && peer.closedWith === null; sent++) {
      const stream = peer.raw.openStream('bidi')
      if (stream === null) break
      abandon(stream)
      peer.run()
    }
    t.equal(peer.closedWith, H3_EXCESSIVE_LOAD)
    t.ok(sent > 2 * MAX_STREAMS, `${sent} streams`)
    t.equal(peer.side.http3.openRequests, 0)
    t.end()
  })
}
