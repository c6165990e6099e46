// Attacks whose defence is a limit on what a peer can make us hold or do. Each ends with a request
// (a connection that completes and carries data) on the same server.

import t from 'tap'
import { createNullHandshake, SERVER_ADDRESS } from '@godwit/testkit'
import { bytes, forgedPair, sealInitial, stillServes } from './forger.ts'
import type { ForgedPair } from './forger.ts'

/** A datagram with an Initial that a server answers, without end of its size. */
function firstDatagram(p: ForgedPair, frames: Uint8Array, dcid = p.prng.bytes(8)): Uint8Array {
  const packet = new Uint8Array(1200)
  packet.set(sealInitial(p.protection, dcid, p.prng.bytes(8), frames))
  return packet
}

// RFC 9000 §21.5 (attack 36)
t.test('RFC 9308 §8.1: datagrams from ports of other services are not answered', (t) => {
  const p = forgedPair({ seed: 1 })
  const unknownVersion = new Uint8Array(1200)
  unknownVersion.set([0xc0, 0xba, 0xba, 0xba, 0xba, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0])
  const short = p.prng.bytes(60)
  short[0] = 0x45
  for (const port of [0, 7, 19, 53, 123, 161, 389, 1900, 5353, 11211]) {
    const from = { address: '192.0.2.1', port }
    for (const datagram of [unknownVersion, short, firstDatagram(p, bytes(1))]) {
      p.sim.inject(from, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
    }
  }
  p.runFor(2000)
  t.equal(p.server.endpoint.stats.datagramsSent, 0)
  t.equal(p.server.endpoint.stats.dropped.reflection, 30)
  t.equal(p.server.endpoint.connectionCount, 0)
  stillServes(t, p)
  t.end()
})

// attack 37
t.test(
  'RFC 9000 §10.3.3: two endpoints that know nothing do not answer each other for long',
  (t) => {
    const p = forgedPair({ seed: 2 })
    const datagram = p.prng.bytes(1200)
    datagram[0] = 0x41
    p.inject('client', datagram)
    p.runFor(60_000)
    const exchanged = p.sent.client.length + p.sent.server.length
    t.ok(exchanged > 0 && exchanged < 30, `${exchanged} resets`)
    stillServes(t, p)
    t.end()
  },
)

// attacks 13 and 14
t.test('rfc9000#19.16-1: retiring a connection ID that was never sent is a violation', (t) => {
  const p = forgedPair({ seed: 3 })
  const { server } = p.establish()
  p.runFor(100)
  // Each retirement makes a new ID: their numbers are no secret, but they have not been sent yet.
  const frames = Array.from({ length: 300 }, (_, i) => bytes(0x19, i + 1))
  p.forge('client', bytes(...frames))
  p.runFor(50)
  t.match(server.closeError, { code: 'ERR_QUIC_PROTOCOL_VIOLATION', frameType: 0x19 })
  stillServes(t, p)
  t.end()
})

// attack 2
t.test('handshakes that the client ends at once count until they are forgotten', (t) => {
  const p = forgedPair({ seed: 4, maxHandshakes: 10 })
  for (let i = 0; i < 100; i++) {
    // A PING to be accepted, a close to be out of the count.
    const datagram = firstDatagram(p, bytes(0x01, 0x1c, 0, 0, 0, new Uint8Array(1100)))
    const from = { address: `10.1.0.${i}`, port: 2000 + i }
    p.sim.inject(from, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
  }
  p.runFor(15)
  t.equal(p.server.endpoint.connectionCount, 10, 'the newest')
  t.equal(p.server.endpoint.stats.handshakesDropped, 90)
  p.runFor(10_000)
  t.equal(p.server.endpoint.connectionCount, 0)
  stillServes(t, p)
  t.end()
})

// attack 2
t.test('5,000 forged first packets in a second do not keep honest clients waiting', (t) => {
  const p = forgedPair({ seed: 41 })
  const waits: number[] = []
  const connect = (): void => {
    const startedAt = p.sim.now
    const client = p.connect()
    client.onEvent = ({ type }) => {
      if (type === 'handshake-confirmed') waits.push(p.sim.now - startedAt)
    }
  }
  for (let i = 0; i < 5000; i++) {
    const from = { address: `10.${i >> 8}.${i & 255}.1`, port: 2000 + i }
    const datagram = firstDatagram(p, bytes(0x01, new Uint8Array(1100)))
    p.sim.inject(from, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
    if (i % 5 === 4) p.runFor(1)
    if (i % 1000 === 1) connect()
  }
  connect()
  p.runFor(100)
  // A round trip is 20 ms; a handshake and its confirmation take two.
  t.equal(waits.length, 6)
  t.ok(Math.max(...waits) < 80, `within two round trips more: ${waits.join()}`)
  const { connectionCount, stats } = p.server.endpoint
  t.ok(connectionCount <= 1006, `${connectionCount} connections`)
  t.equal(stats.dropped.saturated, 0)
  t.equal(stats.handshakesDropped, stats.connectionsAccepted - connectionCount)
  const [client] = p.client.connections
  const { stream } = client.send('bidi', p.prng.bytes(5000))
  const honest = p.server.accepted.find((side) => side.has('handshake-confirmed'))!
  t.ok(
    p.run(() => honest.streams.get(stream.id)?.ended === true, 1000),
    'and they are served',
  )
  p.runFor(30_000)
  t.equal(p.server.endpoint.connectionCount, 0, 'the others are forgotten')
  stillServes(t, p)
  t.end()
})

// attack 2
t.test('handshakes of clients that have shown their address are not dropped for others', (t) => {
  // A flight that takes many round trips: the address is validated in the second.
  const p = forgedPair({ seed: 42, maxHandshakes: 3, serverNull: { serverFlightSize: 200_000 } })
  const clients = [p.connect(), p.connect(), p.connect()]
  p.runFor(55)
  t.ok(p.server.accepted.every((side) => side.connection.addressValidated))
  t.notOk(p.server.accepted.some((side) => side.has('connected')))
  for (let i = 0; i < 50; i++) {
    const from = { address: `10.1.0.${i}`, port: 2000 + i }
    const datagram = firstDatagram(p, bytes(0x01, new Uint8Array(1100)))
    p.sim.inject(from, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
  }
  p.runFor(15)
  t.equal(p.server.endpoint.stats.dropped.saturated, 50, 'those that come now are ignored')
  t.equal(p.server.endpoint.stats.handshakesDropped, 0)
  t.ok(p.run(() => clients.every((client) => client.has('handshake-confirmed')), 5000))
  stillServes(t, p)
  t.end()
})

// attack 2
t.test('at the limit of connections an unvalidated handshake makes room, too', (t) => {
  const p = forgedPair({ seed: 43, maxConnections: 2 })
  p.establish()
  const datagram = firstDatagram(p, bytes(0x01, new Uint8Array(1100)))
  p.sim.inject({ address: '10.1.0.1', port: 2000 }, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
  p.runFor(15)
  t.equal(p.server.endpoint.connectionCount, 2)
  t.ok(p.establish())
  t.equal(p.server.endpoint.stats.handshakesDropped, 1)
  const refused = p.connect()
  p.runFor(50)
  t.match(refused.closeError, { code: 'ERR_QUIC_CONNECTION_REFUSED' })
  t.equal(p.server.endpoint.connectionCount, 2)
  t.end()
})

// attack 2
t.test('garbage pushes nobody out', (t) => {
  const p = forgedPair({ seed: 44, maxHandshakes: 1, realProtection: true })
  const datagram = firstDatagram(p, bytes(0x01, new Uint8Array(1100)))
  p.sim.inject({ address: '10.1.0.1', port: 2000 }, SERVER_ADDRESS, { bytes: datagram, ecn: 0 })
  p.runFor(15)
  for (let i = 0; i < 20; i++) {
    const garbage = firstDatagram(p, bytes(0x01, new Uint8Array(1100)))
    garbage[60] ^= 1
    p.sim.inject({ address: '10.1.0.2', port: 2000 }, SERVER_ADDRESS, { bytes: garbage, ecn: 0 })
  }
  p.runFor(15)
  t.equal(p.server.endpoint.stats.dropped.notAuthentic, 20)
  t.equal(p.server.endpoint.stats.handshakesDropped, 0)
  stillServes(t, p)
  t.end()
})

// attack 2
t.test(
  'a client that repeats the first packet of a failed handshake gets the same connection',
  (t) => {
    const p = forgedPair({ seed: 5 })
    const dcid = p.prng.bytes(8)
    const scid = p.prng.bytes(8)
    for (let n = 0; n < 20; n++) {
      // HANDSHAKE_DONE has no place there: the server closes.
      const packet = new Uint8Array(1200)
      packet.set(sealInitial(p.protection, dcid, scid, bytes(0x1e, new Uint8Array(50)), n))
      p.inject('client', packet)
      p.runFor(50)
    }
    t.equal(p.server.endpoint.stats.connectionsAccepted, 1)
    t.ok(p.server.endpoint.stats.datagramsSent <= 6, 'and fewer and fewer answers')
    stillServes(t, p)
    t.end()
  },
)

// attacks 2 and 3
t.test('garbage in the shape of first packets does not get as far as a handshake', (t) => {
  let handshakes = 0
  const serverHandshake = (): ReturnType<typeof createNullHandshake> => {
    handshakes++
    return createNullHandshake('server', { seed: 7 })
  }
  const p = forgedPair({ seed: 7, serverHandshake, realProtection: true })
  for (let i = 0; i < 100; i++) {
    const packet = firstDatagram(p, bytes(1, new Uint8Array(50)))
    // One bit of what is sealed, of an ID, or of the length.
    packet[[60, 30, 8, 25][i % 4]] ^= 1
    p.inject('client', packet)
  }
  p.runFor(15)
  t.equal(handshakes, 0)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.server.endpoint.stats.datagramsSent, 0)
  stillServes(t, p)
  t.equal(handshakes, 1)
  t.end()
})

// attack 1
t.test(
  'RFC 9000 §8.1: probes and closes to an address that never answers stay below three times (rfc9000#8.1-2)',
  (t) => {
    const violation = bytes(0x1e, new Uint8Array(30))
    const brokenHello = bytes(0x06, 0, 4, new Uint8Array(34))
    for (const [what, frames, copies] of [
      ['a first flight and its probes', null, 1],
      ['a close for a violation', violation, 1],
      ['a close that is repeated', violation, 5],
      ['a close for a handshake that fails', brokenHello, 1],
    ] as const) {
      const p = forgedPair({ seed: 8, serverNull: { serverFlightSize: 20_000 } })
      if (frames === null) {
        p.connect()
        p.runFor(1)
        p.sim.removeHost(p.client.address)
      } else {
        const dcid = p.prng.bytes(8)
        const scid = p.prng.bytes(8)
        for (let n = 0; n < copies; n++) {
          const packet = new Uint8Array(1200)
          packet.set(sealInitial(p.protection, dcid, scid, frames, n))
          p.inject('client', packet)
          p.runFor(20)
        }
      }
      p.runFor(60_000)
      const { bytesReceived, bytesSent } = p.server.endpoint.stats
      t.ok(bytesSent > 0 && bytesSent <= 3 * bytesReceived, `${what}: ${bytesSent}`)
      t.equal(p.server.endpoint.connectionCount, 0, 'and it is forgotten')
      if (frames === null) p.sim.addHost(p.client)
      stillServes(t, p)
    }
    t.end()
  },
)
