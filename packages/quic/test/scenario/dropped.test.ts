// Packets that are dropped for one rule each: authentic in everything else, with something in them that
// would be seen if it were processed. Each comes a second time without its fault, and is taken.

import { CLIENT_ADDRESS, createNullHandshake, nullSecret } from '@godwit/testkit'
import type { PairOptions } from '@godwit/testkit'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, LEVEL_ZERO_RTT } from '@godwit/quic'
import t from 'tap'
import type { Test } from 'tap'
import type { DropCounts } from '../../src/connection/drop-counts.ts'
import { PACKET_INITIAL } from '../../src/constants.ts'
import { bytes, connectionIds, forgedPair, sealInitial, stillServes } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'
import { packetsOfType } from './packets.ts'

const PING = bytes(0x01)
/** CONNECTION_CLOSE with the code CONNECTION_REFUSED, without a reason. */
const CLOSE = bytes(0x1c, 0x02, 0, 0)

type Counts = { -readonly [K in keyof DropCounts]: DropCounts[K] }

const dropsOf = (p: ForgedPair, side: Side): Counts => ({ ...p[side].endpoint.stats.dropped })

/** The host that a test took off the network is back, and all is well. */
function backToWork(t: Test, p: ForgedPair): void {
  p.sim.addHost(p.client)
  p.sim.addHost(p.server)
  stillServes(t, p)
}

/** That from `before` on one packet was dropped for `reason`, and none for another. */
function droppedOne(
  t: Test,
  p: ForgedPair,
  side: Side,
  before: Counts,
  reason: keyof Counts,
  message: string = `dropped: ${reason}`,
): void {
  t.same(dropsOf(p, side), { ...before, [reason]: before[reason] + 1 }, message)
}

/** A client that has sent its first flight, to which nothing answers, and its connection IDs. */
function waitingClient(options: PairOptions = {}): {
  p: ForgedPair
  client: ReturnType<ForgedPair['connect']>
  dcid: Uint8Array
  scid: Uint8Array
} {
  const p = forgedPair({ seed: 1, ...options })
  const client = p.connect()
  p.runFor(1)
  p.sim.removeHost(p.server.address)
  const [{ bytes: initial }] = p.sent.client
  return { p, client, dcid: initial.slice(6, 14), scid: initial.slice(15, 23) }
}

// --- RFC 9000 §14.1

t.test('RFC 9000 §14.1: a first packet in a datagram of 1199 bytes makes no connection', (t) => {
  for (const size of [1199, 1200]) {
    let handshakes = 0
    const serverHandshake = (): ReturnType<typeof createNullHandshake> => {
      handshakes++
      return createNullHandshake('server', { seed: 1 })
    }
    const p = forgedPair({ seed: 1, serverHandshake })
    const before = dropsOf(p, 'server')
    const dcid = bytes('firstone')
    const initial = sealInitial(p.protection, dcid, bytes('clientid'), PING, 0, { size })
    t.equal(initial.length, size)
    p.inject('client', initial)
    p.runFor(15)
    if (size === 1199) droppedOne(t, p, 'server', before, 'initialTooSmall')
    else t.same(dropsOf(p, 'server'), before)
    const { connectionsAccepted, datagramsSent } = p.server.endpoint.stats
    t.equal(connectionsAccepted, size === 1199 ? 0 : 1, 'rfc9000#14.1-4')
    t.equal(datagramsSent, size === 1199 ? 0 : 1, 'and nothing is answered')
    t.equal(handshakes, size === 1199 ? 0 : 1, 'nor made')
    t.ok(p.establish(), 'rfc9000#14-4: another connection is served')
  }
  t.end()
})

