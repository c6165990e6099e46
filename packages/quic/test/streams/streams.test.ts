import t from 'tap'
import type { QuicStream } from '../../src/port.ts'
import { describe, drain, exchange, join, parameters, pattern, readAll, Side } from './harness.ts'

const FLOW_CONTROL = { name: 'TransportError', code: 'ERR_QUIC_FLOW_CONTROL', errorCode: 0x03 }
const STREAM_LIMIT = { name: 'TransportError', code: 'ERR_QUIC_STREAM_LIMIT', errorCode: 0x04 }
const STREAM_STATE = { name: 'TransportError', code: 'ERR_QUIC_STREAM_STATE', errorCode: 0x05 }
const FINAL_SIZE = { name: 'TransportError', code: 'ERR_QUIC_FINAL_SIZE', errorCode: 0x06 }

const NONE = new Uint8Array(0)
const KIB = new Uint8Array(1024)

function data(side: Side, id: number, offset: number, length: number, fin: boolean = false): void {
  side.streams.handleStreamFrame(side.now, id, offset, pattern(length, offset), 0, length, fin)
}

function opened(side: Side, direction: 'bidi' | 'uni' = 'bidi'): QuicStream {
  const stream = side.streams.open(direction)
  if (stream === null) throw new Error('no stream')
  return stream
}

t.test('RFC 9000 §2.1 table 1: stream IDs tell who opened and how many directions', (t) => {
  const [client, server] = join()
  t.same([opened(client).id, opened(client, 'uni').id, opened(client).id], [0, 2, 4])
  t.same([opened(server).id, opened(server, 'uni').id, opened(server, 'uni').id], [1, 3, 7])
  t.end()
})

t.test('RFC 9000 §2.2: a request and a response, and both ends forget the stream', (t) => {
  const [c, s] = join()
  const stream = opened(c)
  stream.context = 'mine'
  stream.write(pattern(5000))
  stream.finish()
  exchange(c, s)
  const response = s.accept()[0]
  t.match(response, { id: 0, local: false, direction: 'bidi', context: undefined })
  t.same(readAll(response), pattern(5000))
  t.ok(response.ended)
  response.write(pattern(10))
  response.finish()
  t.equal(response.bufferedAmount, 10)
  exchange(c, s)
  t.equal(response.bufferedAmount, 0)
  t.same(s.events(), ['stream-finished 0'])
  t.same(c.events(), ['stream-readable 0', 'stream-finished 0'])
  t.notOk(stream.ended)
  t.same(readAll(stream), pattern(10))
  t.ok(stream.ended)
  t.match(s.streams.stats, { openStreams: 0, bytesToSend: 0, bytesToRead: 0 })
  t.match(c.streams.stats, { openStreams: 0, bytesToSend: 0, bytesToRead: 0 })
  t.equal(opened(c).id, 4, 'rfc9000#2.1-1: its ID is not used again')
  t.end()
})

t.test('RFC 9000 §3.1: an empty stream is a FIN alone, which needs no credit', (t) => {
  const [client, server] = join(
    undefined,
    new Side('server', parameters({ initialMaxData: 0, initialMaxStreamDataUni: 0 })),
  )
  opened(client, 'uni').finish()
  t.same(describe(client.send()?.bytes ?? NONE), ['STREAM 2 0+0 FIN'])
  data(server, 2, 0, 0, true)
  t.same(server.events(), ['stream-opened 2', 'stream-readable 2'])
  t.equal(server.streams.stats.openStreams, 0, 'the end was reported: nothing is left')
  t.end()
})

t.test("'stream-readable' comes once until read returned null, and for the end alone", (t) => {
  const [, server] = join()
  data(server, 2, 0, 10)
  t.same(server.events(), ['stream-opened 2', 'stream-readable 2'])
  data(server, 2, 10, 10)
  t.same(server.events(), [])
  const stream = (() => {
    data(server, 6, 0, 10)
    return server.accept()[0]
  })()
  t.equal(stream.read()?.length, 10)
  data(server, 6, 10, 10)
  t.same(server.events(), [], 'null was not seen')
  t.equal(stream.read()?.length, 10)
  t.equal(stream.read(), null)
  data(server, 6, 30, 10)
  t.same(server.events(), [], 'out of order')
  data(server, 6, 20, 10)
  t.same(server.events(), ['stream-readable 6'])
  t.equal(readAll(stream).length, 20)
  t.notOk(stream.ended)
  data(server, 6, 40, 0, true)
  t.ok(stream.ended)
  t.same(server.events(), ['stream-readable 6'])
  t.equal(stream.read(), null)
  t.ok(stream.ended)
  data(server, 6, 0, 40, true)
  t.same(server.events(), [], 'repeated frames of a stream that is over')
  t.end()
})

