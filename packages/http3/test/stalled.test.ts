// Peers that let us wait (attack 43, slowloris): the exchanges that `cancelStalled` gives up, and
// those that it must not.

import t from 'tap'
import { H3_EXCESSIVE_LOAD, H3_REQUEST_CANCELLED, H3_REQUEST_INCOMPLETE } from '../src/index.ts'
import { data, headers, messageHeaders, RawPeer, readAll, request } from './peers.ts'

t.test('a header section must come whole between two calls', (t) => {
  for (const trickle of [false, true]) {
    const peer = new RawPeer('server')
    const stream = peer.message()
    const section = messageHeaders('server')
    stream.write(section.slice(0, 1))
    peer.run()
    t.equal(peer.side.http3.cancelStalled(), 0)
    if (trickle) stream.write(section.slice(1, 2))
    peer.run()
    t.equal(peer.side.http3.cancelStalled(), 1, `bytes one by one: ${trickle}`)
    peer.run()
    t.equal(stream.resetReceived, H3_REQUEST_INCOMPLETE)
    t.equal(peer.side.http3.openRequests, 0)
    t.same(peer.side.types(), [], 'the host never knew of it')
  }
  t.end()
})

t.test('content that is awaited, and does not come', (t) => {
  const peer = new RawPeer('server')
  const stream = peer.message('POST')
  stream.write(messageHeaders('server'))
  peer.run()
  const { stream: exchange } = peer.side.last('request')
  for (let i = 0; i < 5; i++) {
    stream.write(data(0x78))
    peer.run()
    readAll(exchange)
    t.equal(peer.side.http3.cancelStalled(), 0, 'slow, but it moves')
  }
  peer.side.types()
  t.equal(peer.side.http3.cancelStalled(), 1)
  peer.run()
  t.equal(stream.resetReceived, H3_REQUEST_CANCELLED)
  t.same(peer.side.types(), ['reset', 'stop-sending'])
  t.equal(peer.side.http3.openRequests, 0)
  t.end()
})

t.test('a response that the client does not take', (t) => {
  const peer = new RawPeer('server', { window: 1000 })
  const stream = peer.message()
  stream.write(messageHeaders('server'))
  stream.finish()
  peer.run()
  const { stream: exchange } = peer.side.last('request')
  exchange.sendHeaders([':status', '200'])
  exchange.sendData(new Uint8Array(50_000))
  peer.run()
  t.equal(peer.side.http3.cancelStalled(), 0)
  for (let i = 0; i < 5; i++) {
    stream.read()
    peer.run()
    t.equal(peer.side.http3.cancelStalled(), 0, 'slow, but it moves')
  }
  peer.side.types()
  t.equal(peer.side.http3.cancelStalled(), 1)
  peer.run()
  t.same(peer.side.types(), ['stop-sending'])
  t.equal(peer.side.http3.openRequests, 0)
  t.end()
})

t.test('what is not for the peer to do may take as long as it takes', (t) => {
  const peer = new RawPeer('server')
  const ask = (method: string, content: Uint8Array | null, end: boolean): void => {
    const stream = peer.message()
    stream.write(headers(...request(method)))
    if (content !== null) stream.write(content)
    if (end) stream.finish()
  }
  ask('GET', null, true) // the handler thinks
  ask('POST', data(1, 2, 3), false) // the handler does not read yet
  ask('CONNECT', null, false) // a silent tunnel
  peer.run()
  for (let i = 0; i < 10; i++) {
    t.equal(peer.side.http3.cancelStalled(), 0)
    peer.run()
  }
  t.equal(peer.side.http3.openRequests, 3)
  t.end()
})

t.test('a client that does nothing but let us wait is cut off', (t) => {
  const peer = new RawPeer('server')
  for (let round = 0; round < 30 && peer.closedWith === null; round++) {
    for (let i = 0; i < 100; i++) peer.message().write(Uint8Array.of(1))
    peer.run()
    peer.side.http3.cancelStalled()
    peer.side.http3.cancelStalled()
    peer.run()
  }
  t.equal(peer.closedWith, H3_EXCESSIVE_LOAD)
  t.end()
})