t.test('RFC 9000 §14.1: nor is one taken on a connection that is there', (t) => {
  const p = forgedPair({ seed: 2 })
  p.connect()
  p.runFor(15)
  p.sim.removeHost(CLIENT_ADDRESS)
  const [{ bytes: first }] = p.sent.client
  const [server] = p.server.accepted
  const [dcid, scid] = [first.slice(6, 14), first.slice(15, 23)]
  for (const [size, received, phase] of [
    [1199, 1, 'handshaking'],
    [1200, 2, 'draining'],
  ] as const) {
    const before = dropsOf(p, 'server')
    p.inject('client', sealInitial(p.protection, dcid, scid, CLOSE, 7, { size }))
    p.runFor(11)
    if (size === 1199) droppedOne(t, p, 'server', before, 'initialTooSmall')
    t.equal(server.connection.stats.packetsReceived, received)
    t.equal(server.connection.phase, phase, `rfc9000#14.1-4, rfc9000#14-4: ${size} bytes`)
  }
  backToWork(t, p)
  t.end()
})

t.test(
  'RFC 9000 §14.1: an Initial packet is small if its datagram is, whatever is behind it',
  (t) => {
    const p = forgedPair({ seed: 3 })
    const first = sealInitial(p.protection, bytes('firstone'), bytes('clientid'), PING, 0, {
      size: 600,
    })
    const second = sealInitial(p.protection, bytes('firstone'), bytes('clientid'), PING, 1, {
      size: 599,
    })
    p.inject('client', bytes(first, second))
    p.runFor(15)
    t.equal(p.server.endpoint.stats.connectionsAccepted, 0)
    p.inject('client', bytes(first, second, new Uint8Array(1)))
    p.runFor(15)
    t.equal(p.server.accepted[0].connection.stats.packetsReceived, 2)
    t.end()
  },
)

// --- RFC 9000 §12.2

t.test('RFC 9000 §12.2: a coalesced packet with another connection ID is not processed', (t) => {
  for (const same of [false, true]) {
    const p = forgedPair({ seed: 4 })
    p.connect()
    p.runFor(15)
    p.sim.removeHost(CLIENT_ADDRESS)
    const [server] = p.server.accepted
    const [{ bytes: initial }] = p.sent.client
    const [original, scid] = [initial.slice(6, 14), initial.slice(15, 23)]
    // The server answers to both: the ID that the client began with, and the one that it chose itself.
    const chosen = connectionIds(p.sent, 'client').destination
    const keys = { keysFrom: original }
    const first = sealInitial(p.protection, chosen, scid, PING, 8, { ...keys, size: 1150 })
    const second = sealInitial(p.protection, same ? chosen : original, scid, CLOSE, 9, keys)
    const before = dropsOf(p, 'server')
    p.inject('client', bytes(first, second))
    p.runFor(11)
    t.equal(server.connection.stats.packetsReceived, same ? 3 : 2)
    t.equal(server.connection.phase, same ? 'draining' : 'handshaking', 'rfc9000#12.2-5')
    if (!same) droppedOne(t, p, 'server', before, 'mismatchedConnectionId')
    t.ok(first.length + second.length >= 1200)
    backToWork(t, p)
  }
  t.end()
})

t.test('RFC 9000 §12.2: what cannot be opened does not keep the packets behind it from it', (t) => {
  for (const first of ['broken', 'without keys']) {
    const p = forgedPair({ seed: 4 })
    p.connect()
    p.runFor(15)
    p.sim.removeHost(CLIENT_ADDRESS)
    const [server] = p.server.accepted
    const [{ bytes: initial }] = p.sent.client
    const [dcid, scid] = [initial.slice(6, 14), initial.slice(15, 23)]
    const packet = sealInitial(p.protection, dcid, scid, PING, 8, { size: 1100 })
    if (first === 'broken') packet[packet.length - 1] ^= 1
    // A 0-RTT packet has a header like that of an Initial packet, but without a token.
    else packet.set([0xd3, ...packet.slice(1, 23), 0x44, 0x33], 0)
    const before = dropsOf(p, 'server')
    const close = sealInitial(p.protection, dcid, scid, CLOSE, 9, { size: 100 })
    p.inject('client', bytes(packet, close))
    p.runFor(11)
    droppedOne(t, p, 'server', before, first === 'broken' ? 'notAuthentic' : 'unexpectedType')
    t.equal(server.connection.phase, 'draining', `rfc9000#12.2-7: behind a packet ${first}`)
    backToWork(t, p)
  }
  t.end()
})

