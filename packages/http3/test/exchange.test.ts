// Whole exchanges between a client and a server, and the rules of calls.

import t from 'tap'
import {
  H3_EXCESSIVE_LOAD,
  H3_INTERNAL_ERROR,
  H3_NO_ERROR,
  H3_REQUEST_CANCELLED,
  Http3Connection,
} from '../src/index.ts'
import { joinPorts } from './fake-port.ts'
import { bytes, pair, readAll, request } from './peers.ts'

t.test('RFC 9114 §5.1: a client keeps its connection alive while it waits, a server never', (t) => {
  const { client, server, run } = pair({})
  t.equal(client.port.keepAlive, false)
  client.http3.request(request('GET'), true)
  t.equal(client.port.keepAlive, true)
  run()
  const { stream } = server.last('request')
  const second = client.http3.request(request('GET'), true)!
  stream.sendHeaders([':status', '200'])
  stream.finish()
  run()
  t.equal(client.port.keepAlive, true, 'one is not answered yet')
  second.cancel()
  run()
  t.equal(client.http3.openRequests, 0)
  t.equal(client.port.keepAlive, false)
  t.equal(server.port.keepAlive, false, 'rfc9114#5.1-3')
  t.end()
})

for (const pieceSize of [Infinity, 1, 3]) {
  t.test(`request and response with content and trailers, reads of ${pieceSize}`, (t) => {
    const { client, server, run } = pair({ pieceSize })
    const sent = request('POST', 'content-length', '11', 'x-a', '1', 'x-a', '2')
    const stream = client.http3.request(sent, false)!
    stream.context = 'mine'
    t.equal(stream.sendData(bytes('hello ')), 'sent')
    t.equal(stream.sendData(new Uint8Array(0)), 'sent')
    stream.sendData(bytes('world'))
    stream.sendTrailers(['x-check', 'ok'])
    t.equal(stream.writable, false)
    stream.finish()
    run()
    const { stream: served, fields, end } = server.last('request')
    t.same(fields, sent)
    t.equal(end, false)
    t.equal(served.method, 'POST')
    t.equal(served.context, undefined)
    t.same(server.types(), ['request', 'data'])
    t.equal(readAll(served), 'hello world')
    run()
    t.same(server.last('trailers').fields, ['x-check', 'ok'])
    t.same(server.types(), ['trailers', 'end'])
    t.equal(served.ended, true)
    t.equal(served.readData(), null)

    served.sendInformational([':status', '103', 'link', '</style.css>; rel=preload'])
    served.sendHeaders([':status', '200', 'content-type', 'text/plain'])
    served.sendData(bytes('answer'))
    served.sendTrailers(['x-sum', '42'])
    run()
    t.same(client.last('informational').fields[1], '103')
    t.same(client.last('response').fields, [':status', '200', 'content-type', 'text/plain'])
    t.equal(client.last('response').end, false)
    t.equal(client.last('response').stream.context, 'mine')
    t.same(client.types(), ['finished', 'informational', 'response', 'data'])
    t.equal(readAll(stream), 'answer')
    run()
    t.same(client.types(), ['trailers', 'end'])
    t.same(server.types(), ['finished'])
    t.equal(client.http3.openRequests, 0)
    t.equal(server.http3.openRequests, 0)
    t.equal(server.port.closed, null)
    t.equal(client.port.closed, null)
    t.end()
  })
}

t.test('an exchange without content says so at once', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('GET'), true)!
  run()
  t.match(server.last('request'), { end: true }, 'rfc9114#4.1-9, rfc9114#4.1-10')
  server.last('request').stream.sendHeaders([':status', '204'], true)
  run()
  t.match(client.last('response'), { end: true }, 'rfc9114#4.1-11')
  t.equal(stream.ended, true)
  t.same(client.types(), ['finished', 'response'])
  t.same(server.types(), ['request', 'finished'])
  t.end()
})

t.test('an end that comes later than the headers is an event', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  t.equal(server.last('request').end, false)
  stream.finish()
  run()
  t.same(server.types(), ['request', 'end'])
  t.end()
})

t.test('responses to HEAD, and with 204 and 304, have no content (RFC 9114 §4.1.2)', (t) => {
  for (const [method, status] of [
    ['HEAD', '200'],
    ['GET', '304'],
  ]) {
    const { client, server, run } = pair()
    client.http3.request(request(method), true)
    run()
    const { stream } = server.last('request')
    stream.sendHeaders([':status', status, 'content-length', '1000'])
    t.throws(() => stream.sendData(bytes('x')), { code: 'ERR_HTTP3_CONTENT_LENGTH' })
    stream.finish()
    run()
    t.match(client.last('response'), {
      end: true,
      fields: [':status', status, 'content-length', '1000'],
    })
  }
  t.end()
})

