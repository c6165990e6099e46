import t from 'tap'
import { chain, delay, dropList, loss, pair, Prng } from '@godwit/testkit'
import type { NetworkNode } from '@godwit/testkit'
import { forgedPair } from './forger.ts'

const INITIAL = 0
const HANDSHAKE = 2

/** Types of the packets in a datagram of the null engine: long header types, or 4 for 1-RTT. */
function packetTypes(datagram: Uint8Array): number[] {
  const types: number[] = []
  let at = 0
  while (at < datagram.length && datagram[at] !== 0) {
    const first = datagram[at]
    if ((first & 0x80) === 0) return [...types, 4]
    const type = (first >> 4) & 3
    types.push(type)
    let p = at + 5
    p += 1 + datagram[p]
    p += 1 + datagram[p]
    if (type === INITIAL) p += 1 + datagram[p]
    at = p + 2 + (((datagram[p] & 0x3f) << 8) | datagram[p + 1])
  }
  return types
}

t.test('RFC 9000 §12.2: packets of several spaces share a datagram (rfc9000#12.2-1)', (t) => {
  const p = forgedPair({ seed: 1 })
  p.establish()
  const server = p.sent.server.map(({ bytes }) => packetTypes(bytes))
  const client = p.sent.client.map(({ bytes }) => packetTypes(bytes))
  t.same(
    server[0],
    [INITIAL, HANDSHAKE],
    'rfc9001#4-2: the first flight of the server begins in one datagram',
  )
  t.ok(
    client.some((types) => types.includes(HANDSHAKE) && types.includes(4)),
    'rfc9001#4-2: the client sends 1-RTT beside its Finished',
  )
  // What a client sends at these levels behind its ClientHello begins with an ACK.
  for (const level of [INITIAL, HANDSHAKE]) {
    t.ok(
      client.slice(1).some((types) => types.includes(level)),
      'rfc9000#12.2-6: each of them is acknowledged by itself',
    )
  }
  t.end()
})

t.test('RFC 9000 §14.1: datagrams with Initial packets are padded to 1200 bytes', (t) => {
  const p = forgedPair({ seed: 1 })
  p.establish()
  for (const side of ['client', 'server'] as const) {
    for (const { bytes } of p.sent[side]) {
      if (packetTypes(bytes).includes(INITIAL)) {
        t.equal(
          bytes.length,
          1200,
          `${side}: rfc9000#14.1-1, rfc9000#14.1-2, rfc9000#8.1-4, rfc9001#9.3-1`,
        )
      }
      t.ok(bytes.length <= 1350)
    }
  }
  t.end()
})

t.test(
  'RFC 9000 §8.1: a server sends at most three times what it received before validation (rfc9000#8.1-2, rfc9000#14.1-6, rfc9000#8-1)',
  (t) => {
    for (const serverFlightSize of [2500, 8000, 30_000]) {
      const p = forgedPair({
        seed: 2,
        serverNull: { serverFlightSize },
        // The client hears nothing, so it never validates its address.
        toClient: loss(1, new Prng(1)),
      })
      p.connect()
      for (let i = 0; i < 220; i++) {
        p.runFor(50)
        const received = p.server.endpoint.stats.bytesReceived
        const sent = p.server.endpoint.stats.bytesSent
        if (sent > 3 * received) t.fail(`${sent} bytes for ${received}`)
      }
      t.ok(p.server.endpoint.stats.bytesSent > 0)
      t.equal(p.server.endpoint.connectionCount, 0, 'and gives up')
    }
    t.end()
  },
)

t.test('RFC 9000 §8.1: a first flight of ten times the limit arrives all the same', (t) => {
  const p = pair({ seed: 3, serverNull: { serverFlightSize: 36_000 } })
  const { client } = p.establish()
  t.equal(client.connection.phase, 'established')
  t.end()
})

t.test('rfc9000#8.1-3: garbage from the address of a connection counts, and opens nothing', (t) => {
  const p = forgedPair({
    seed: 2,
    toClient: loss(1, new Prng(1)),
    serverNull: { serverFlightSize: 9000 },
  })
  p.connect()
  p.runFor(20)
  const before = p.server.endpoint.stats.bytesSent
  t.equal(before, 3600)
  const garbage = p.sent.client[0].bytes.slice()
  garbage[garbage.length - 1] ^= 1
  p.inject('client', garbage)
  p.runFor(15)
  t.equal(p.server.endpoint.stats.bytesSent, 7200)
  t.end()
})