// --- RFC 9000 §5.2.1

t.test('RFC 9000 §5.2.1: a client discards packets of another version', (t) => {
  const { p, client, dcid, scid } = waitingClient()
  for (const version of [2, 0x6b3343cf, 0xbabababa, 1]) {
    const before = dropsOf(p, 'client')
    p.inject(
      'server',
      sealInitial(p.protection, scid, bytes('serverid'), CLOSE, 0, {
        side: 'server',
        keysFrom: dcid,
        version,
      }),
    )
    p.runFor(11)
    if (version !== 1) droppedOne(t, p, 'client', before, 'unexpectedType', 'rfc9000#5.2.1-2')
    t.equal(client.connection.phase, version === 1 ? 'draining' : 'handshaking')
  }
  backToWork(t, p)
  t.end()
})

// --- RFC 9001 §5.6

t.test('RFC 9001 §5.6: 0-RTT packets are discarded, whatever keys would open them', (t) => {
  for (const side of ['client', 'server'] as const) {
    const other = side === 'client' ? 'server' : 'client'
    const p = forgedPair({ seed: 10, serverNull: { serverFlightSize: 9000 } })
    const client = p.connect()
    // Both have Handshake keys, and the server has keys for 1-RTT packets.
    p.runFor(25)
    const ends = { client, server: p.server.accepted[0] }
    for (const level of [LEVEL_ZERO_RTT, LEVEL_HANDSHAKE, LEVEL_APPLICATION] as const) {
      for (const frames of [CLOSE, bytes(0x06, 0, 4, Uint8Array.of(1, 0, 0, 0))]) {
        const before = dropsOf(p, other)
        const { packetsReceived } = ends[other].connection.stats
        const secret = nullSecret(10, level, side)
        p.forge(side, frames, { level: LEVEL_ZERO_RTT, secret, padTo: 1200 })
        p.runFor(0)
        p.sim.run(() => p[other].endpoint.stats.dropped.unexpectedType > before.unexpectedType)
        t.equal(
          dropsOf(p, other).unexpectedType,
          before.unexpectedType + 1,
          side === 'client' ? 'rfc9001#4.6.2-1, h3spec#34' : 'rfc9001#5.6-6, h3spec#34c',
        )
        t.not(ends[other].connection.phase, 'draining')
        t.ok(ends[other].connection.stats.packetsReceived >= packetsReceived)
      }
    }
    t.ok(
      p.run(() => client.has('handshake-confirmed'), 2000),
      'the handshake completes',
    )
    backToWork(t, p)
  }
  t.end()
})

// --- RFC 9001 §5.4.2

t.test('RFC 9001 §5.4.2: a packet too short for a sample is discarded', (t) => {
  for (const side of ['client', 'server'] as const) {
    const p = forgedPair({ seed: 11 })
    p.establish()
    p.runFor(200)
    const other = side === 'client' ? 'server' : 'client'
    const { destination } = connectionIds(p.sent, side)
    const before = dropsOf(p, other)
    // The sample begins 4 bytes after the packet number does, and has 16 bytes.
    for (let length = 0; length < 20; length++) {
      p.inject(side, bytes(Uint8Array.of(0x43), destination, p.prng.bytes(length)))
    }
    p.runFor(11)
    t.same(dropsOf(p, other), { ...before, malformed: before.malformed + 20 }, 'rfc9001#5.4.2-1')
    p.inject(side, bytes(Uint8Array.of(0x43), destination, p.prng.bytes(20)))
    p.runFor(11)
    t.equal(dropsOf(p, other).notAuthentic, before.notAuthentic + 1, 'one more is looked at')
    backToWork(t, p)
  }
  t.end()
})

