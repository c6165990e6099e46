import t from 'tap'
import { CLIENT_ADDRESS, chain, delay, pair, Prng, SERVER_ADDRESS } from '@godwit/testkit'
import type { NetworkNode, Pair } from '@godwit/testkit'
import { bytes, forgedPair, sealInitial } from './forger.ts'

const drops = (p: Pair): Record<string, number> => ({ ...p.server.endpoint.stats.dropped })

/** A long header packet of any version, padded. */
function longPacket(
  version: number,
  size: number,
  dcid = 'serverid',
  scid = 'clientid',
): Uint8Array {
  const packet = new Uint8Array(size)
  packet.set([0xc0, version >>> 24, version >>> 16, version >>> 8, version])
  packet.set(bytes(dcid.length, dcid, scid.length, scid), 5)
  return packet
}

t.test('RFC 9000 §6.1: an unknown version is answered with Version Negotiation', (t) => {
  const p = forgedPair({ seed: 1 })
  // Connection IDs of another version may be longer than ours.
  const dcid = 'x'.repeat(30)
  const scid = 'y'.repeat(25)
  p.inject('client', longPacket(0xbabababa, 1200, dcid, scid))
  p.runFor(15)
  t.equal(p.sent.server.length, 1, 'rfc9000#5.2.2-1, rfc9000#5.2.2-4, rfc9000#17.2.1-7')
  const [{ bytes: answer }] = p.sent.server
  t.equal(answer[0] & 0xc0, 0xc0, 'rfc9000#17.2.1-2: it has the Fixed Bit')
  t.same(answer.slice(1, 5), [0, 0, 0, 0], 'rfc9000#17.2.1-3')
  t.same(answer.slice(5, 31), bytes(25, scid), 'rfc9000#17.2-7, rfc9000#17.2.1-4, rfc8999#6-3')
  t.same(
    answer.slice(31, 62),
    bytes(30, dcid),
    'rfc9000#17.2.1-5, rfc9000#17.2.1-6, rfc9000#17.2-4, rfc8999#6-4',
  )
  const versions = Buffer.from(answer.slice(62))
  t.equal(versions.readUInt32BE(0), 1)
  t.equal(versions.readUInt32BE(4) & 0x0f0f0f0f, 0x0a0a0a0a, 'and a reserved version')
  t.equal(p.server.endpoint.connectionCount, 0)
  t.end()
})

t.test('RFC 9000 §6.1: no answer to a small datagram, nor to Version Negotiation', (t) => {
  const p = forgedPair({ seed: 1 })
  p.inject('client', longPacket(0xbabababa, 1199))
  p.inject('client', longPacket(0, 1200))
  p.runFor(15)
  t.equal(p.sent.server.length, 0)
  const expected = { unknownVersion: 1, unknownConnection: 1 }
  t.match(drops(p), expected, 'rfc9000#5.2.2-3, rfc9000#6.1-1')
  t.end()
})

/** Answers a client's first datagram with Version Negotiation. */
function negotiate(
  p: ReturnType<typeof forgedPair>,
  versions: readonly number[],
  scid?: Uint8Array,
  extra: number = 0,
): void {
  const [{ bytes: initial }] = p.sent.client
  const dcid = initial.slice(15, 23)
  const list = versions.flatMap((v) => [v >>> 24, v >>> 16, v >>> 8, v])
  const original = scid ?? initial.slice(6, 14)
  p.inject(
    'server',
    Uint8Array.from([
      0xc0,
      0,
      0,
      0,
      0,
      8,
      ...dcid,
      original.length,
      ...original,
      ...list,
      ...new Uint8Array(extra),
    ]),
  )
}

t.test('rfc9000#6.2-1: a client gives up when the server speaks no version of ours', (t) => {
  const p = forgedPair({ seed: 2, toServer: chain(delay(100)) })
  const client = p.connect()
  p.runFor(1)
  negotiate(p, [0x1a2a3a4a, 2])
  p.runFor(20)
  t.match(client.closeError, {
    name: 'VersionNegotiationError',
    code: 'ERR_QUIC_VERSION_NEGOTIATION',
    versions: [0x1a2a3a4a, 2],
  })
  t.equal(client.connection.phase, 'drained')
  t.equal(p.client.endpoint.connectionCount, 0)
  t.end()
})

