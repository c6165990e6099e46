import t from 'tap'
import { delay, loss, pair, Prng } from '@godwit/testkit'
import type { NetworkNode } from '@godwit/testkit'
import { bytes, forgedPair } from './forger.ts'

t.test('RFC 9000 §10.2: an application close reaches the peer with its code and reason', (t) => {
  for (const side of ['client', 'server'] as const) {
    const p = pair({ seed: 1 })
    const sides = p.establish()
    const other = side === 'client' ? 'server' : 'client'
    sides[side].connection.close(0x101, 'enough · 足够')
    t.equal(sides[side].connection.phase, 'closing')
    p.runFor(15)
    const expected = {
      name: 'ApplicationError',
      code: 'ERR_QUIC_APPLICATION',
      errorCode: 0x101,
      message: 'enough · 足够',
      remote: true,
    }
    t.match(sides[other].closeError, expected, 'rfc9000#10.2.3-1: in a 1-RTT packet')
    t.match(sides[side].closeError, { errorCode: 0x101, remote: false })
    t.equal(sides[other].connection.phase, 'draining')
    // A PTO is 46 ms at least: the round trip of 20, the granularity, max_ack_delay.
    p.runFor(110)
    t.equal(sides[side].connection.phase, 'closing', 'rfc9000#10.2-1: for three PTO')
    t.equal(sides[other].connection.phase, 'draining', 'rfc9000#10.2-1: for three PTO')
    p.runFor(10_000)
    for (const s of [sides.client, sides.server]) {
      t.equal(s.connection.phase, 'drained')
      t.same(
        s.events.slice(-2).map((event) => event.type),
        ['closed', 'drained'],
      )
    }
    const left = p.client.endpoint.connectionCount + p.server.endpoint.connectionCount
    t.equal(left, 0, 'rfc9000#10.2-4')
    t.equal(p.client.pollTimeout(), Infinity)
    t.equal(p.server.pollTimeout(), Infinity)
  }
  t.end()
})

t.test('data that arrived before the close can still be read', (t) => {
  const p = pair({ seed: 2 })
  const { client, server } = p.establish()
  const data = p.prng.bytes(5000)
  const { stream } = client.send('bidi', data)
  p.run(() => server.streams.get(stream.id)?.ended === true)
  client.send('uni', data)
  // The datagrams of data and close arrive in one turn.
  p.sim.run(() => false, p.sim.now)
  client.connection.close(0, '')
  p.runFor(100)
  t.same(server.data(2), data)
  t.end()
})

t.test('RFC 9000 §10.2.3: a close in the handshake hides the application behind 0x0c', (t) => {
  const p = forgedPair({ seed: 3, serverNull: { serverFlightSize: 9000 } })
  const client = p.connect()
  p.runFor(15)
  const [server] = p.server.accepted
  server.connection.close(0x42, 'secret')
  p.runFor(40)
  const hidden = { name: 'TransportError', errorCode: 0x0c, remote: true }
  t.match(client.closeError, hidden, 'rfc9000#10.2.3-6')
  p.runFor(10_000)
  t.equal(p.client.endpoint.connectionCount + p.server.endpoint.connectionCount, 0)
  t.end()
})

t.test('a client that closes in the handshake tells the server at every level it has', (t) => {
  for (const at of [5, 15, 25, 35]) {
    const p = pair({ seed: 3 })
    const client = p.connect()
    p.runFor(at)
    client.connection.close(0x42, 'never mind')
    p.runFor(30)
    const [server] = p.server.accepted
    t.match(server.closeError, { remote: true }, `closed at ${at} ms`)
    p.runFor(10_000)
    t.equal(p.client.endpoint.connectionCount + p.server.endpoint.connectionCount, 0)
  }
  t.end()
})

t.test('a client that closes before its first datagram says nothing', (t) => {
  const p = pair({ seed: 3 })
  const client = p.connect()
  client.connection.close(0, '')
  p.runFor(100)
  t.equal(p.sim.sent, 0)
  t.equal(client.connection.phase, 'drained')
  t.equal(p.client.endpoint.connectionCount, 0)
  t.end()
})