t.test(
  'RFC 9000 §3.2: a stream opens all lower-numbered ones of its type, in order (rfc9000#3.2-1)',
  (t) => {
    const [, server] = join()
    data(server, 12, 0, 1)
    t.same(server.events(), [
      'stream-opened 0',
      'stream-opened 4',
      'stream-opened 8',
      'stream-opened 12',
      'stream-readable 12',
    ])
    server.streams.handleMaxStreamData(20, 5)
    server.streams.handleStopSending(24, 5)
    server.streams.handleStreamDataBlocked(28, 5)
    t.same(server.events(), [
      'stream-opened 16',
      'stream-opened 20',
      'stream-opened 24',
      'stream-opened 28',
      'stop-sending 24',
    ])
    t.end()
  },
)

t.test('RFC 9000 §19: frames for a direction, or a stream of ours, that is not there', (t) => {
  const [, server] = join()
  opened(server, 'uni')
  const { streams } = server
  for (const id of [3, 7]) {
    t.throws(
      () => data(server, id, 0, 1),
      STREAM_STATE,
      'rfc9000#19.8-1: STREAM on a send-only stream',
    )
    t.throws(
      () => streams.handleResetStream(0, id, 0, 0),
      STREAM_STATE,
      'rfc9000#19.4-1: RESET_STREAM',
    )
    t.throws(
      () => streams.handleStreamDataBlocked(id, 0),
      STREAM_STATE,
      'rfc9000#19.13-2: STREAM_DATA_BLOCKED',
    )
  }
  data(server, 2, 0, 1)
  for (const id of [2, 6]) {
    t.throws(
      () => streams.handleStopSending(id, 0),
      STREAM_STATE,
      'rfc9000#19.5-2: STOP_SENDING on a receive-only stream',
    )
    t.throws(
      () => streams.handleMaxStreamData(id, 0),
      STREAM_STATE,
      'rfc9000#19.10-2: MAX_STREAM_DATA',
    )
  }
  t.throws(() => data(server, 1, 0, 1), STREAM_STATE, 'rfc9000#19.8-1: never opened')
  t.throws(() => streams.handleStopSending(1, 0), STREAM_STATE, 'rfc9000#19.5-1')
  t.throws(() => streams.handleStopSending(7, 0), STREAM_STATE)
  t.throws(() => streams.handleMaxStreamData(1, 0), STREAM_STATE, 'rfc9000#19.10-1')
  t.throws(() => streams.handleResetStream(0, 1, 0, 0), STREAM_STATE)
  t.throws(() => streams.handleStreamDataBlocked(1, 0), STREAM_STATE)
  t.end()
})

t.test('RFC 9000 §4.6: stream IDs past the limit (rfc9000#4.6-3, rfc9000#19.11-4)', (t) => {
  const [, server] = join(
    undefined,
    new Side('server', parameters({ initialMaxStreamsBidi: 2, initialMaxStreamsUni: 1 })),
  )
  data(server, 4, 0, 1)
  t.throws(() => data(server, 8, 0, 1), STREAM_LIMIT)
  t.throws(() => data(server, 6, 0, 1), STREAM_LIMIT)
  t.throws(() => server.streams.handleStopSending(8, 0), STREAM_LIMIT)
  t.throws(() => data(server, Number.MAX_SAFE_INTEGER - 3, 0, 1), STREAM_LIMIT)
  t.end()
})

t.test(
  'RFC 9000 §4.1: data past a limit is FLOW_CONTROL_ERROR, up to it is not (rfc9000#4.1-2, rfc9000#19.9-2, rfc9000#19.10-4)',
  (t) => {
    const local = parameters({ initialMaxData: 150, initialMaxStreamDataBidiRemote: 100 })
    const make = (): Side => join(undefined, new Side('server', local))[1]
    let server = make()
    data(server, 0, 99, 1)
    t.throws(() => data(server, 0, 100, 1), FLOW_CONTROL, 'stream')
    server = make()
    data(server, 0, 0, 100)
    data(server, 4, 49, 1)
    t.throws(() => data(server, 4, 50, 1), FLOW_CONTROL, 'connection')
    server = make()
    t.throws(
      () => server.streams.handleResetStream(0, 0, 0, 101),
      FLOW_CONTROL,
      'final size, stream',
    )
    server.streams.handleResetStream(0, 0, 0, 100)
    t.throws(
      () => server.streams.handleResetStream(0, 4, 0, 51),
      FLOW_CONTROL,
      'final size, connection',
    )
    server = make()
    t.throws(() => data(server, 0, 101, 0, true), FLOW_CONTROL, 'FIN past the limit')
    t.end()
  },
)