t.test('RFC 9000 §6.2: Version Negotiation that cannot be true is ignored', (t) => {
  const p = forgedPair({ seed: 2, toServer: delay(30) })
  const client = p.connect()
  p.runFor(1)
  negotiate(p, [2, 1])
  negotiate(p, [])
  negotiate(p, [2], undefined, 1)
  negotiate(p, [2], bytes('notours!'))
  p.runFor(55)
  negotiate(p, [2])
  p.runFor(30)
  t.equal(client.connection.phase, 'established')
  const { dropped } = p.client.endpoint.stats
  t.equal(dropped.unexpectedType, 5, 'rfc9000#6.2-2, rfc9000#6.2-3, rfc8999#6-2')
  t.end()
})

t.test(
  'RFC 9000 §10.3: a server that has lost its state ends connections by stateless reset',
  (t) => {
    const p = pair({ seed: 3, statelessResetKey: new Uint8Array(32).fill(7) })
    const { client } = p.establish()
    p.runFor(100)
    p.restartServer()
    client.send('bidi', p.prng.bytes(100))
    p.runFor(30)
    t.match(client.closeError, { name: 'StatelessResetError', code: 'ERR_QUIC_STATELESS_RESET' })
    t.equal(client.connection.phase, 'draining', 'rfc9000#10.3.1-5')
    const { bytesSent } = p.client.endpoint.stats
    p.runFor(5000)
    t.equal(p.client.endpoint.stats.bytesSent, bytesSent, 'rfc9000#10.3.1-5: nothing more is sent')
    t.equal(client.connection.phase, 'drained')
    t.equal(p.client.endpoint.connectionCount, 0)
    t.end()
  },
)

t.test('RFC 9000 §10.3.1: a reset with another token, or from elsewhere, changes nothing', (t) => {
  const p = forgedPair({ seed: 3, statelessResetKey: new Uint8Array(32).fill(7) })
  const { client } = p.establish()
  p.runFor(100)
  const reset = p.prng.bytes(40)
  reset[0] = 0x40 | (reset[0] & 0x3f)
  p.inject('server', reset.slice())
  // The true token of the connection's first ID, from another address.
  const dcid = p.sent.client.at(-1)!.bytes.slice(1, 9)
  const token = p.protection.statelessResetToken(new Uint8Array(32).fill(7), dcid)
  reset.set(token, 24)
  p.sim.inject({ address: '10.9.9.9', port: 443 }, CLIENT_ADDRESS, { bytes: reset.slice(), ecn: 0 })
  p.runFor(50)
  t.equal(client.connection.phase, 'established')
  // Another version may give it another look.
  reset[0] |= 0x80
  p.inject('server', reset)
  p.runFor(50)
  t.match(client.closeError, { name: 'StatelessResetError' }, 'rfc9000#10.3.1-2, rfc9000#10.3-9')
  t.end()
})

t.test('RFC 9000 §10.3.1: the token of an ID that was never used ends nothing', (t) => {
  const p = forgedPair({ seed: 3 })
  const { client } = p.establish()
  p.runFor(100)
  // The server vanishes, and the forger speaks for it.
  p.forge('server', bytes(0x18, 4, 1, 8, 'unused!!', 'its reset token!'))
  p.sim.removeHost(SERVER_ADDRESS)
  p.runFor(15)
  const reset = (): void => {
    p.inject('server', bytes(new Uint8Array(24).fill(0x55), 'its reset token!'))
    p.runFor(15)
  }
  reset()
  t.equal(client.connection.phase, 'established', 'rfc9000#10.3.1-3')
  // Now the client has to use it.
  p.forge('server', bytes(0x18, 5, 4, 8, 'another!', 'its own token 16'))
  p.runFor(15)
  reset()
  t.match(client.closeError, { name: 'StatelessResetError' })
  t.end()
})