t.test('both sides close at the same time', (t) => {
  const p = pair({ seed: 4 })
  const { client, server } = p.establish()
  client.connection.close(1, 'a')
  server.connection.close(2, 'b')
  p.runFor(10_000)
  t.match(client.closeError, { errorCode: 1, remote: false })
  t.match(server.closeError, { errorCode: 2, remote: false })
  t.equal(p.client.endpoint.connectionCount + p.server.endpoint.connectionCount, 0)
  t.end()
})

t.test('RFC 9000 §10.2.1: answers in the closing state get rarer (rfc9000#10.2.1-1)', (t) => {
  const p = forgedPair({ seed: 5, toClient: delay(10) })
  const { server } = p.establish()
  p.runFor(100)
  server.connection.close(0, '')
  p.runFor(5)
  const before = p.sent.server.length
  for (let i = 0; i < 40; i++) {
    p.forge('client', bytes(0x01))
    p.runFor(1)
  }
  p.runFor(15)
  const answers = p.sent.server.length - before
  t.equal(answers, 6, 'rfc9000#10.2.1-1: of 40 packets the 1st, 2nd, 4th, 8th, 16th and 32nd')
  t.end()
})

t.test('RFC 9000 §10.2.1: a lost close is repeated when the peer goes on (rfc9000#11.1-2)', (t) => {
  let drop = false
  const gate: NetworkNode = {
    push: (now, datagram, emit) => {
      if (!drop) emit(now + 10, datagram)
    },
  }
  const p = pair({ seed: 6, toClient: gate })
  const { client, server } = p.establish()
  drop = true
  server.connection.close(7, 'bye')
  p.runFor(5)
  drop = false
  client.send('bidi', p.prng.bytes(100))
  p.runFor(60)
  t.match(client.closeError, { errorCode: 7, remote: true })
  t.end()
})

t.test('rfc9000#10.2.2-1, rfc9000#10.2.2-3: nothing is sent while draining', (t) => {
  const p = forgedPair({ seed: 7 })
  const { client, server } = p.establish()
  p.runFor(100)
  client.connection.close(0, '')
  p.runFor(15)
  t.equal(server.connection.phase, 'draining')
  const before = p.sent.server.length
  p.forge('client', bytes(0x01))
  p.runFor(50)
  t.equal(p.sent.server.length, before)
  t.end()
})

t.test('RFC 9000 §10.1: silence ends a connection, without a word (rfc9000#13.2.1-7)', (t) => {
  const p = forgedPair({
    seed: 8,
    client: { maxIdleTimeout: 5000 },
    server: { maxIdleTimeout: 60_000 },
  })
  const { client, server } = p.establish()
  client.send('bidi', p.prng.bytes(10), false)
  p.run(() => server.streams.size > 0)
  p.runFor(200)
  const sent = p.sim.sent
  const start = p.sim.now
  p.run(() => client.has('closed') && server.has('closed'), 20_000)
  t.equal(p.sim.sent, sent)
  t.ok(
    p.sim.now - start > 4700 && p.sim.now - start <= 5000,
    `${p.sim.now - start} ms: the lower of the two`,
  )
  t.match(client.closeError, { name: 'IdleTimeoutError', code: 'ERR_QUIC_IDLE_TIMEOUT' })
  t.equal(client.connection.phase, 'drained')
  t.equal(p.client.endpoint.connectionCount + p.server.endpoint.connectionCount, 0)
  t.end()
})

t.test('an idle connection without streams ends without an error', (t) => {
  const p = pair({ seed: 8 })
  const { client } = p.establish()
  p.runFor(40_000)
  t.equal(client.closeError, null)
  t.end()
})

t.test(
  'RFC 9000 §10.1: packets of the peer, and our first after them, restart the idle timer',
  (t) => {
    const p = pair({ seed: 9, client: { maxIdleTimeout: 1000 } })
    const { client, server } = p.establish()
    const { stream } = client.send('bidi', p.prng.bytes(10), false)
    for (let i = 0; i < 10; i++) {
      p.runFor(900)
      stream.write(p.prng.bytes(10))
    }
    p.runFor(500)
    t.equal(client.connection.phase, 'established')
    t.equal(server.connection.phase, 'established')
    t.end()
  },
)