t.test(
  'RFC 9000 §4.5: the final size cannot change, nor be passed (rfc9000#4.5-3, rfc9000#4.5-4)',
  (t) => {
    const make = (): Side => {
      const server = join()[1]
      data(server, 2, 0, 10, true)
      return server
    }
    t.throws(() => data(make(), 2, 5, 6), FINAL_SIZE, 'data past the final size')
    t.throws(() => data(make(), 2, 5, 4, true), FINAL_SIZE, 'a smaller final size')
    t.throws(() => data(make(), 2, 5, 6, true), FINAL_SIZE, 'a larger final size')
    t.throws(() => make().streams.handleResetStream(0, 2, 0, 9), FINAL_SIZE, 'reset, smaller')
    t.throws(() => make().streams.handleResetStream(0, 2, 0, 11), FINAL_SIZE, 'reset, larger')
    t.doesNotThrow(() => make().streams.handleResetStream(0, 2, 0, 10))
    t.doesNotThrow(() => data(make(), 2, 0, 10, true))
    const server = join()[1]
    data(server, 2, 10, 10)
    t.throws(() => data(server, 2, 0, 10, true), FINAL_SIZE, 'below what was received')
    t.throws(
      () => server.streams.handleResetStream(0, 2, 0, 19),
      FINAL_SIZE,
      'below what was received',
    )
    server.streams.handleResetStream(0, 2, 0, 20)
    t.throws(() => data(server, 2, 15, 6), FINAL_SIZE, 'data past the final size of a reset')
    t.throws(() => server.streams.handleResetStream(0, 2, 0, 21), FINAL_SIZE, 'two resets')
    server.streams.handleResetStream(0, 2, 7, 20)
    t.same(server.events(), ['stream-opened 2', 'stream-reset 2'])
    t.end()
  },
)

t.test(
  'RFC 9000 §3.2: RESET_STREAM drops what is unread, and gives its credit back (rfc9000#3.2-2, rfc9000#4.5-1)',
  (t) => {
    const local = parameters({ initialMaxData: 100, initialMaxStreamDataUni: 100 })
    const [, server] = join(undefined, new Side('server', local))
    data(server, 2, 0, 10)
    data(server, 2, 20, 10)
    const stream = server.accept()[0]
    server.streams.handleResetStream(0, 2, 77, 60)
    t.same(server.event(), { type: 'stream-reset', stream, errorCode: 77 })
    t.equal(stream.read(), null)
    t.notOk(stream.ended)
    t.equal(server.streams.stats.openStreams, 0)
    t.same(describe(server.send()?.bytes ?? NONE), ['MAX_DATA 160'])
    t.same(server.events(), [])
    t.end()
  },
)

t.test('RFC 9000 §3.2: RESET_STREAM after all data arrived changes nothing', (t) => {
  const [, server] = join()
  data(server, 2, 0, 10, true)
  server.streams.handleResetStream(0, 2, 77, 10)
  const stream = server.accept()[0]
  t.equal(readAll(stream).length, 10)
  t.ok(stream.ended)
  t.same(server.events(), [])
  t.end()
})

t.test(
  'RFC 9000 §3.5: STOP_SENDING makes the peer reset with the same code (rfc9000#3.5-1, rfc9000#3.5-2, rfc9000#3.5-5, rfc9000#3.5-6)',
  (t) => {
    const [client, server] = join()
    const stream = opened(client)
    stream.write(pattern(10_000))
    const [first] = drain(client, 500)
    server.receive(first.bytes)
    const theirs = server.accept()[0]
    t.throws(() => theirs.stopSending(-1), { name: 'RangeError' })
    theirs.stopSending(99)
    theirs.stopSending(100)
    t.equal(theirs.read(), null)
    const stop = server.send()
    t.same(describe(stop?.bytes ?? NONE), ['STOP_SENDING 0 code 99'])
    client.receive(stop?.bytes ?? NONE)
    t.same(client.event(), { type: 'stop-sending', stream, errorCode: 99 })
    t.notOk(stream.writable)
    t.equal(stream.write(KIB), false, 'what the peer did does not throw')
    stream.finish()
    t.equal(stream.bufferedAmount, 0)
    const reset = client.send()
    t.same(describe(reset?.bytes ?? NONE), ['RESET_STREAM 0 code 99 size 10000'])
    server.receive(reset?.bytes ?? NONE)
    t.same(server.events(), [], 'the application that stopped is not told of the reset')
    client.receive(stop?.bytes ?? NONE)
    t.same(client.events(), [], 'a repeated STOP_SENDING')
    if (reset !== null) client.acked(reset)
    t.same(client.events(), ['stream-finished 0'])
    t.end()
  },
)