t.test('CONNECT opens a tunnel of DATA both ways (RFC 9114 §4.4)', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('CONNECT'), false)!
  run()
  const { stream: served, fields } = server.last('request')
  t.same(fields, [':method', 'CONNECT', ':authority', 'example.org:443'])
  served.sendHeaders([':status', '200', 'content-length', '5'])
  served.sendData(bytes('from the target'))
  stream.sendData(bytes('to the target'))
  t.throws(() => stream.sendTrailers([]), { code: 'ERR_HTTP3_STREAM_STATE' })
  t.throws(() => served.sendTrailers([]), { code: 'ERR_HTTP3_STREAM_STATE' })
  run()
  t.equal(readAll(stream), 'from the target')
  t.equal(readAll(served), 'to the target')
  stream.finish()
  served.finish()
  run()
  readAll(stream)
  readAll(served)
  t.same(client.types().sort(), ['data', 'end', 'finished', 'response'])
  t.same(server.types().sort(), ['data', 'end', 'finished', 'request'])
  t.end()
})

t.test('a refused CONNECT has an ordinary response', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('CONNECT'), true)!
  run()
  const { stream: served } = server.last('request')
  served.sendHeaders([':status', '403', 'content-length', '2'])
  served.sendData(bytes('no'))
  served.sendTrailers(['x-a', 'b'])
  run()
  t.equal(readAll(stream), 'no')
  client.poll()
  t.same(client.types(), ['finished', 'response', 'data', 'trailers', 'end'])
  t.end()
})

t.test('a small response is two small writes and the content itself', (t) => {
  const { client, server, run } = pair()
  client.http3.request(request('GET'), true)
  run()
  const { stream } = server.last('request')
  const quic = server.port.streams.get(stream.id)!
  const content = bytes('content')
  stream.sendHeaders([':status', '200'])
  stream.sendData(content)
  stream.finish()
  t.equal(quic.outgoing.length, 3)
  t.equal(quic.outgoing[2], content, 'not copied')
  t.end()
})

t.test('backpressure: a large body both ways with slow readers stays bounded', (t) => {
  const { client, server, run } = pair({ window: 10_000, highWaterMark: 20_000, pieceSize: 4000 })
  const piece = new Uint8Array(3000).fill(7)
  const total = 300
  const progress = { up: 0, down: 0 }
  let most = 0
  const stream = client.http3.request(request('POST'), false)!
  run()
  const served = server.last('request').stream
  served.sendHeaders([':status', '200'])
  const fill = (end: typeof stream, key: 'up' | 'down'): void => {
    while (progress[key] < total) {
      progress[key]++
      if (progress[key] === total) {
        end.sendData(piece)
        end.finish()
      } else if (end.sendData(piece) === 'full') return
    }
  }
  client.onEvent = (event) => (event.type === 'writable' ? (fill(stream, 'up'), true) : false)
  server.onEvent = (event) => (event.type === 'writable' ? (fill(served, 'down'), true) : false)
  fill(stream, 'up')
  fill(served, 'down')
  const stuck = progress.up
  for (let i = 0; i < 10; i++) run()
  t.equal(progress.up <= stuck + 6, true, 'nobody reads: the sender waits')
  const got = { up: 0, down: 0 }
  for (let i = 0; i < 30_000 && !(served.ended && stream.ended); i++) {
    got.up += served.readData()?.length ?? 0
    got.down += stream.readData()?.length ?? 0
    run()
    for (const side of [client, server]) {
      const quic = side.port.streams.get(stream.id)
      most = Math.max(most, (quic?.bufferedAmount ?? 0) + (quic?.unread ?? 0))
    }
  }
  t.equal(got.up, total * 3000)
  t.equal(got.down, total * 3000)
  t.equal(served.ended, true)
  t.ok(most < 40_000, `${most} bytes at most`)
  t.end()
})

t.test('content is not read from the transport before somebody asks', (t) => {
  const { client, server, run } = pair({ window: 1000, pieceSize: 100 })
  const stream = client.http3.request(request('POST'), false)!
  for (let i = 0; i < 50; i++) stream.sendData(new Uint8Array(1000))
  stream.finish()
  run()
  const quic = server.port.streams.get(stream.id)!
  t.ok(quic.bytesRead <= 200, `${quic.bytesRead} bytes were read`)
  t.same(server.types(), ['request', 'data'])
  t.end()
})

