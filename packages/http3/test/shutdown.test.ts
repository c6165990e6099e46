// GOAWAY, RFC 9114 §5.2 and §7.2.6.

import t from 'tap'
import type { ConnectionEvent } from '@godwit/quic'
import { H3_ID_ERROR, H3_REQUEST_CANCELLED, H3_REQUEST_REJECTED } from '../src/index.ts'
import { data, frame, headers, pair, RawPeer, readAll, request, varint } from './peers.ts'

t.test(
  'a server lets its requests end and rejects later ones (rfc9114#5.2-2, rfc9114#5.2-3)',
  (t) => {
    const { client, server, run } = pair()
    const first = client.http3.request(request(), true)!
    run()
    server.http3.shutdown()
    server.http3.shutdown()
    t.equal(server.http3.closing, true)
    const second = client.http3.request(request(), true)!
    run()
    t.match(client.last('goaway'), { id: 4 })
    t.match(client.last('reset'), {
      stream: second,
      errorCode: H3_REQUEST_REJECTED,
      error: { code: 'ERR_HTTP3_REQUEST_REJECTED', remote: true },
    })
    const away = { code: 'ERR_HTTP3_GOAWAY' }
    t.throws(() => client.http3.request(request(), true), away, 'rfc9114#5.2-4')
    t.equal(client.http3.openRequests, 1)
    server.last('request').stream.sendHeaders([':status', '200'], true)
    run()
    t.match(client.last('response'), { stream: first, end: true })
    t.equal(server.http3.openRequests, 0)
    t.equal(client.http3.openRequests, 0)
    t.same(server.types(), ['request', 'finished'])
    t.end()
  },
)

t.test('a request above the GOAWAY is reset with H3_REQUEST_REJECTED (rfc9114#4.1.1-4)', (t) => {
  const peer = new RawPeer('server')
  peer.side.http3.shutdown()
  const stream = peer.message()
  stream.write(headers(...request()))
  peer.run()
  const stopped = peer.events().find((event) => event.type === 'stop-sending')
  t.match(stopped, { errorCode: H3_REQUEST_REJECTED })
  t.equal(stream.resetReceived, H3_REQUEST_REJECTED)
  t.same(peer.side.types(), [])
  t.equal(peer.closedWith, null)
  t.end()
})

t.test('a client goes away, too: a push ID of 0', (t) => {
  const { client, server, run } = pair()
  client.http3.shutdown()
  run()
  t.match(server.last('goaway'), { id: 0 })
  t.equal(server.http3.closing, false, 'requests of the client are still served')
  t.throws(() => client.http3.request(request(), true), { code: 'ERR_HTTP3_GOAWAY' })
  t.end()
})

t.test('a shutdown before the control stream could open is told when it opens', (t) => {
  const { client, server, run } = pair({ maxStreams: 0 })
  server.http3.shutdown()
  run()
  t.same(client.types(), [])
  Object.assign(server.port.options, { maxStreams: 1 })
  server.http3.handleEvent({ type: 'streams-available', direction: 'uni' })
  run()
  t.match(client.last('goaway'), { id: 0 })
  t.end()
})

t.test('an identifier may fall and not rise (rfc9114#5.2-8, rfc9114#5.2-9)', (t) => {
  const peer = new RawPeer('client')
  peer.message()
  peer.message()
  const control = peer.control(frame(0x07, varint(8)), frame(0x07, varint(4)))
  peer.run()
  t.equal(peer.closedWith, null)
  t.equal(peer.side.log.filter((event) => event.type === 'reset').length, 1)
  control.write(frame(0x07, varint(8)))
  peer.run()
  t.equal(peer.closedWith, H3_ID_ERROR)
  t.match(peer.side.http3.error, { code: 'ERR_HTTP3_ID', remote: false })
  t.end()
})

t.test('a request that is answered nevertheless is not given up', (t) => {
  for (const split of [false, true]) {
    const peer = new RawPeer('client')
    const answered = peer.message()
    const silent = peer.message()
    // The control stream is read first: what of the response is here already must count.
    const response = headers(':status', '200')
    answered.write(split ? response.subarray(0, 1) : response)
    peer.control(frame(0x07, 0))
    peer.raw.deliver()
    peer.side.port.events.sort((a, b) => order(a) - order(b))
    peer.run()
    t.same(
      peer.side.log.filter((event) => event.type === 'reset').map((event) => event.stream.id),
      [silent.id],
    )
    if (split) answered.write(response.subarray(1))
    answered.write(data(0x6f, 0x6b))
    answered.finish()
    peer.run()
    t.equal(readAll(peer.side.last('response').stream), 'ok')
    peer.run()
    t.match(peer.side.last('end').stream.id, answered.id)
    t.equal(peer.side.http3.openRequests, 0)
  }
  t.end()

  function order(event: ConnectionEvent): number {
    return 'stream' in event && event.stream.direction === 'bidi' ? 1 : 0
  }
})

t.test('a GOAWAY that says nothing new is not told', (t) => {
  const peer = new RawPeer('client')
  peer.control(frame(0x07, 8), frame(0x07, 8), frame(0x07, 4), frame(0x07, 4))
  peer.run()
  t.same(
    peer.side.log.filter((event) => event.type === 'goaway').map((event) => event.id),
    [8, 4],
  )
  t.equal(peer.closedWith, null)
  t.end()
})

t.test('a GOAWAY of 2^62-4, as servers send first, rejects nothing', (t) => {
  const peer = new RawPeer('client')
  peer.message()
  peer.control(frame(0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc))
  peer.run()
  t.equal(peer.closedWith, null)
  t.equal(peer.side.http3.openRequests, 1)
  t.same(peer.side.types(), ['finished', 'goaway'])
  t.end()
})

t.test('a client takes only request stream IDs (rfc9114#7.2.6-1)', (t) => {
  for (const id of [1, 2, 3, 5, 101]) {
    const peer = new RawPeer('client')
    peer.control(frame(0x07, varint(id)))
    peer.run()
    t.equal(peer.closedWith, H3_ID_ERROR, `${id}`)
  }
  const server = new RawPeer('server')
  server.control(frame(0x07, varint(3)))
  server.run()
  t.equal(server.closedWith, null, 'a server takes any push ID')
  t.end()
})

t.test('RFC 9114 §5.2: a rejected request with content in flight is cancelled', (t) => {
  const peer = new RawPeer('client')
  const stream = peer.side.http3.request(request('POST'), false)!
  peer.run()
  const raw = peer.raw.streams.get(stream.id)
  peer.control(frame(0x07, 0))
  peer.run()
  t.equal(peer.side.http3.openRequests, 0)
  t.match(peer.side.last('reset'), { errorCode: H3_REQUEST_REJECTED })
  t.equal(raw?.resetReceived, H3_REQUEST_CANCELLED, 'rfc9114#4.1.1-9')
  t.end()
})