t.test(
  'RFC 9000 §3.5: data after STOP_SENDING is dropped, but counted and its credit given back (rfc9000#4.4-1)',
  (t) => {
    const local = parameters({ initialMaxData: 1000, initialMaxStreamDataUni: 600 })
    const [, server] = join(undefined, new Side('server', local))
    data(server, 2, 0, 100)
    const stream = server.accept()[0]
    stream.stopSending(1)
    drain(server)
    data(server, 2, 100, 500)
    t.same(server.events(), [])
    t.same(describe(server.send()?.bytes ?? NONE), ['MAX_DATA 1600'], 'no credit for the stream')
    t.throws(() => data(server, 2, 600, 1), FLOW_CONTROL)
    data(server, 2, 600, 0, true)
    t.notOk(stream.ended)
    t.equal(server.streams.stats.openStreams, 0)
    t.end()
  },
)

t.test('stopSending after everything arrived sends nothing and frees the stream', (t) => {
  const [, server] = join()
  data(server, 2, 0, 100, true)
  server.accept()[0].stopSending(1)
  t.equal(server.streams.stats.openStreams, 0)
  t.notOk(server.streams.hasPending())
  t.end()
})

t.test(
  'RFC 9000 §3.5: STOP_SENDING is repeated when lost, but not after the end is known (rfc9000#3.5-7)',
  (t) => {
    const [, server] = join()
    data(server, 2, 0, 100)
    data(server, 6, 0, 100)
    const [a, b] = server.accept()
    a.stopSending(1)
    b.stopSending(2)
    const [packet] = drain(server)
    data(server, 2, 100, 0, true)
    server.lost(packet)
    t.same(describe(server.send()?.bytes ?? NONE), ['STOP_SENDING 6 code 2'])
    t.end()
  },
)

t.test(
  'RFC 9000 §3.1: reset abandons what is queued, is repeated when lost, and ends the stream (rfc9000#3.3-2)',
  (t) => {
    const [client] = join()
    const stream = opened(client, 'uni')
    stream.write(pattern(3000))
    const packet = client.send()
    stream.reset(5)
    stream.reset(6)
    t.throws(() => stream.write(KIB), { code: 'ERR_QUIC_STREAM_STATE', name: 'QuicError' })
    t.throws(() => stream.finish(), { code: 'ERR_QUIC_STREAM_STATE', name: 'QuicError' })
    if (packet !== null) client.lost(packet)
    const sent = packet === null ? 0 : packet.bytes.length - 4
    const reset = drain(client)
    t.same(
      reset.map((p) => describe(p.bytes)),
      [[`RESET_STREAM 2 code 5 size ${sent}`]],
      'no data of it any more',
    )
    client.lost(reset[0])
    const again = drain(client)
    t.equal(again.length, 1)
    t.same(describe(again[0].bytes), describe(reset[0].bytes), 'rfc9000#13.3-1: the same again')
    client.acked(reset[0])
    client.acked(again[0])
    client.lost(again[0])
    t.same(client.events(), ['stream-finished 2'])
    t.equal(client.streams.stats.openStreams, 0)
    t.notOk(client.streams.hasPending())
    stream.reset(7)
    t.end()
  },
)

t.test('reset of a stream that is finished and acknowledged is nothing (rfc9000#3.3-1)', (t) => {
  const [client, server] = join()
  const stream = opened(client, 'uni')
  stream.write(KIB)
  stream.finish()
  t.throws(() => stream.finish(), { code: 'ERR_QUIC_STREAM_STATE', name: 'QuicError' })
  exchange(client, server)
  t.same(client.events(), ['stream-finished 2'])
  stream.reset(1)
  t.notOk(client.streams.hasPending())
  t.end()
})