t.test('RFC 9000 §10.3.3: resets are shorter than what they answer, and limited', (t) => {
  const p = forgedPair({ seed: 4 })
  p.sim.removeHost(CLIENT_ADDRESS)
  const short = (size: number): Uint8Array => {
    const packet = p.prng.bytes(size)
    packet[0] = 0x40 | (packet[0] & 0x3f)
    return packet
  }
  for (const size of [21, 22, 30, 44, 1200]) p.inject('client', short(size))
  p.runFor(15)
  t.same(
    p.sent.server.map(({ bytes }) => bytes.length),
    [21, 29, 43, 43],
    'rfc9000#10.3.3-1, rfc9000#10.3-5, rfc9000#10.3-6',
  )
  for (const { bytes } of p.sent.server) t.equal(bytes[0] & 0xc0, 0x40, 'rfc9000#10.3-8')
  for (let i = 0; i < 1000; i++) p.inject('client', short(100))
  p.runFor(15)
  t.ok(p.sent.server.length <= 4 + 64)
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 20; j++) p.inject('client', short(100))
    p.runFor(10)
  }
  t.ok(p.sent.server.length < 250, `${p.sent.server.length} resets in a second`)
  t.end()
})

t.test('rfc9000#5.2.2-5: a server at its limit refuses with CONNECTION_REFUSED', (t) => {
  const p = pair({ seed: 5, maxConnections: 2 })
  p.establish()
  const { client: second } = p.establish()
  const third = p.connect()
  p.runFor(50)
  t.match(third.closeError, { code: 'ERR_QUIC_CONNECTION_REFUSED', errorCode: 2, remote: true })
  t.equal(p.server.endpoint.stats.connectionsRefused, 1)
  second.connection.close(0, '')
  p.runFor(5000)
  t.ok(p.establish(), 'there is room again')
  t.end()
})

t.test('a flood of first packets meets a limit, and clients get through', (t) => {
  const p = forgedPair({ seed: 6, maxHandshakes: 10, client: { handshakeTimeout: 30_000 } })
  for (let i = 0; i < 200; i++) {
    const dcid = p.prng.bytes(8)
    const packet = new Uint8Array(1200)
    const frames = new Uint8Array(1100)
    frames[0] = 1
    packet.set(sealInitial(p.protection, dcid, p.prng.bytes(8), frames))
    p.sim.inject({ address: `10.1.0.${i}`, port: 1000 + i }, SERVER_ADDRESS, {
      bytes: packet,
      ecn: 0,
    })
  }
  p.runFor(15)
  t.equal(p.server.endpoint.connectionCount, 10)
  t.equal(p.server.endpoint.stats.handshakesDropped, 190)
  const client = p.connect()
  t.ok(
    p.run(() => client.has('handshake-confirmed'), 100),
    'as fast as ever',
  )
  p.runFor(20_000)
  t.equal(p.server.endpoint.connectionCount, 1)
  t.end()
})

t.test('a forged first packet makes no connection', (t) => {
  const p = forgedPair({ seed: 7 })
  for (let i = 0; i < 100; i++) {
    const packet = p.prng.bytes(1200)
    packet.set(longPacket(1, 40).slice(0, 23))
    packet.set([0, 0x44, 0x00], 23)
    packet[0] = 0xc3
    p.inject('client', packet)
  }
  p.runFor(15)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.server.accepted.length, 0)
  t.equal(drops(p).notAuthentic, 100)
  t.equal(p.server.pollTimeout(), Infinity)
  t.equal(p.sent.server.length, 0)
  t.end()
})