t.test('thousands of requests leave no state', (t) => {
  const { client, server, run } = pair({ maxStreams: 100 })
  server.onEvent = (event) => {
    if (event.type !== 'request') return true
    if (event.stream.id % 3 === 0) {
      event.stream.sendHeaders([':status', '200', 'content-length', '2'])
      event.stream.sendData(bytes('ok'))
      event.stream.finish()
    } else {
      event.stream.sendHeaders([':status', '204'], true)
    }
    return true
  }
  client.onEvent = (event) => {
    if (event.type === 'data') readAll(event.stream)
    return true
  }
  let done = 0
  while (done < 3000) {
    const stream = client.http3.request(request('GET'), true)
    if (stream === null) {
      run()
      continue
    }
    done++
  }
  run()
  t.equal(client.http3.openRequests, 0)
  t.equal(server.http3.openRequests, 0)
  t.equal(client.port.streams.size, 2)
  t.equal(server.port.streams.size, 2)
  t.equal(client.port.closed, null)
  t.end()
})

t.test('cancelling resets both halves with H3_REQUEST_CANCELLED (rfc9114#4.1.1-3)', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  const served = server.last('request').stream
  served.sendHeaders([':status', '200'])
  run()
  stream.cancel()
  stream.cancel()
  t.equal(stream.sendData(bytes('late')), 'too-late')
  run()
  t.match(server.last('reset'), {
    errorCode: H3_REQUEST_CANCELLED,
    error: { code: 'ERR_HTTP3_REQUEST_CANCELLED', remote: true },
  })
  const cancelled = { errorCode: H3_REQUEST_CANCELLED }
  t.match(server.last('stop-sending'), cancelled, 'rfc9114#4.1.1-7')
  t.equal(served.sendData(bytes('late')), 'too-late')
  served.finish()
  t.equal(served.writable, false)
  t.equal(server.http3.openRequests, 0)
  t.equal(client.http3.openRequests, 0)
  t.same(client.types(), ['response'])
  t.end()
})

t.test('a server may answer early and refuse the rest of the request (rfc9114#4.1-14)', (t) => {
  const { client, server, run } = pair({ window: 100 })
  const stream = client.http3.request(request('POST'), false)!
  stream.sendData(new Uint8Array(10_000))
  run()
  const served = server.last('request').stream
  served.sendHeaders([':status', '413', 'content-length', '0'], true)
  served.stopSending(H3_NO_ERROR)
  run()
  t.same(client.types().sort(), ['response', 'stop-sending'], 'rfc9114#4.1-16')
  t.equal(stream.sendData(bytes('more')), 'too-late')
  t.equal(client.http3.openRequests, 0)
  t.equal(server.http3.openRequests, 0)
  t.end()
})

t.test('a reset response is an error at the client, which then stops its request', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  server.last('request').stream.reset(H3_INTERNAL_ERROR)
  run()
  t.match(client.last('reset'), { stream, error: { code: 'ERR_HTTP3_INTERNAL', remote: true } })
  t.same(server.types(), ['request', 'reset'])
  t.equal(client.http3.openRequests, 0)
  t.end()
})

t.test('calls that are not permitted throw (RFC 9114 §4.1)', (t) => {
  const { client, server, run } = pair()
  const state = { code: 'ERR_HTTP3_STREAM_STATE' }
  const stream = client.http3.request(request('POST', 'content-length', '3'), false)!
  t.throws(() => stream.sendHeaders([':status', '200']), state, 'rfc9114#4.1-1')
  t.throws(() => stream.sendInformational([':status', '103']), state)
  t.throws(() => server.http3.request(request(), true), state)
  t.throws(() => stream.finish(), { code: 'ERR_HTTP3_CONTENT_LENGTH' })
  t.throws(() => stream.sendTrailers([]), { code: 'ERR_HTTP3_CONTENT_LENGTH' })
  t.throws(() => stream.sendData(bytes('four')), { code: 'ERR_HTTP3_CONTENT_LENGTH' })
  stream.sendData(bytes('abc'))
  stream.finish()
  stream.finish()
  t.throws(() => stream.sendData(bytes('d')), state)
  t.throws(() => stream.sendTrailers([]), state)
  t.throws(() => client.http3.request(request('POST', 'content-length', '3'), true), {
    code: 'ERR_HTTP3_CONTENT_LENGTH',
  })
  run()
  const served = server.last('request').stream
  t.throws(() => served.sendData(bytes('a')), state)
  t.throws(() => served.finish(), state)
  t.throws(() => served.sendHeaders([':status', '103']), TypeError)
  t.throws(() => served.sendInformational([':status', '200']), TypeError)
  t.throws(() => served.sendHeaders([':status', '200', 'content-length', '1'], true), {
    code: 'ERR_HTTP3_CONTENT_LENGTH',
  })
  served.sendHeaders([':status', '200'])
  t.throws(() => served.sendHeaders([':status', '200']), state)
  t.throws(() => served.sendInformational([':status', '103']), state)
  served.sendTrailers(['x-a', 'b'])
  t.throws(() => served.sendData(bytes('a')), state)
  t.end()
})