t.test('calls on a part that is not there, and with wrong arguments, throw', (t) => {
  const [client, server] = join()
  const state = { name: 'QuicError', code: 'ERR_QUIC_STREAM_STATE' }
  const uni = opened(client, 'uni')
  t.throws(() => uni.read(), state)
  t.throws(() => uni.stopSending(0), state)
  t.notOk(uni.ended)
  t.throws(() => uni.write('text' as unknown as Uint8Array), {
    name: 'TypeError',
    message: /"data"/,
  })
  t.throws(() => uni.reset(0.5), { name: 'RangeError', message: /"errorCode"/ })
  uni.write(KIB)
  exchange(client, server)
  const theirs = server.accept()[0]
  t.throws(() => theirs.write(KIB), state)
  t.throws(() => theirs.finish(), state)
  t.throws(() => theirs.reset(0), state)
  t.notOk(theirs.writable)
  t.equal(theirs.bufferedAmount, 0)
  t.end()
})

t.test(
  'RFC 9000 §4.1: sending stops at the limits of stream and connection, and says so once',
  (t) => {
    const server = new Side(
      'server',
      parameters({ initialMaxData: 1500, initialMaxStreamDataBidiRemote: 1000 }),
    )
    const [client] = join(undefined, server)
    const a = opened(client)
    const b = opened(client)
    a.write(pattern(3000))
    b.write(pattern(3000))
    t.same(
      drain(client).flatMap((p) => describe(p.bytes)),
      [
        'STREAM 0 0+1000',
        'STREAM 4 0+192',
        'STREAM_DATA_BLOCKED 0 1000',
        'STREAM 4 192+308',
        'DATA_BLOCKED 1500',
      ].map((line) => line),
      'rfc9000#4.1-1, rfc9000#4.1-4, rfc9000#19.9-1, rfc9000#19.10-3, rfc9000#19.12-1, rfc9000#19.13-1',
    )
    client.streams.handleMaxStreamData(0, 900)
    client.streams.handleMaxData(1400)
    t.notOk(client.streams.hasPending(), 'rfc9000#4.1-3, rfc9000#13.3-5: limits do not shrink')
    client.streams.handleMaxStreamData(0, 1100)
    t.notOk(client.streams.hasPending(), 'the connection has no credit')
    client.streams.handleMaxData(3000)
    t.ok(client.streams.hasPending())
    const more = drain(client).flatMap((p) => describe(p.bytes))
    t.same(more, [
      'STREAM 4 500+500',
      'STREAM 0 1000+100',
      'STREAM_DATA_BLOCKED 4 1000',
      'STREAM_DATA_BLOCKED 0 1100',
    ])
    t.equal(client.streams.stats.bytesToSend, 6000)
    t.end()
  },
)

t.test('RFC 9000 §13.3: BLOCKED frames are repeated when lost only while they are true', (t) => {
  const server = new Side(
    'server',
    parameters({
      initialMaxData: 100,
      initialMaxStreamDataBidiRemote: 50,
      initialMaxStreamsBidi: 2,
    }),
  )
  const [client] = join(undefined, server)
  const a = opened(client)
  const b = opened(client)
  t.equal(client.streams.open('bidi'), null)
  a.write(KIB)
  b.write(KIB)
  const packets = drain(client)
  const blocked = ['STREAMS_BLOCKED bidi 2', 'STREAM_DATA_BLOCKED 0 50', 'STREAM_DATA_BLOCKED 4 50']
  for (const packet of packets) client.lost(packet)
  const again = drain(client).flatMap((p) => describe(p.bytes))
  for (const line of blocked) t.ok(again.includes(line), line)
  client.streams.handleMaxStreamData(0, 60)
  client.streams.handleMaxStreams(true, 3)
  drain(client)
  for (const packet of packets) client.lost(packet)
  const third = drain(client).flatMap((p) => describe(p.bytes))
  t.notOk(third.includes(blocked[0]))
  t.notOk(third.includes(blocked[1]))
  t.ok(third.includes(blocked[2]))
  t.end()
})

t.test(
  'RFC 9000 §4.2: credit is given back as the application reads, half a window at a time (rfc9000#4.2-2)',
  (t) => {
    const local = parameters({ initialMaxData: 2000, initialMaxStreamDataUni: 1000 })
    const [client, server] = join(undefined, new Side('server', local))
    const stream = opened(client, 'uni')
    stream.write(pattern(10_000))
    for (const packet of drain(client)) server.receive(packet.bytes)
    t.notOk(server.streams.hasPending(), 'nothing was read')
    const theirs = server.accept()[0]
    t.equal(theirs.read()?.length, 1000)
    t.ok(server.pendingCalls > 0)
    t.same(describe(server.send()?.bytes ?? NONE), ['MAX_DATA 3000', 'MAX_STREAM_DATA 2 2000'])
    t.notOk(server.streams.hasPending())
    t.end()
  },
)

