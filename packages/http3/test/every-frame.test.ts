// What we put on the stream of a message, and what codes that nobody knows do.

import t from 'tap'
import { ByteReader } from '@godwit/wire'
import { bytes, frame, headers, RawPeer, request } from './peers.ts'
import type { FakeStream } from './fake-port.ts'

/** The types of the frames that were sent on a stream, after its first `skipped` bytes. */
function frameTypes(stream: FakeStream, skipped: number = 0): number[] {
  const parts: Uint8Array[] = []
  for (let part = stream.read(); part !== null; part = stream.read()) parts.push(part)
  const reader = new ByteReader(Uint8Array.from(Buffer.concat(parts)))
  reader.skip(skipped)
  const types: number[] = []
  while (reader.remaining > 0) {
    types.push(reader.varint())
    reader.skip(reader.varint())
  }
  return types
}

t.test('RFC 9114 §4.1: a message is HEADERS, DATA and HEADERS, and nothing else', (t) => {
  const client = new RawPeer('client')
  const sent = client.side.http3.request(request('POST'), false)!
  sent.sendData(bytes('hello'))
  sent.sendTrailers(['x-a', 'b'])
  client.run()
  const types = frameTypes(client.raw.streams.get(sent.id)!)
  t.same(types, [1, 0, 1], 'rfc9114#7.2.1-1, rfc9114#7.2.4-3, rfc9114#7.2.5-10')

  const server = new RawPeer('server')
  const stream = server.message()
  stream.write(headers(...request('GET')))
  stream.finish()
  server.run()
  const answer = server.side.last('request').stream
  answer.sendInformational([':status', '103'])
  answer.sendHeaders([':status', '200'])
  answer.sendData(bytes('hello'))
  answer.sendTrailers(['x-a', 'b'])
  server.run()
  t.same(frameTypes(stream), [1, 1, 0, 1], 'rfc9114#7.2.1-1, rfc9114#7.2.4-3')
  t.end()
})

t.test('rfc9114#8-2: an unknown error code ends its stream, and nothing else', (t) => {
  for (const errorCode of [0, 0x21, 0x1f * 5 + 0x21, 0x1234_5678]) {
    const peer = new RawPeer('client')
    peer.control()
    const stream = peer.message()
    stream.reset(errorCode)
    peer.run()
    t.match(peer.side.last('reset'), { errorCode, error: { code: 'ERR_HTTP3_UNKNOWN' } })
    t.equal(peer.closedWith, null)
    t.ok(peer.side.http3.request(request('GET'), true))
  }
  t.end()
})

t.test('rfc9114#7.2.7-2: a control stream has SETTINGS and GOAWAY, and never MAX_PUSH_ID', (t) => {
  for (const role of ['client', 'server'] as const) {
    const peer = new RawPeer(role)
    peer.control(...(role === 'server' ? [frame(0x0d, 5)] : []))
    const raw = peer.message()
    if (role === 'server') raw.write(headers(...request('GET')))
    else raw.write(headers(':status', '200'))
    raw.finish()
    peer.run()
    if (role === 'server') peer.side.last('request').stream.sendHeaders([':status', '200'], true)
    peer.side.http3.shutdown()
    peer.side.http3.cancelStalled()
    peer.run()
    const uni = [...peer.raw.streams.values()].filter((stream) => stream.direction === 'uni')
    const theirs = uni.filter((stream) => !stream.local)
    t.equal(theirs.length, 1, 'no other stream of ours could carry one')
    t.same(frameTypes(theirs[0], 1), [0x04, 0x07])
    t.equal(peer.closedWith, null)
  }
  t.end()
})