t.test('RFC 9000 §10.1: sending into the void does not keep a connection alive', (t) => {
  let drop = false
  const gate: NetworkNode = {
    push: (now, datagram, emit) => {
      if (!drop) emit(now + 10, datagram)
    },
  }
  const p = pair({ seed: 9, toServer: gate, client: { maxIdleTimeout: 2000 } })
  const { client } = p.establish()
  p.runFor(100)
  drop = true
  const { stream } = client.send('bidi', p.prng.bytes(10), false)
  const start = p.sim.now
  for (let i = 0; i < 50 && !client.has('closed'); i++) {
    stream.write(p.prng.bytes(10))
    p.runFor(100)
  }
  t.match(client.closeError, { name: 'IdleTimeoutError' })
  t.ok(p.sim.now - start <= 2200, `${p.sim.now - start} ms`)
  t.end()
})

t.test('RFC 9000 §10.1: three probe timeouts are the least idle timeout (rfc9000#10.1-1)', (t) => {
  const p = pair({
    seed: 10,
    toServer: delay(200),
    toClient: delay(200),
    client: { maxIdleTimeout: 50 },
  })
  const { client } = p.establish()
  const start = p.sim.now
  p.run(() => client.has('closed'))
  t.ok(p.sim.now - start > 1200, `${p.sim.now - start} ms`)
  t.end()
})

t.test('a peer that vanishes in a transfer leaves nothing behind', (t) => {
  const p = pair({ seed: 11 })
  const { client, server } = p.establish()
  server.autoRead = false
  client.send('bidi', p.prng.bytes(2_000_000))
  p.runFor(60)
  p.sim.removeHost(p.client.address)
  p.runFor(35_000)
  t.match(server.closeError, { name: 'IdleTimeoutError' })
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.server.pollTimeout(), Infinity)
  t.end()
})

t.test('Endpoint.close closes all connections and accepts no more', (t) => {
  const p = pair({ seed: 12 })
  const a = p.establish()
  const b = p.establish()
  p.server.endpoint.close(p.sim.now, 9, 'shutting down')
  p.runFor(50)
  t.match(a.client.closeError, { errorCode: 9, remote: true })
  t.match(b.client.closeError, { errorCode: 9, remote: true })
  const late = p.connect()
  p.runFor(20_000)
  t.match(late.closeError, { code: 'ERR_QUIC_HANDSHAKE_TIMEOUT' })
  t.equal(p.server.endpoint.connectionCount, 0)
  t.end()
})

t.test('misuse of close and connect is told by name', (t) => {
  const p = pair({ seed: 13 })
  const { client } = p.establish()
  t.throws(() => client.connection.close(-1, ''), { name: 'RangeError', message: /"errorCode"/ })
  t.throws(() => client.connection.close(2 ** 53, ''), { name: 'RangeError' })
  t.throws(() => p.connect({ transport: { maxIdleTimeout: -1 } }), {
    name: 'RangeError',
    message: /maxIdleTimeout/,
  })
  t.throws(() => p.connect({ transport: { maxIdleTimeout: '1' as never } }), { name: 'TypeError' })
  t.throws(() => p.connect({ transport: { speed: 1 } as never }), {
    name: 'TypeError',
    message: /transport.speed/,
  })
  t.throws(() => p.connect({ transport: { congestion: 'vegas' as never } }), { name: 'TypeError' })
  t.throws(() => p.connect({ transport: { disableActiveMigration: 1 as never } }), {
    name: 'TypeError',
    message: /disableActiveMigration/,
  })
  client.connection.close(0, '')
  client.connection.close(0, '')
  t.equal(client.connection.openStream('bidi'), null)
  p.client.endpoint.close(p.sim.now, 0, '')
  t.throws(() => p.connect(), { name: 'TypeError' })
  t.end()
})

t.test('under loss both sides of a closed connection end in time', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed)
    const p = pair({ seed, toServer: loss(0.3, prng.fork()), toClient: loss(0.3, prng.fork()) })
    const { client } = p.establish()
    client.connection.close(1, '')
    p.runFor(120_000)
    t.equal(p.client.endpoint.connectionCount + p.server.endpoint.connectionCount, 0)
  }
  t.end()
})