t.test('RFC 9000 §13.3: of limits only the latest is repeated when lost', (t) => {
  const local = parameters({
    initialMaxData: 1000,
    initialMaxStreamDataUni: 1000,
    initialMaxStreamsUni: 1,
  })
  const [, server] = join(undefined, new Side('server', local))
  data(server, 2, 0, 1000)
  const stream = server.accept()[0]
  readAll(stream)
  const [first] = drain(server)
  data(server, 2, 1000, 1000)
  readAll(stream)
  const [second] = drain(server)
  server.lost(first)
  t.notOk(server.streams.hasPending(), 'a newer one is on its way')
  server.lost(second)
  t.same(describe(server.send()?.bytes ?? NONE), ['MAX_DATA 3000', 'MAX_STREAM_DATA 2 3000'])
  data(server, 2, 2000, 0, true)
  server.lost(second)
  t.same(
    drain(server).flatMap((p) => describe(p.bytes)),
    ['MAX_DATA 3000'],
    'no limit for a stream whose size is known',
  )
  t.same(server.events(), ['stream-readable 2'])
  const [streams] = drain(server).concat({ bytes: NONE, tokens: new Float64Array(0) })
  t.same(describe(streams.bytes), ['MAX_STREAMS uni 2'])
  server.lost(streams)
  t.same(describe(server.send()?.bytes ?? NONE), ['MAX_STREAMS uni 2'])
  t.end()
})

t.test('a peer that says it is blocked gets what credit there is at once', (t) => {
  const local = parameters({
    initialMaxData: 1000,
    initialMaxStreamDataUni: 1000,
    initialMaxStreamsUni: 100,
  })
  const [, server] = join(undefined, new Side('server', local))
  data(server, 2, 0, 100)
  readAll(server.accept()[0])
  t.notOk(server.streams.hasPending(), 'a tenth of the window is not worth a frame')
  server.streams.handleStreamDataBlocked(2, 1000)
  server.streams.handleDataBlocked(1000)
  t.same(describe(server.send()?.bytes ?? NONE), ['MAX_DATA 1100', 'MAX_STREAM_DATA 2 1100'])
  server.streams.handleStreamDataBlocked(2, 1000)
  server.streams.handleDataBlocked(1000)
  server.streams.handleStreamsBlocked(false, 100)
  server.streams.handleStreamsBlocked(true, 100)
  t.notOk(server.streams.hasPending())
  data(server, 2, 100, 0, true)
  t.same(server.events(), ['stream-readable 2'])
  server.streams.handleStreamsBlocked(false, 100)
  t.same(describe(server.send()?.bytes ?? NONE), ['MAX_STREAMS uni 101'])
  t.end()
})

t.test(
  'RFC 9000 §4.6: credit for streams follows those that finish, and is never late (rfc9000#4.6-6)',
  (t) => {
    const local = parameters({ initialMaxStreamsUni: 8 })
    const [client, server] = join(undefined, new Side('server', local))
    let requested = 0
    let frames = 0
    for (let i = 0; i < 1000; i++) {
      let stream = client.streams.open('uni')
      if (stream === null) {
        // One at a time is opened and finished: the limit must never be met.
        t.fail(`blocked at stream ${i}`)
        break
      }
      requested++
      stream.finish()
      stream = null
      const packet = client.send()
      if (packet === null) break
      server.receive(packet.bytes)
      client.acked(packet)
      server.events()
      for (const reply of drain(server)) {
        frames++
        client.receive(reply.bytes)
      }
      client.events()
    }
    t.equal(requested, 1000)
    t.ok(frames <= 1000 / 4, `${frames} MAX_STREAMS frames`)
    t.equal(server.streams.stats.openStreams, 0)
    t.end()
  },
)