// --- RFC 9000 §17.2.2

t.test('RFC 9000 §17.2.2: an Initial packet of a server with a token is discarded', (t) => {
  const { p, client, dcid, scid } = waitingClient()
  const before = dropsOf(p, 'client')
  const answer = (packetNumber: number, token: Uint8Array): Uint8Array =>
    sealInitial(p.protection, scid, bytes('serverid'), CLOSE, packetNumber, {
      side: 'server',
      keysFrom: dcid,
      token,
    })
  p.inject('server', answer(0, bytes('t')))
  p.runFor(11)
  droppedOne(t, p, 'client', before, 'unexpectedType')
  t.equal(client.connection.stats.packetsReceived, 0)
  t.equal(client.connection.phase, 'handshaking', 'rfc9000#17.2.2-1')
  p.inject('server', answer(0, new Uint8Array(0)))
  p.runFor(11)
  t.match(client.closeError, { code: 'ERR_QUIC_CONNECTION_REFUSED' }, 'without one it counts')
  backToWork(t, p)
  t.end()
})

// --- RFC 9000 §7.2

t.test('RFC 9000 §7.2: a packet from another Source Connection ID is discarded', (t) => {
  const { p, client, dcid, scid } = waitingClient()
  const answer = (source: string, frames: Uint8Array, packetNumber: number): Uint8Array =>
    sealInitial(p.protection, scid, bytes(source), frames, packetNumber, {
      side: 'server',
      keysFrom: dcid,
    })
  p.inject('server', answer('serverid', PING, 0))
  p.runFor(11)
  t.equal(client.connection.stats.packetsReceived, 1)
  const before = dropsOf(p, 'client')
  // Also one that begins like it.
  for (const [n, source] of ['another!', 'serverix', 'serverid1', 'serveri'].entries()) {
    p.inject('server', answer(source, CLOSE, 1 + n))
    p.runFor(11)
    t.equal(client.connection.phase, 'handshaking', `rfc9000#7.2-3: ${source}`)
  }
  t.same(dropsOf(p, 'client'), {
    ...before,
    mismatchedConnectionId: before.mismatchedConnectionId + 4,
  })
  p.inject('server', answer('serverid', CLOSE, 9))
  p.runFor(11)
  t.match(client.closeError, { code: 'ERR_QUIC_CONNECTION_REFUSED' })
  backToWork(t, p)
  t.end()
})

t.test('RFC 9000 §7.2: the same for a server, whose client changes its ID', (t) => {
  const p = forgedPair({ seed: 5 })
  p.connect()
  p.runFor(15)
  p.sim.removeHost(CLIENT_ADDRESS)
  const [server] = p.server.accepted
  const [{ bytes: first }] = p.sent.client
  const [dcid, scid] = [first.slice(6, 14), first.slice(15, 23)]
  const before = dropsOf(p, 'server')
  const size = 1200
  p.inject('client', sealInitial(p.protection, dcid, bytes('another!'), CLOSE, 7, { size }))
  p.runFor(11)
  droppedOne(t, p, 'server', before, 'mismatchedConnectionId')
  t.equal(server.connection.phase, 'handshaking', 'rfc9000#7.2-6')
  t.ok(
    packetsOfType(p.sent.server, PACKET_INITIAL).every(
      ({ dcid }) => dcid === Buffer.from(scid).toString('hex'),
    ),
    'rfc9000#7.2-5: and what it sends goes to the first',
  )
  p.inject('client', sealInitial(p.protection, dcid, scid, CLOSE, 7, { size }))
  p.runFor(11)
  t.equal(server.connection.phase, 'draining')
  backToWork(t, p)
  t.end()
})

// --- RFC 9000 §12.3