t.test('wrong options are refused by name', (t) => {
  const { client } = joinPorts()
  for (const size of [-1, 1.5, Infinity]) {
    t.throws(() => new Http3Connection(client, { maxFieldSectionSize: size }), {
      name: 'RangeError',
      message: /"maxFieldSectionSize" expected .*, got/,
    })
  }
  t.throws(() => new Http3Connection(client, { maxFieldSectionSize: '1' as never }), TypeError)
  t.end()
})

t.test("the peer's SETTINGS_MAX_FIELD_SECTION_SIZE is kept to (rfc9114#4.2.2-2)", (t) => {
  const { client, server, run } = pair({ server: { maxFieldSectionSize: 200 } })
  const large = request('GET', 'x-large', 'a'.repeat(100))
  const early = client.http3.request(large, true)!
  run()
  t.match(client.last('response'), {
    stream: early,
    fields: [':status', '431', 'content-length', '0'],
  })
  t.ok(early, 'rfc9114#7.2.4.2-2, rfc9114#7.2.4.2-4: sent before there were settings')
  t.equal(client.http3.peerSettings?.maxFieldSectionSize, 200)
  t.throws(
    () => client.http3.request(large, true),
    { code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE' },
    'rfc9114#7.2.4.2-1, rfc9114#7.2.4.2-7',
  )
  run()
  t.equal(client.http3.openRequests, 0)
  t.equal(server.http3.openRequests, 0)
  t.same(server.types(), [])
  t.equal(client.http3.request(request('GET'), true) !== null, true)
  t.end()
})

t.test('a response that is too large fails at the client alone (attack 21)', (t) => {
  const { client, server, run } = pair({ client: { maxFieldSectionSize: 100 } })
  client.http3.request(request(), true)
  server.onEvent = (event) => {
    if (event.type === 'request') {
      const fields = [':status', '200', 'x-large', 'a'.repeat(100)]
      t.throws(() => event.stream.sendHeaders(fields), {
        code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE',
      })
      event.stream.sendHeaders([':status', '500'], true)
    }
    return false
  }
  run()
  t.same(client.types(), ['finished', 'response'])

  const other = pair({ client: { maxFieldSectionSize: 100 } })
  other.client.http3.request(request(), true)
  other.run()
  const { stream } = other.server.last('request')
  stream.sendHeaders([':status', '200'])
  other.run()
  // The trailers are encoded before the settings are known in another life; here by the transport.
  const quic = other.server.port.streams.get(stream.id)!
  quic.write(Uint8Array.of(0x01, 0x41, 0x00))
  other.run()
  t.match(other.client.last('reset'), {
    errorCode: H3_EXCESSIVE_LOAD,
    error: { code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE', remote: false },
  })
  t.equal(other.client.port.closed, null)
  t.end()
})

t.test('requests wait for the stream limit, and the control stream for its turn', (t) => {
  const { client, server, run } = pair({ maxStreams: 1 })
  t.ok(client.http3.request(request(), true))
  t.equal(client.http3.request(request(), true), null)
  run()
  server.last('request').stream.sendHeaders([':status', '200'], true)
  run()
  t.ok(client.http3.request(request(), true))
  t.end()
})

t.test('after the connection is over everything is quiet', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  const served = server.last('request').stream
  for (const side of [client, server]) {
    side.port.close(H3_NO_ERROR, '')
    side.http3.handleEvent({ type: 'closed', error: null })
    side.http3.handleEvent({ type: 'drained' })
    t.equal(side.http3.openRequests, 0)
    t.equal(side.http3.closing, true)
    t.equal(side.http3.error, null)
    side.http3.shutdown()
  }
  stream.sendData(bytes('x'))
  stream.finish()
  stream.cancel()
  t.equal(stream.readData(), null)
  served.sendHeaders([':status', '200'], true)
  served.cancel()
  t.throws(() => client.http3.request(request(), true), { code: 'ERR_HTTP3_GOAWAY' })
  t.equal(client.poll(), false)
  t.end()
})