t.test(
  'RFC 9000 §4.6: at the limit open gives null, once STREAMS_BLOCKED is sent, then it works again (rfc9000#4.6-2, rfc9000#4.6-5, rfc9000#19.14-1, rfc9000#19.11-3)',
  (t) => {
    const [client, server] = join(
      undefined,
      new Side('server', parameters({ initialMaxStreamsBidi: 1, initialMaxStreamsUni: 0 })),
    )
    const stream = opened(client)
    t.equal(client.streams.open('bidi'), null)
    t.equal(client.streams.open('bidi'), null)
    t.equal(client.streams.open('uni'), null)
    stream.finish()
    t.same(describe(client.send()?.bytes ?? NONE), [
      'STREAMS_BLOCKED bidi 1',
      'STREAMS_BLOCKED uni 0',
      'STREAM 0 0+0 FIN',
    ])
    data(server, 0, 0, 0, true)
    const theirs = server.accept()[0]
    theirs.finish()
    exchange(server, client)
    t.same(client.events().sort(), ['stream-readable 0', 'streams-available'])
    t.equal(client.streams.open('bidi')?.id, 4)
    t.equal(client.streams.open('bidi'), null)
    t.end()
  },
)

t.test(
  'before the limits of the peer are known no stream opens, and nothing is said of it',
  (t) => {
    const client = new Side('client')
    t.equal(client.streams.open('bidi'), null)
    t.notOk(client.streams.hasPending())
    client.streams.setPeerLimits(parameters())
    t.same(client.events(), ['streams-available'])
    t.ok(client.streams.open('bidi'))
    t.end()
  },
)

t.test('RFC 9000 §7.4.1: limits remembered for 0-RTT may be raised by the real ones', (t) => {
  const client = new Side('client')
  client.streams.setPeerLimits(
    parameters({ initialMaxData: 100, initialMaxStreamDataBidiRemote: 0 }),
  )
  const stream = opened(client)
  stream.write(pattern(200))
  drain(client)
  client.streams.setPeerLimits(
    parameters({ initialMaxData: 1000, initialMaxStreamDataBidiRemote: 150 }),
  )
  t.same(
    drain(client).flatMap((p) => describe(p.bytes)),
    ['STREAM 0 0+150', 'STREAM_DATA_BLOCKED 0 150'],
  )
  t.end()
})

t.test(
  'write returns false above the high-water mark, and the stream is writable again below',
  (t) => {
    const big = parameters({
      initialMaxData: 10_000_000,
      initialMaxStreamDataBidiRemote: 10_000_000,
    })
    const [client] = join(undefined, new Side('server', big))
    const stream = opened(client)
    t.ok(stream.write(NONE), 'an empty write is nothing')
    t.ok(stream.write(new Uint8Array(100_000)))
    t.notOk(stream.write(new Uint8Array(100_000)))
    t.notOk(stream.write(KIB))
    t.equal(stream.bufferedAmount, 201_024)
    let packets = 0
    for (let events = client.events(); events.length === 0; events = client.events()) {
      client.send()
      packets++
    }
    t.ok(packets > 100 && packets < 130, `${packets} packets`)
    t.ok(stream.write(KIB))
    t.equal(stream.bufferedAmount, 202_048, 'it is sent, not acknowledged')
    t.end()
  },
)

t.test('a full packet is one STREAM frame, and streams take turns', (t) => {
  const [client] = join()
  for (let i = 0; i < 3; i++) opened(client).write(pattern(5000))
  const ids = drain(client).map((packet) => {
    const frames = describe(packet.bytes)
    return frames.length === 1 ? frames[0].split(' ')[1] : frames.length
  })
  t.same(ids.slice(0, 12), ['0', '4', '8', '0', '4', '8', '0', '4', '8', '0', '4', '8'])
  t.end()
})

t.test('RFC 9000 §13.3: what was lost goes first, and a FIN that was lost goes again', (t) => {
  const [client] = join()
  const stream = opened(client)
  stream.write(pattern(3000))
  const first = client.send(1000)
  const second = client.send(1000)
  stream.finish()
  if (first !== null) client.lost(first)
  if (second !== null) client.acked(second)
  const all = drain(client, 1000)
  t.match(describe(all[0].bytes)[0], /^STREAM 0 0\+99\d$/)
  const last = all[all.length - 1]
  t.match(describe(last.bytes), [/FIN$/])
  client.lost(last)
  const again = drain(client, 1000)
  t.same(describe(again[0].bytes), describe(last.bytes))
  for (const packet of all.slice(0, -1)) client.acked(packet)
  t.same(client.events(), [])
  client.acked(again[0])
  client.lost(last)
  t.same(client.events(), ['stream-finished 0'])
  t.notOk(client.streams.hasPending())
  t.end()
})