t.test('RFC 9000 §12.3: a packet number is processed once, in every space', (t) => {
  const p = forgedPair({ seed: 6 })
  p.connect()
  p.runFor(15)
  p.sim.removeHost(CLIENT_ADDRESS)
  const [server] = p.server.accepted
  const [{ bytes: first }] = p.sent.client
  const [dcid, scid] = [first.slice(6, 14), first.slice(15, 23)]
  const send = {
    Initial: (frames: Uint8Array) =>
      p.inject('client', sealInitial(p.protection, dcid, scid, frames, 7, { size: 1200 })),
    Handshake: (frames: Uint8Array) =>
      p.forge('client', frames, { level: LEVEL_HANDSHAKE, packetNumber: 7 }),
  }
  for (const space of ['Initial', 'Handshake'] as const) {
    send[space](PING)
    p.runFor(11)
    const { packetsReceived } = server.connection.stats
    const before = dropsOf(p, 'server')
    // The number again: what else is in the packet does not matter.
    send[space](CLOSE)
    p.runFor(11)
    droppedOne(t, p, 'server', before, 'duplicate')
    t.equal(server.connection.stats.packetsReceived, packetsReceived, 'rfc9000#12.3-4')
    t.equal(server.connection.phase, 'handshaking', space)
  }
  backToWork(t, p)
  t.end()
})

t.test('RFC 9000 §12.3: the same for 1-RTT packets, of either side', (t) => {
  for (const side of ['client', 'server'] as const) {
    const p = forgedPair({ seed: 7 })
    const sides = p.establish()
    p.runFor(200)
    const other = side === 'client' ? 'server' : 'client'
    for (const packetNumber of [9000, 8990, 9001]) {
      p.forge(side, PING, { packetNumber })
      p.runFor(11)
      const { packetsReceived } = sides[other].connection.stats
      const before = dropsOf(p, other)
      p.forge(side, CLOSE, { packetNumber })
      p.runFor(11)
      droppedOne(t, p, other, before, 'duplicate')
      t.equal(sides[other].connection.stats.packetsReceived, packetsReceived, 'rfc9000#12.3-4')
      t.equal(sides[other].connection.phase, 'established')
    }
  }
  t.end()
})

t.test('RFC 9000 §12.3: what lies below all that is remembered counts as a duplicate', (t) => {
  const p = forgedPair({ seed: 8 })
  const { server } = p.establish()
  p.runFor(200)
  // Every other number, until the first are forgotten.
  for (let n = 0; n < 100; n++) p.forge('client', PING, { packetNumber: 9000 + 2 * n })
  p.runFor(11)
  const before = dropsOf(p, 'server')
  p.forge('client', CLOSE, { packetNumber: 9001 })
  p.runFor(11)
  droppedOne(t, p, 'server', before, 'duplicate')
  p.forge('client', CLOSE, { packetNumber: 9197 })
  p.runFor(11)
  t.equal(
    server.connection.phase,
    'draining',
    'rfc9000#13.2.3-6: a gap that is remembered does not',
  )
  t.end()
})

t.test('RFC 9000 §12.3: whether it is a duplicate is asked after it was opened', (t) => {
  // RFC 9001 §9.5: an answer before that would tell the packet number to who sends it.
  const p = forgedPair({ seed: 9, realProtection: true })
  const { client } = p.establish()
  client.send('uni', p.prng.bytes(100))
  p.runFor(100)
  const last = p.sent.client.findLast(({ bytes }) => (bytes[0] & 0x80) === 0)!
  const broken = last.bytes.slice()
  broken[broken.length - 1] ^= 1
  let before = dropsOf(p, 'server')
  p.inject('client', broken)
  p.runFor(11)
  droppedOne(t, p, 'server', before, 'notAuthentic', 'rfc9000#12.3-5')
  before = dropsOf(p, 'server')
  p.inject('client', last.bytes)
  p.runFor(11)
  droppedOne(t, p, 'server', before, 'duplicate')
  t.end()
})
