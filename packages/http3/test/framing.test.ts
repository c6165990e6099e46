// Raw bytes against a server and, mirrored, a client: frames, streams, SETTINGS, QPACK. Each part of
// h3spec's list that is about HTTP/3 is here or in malformed.test.ts.

import t from 'tap'
import {
  H3_CLOSED_CRITICAL_STREAM,
  H3_EXCESSIVE_LOAD,
  H3_FRAME_ERROR,
  H3_FRAME_UNEXPECTED,
  H3_ID_ERROR,
  H3_MESSAGE_ERROR,
  H3_MISSING_SETTINGS,
  H3_NO_ERROR,
  H3_REQUEST_INCOMPLETE,
  H3_SETTINGS_ERROR,
  H3_STREAM_CREATION_ERROR,
  http3ErrorName,
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
} from '../src/index.ts'
import { data, frame, headers, messageHeaders, RawPeer, readAll, text, varint } from './peers.ts'

type Part = Uint8Array | number

for (const role of ['server', 'client'] as const) {
  const pieceSizes = [Infinity, 1]

  // What the peer writes on its message stream closes the connection with a code.
  const onMessage = (title: string, parts: Part[], errorCode: number, fin = false): void => {
    t.test(`${role}: ${title}`, (t) => {
      for (const pieceSize of pieceSizes) {
        const peer = new RawPeer(role, { pieceSize })
        const stream = peer.message()
        for (const part of parts)
          stream.write(typeof part === 'number' ? Uint8Array.of(part) : part)
        if (fin) stream.finish()
        peer.run()
        for (const event of peer.side.log.splice(0)) {
          if (event.type === 'data') readAll(event.stream)
        }
        t.equal(http3ErrorName(peer.closedWith ?? 0), http3ErrorName(errorCode))
        t.equal(peer.side.http3.error?.errorCode, errorCode)
        t.equal(peer.side.http3.openRequests, 0)
      }
      t.end()
    })
  }

  // The same for a unidirectional stream.
  const onUni = (title: string, parts: Part[], errorCode: number | null, fin = false): void => {
    t.test(`${role}: ${title}`, (t) => {
      for (const pieceSize of pieceSizes) {
        const peer = new RawPeer(role, { pieceSize })
        const stream = peer.uni(...parts)
        if (fin) stream.finish()
        peer.run()
        t.equal(http3ErrorName(peer.closedWith ?? 0), http3ErrorName(errorCode ?? 0))
      }
      t.end()
    })
  }

  const start = messageHeaders(role)
  const reserved = [0x02, 0x06, 0x08, 0x09]

  // --- the order of frames, RFC 9114 §4.1

  onMessage('DATA before HEADERS (rfc9114#4.1-3)', [data(1)], H3_FRAME_UNEXPECTED)
  onMessage('empty DATA before HEADERS', [data()], H3_FRAME_UNEXPECTED)
  onMessage(
    'DATA after trailers',
    [start, data(1), headers('x-a', 'b'), data(1)],
    H3_FRAME_UNEXPECTED,
  )
  onMessage(
    'HEADERS after trailers',
    [start, headers('x-a', 'b'), headers('x-a', 'b')],
    H3_FRAME_UNEXPECTED,
  )
  onMessage(
    'CANCEL_PUSH on a request stream (rfc9114#7.2.3-7)',
    [frame(0x03, 0)],
    H3_FRAME_UNEXPECTED,
  )
  onMessage('SETTINGS on a request stream (rfc9114#7.2.4-4)', [frame(0x04)], H3_FRAME_UNEXPECTED)
  onMessage('GOAWAY on a request stream (rfc9114#7.2.6-2)', [frame(0x07, 0)], H3_FRAME_UNEXPECTED)
  onMessage(
    'MAX_PUSH_ID on a request stream (rfc9114#7.2.7-1)',
    [frame(0x0d, 0)],
    H3_FRAME_UNEXPECTED,
  )
  onMessage(
    'PUSH_PROMISE (rfc9114#7.2.5-2, rfc9114#7.2.5-11)',
    [start, frame(0x05, 0)],
    role === 'server' ? H3_FRAME_UNEXPECTED : H3_ID_ERROR,
  )
  for (const type of reserved) {
    onMessage(`frame type ${type} of HTTP/2 (rfc9114#7.2.8-3)`, [frame(type)], H3_FRAME_UNEXPECTED)
  }

  // --- frames and the end of the stream, RFC 9114 §7.1

  onMessage('an end inside a frame header', [start, 0x00], H3_FRAME_ERROR, true)
  onMessage('an end inside a type', [start, 0x40], H3_FRAME_ERROR, true)
  onMessage('an end inside DATA (rfc9114#7.1-4)', [start, 0x00, 0x05, 1, 2], H3_FRAME_ERROR, true)
  onMessage('an end inside HEADERS', [start.subarray(0, 4)], H3_FRAME_ERROR, true)
  onMessage('an end inside an unknown frame', [start, 0x21, 0x05, 1], H3_FRAME_ERROR, true)

  // --- QPACK

  onMessage('an empty HEADERS', [frame(0x01)], QPACK_DECOMPRESSION_FAILED)
  onMessage(
    'a static index that does not exist (rfc9204#3.1-1)',
    [frame(0x01, 0, 0, 0xff, 0x24)],
    QPACK_DECOMPRESSION_FAILED,
  )
  onMessage(
    'a dynamic reference (rfc9204#2.2.3-1)',
    [frame(0x01, 2, 0, 0x80)],
    QPACK_DECOMPRESSION_FAILED,
  )
  onUni(
    'an encoder stream with a capacity over the limit (rfc9204#4.3.1-2)',
    [2, 0x3f, 0x01],
    QPACK_ENCODER_STREAM_ERROR,
  )
  onUni('an encoder stream with an insertion', [2, 0xc0, 0x01, 0x61], QPACK_ENCODER_STREAM_ERROR)
  onUni(
    'a decoder stream with an increment of 0 (rfc9204#4.4.3-1)',
    [3, 0x00],
    QPACK_DECODER_STREAM_ERROR,
  )
  onUni('a decoder stream with an acknowledgment', [3, 0x84], QPACK_DECODER_STREAM_ERROR)
  onUni('an encoder stream that says nothing wrong (rfc9204#4.2-7)', [2, 0x20], null)
  onUni('a decoder stream that cancels (rfc9204#4.2-7)', [3, 0x44], null)
  onUni('an encoder stream that ends (rfc9204#4.2-4)', [2], H3_CLOSED_CRITICAL_STREAM, true)
  onUni('a decoder stream that ends', [3], H3_CLOSED_CRITICAL_STREAM, true)

  // --- the control stream, RFC 9114 §6.2.1 and §7.2

  onUni('no SETTINGS first (rfc9114#6.2.1-2)', [0, frame(0x07, 0)], H3_MISSING_SETTINGS)
  onUni(
    'an unknown frame before SETTINGS (rfc9114#9-3)',
    [0, frame(0x21), frame(0x04)],
    H3_MISSING_SETTINGS,
  )
  onUni('DATA first on the control stream', [0, data(1)], H3_MISSING_SETTINGS)
  onUni('a second SETTINGS (rfc9114#7.2.4-2)', [0, frame(0x04), frame(0x04)], H3_FRAME_UNEXPECTED)
  onUni(
    'DATA on the control stream (rfc9114#7.2.1-2)',
    [0, frame(0x04), data(1)],
    H3_FRAME_UNEXPECTED,
  )
  onUni(
    'HEADERS on the control stream (rfc9114#7.2.2-1)',
    [0, frame(0x04), start],
    H3_FRAME_UNEXPECTED,
  )
  onUni(
    'PUSH_PROMISE on the control stream (rfc9114#7.2.5-9)',
    [0, frame(0x04), frame(0x05, 0)],
    H3_FRAME_UNEXPECTED,
  )
  for (const type of reserved) {
    onUni(
      `frame type ${type} of HTTP/2 on the control stream`,
      [0, frame(0x04), frame(type)],
      H3_FRAME_UNEXPECTED,
    )
  }
  onUni(
    'unknown frames on the control stream',
    [0, frame(0x04), frame(0x21, 1, 2), frame(0xf0700, 0)],
    null,
  )
  onUni(
    'a control stream that ends (rfc9114#6.2.1-5)',
    [0, frame(0x04)],
    H3_CLOSED_CRITICAL_STREAM,
    true,
  )
  onUni('a control stream that ends at once', [0], H3_CLOSED_CRITICAL_STREAM, true)
  onUni(
    'CANCEL_PUSH of an unknown push (rfc9114#7.2.3-8, rfc9114#7.2.3-9)',
    [0, frame(0x04), frame(0x03, 0)],
    H3_ID_ERROR,
  )
  onUni(
    'MAX_PUSH_ID (rfc9114#7.2.7-3)',
    [0, frame(0x04), frame(0x0d, 5)],
    role === 'server' ? null : H3_FRAME_UNEXPECTED,
  )
  for (const [title, payload] of [
    ['empty', []],
    ['too short', [0x40]],
    ['too long', [0, 0]],
    ['of nine bytes', [0xc0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ] as const) {
    onUni(
      `GOAWAY ${title} (rfc9114#7.1-1, rfc9114#7.1-2, rfc9114#7.1-3, rfc9114#10.8-1)`,
      [0, frame(0x04), frame(0x07, ...payload)],
      H3_FRAME_ERROR,
    )
  }

  // --- SETTINGS, RFC 9114 §7.2.4

  onUni('settings twice (rfc9114#7.2.4-6)', [0, frame(0x04, 6, 1, 6, 2)], H3_SETTINGS_ERROR)
  onUni('an unknown setting twice', [0, frame(0x04, 0x21, 1, 0x21, 1)], H3_SETTINGS_ERROR)
  for (const id of [0x00, 0x02, 0x03, 0x04, 0x05]) {
    onUni(`setting ${id} of HTTP/2 (rfc9114#7.2.4.1-3)`, [0, frame(0x04, id, 0)], H3_SETTINGS_ERROR)
  }
  onUni('a setting without a value', [0, frame(0x04, 6)], H3_FRAME_ERROR)
  onUni('a truncated setting', [0, frame(0x04, 6, 0x40)], H3_FRAME_ERROR)
  onUni(
    'an impossible value of a flag (RFC 9297 §2.1.1)',
    [0, frame(0x04, 0x33, 2)],
    H3_SETTINGS_ERROR,
  )
  onUni('an impossible value of a flag (RFC 9220 §3)', [0, frame(0x04, 0x08, 2)], H3_SETTINGS_ERROR)
  onUni('SETTINGS without end', [0, 0x04, varint(5000)], H3_EXCESSIVE_LOAD)

  // --- other unidirectional streams, RFC 9114 §6.2

  onUni(
    'a push stream (rfc9114#4.6-2, rfc9114#6.2.2-1)',
    [1, 0],
    role === 'server' ? H3_STREAM_CREATION_ERROR : H3_ID_ERROR,
  )
  onUni('a stream that ends before its type (rfc9114#6.2-10)', [], null, true)
  onUni('a stream that ends inside its type', [0x40], null, true)

  t.test(`${role}: each critical stream comes once (rfc9114#6.2.1-3, rfc9204#4.2-2)`, (t) => {
    for (const type of [0, 2, 3]) {
      const peer = new RawPeer(role)
      peer.uni(type)
      peer.run()
      t.equal(peer.closedWith, null)
      peer.uni(type)
      peer.run()
      t.equal(peer.closedWith, H3_STREAM_CREATION_ERROR, `${type}`)
    }
    t.end()
  })

  t.test(`${role}: a reset critical stream is a closed one, another reset is not`, (t) => {
    const peer = new RawPeer(role)
    peer.uni(0x40).reset(0)
    peer.run()
    t.equal(peer.closedWith, null)
    const control = peer.control()
    peer.run()
    control.reset(0)
    peer.run()
    t.equal(peer.closedWith, H3_CLOSED_CRITICAL_STREAM)
    t.end()
  })

  t.test(`${role}: a request to stop our control stream (rfc9114#6.2.1-4)`, (t) => {
    const peer = new RawPeer(role)
    peer.run()
    const ours = [...peer.raw.streams.values()].find((stream) => stream.direction === 'uni')!
    ours.stopSending(H3_NO_ERROR)
    peer.run()
    t.equal(peer.closedWith, H3_CLOSED_CRITICAL_STREAM)
    t.end()
  })

  t.test(`${role}: streams of unknown types are stopped (rfc9114#6.2-4, rfc9114#6.2-6)`, (t) => {
    for (const type of [0x21, 0x40, 0x54, 0x1f * 1000 + 0x21, 2 ** 40]) {
      const peer = new RawPeer(role)
      const stream = peer.uni(varint(type), 1, 2, 3)
      peer.run()
      t.equal(stream.resetSent, H3_STREAM_CREATION_ERROR, 'rfc9114#9-2, rfc9114#6.2-5')
      t.equal(peer.closedWith, null, 'rfc9114#6.2.3-2')
    }
    t.end()
  })

  t.test(`${role}: what it sends on its control stream (rfc9114#3.2-5, rfc9114#7.2.4.1-1)`, (t) => {
    const peer = new RawPeer(role, { maxFieldSectionSize: 1000 })
    peer.run()
    const streams = [...peer.raw.streams.values()].filter(({ direction }) => direction === 'uni')
    t.equal(streams.length, 1, 'QPACK streams are not needed (rfc9204#4.2-5, rfc9204#4.2-6)')
    t.equal(streams.length, 1, 'rfc9114#6.2-9, rfc9204#3.2.3-1, rfc9204#3.2.3-4, rfc9204#4.2-1')
    const sent = streams[0].read()!
    const before = 'nothing of the peer had come (rfc9114#7.2.4.2-3)'
    t.same(
      [...sent.subarray(0, 3)],
      [0, 4, sent.length - 3],
      `rfc9114#6.2.1-1, rfc9114#7.2.4-1: ${before}`,
    )
    t.same([...sent.subarray(3, 6)], [6, 0x43, 0xe8], 'rfc9114#7.2.4.2-11')
    const reserved = (sent[6] & 0x3f) * 2 ** 24 + (sent[7] << 16) + (sent[8] << 8) + sent[9]
    t.equal(sent[6] >>> 6, 2)
    t.equal((reserved - 0x21) % 0x1f, 0)
    t.equal(sent.length, 10 + (1 << (sent[10] >>> 6)), 'rfc9114#7.2.4-5: two settings')
    t.end()
  })

  t.test(`${role}: the peer's settings, those unknown left out (rfc9114#7.2.4-7)`, (t) => {
    const peer = new RawPeer(role, { pieceSize: 1 })
    peer.uni(0, frame(0x04, 6, 0x40, 0x64, 1, 10, 7, 5, 8, 1, 0x33, 1, 0x21, 7, 0x40, 0x54, 9))
    peer.run()
    const settings = {
      maxFieldSectionSize: 100,
      qpackMaxTableCapacity: 10,
      qpackBlockedStreams: 5,
      enableConnectProtocol: true,
      h3Datagram: true,
    }
    t.same(peer.side.last('settings').settings, settings)
    t.same(peer.side.http3.peerSettings, settings, 'rfc9114#7.2.4.1-2')
    t.end()
  })

  t.test(`${role}: unknown frames are skipped everywhere (rfc9114#4.1-6, rfc9114#9-1)`, (t) => {
    for (const pieceSize of pieceSizes) {
      const peer = new RawPeer(role, { pieceSize })
      const stream = peer.message()
      const grease = frame(0x1f * 77 + 0x21, 1, 2, 3)
      for (const part of [
        grease,
        start,
        frame(0x21),
        data(0x61),
        grease,
        data(0x62),
        grease,
        headers('x-a', 'b'),
        grease,
      ]) {
        stream.write(part)
      }
      stream.finish()
      peer.run()
      const message = peer.side.last(role === 'server' ? 'request' : 'response').stream
      t.equal(readAll(message), 'ab')
      peer.side.poll()
      t.same(peer.side.types().slice(-3), ['data', 'trailers', 'end'], 'rfc9114#7.2.8-2')
    }
    t.end()
  })

  t.test(`${role}: an unknown frame of any length is never held (attack 23)`, (t) => {
    const peer = new RawPeer(role)
    const stream = peer.message()
    stream.write(start)
    stream.write(Uint8Array.of(0x21, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
    for (let i = 0; i < 100; i++) {
      stream.write(new Uint8Array(10_000))
      peer.run()
    }
    const quic = peer.side.port.streams.get(stream.id)!
    t.equal(quic.bytesRead > 1_000_000, true, 'read and dropped')
    t.equal(peer.closedWith, null)
    t.same(
      peer.side.types().filter((type) => type === 'data'),
      [],
    )
    t.end()
  })

  t.test(`${role}: a HEADERS frame that is longer than the limit is not waited for`, (t) => {
    const peer = new RawPeer(role, { maxFieldSectionSize: 1000 })
    const stream = peer.message()
    stream.write(Uint8Array.of(0x01, 0x44, 0x00))
    peer.run()
    t.equal(peer.closedWith, null)
    t.equal(peer.side.http3.openRequests, 0)
    if (role === 'client') t.match(peer.side.last('reset'), { errorCode: H3_EXCESSIVE_LOAD })
    else t.ok(stream.incoming.length > 0 || stream.ended, '431')
    t.end()
  })

  t.test(`${role}: trailers are held to the same limit (attack 21)`, (t) => {
    const peer = new RawPeer(role, { maxFieldSectionSize: 400 })
    const stream = peer.message()
    stream.write(start)
    peer.run()
    stream.write(headers('x-a', 'b'.repeat(380)))
    peer.run()
    t.match(peer.side.last('reset'), {
      errorCode: H3_EXCESSIVE_LOAD,
      error: { code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE' },
    })
    t.equal(peer.side.http3.openRequests, 0)
    t.end()
  })

  t.test(`${role}: the end of a stream that has no whole message (rfc9114#4.1-13)`, (t) => {
    for (const parts of [[], [frame(0x21, 1)]]) {
      const peer = new RawPeer(role)
      const stream = peer.message()
      for (const part of parts) stream.write(part)
      stream.finish()
      peer.run()
      t.equal(peer.closedWith, null)
      if (role === 'server') {
        t.equal(stream.resetReceived, H3_REQUEST_INCOMPLETE)
        t.same(peer.side.types(), [])
      } else {
        t.match(peer.side.last('reset'), { errorCode: H3_MESSAGE_ERROR })
      }
      t.equal(peer.side.http3.openRequests, 0)
    }
    t.end()
  })

  t.test(`${role}: partial field sections are bounded over all streams`, (t) => {
    const peer = new RawPeer(role, { maxFieldSectionSize: 600_000 })
    const streams = [peer.message(), peer.message()]
    const section = new Uint8Array(550_000)
    section.set([0x01, 0x80, 0x09, 0x00, 0x00])
    for (const stream of streams) stream.write(section)
    peer.run()
    t.equal(peer.closedWith, null)
    t.equal(peer.side.http3.openRequests, 1, 'one was refused')
    for (const stream of streams) if (stream.writable) stream.reset(0)
    peer.run()
    t.equal(peer.side.http3.openRequests, 0)
    const next = peer.message()
    next.write(section)
    peer.run()
    t.equal(peer.side.http3.openRequests, 1, 'what was held was given back')
    t.end()
  })

  t.test(`${role}: streams and frames without use are counted (RFC 9114 §10.5)`, (t) => {
    const floods: ((peer: RawPeer) => void)[] = [
      (peer) => {
        const stream = peer.message()
        stream.write(start)
        for (let i = 0; i < 1100; i++) stream.write(data())
      },
      (peer) => {
        const stream = peer.message()
        for (let i = 0; i < 1100; i++) stream.write(frame(0x21))
      },
      (peer) => {
        for (let i = 0; i < 1100; i++) {
          peer.uni(varint(0x21))
          peer.run()
        }
      },
      (peer) => {
        const control = peer.control()
        for (let i = 0; i < 1100; i++) control.write(frame(0x21))
      },
    ]
    for (const flood of floods) {
      const peer = new RawPeer(role)
      flood(peer)
      peer.run()
      t.equal(peer.closedWith, H3_EXCESSIVE_LOAD, 'rfc9114#10.5-2')
    }
    t.end()
  })
}

t.test('client: a bidirectional stream of the server (rfc9114#6.1-3)', (t) => {
  const peer = new RawPeer('client')
  peer.raw.openStream('bidi')!.write(headers(':status', '200'))
  peer.run()
  t.equal(peer.closedWith, H3_STREAM_CREATION_ERROR)
  t.end()
})

t.test('server: MAX_PUSH_ID may rise and not fall (rfc9114#7.2.7-4)', (t) => {
  const peer = new RawPeer('server')
  const control = peer.control(frame(0x0d, 5), frame(0x0d, 5), frame(0x0d, 6))
  peer.run()
  t.equal(peer.closedWith, null)
  control.write(frame(0x0d, 5))
  peer.run()
  t.equal(peer.closedWith, H3_ID_ERROR)
  t.end()
})

t.test('server: rapid resets end in H3_EXCESSIVE_LOAD (attacks 19 and 20)', (t) => {
  for (const [kind, code, whole = ''] of [
    ['reset', 0x10c],
    ['stop', 0x10c],
    // H3_NO_ERROR is for servers that need no more of a request, RFC 9114 §4.1.
    ['stop', 0x100],
    ['stop', 0x100, 'whole'],
  ] as const) {
    const peer = new RawPeer('server')
    let requests = 0
    for (; requests < 5000 && peer.closedWith === null; requests++) {
      const stream = peer.message()
      stream.write(headers(':method', 'GET', ':scheme', 'https', ':authority', 'a', ':path', '/'))
      if (whole === 'whole') stream.finish()
      peer.run()
      if (kind === 'reset') stream.reset(code)
      else stream.stopSending(code)
      peer.run()
    }
    t.equal(peer.closedWith, H3_EXCESSIVE_LOAD, `${kind} ${code} ${whole}`)
    t.ok(requests < 1100)
    t.equal(peer.side.http3.openRequests, 0)
  }
  t.end()
})

t.test('server: cancelling now and then among requests that end well is no attack', (t) => {
  const peer = new RawPeer('server')
  peer.side.onEvent = (event) => {
    if (event.type === 'request') event.stream.sendHeaders([':status', '200'], true)
    return true
  }
  for (let i = 0; i < 3000; i++) {
    const stream = peer.message()
    stream.write(headers(':method', 'GET', ':scheme', 'https', ':authority', 'a', ':path', '/'))
    if (i % 2 === 0) stream.finish()
    else stream.reset(0x10c)
    peer.run()
  }
  t.equal(peer.closedWith, null)
  t.end()
})

t.test('server: a reset before the request was whole resets the response', (t) => {
  const peer = new RawPeer('server')
  const stream = peer.message()
  stream.write(Uint8Array.of(0x01, 0x20))
  peer.run()
  stream.reset(0x10c)
  peer.run()
  t.equal(stream.resetReceived, H3_REQUEST_INCOMPLETE)
  t.same(peer.side.types(), [])
  t.equal(peer.side.http3.openRequests, 0)
  t.end()
})

t.test('server: a section over the limit is answered with 431 (RFC 9114 §4.2.2)', (t) => {
  const peer = new RawPeer('server', { maxFieldSectionSize: 150 })
  const stream = peer.message()
  stream.write(headers(':method', 'GET', ':scheme', 'https', ':path', '/', 'x-a', 'b'.repeat(60)))
  peer.run()
  t.equal(stream.resetSent, H3_NO_ERROR, 'rfc9114#4.1-15: was asked to stop')
  const parts: Uint8Array[] = []
  for (let part = stream.read(); part !== null; part = stream.read()) parts.push(part)
  t.same(
    Uint8Array.from(Buffer.from(text(parts), 'latin1')),
    headers(':status', '431', 'content-length', '0'),
  )
  t.equal(stream.ended, true)
  t.end()
})

t.test('client: interim responses are bounded', (t) => {
  const peer = new RawPeer('client')
  const stream = peer.message()
  for (let i = 0; i < 100; i++) stream.write(headers(':status', '103'))
  peer.run()
  t.match(peer.side.last('reset'), { errorCode: H3_EXCESSIVE_LOAD })
  t.equal(peer.side.types().filter((type) => type === 'informational').length, 32)
  t.equal(peer.closedWith, null)
  t.end()
})

t.test('client: after a tunnel is open only DATA may come (rfc9114#4.4-3)', (t) => {
  for (const wrong of [headers('x-a', 'b'), frame(0x04), frame(0x05, 0)]) {
    const peer = new RawPeer('client')
    const stream = peer.message('CONNECT')
    stream.write(headers(':status', '200'))
    stream.write(data(1))
    stream.write(frame(0x21))
    peer.run()
    const response = peer.side.last('response').stream
    readAll(response)
    stream.write(wrong)
    peer.run()
    t.equal(peer.closedWith, wrong[0] === 5 ? H3_ID_ERROR : H3_FRAME_UNEXPECTED)
  }
  t.end()
})