t.test(
  'attack 18: windows grow with bytes read within a few round trips, up to their maximum',
  (t) => {
    const local = parameters({ initialMaxData: 20_000, initialMaxStreamDataUni: 10_000 })
    const run = (rtt: number, interval: number): number[] => {
      const server = new Side('server', local, 150_000, 100_000)
      const [client] = join(undefined, server)
      server.streams.setRtt(rtt)
      const stream = opened(client, 'uni')
      let theirs: QuicStream | null = null
      let widest = 0
      let sent = 0
      const limits: number[] = []
      for (let i = 0; i < 60; i++) {
        stream.write(new Uint8Array(200_000))
        for (const packet of drain(client)) {
          server.receive(packet.bytes)
          client.acked(packet)
        }
        theirs ??= server.accept()[0]
        sent += readAll(theirs).length
        server.now += interval
        for (const packet of drain(server)) {
          client.receive(packet.bytes)
          for (const line of describe(packet.bytes)) {
            if (line.startsWith('MAX_STREAM_DATA')) widest = Number(line.split(' ')[2]) - sent
          }
        }
        limits.push(widest)
      }
      return limits
    }
    t.equal(
      Math.max(...run(50, 100)),
      100_000,
      'a reader that reads the window twice in four round trips',
    )
    t.equal(Math.max(...run(50, 1000)), 10_000, 'a slow one')
    t.equal(Math.max(...run(0, 100)), 10_000, 'without an RTT nothing is known')
    t.end()
  },
)

t.test('attack 5: too many gaps in one stream, or in all, close the connection', (t) => {
  const big = parameters({ initialMaxData: 10_000_000, initialMaxStreamDataUni: 10_000_000 })
  const server = join(undefined, new Side('server', big))[1]
  const one = (id: number): void => {
    for (let i = 1; i <= 4096; i++) server.streams.handleStreamFrame(0, id, i * 2, KIB, 0, 1, false)
  }
  one(2)
  t.throws(() => server.streams.handleStreamFrame(0, 2, 9000, KIB, 0, 1, false), {
    name: 'TransportError',
    errorCode: 0x01,
  })
  const other = join(undefined, new Side('server', big))[1]
  const four = (id: number): void => {
    for (let i = 1; i <= 4096; i++) other.streams.handleStreamFrame(0, id, i * 2, KIB, 0, 1, false)
  }
  for (const id of [2, 6, 10, 14]) four(id)
  t.throws(() => other.streams.handleStreamFrame(0, 18, 2, KIB, 0, 1, false), {
    name: 'TransportError',
    errorCode: 0x01,
  })
  // A reset gives the gaps of its stream back.
  const third = join(undefined, new Side('server', big))[1]
  for (let id = 2; id < 100; id += 4) {
    for (let i = 1; i <= 4096; i++) third.streams.handleStreamFrame(0, id, i * 2, KIB, 0, 1, false)
    third.streams.handleResetStream(0, id, 0, 10_000)
  }
  t.pass()
  t.end()
})

t.test('attack 19: streams opened and reset by the thousand leave nothing behind', (t) => {
  const [, server] = join()
  let limit = 100
  for (let i = 0; i < 20_000; i++) {
    if (i >= limit) break
    data(server, i * 4, 0, 10)
    server.streams.handleResetStream(0, i * 4, 1, 10)
    for (let event = server.event(); event !== null; event = server.event()) {
      if (event.type === 'stream-reset') event.stream.reset(1)
    }
    for (const packet of drain(server)) {
      server.acked(packet)
      for (const line of describe(packet.bytes)) {
        if (line.startsWith('MAX_STREAMS')) limit = Number(line.split(' ')[2])
      }
    }
    server.events()
  }
  t.ok(limit > 20_000)
  t.equal(server.streams.stats.openStreams, 0)
  t.end()
})

t.test(
  'after the end of the connection calls do nothing, and what is complete can still be read',
  (t) => {
    const [, server] = join()
    data(server, 0, 0, 10, true)
    data(server, 4, 0, 10)
    const [whole, part] = server.accept()
    part.write(KIB)
    server.streams.closeAll()
    t.notOk(server.streams.hasPending())
    t.equal(server.streams.stats.openStreams, 0)
    t.same(server.events(), [])
    t.equal(readAll(whole).length, 10)
    t.ok(whole.ended)
    t.equal(part.read(), null)
    t.notOk(part.ended)
    t.notOk(part.writable)
    t.equal(part.write(KIB), false)
    t.equal(part.bufferedAmount, 0)
    part.reset(1)
    part.stopSending(1)
    part.finish()
    t.equal(server.streams.open('bidi'), null)
    data(server, 8, 0, 10)
    server.streams.onTokenLost(3, 4, 0, 10)
    t.same(server.events(), [])
    t.notOk(server.streams.hasPending())
    t.end()
  },
)