t.test('rfc9000#8.1-5: a client probes until the server may send again', (t) => {
  // The server's allowance is used up by a flight that is lost as a whole.
  const p = pair({
    seed: 4,
    serverNull: { serverFlightSize: 3300 },
    toClient: chain(dropList([0, 1, 2]), delay(10)),
  })
  const { client } = p.establish()
  t.equal(client.connection.phase, 'established')
  t.ok(p.sim.now < 3000, `${p.sim.now} ms`)
  t.end()
})

t.test('rfc9001#4.1.4-1: packets that come before their keys are kept and opened later', (t) => {
  // The first datagram of the server, with its Initial packet, comes after the rest of the flight.
  let held = true
  const late: NetworkNode = {
    push: (now, datagram, emit) => {
      emit(held ? now + 2 : now, datagram)
      held = false
    },
  }
  const p = pair({ seed: 5, toClient: chain(late, delay(10)) })
  const { client } = p.establish()
  t.ok(p.sim.now < 60, `done at ${p.sim.now} ms, without a retransmission`)
  t.equal(p.client.endpoint.stats.dropped.noKeys, 0)
  t.equal(client.connection.stats.packetsLost, 0)
  t.end()
})

t.test('RFC 9001 §5.7: a server keeps 1-RTT packets until the handshake is complete', (t) => {
  // The client's Finished is delayed behind its first 1-RTT data.
  let n = 0
  const late: NetworkNode = {
    push: (now, datagram, emit) => {
      n++
      emit(n === 2 || n === 3 ? now + 5 : now, datagram)
    },
  }
  const p = pair({ seed: 5, toServer: chain(late, delay(10)) })
  const client = p.connect()
  client.onEvent = (event) => {
    if (event.type === 'connected') client.send('bidi', p.prng.bytes(3000))
  }
  p.run(() => p.server.accepted[0]?.streams.get(0)?.ended === true)
  t.ok(p.server.accepted[0].streams.get(0)?.ended)
  t.end()
})

t.test('a handshake completes whichever datagrams are lost', (t) => {
  for (let a = 0; a < 6; a++) {
    for (let b = 0; b < 6; b++) {
      const p = pair({
        seed: 6,
        toServer: chain(dropList([a, a + 1]), delay(10)),
        toClient: chain(dropList([b, b + 2]), delay(10)),
      })
      t.equal(p.establish().client.connection.phase, 'established', `lost ${a} and ${b}`)
    }
  }
  t.end()
})

t.test('copies of the first datagram make one connection', (t) => {
  const p = forgedPair({ seed: 7 })
  p.connect()
  p.runFor(1)
  const [{ bytes: initial }] = p.sent.client
  p.inject('client', initial)
  p.inject('client', initial)
  p.runFor(30)
  t.equal(p.server.accepted.length, 1)
  t.equal(p.server.endpoint.stats.dropped.duplicate, 2)
  t.end()
})

t.test(
  'RFC 9001 §4.9: Initial and Handshake keys are gone when the handshake is confirmed (rfc9001#4.9.2-1)',
  (t) => {
    const p = forgedPair({ seed: 8 })
    p.establish()
    const before = p.server.endpoint.stats.dropped.noKeys
    const withHandshake = p.sent.client.find(({ bytes }) => packetTypes(bytes).includes(HANDSHAKE))
    p.inject('client', withHandshake!.bytes)
    p.runFor(20)
    const keyless = packetTypes(withHandshake!.bytes).filter((type) => type !== 4)
    t.equal(p.server.endpoint.stats.dropped.noKeys, before + keyless.length)
    t.end()
  },
)

t.test('a handshake that does not complete ends after the handshake timeout', (t) => {
  const p = pair({ seed: 10, toClient: loss(1, new Prng(1)), client: { handshakeTimeout: 3000 } })
  const client = p.connect()
  p.runFor(2999)
  t.equal(client.connection.phase, 'handshaking')
  p.runFor(2)
  t.match(client.closeError, { code: 'ERR_QUIC_HANDSHAKE_TIMEOUT' })
  t.equal(client.connection.phase, 'drained')
  t.equal(p.client.endpoint.connectionCount, 0)
  p.runFor(20_000)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.server.pollTimeout(), Infinity, 'no timer is left')
  t.end()
})