t.test('rfc9000#9-3: packets from elsewhere are dropped by who does not follow', (t) => {
  const p = forgedPair({ seed: 8, server: { disableActiveMigration: true } })
  const { client, server } = p.establish()
  client.send('bidi', p.prng.bytes(10), false)
  p.runFor(100)
  const { bytes: last } = p.sent.client.at(-1)!
  p.sim.inject({ address: '10.0.0.99', port: 1 }, SERVER_ADDRESS, { bytes: last, ecn: 0 })
  p.runFor(50)
  t.equal(drops(p).wrongPath, 1)
  t.equal(server.connection.phase, 'established')
  t.same(server.connection.path, CLIENT_ADDRESS)
  const { bytes: answer } = p.sent.server.at(-1)!
  p.sim.inject({ address: '10.0.0.98', port: 443 }, CLIENT_ADDRESS, { bytes: answer, ecn: 0 })
  p.runFor(50)
  t.equal(p.client.endpoint.stats.dropped.wrongPath, 1, 'rfc9000#9-7')
  t.equal(client.connection.phase, 'established')
  t.end()
})

t.test('many connections of one endpoint share the output and their timers', (t) => {
  const p = pair({ seed: 9 })
  const all = Array.from({ length: 30 }, () => p.establish())
  const data = p.prng.bytes(200_000)
  for (const { client } of all) client.send('bidi', data)
  t.ok(p.run(() => all.every(({ server }) => server.streams.get(0)?.ended === true)))
  t.equal(p.server.endpoint.connectionCount, 30)
  p.runFor(60_000)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.client.endpoint.connectionCount, 0)
  t.equal(p.server.pollTimeout(), Infinity)
  t.end()
})

t.test('the output takes turns: one large transfer does not starve others', (t) => {
  const order: number[] = []
  const watch: NetworkNode = {
    push: (now, datagram, emit) => {
      order.push(datagram.bytes[1])
      emit(now + 10, datagram)
    },
  }
  const p = pair({ seed: 10, toServer: watch })
  const a = p.establish()
  const b = p.establish()
  p.runFor(200)
  order.length = 0
  a.client.send('bidi', p.prng.bytes(12_000))
  b.client.send('bidi', p.prng.bytes(12_000))
  p.runFor(1)
  const [first, second] = order
  t.not(first, second)
  t.same(order.slice(0, 6), [first, second, first, second, first, second])
  t.end()
})

t.test('options that make no sense are refused by name', (t) => {
  t.throws(() => pair({ maxConnections: 0 }), {
    name: 'RangeError',
    message: /server.maxConnections/,
  })
  t.throws(() => pair({ maxHandshakes: 1.5 }), {
    name: 'RangeError',
    message: /server.maxHandshakes/,
  })
  t.throws(() => pair({ statelessResetKey: new Uint8Array(16) }), {
    name: 'RangeError',
    message: /statelessResetKey/,
  })
  const p = pair()
  t.throws(() => p.client.endpoint.pollTransmit(0, 0, 1199), {
    name: 'RangeError',
    message: /limit/,
  })
  t.end()
})

t.test('datagrams of no use are counted and answered with silence', (t) => {
  const p = forgedPair({ seed: 11 })
  const prng = new Prng(1)
  p.inject('client', new Uint8Array(0))
  p.inject('client', Uint8Array.of(0xc0))
  p.inject('client', Uint8Array.of(0x40))
  p.inject('client', Uint8Array.of(0xc0, 0, 0, 0, 1, 21, ...prng.bytes(1300)))
  p.inject(
    'client',
    Uint8Array.of(0xe0, 0, 0, 0, 1, 8, ...prng.bytes(8), 0, 0x44, 0, ...prng.bytes(1300)),
  )
  const frames = new Uint8Array(1200).fill(1)
  p.inject('client', sealInitial(p.protection, bytes('sevenby'), bytes('clientid'), frames))
  p.runFor(15)
  t.equal(p.sent.server.length, 0)
  t.match(
    drops(p),
    { malformed: 4, unknownConnection: 2 },
    'rfc9000#10.3-7, rfc9000#17.2-3, rfc9000#5.2.2-7, rfc9000#5.2.2-8, rfc9000#7.2-1',
  )
  t.end()
})
