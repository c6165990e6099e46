// Messages and streams of which only a part has come.

import t from 'tap'
import { H3_STREAM_CREATION_ERROR } from '../src/index.ts'
import { bytes, frame, messageHeaders, RawPeer, readAll, varint } from './peers.ts'

for (const role of ['server', 'client'] as const) {
  t.test(`${role}: what has come of a message is handed on, and not kept for the rest`, (t) => {
    const peer = new RawPeer(role)
    const stream = peer.message()
    stream.write(messageHeaders(role))
    peer.run()
    const event = peer.side.last(role === 'server' ? 'request' : 'response')
    t.match(event, { end: false }, 'rfc9114#4.1-12: the header section, before any content')
    // DATA of a thousand bytes, of which five have come.
    stream.write(Uint8Array.of(0x00, 0x43, 0xe8))
    stream.write(bytes('begin'))
    peer.run()
    t.equal(readAll(event.stream), 'begin', 'rfc9114#4.1-12: content, before its frame is whole')
    t.equal(peer.closedWith, null)
    t.end()
  })

  t.test(`${role}: the type of a stream is waited for, however it comes`, (t) => {
    const peer = new RawPeer(role)
    const [first, ...rest] = varint(2 ** 40)
    const stream = peer.uni(first)
    peer.run()
    t.equal(stream.resetSent, null, 'rfc9114#6.2-7: nothing is dropped before the type is known')
    for (const byte of rest) {
      stream.write(Uint8Array.of(byte))
      peer.run()
    }
    t.equal(stream.resetSent, H3_STREAM_CREATION_ERROR)
    const control = peer.uni(0x40)
    peer.run()
    control.write(Uint8Array.of(0x00))
    control.write(frame(0x04, 6, 0x40, 0x64))
    peer.run()
    t.equal(peer.side.http3.peerSettings?.maxFieldSectionSize, 100, 'rfc9114#6.2-7')
    t.end()
  })
}
