// A server follows its client to other addresses, RFC 9000 §8.2 and §9, and is not led astray.

import t from 'tap'
import type { Test } from 'tap'
import { chain, CLIENT_ADDRESS, delay, loss, pair, Prng, SERVER_ADDRESS } from '@godwit/testkit'
import type { PairOptions, SimAddress, SimConnection } from '@godwit/testkit'
import { bytes, forgedPair } from './forger.ts'
import { ELSEWHERE, framesOf, FURTHER, mover, OTHER_PORT, PING, typesOf } from './mover.ts'
import type { Mover, SentFrame } from './mover.ts'

const PATH_CHALLENGE = 0x1a
const PATH_RESPONSE = 0x1b
const RETIRE_CONNECTION_ID = 0x19
/** 3 * 999 ms, and three times the peer's max_ack_delay: what a validation may take. */
const PATIENCE = 3075

const challenge = (data: string): Uint8Array => bytes(PATH_CHALLENGE, data)
const responseTo = ({ data }: SentFrame): Uint8Array => bytes(PATH_RESPONSE, data)
const padded = (frames: Uint8Array): Uint8Array => bytes(frames, new Uint8Array(1150))

/** Answers the newest challenge that went to `address`, from there. */
function answer(p: Mover, address: SimAddress): void {
  p.from(address, responseTo(framesOf(p.sentTo(address), PATH_CHALLENGE).at(-1)!))
}

const pathOf = (p: Mover): SimAddress => {
  const { address, port } = p.serverSide.connection.path
  return { address, port }
}

/**
 * The connection lives, and so does the server. The real client is of no use any more once it saw an ACK
 * of packets that it did not send.
 */
function stillServes(t: Test, p: Mover): void {
  t.equal(p.serverSide.connection.phase, 'established')
  const next = p.establish()
  const data = p.prng.bytes(10_000)
  const { id } = next.client.send('uni', data).stream
  t.ok(
    p.run(() => received(next.server, id) === data.length),
    'a new connection is served',
  )
}

const received = (side: SimConnection, id: number): number => side.streams.get(id)?.received ?? 0

for (const side of ['client', 'server'] as const) {
  t.test(`rfc9000#9.5-4: a NAT changes ports while the ${side} sends; nobody notices`, (t) => {
    const p = mover({ seed: 31 })
    const data = p.prng.bytes(6_000_000)
    const [sender, receiver] =
      side === 'client' ? [p.clientSide, p.serverSide] : [p.serverSide, p.clientSide]
    const { stream } = sender.send('uni', data)
    let port = 50_000
    for (const after of [40, 30, 30, 50]) {
      p.runFor(after)
      const before = p.serverSide.connection.stats
      p.sim.rebind(CLIENT_ADDRESS, { ...CLIENT_ADDRESS, port: ++port })
      t.ok(
        p.run(() => pathOf(p).port === port, 5000),
        'followed',
      )
      const { stats } = p.serverSide.connection
      t.not(stats.smoothedRtt, 333, 'rfc9000#9.4-3: the RTT is known still')
      t.ok(stats.minRtt <= before.minRtt)
    }
    t.ok(p.run(() => received(receiver, stream.id) === data.length))
    t.ok(Buffer.from(receiver.data(stream.id)).equals(data), 'intact')
    t.equal(p.serverSide.closeError, undefined)
    t.end()
  })
}

t.test('rfc9000#9.4-2: RTT and congestion control begin anew at another address', (t) => {
  const p = mover({ seed: 32 })
  const data = p.prng.bytes(3_000_000)
  const { stream } = p.serverSide.send('uni', data)
  p.runFor(150)
  const { connection } = p.serverSide
  t.ok(connection.stats.congestionWindow > 20_000)
  p.sim.rebind(CLIENT_ADDRESS, ELSEWHERE)
  t.ok(p.run(() => pathOf(p).address === ELSEWHERE.address, 5000))
  t.equal(connection.stats.congestionWindow, 12_000)
  t.equal(connection.stats.smoothedRtt, 333)
  t.ok(connection.stats.bytesInFlight < 12_000)
  t.ok(p.run(() => received(p.clientSide, stream.id) === data.length))
  t.ok(Buffer.from(p.clientSide.data(stream.id)).equals(data), 'intact')
  t.ok(connection.stats.smoothedRtt < 100, 'and the new path is measured')
  t.end()
})

t.test('RFC 9000 §8.2.1: what cannot fill a datagram is challenged twice', (t) => {
  const p = mover({ seed: 33 })
  p.from(OTHER_PORT, PING)
  t.same(pathOf(p), OTHER_PORT)
  const [first, ...more] = p.sentTo(OTHER_PORT)
  t.same(more, [])
  t.ok(
    first.size <= 3 * p.bytesFrom(OTHER_PORT),
    'rfc9000#9.3-2: within the anti-amplification limit',
  )
  t.same(
    typesOf(first),
    [PATH_CHALLENGE, 0x02],
    'rfc9000#9-4, rfc9000#9.3-1: it is validated, and packets go there',
  )
  answer(p, OTHER_PORT)
  const second = p.sentTo(OTHER_PORT).find((seen, i) => i > 0 && framesOf([seen], 0x1a).length > 0)
  t.equal(second?.size, 1200, 'rfc9000#8.2.1-6, rfc9000#8.2.3-1')
  t.equal(framesOf([second!], PATH_CHALLENGE).length, 1, 'rfc9000#8.2.1-2')
  p.serverSide.send('uni', p.prng.bytes(3000))
  p.runFor(0)
  t.ok(
    p.sentTo(OTHER_PORT).every(({ size }) => size <= 1200),
    'the size is not validated yet',
  )
  answer(p, OTHER_PORT)
  p.serverSide.send('uni', p.prng.bytes(3000))
  p.runFor(1000)
  t.equal(framesOf(p.sentTo(OTHER_PORT), PATH_CHALLENGE).length, 2, 'now it is')
  t.end()
})

t.test('rfc9000#8.2.1-5: a challenge fills a datagram where the limit permits', (t) => {
  const p = mover({ seed: 34 })
  p.from(ELSEWHERE, padded(PING))
  t.equal(p.sentTo(ELSEWHERE)[0].size, 1200)
  answer(p, ELSEWHERE)
  p.runFor(1000)
  t.equal(framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE).length, 1, 'one is enough')
  t.end()
})

t.test('rfc9000#9.3.3-1: the path that was left is challenged too, and only that', (t) => {
  const p = mover({ seed: 35 })
  p.from(ELSEWHERE, PING)
  const old = p.sentTo(CLIENT_ADDRESS)
  t.equal(old.length, 1)
  t.same(typesOf(old[0]), [PATH_CHALLENGE])
  t.equal(old[0].size, 1200)
  const data = framesOf(old, PATH_CHALLENGE)[0].data
  t.notSame(data, framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE)[0].data)
  t.end()
})

t.test(
  'RFC 9000 §9.3.3: who forwards packets faster than the network loses the client again',
  (t) => {
    const p = mover({ seed: 36 })
    const { stream } = p.serverSide.send('uni', p.prng.bytes(1_000_000))
    p.runFor(50)
    // A copy of the client's next packet comes from elsewhere first; the original is a duplicate.
    const at = p.sent.client.length
    t.ok(p.run(() => p.sent.client.length > at))
    p.sim.inject(ELSEWHERE, SERVER_ADDRESS, p.sent.client[at])
    p.runFor(0)
    t.same(pathOf(p), ELSEWHERE)
    t.ok(
      p.run(() => pathOf(p).address === CLIENT_ADDRESS.address, 200),
      'back soon',
    )
    t.ok(p.run(() => received(p.clientSide, stream.id) === 1_000_000))
    t.ok(p.bytesTo(ELSEWHERE) <= 3 * p.bytesFrom(ELSEWHERE))
    t.end()
  },
)

t.test(
  'RFC 9000 §9.3.2: an address that does not answer is given up for the last that did (rfc9000#8.2.4-1, rfc9000#8.2.4-2)',
  (t) => {
    const p = mover({ seed: 37 })
    const cwnd = p.serverSide.connection.stats.congestionWindow
    // The victim gets what its packet pays for, however much there is to send.
    p.serverSide.send('uni', p.prng.bytes(100_000))
    p.sim.rebind(CLIENT_ADDRESS, FURTHER)
    p.from(ELSEWHERE, PING, { destination: p.spareIds[0] })
    p.runFor(PATIENCE - 100)
    t.same(pathOf(p), ELSEWHERE)
    t.ok(p.bytesTo(ELSEWHERE) <= 3 * p.bytesFrom(ELSEWHERE))
    p.runFor(200)
    t.same(pathOf(p), { ...CLIENT_ADDRESS }, 'rfc9000#9.3.2-1')
    t.equal(p.serverSide.connection.stats.congestionWindow, cwnd, 'with its congestion control')
    const retired = framesOf(p.sentTo(CLIENT_ADDRESS), RETIRE_CONNECTION_ID)
    t.equal(retired.length, 1, 'and without the connection ID for the other')
    p.sim.rebind(CLIENT_ADDRESS, null)
    stillServes(t, p)
    t.end()
  },
)

t.test('RFC 9000 §8.2.1: a challenge is repeated like an Initial packet, with other data', (t) => {
  const p = mover({ seed: 38 })
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  p.from(ELSEWHERE, padded(PING))
  p.runFor(900)
  const early = framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE).length
  t.equal(early, 1, 'rfc9000#8.2.1-3, rfc9000#9.4-4')
  p.runFor(200)
  const [first, second] = framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE)
  t.notSame(first.data, second.data, 'rfc9000#8.2.1-4')
  p.runFor(1000)
  t.equal(framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE).length, 2)
  t.end()
})

t.test('a further challenge goes although data took what the limit permits', (t) => {
  const p = mover({ seed: 39 })
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  p.serverSide.send('uni', p.prng.bytes(100_000))
  p.from(ELSEWHERE, bytes(PING, new Uint8Array(200)))
  p.runFor(1500)
  const seen = p.sentTo(ELSEWHERE)
  t.ok(
    seen.some(({ frames }) => frames.some(({ type }) => type === 0x08)),
    'data went',
  )
  t.equal(framesOf(seen, PATH_CHALLENGE).length, 2)
  t.ok(p.bytesTo(ELSEWHERE) <= 3 * p.bytesFrom(ELSEWHERE))
  t.end()
})

t.test('rfc9000#8.2.2-4: a response counts on any path, for the path of its challenge', (t) => {
  const p = mover({ seed: 40 })
  p.from(ELSEWHERE, padded(PING))
  const [sent] = framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE)
  p.from(ELSEWHERE, bytes(PATH_RESPONSE, 'notthis!'))
  p.from(CLIENT_ADDRESS, responseTo(sent))
  t.same(pathOf(p), ELSEWHERE, 'a PATH_RESPONSE alone is a probe')
  p.runFor(3 * PATIENCE)
  t.same(pathOf(p), ELSEWHERE, 'validated')
  t.end()
})

t.test('RFC 9000 §8.2.3: a response with other data validates nothing', (t) => {
  const p = mover({ seed: 41 })
  p.from(ELSEWHERE, padded(PING))
  p.from(ELSEWHERE, bytes(PATH_RESPONSE, 'notthis!'))
  p.from(ELSEWHERE, bytes(PATH_RESPONSE, new Uint8Array(8)))
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  p.runFor(PATIENCE + 100)
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  t.end()
})

t.test('RFC 9000 §9.1: a probe is answered where it came from, and moves nothing', (t) => {
  const p = mover({ seed: 42 })
  p.from(ELSEWHERE, padded(challenge('probe 01')), { destination: p.spareIds[0] })
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  const [seen, ...more] = p.sentTo(ELSEWHERE)
  t.same(more, [])
  t.same(typesOf(seen), [PATH_RESPONSE])
  t.same(seen.frames[0].data, bytes('probe 01'), 'rfc9000#8.2.2-1')
  t.equal(seen.size, 1200)
  t.same(framesOf(p.sentTo(CLIENT_ADDRESS), PATH_RESPONSE), [], 'rfc9000#8.2.2-3')
  stillServes(t, p)
  t.equal(p.sentTo(ELSEWHERE).length, 1)
  t.end()
})

t.test('RFC 9000 §8.2.2: the answer to a small probe is small (rfc9000#8.2.2-6)', (t) => {
  const p = mover({ seed: 43 })
  p.from(ELSEWHERE, challenge('probe 01'))
  const [seen] = p.sentTo(ELSEWHERE)
  t.same(typesOf(seen), [PATH_RESPONSE])
  t.ok(seen.size <= 3 * p.bytesFrom(ELSEWHERE))
  t.end()
})

t.test('RFC 9000 §9.3: only the packet with the highest number moves the connection', (t) => {
  const p = mover({ seed: 44 })
  p.from(CLIENT_ADDRESS, PING, { packetNumber: 9000 })
  p.from(ELSEWHERE, PING, { packetNumber: 8999 })
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  p.from(ELSEWHERE, PING, { packetNumber: 9001 })
  t.same(pathOf(p), ELSEWHERE)
  p.from(FURTHER, PING, { packetNumber: 9001 })
  t.same(pathOf(p), ELSEWHERE, 'a copy moves nothing')
  t.end()
})

t.test('rfc9000#9.5-1: who comes with another connection ID is addressed by another', (t) => {
  const p = mover({ seed: 45 })
  p.serverSide.send('uni', p.prng.bytes(10))
  p.runFor(0)
  const before = p.sentTo(CLIENT_ADDRESS)[0].dcid
  p.from(ELSEWHERE, padded(PING), { destination: p.spareIds[0] })
  t.not(p.sentTo(ELSEWHERE)[0].dcid, before, 'rfc9000#9.5-3')
  const left = p.sentTo(CLIENT_ADDRESS).at(-1)!
  t.same(typesOf(left), [PATH_CHALLENGE])
  t.equal(left.dcid, before, 'the path that was left keeps its own')
  answer(p, ELSEWHERE)
  p.runFor(4 * PATIENCE)
  const retired = framesOf(p.sentTo(ELSEWHERE), RETIRE_CONNECTION_ID)
  t.ok(
    retired.some(({ sequenceNumber }) => sequenceNumber === 0),
    'rfc9000#5.1.2-1: and it is retired in the end',
  )
  t.ok(
    p.sentTo(ELSEWHERE).every(({ dcid }) => dcid !== before),
    'rfc9000#19.16-2: in packets to another',
  )
  t.end()
})

t.test('RFC 9000 §9.5: without a connection ID for it a client is not followed', (t) => {
  // The client's active connection IDs: that of the handshake and three more.
  const p = mover({ seed: 46 })
  p.sim.rebind(CLIENT_ADDRESS, { address: '10.9.9.9', port: 1 })
  for (let i = 0; i < 3; i++) {
    p.from({ address: '10.1.0.1', port: 1000 + i }, padded(challenge('12345678')), {
      destination: p.spareIds[i],
    })
    t.equal(p.sentTo({ address: '10.1.0.1', port: 1000 + i }).length, 1)
  }
  p.from(ELSEWHERE, padded(PING), { destination: p.spareIds[0] })
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  t.same(p.sentTo(ELSEWHERE), [])
  t.end()
})

t.test(
  'packets from ever new addresses, ACKs and answers among them, lead nowhere (msquic e0f55b5)',
  (t) => {
    const p = mover({ seed: 47 })
    const prng = new Prng(47)
    p.sim.rebind(CLIENT_ADDRESS, { address: '10.9.9.9', port: 1 })
    for (let i = 0; i < 2000; i++) {
      const address = { address: `10.2.${i >> 8}.${i & 255}`, port: 1024 + prng.below(3) }
      const frames = prng.chance(0.5) ? PING : challenge('flooding')
      p.from(address, prng.chance(0.3) ? padded(frames) : frames)
      // ACKs of whatever was sent, and answers, now and then.
      if (prng.chance(0.1)) p.from(pathOf(p), bytes(0x02, 4, 0, 0, 4))
      if (prng.chance(0.1) && p.sentTo(address).length > 0) {
        const [sent] = framesOf(p.sentTo(address), PATH_CHALLENGE)
        if (sent !== undefined) p.from(address, responseTo(sent))
      }
      if (p.serverSide.closeError !== undefined) t.fail(String(p.serverSide.closeError))
    }
    p.from(CLIENT_ADDRESS, PING)
    t.same(pathOf(p), { ...CLIENT_ADDRESS })
    p.runFor(PATIENCE)
    p.sim.rebind(CLIENT_ADDRESS, null)
    stillServes(t, p)
    t.end()
  },
)

t.test('RFC 9000 §9: nobody moves before the handshake is confirmed', (t) => {
  const p = forgedPair({ seed: 48 })
  const client = p.connect()
  p.run(() => p.sent.client.length > 0)
  const [first] = p.sent.client
  p.runFor(11)
  p.sim.inject(ELSEWHERE, SERVER_ADDRESS, first)
  p.runFor(0)
  t.equal(p.server.endpoint.stats.dropped.wrongPath, 1)
  t.ok(p.run(() => client.has('handshake-confirmed')))
  t.same(p.server.accepted[0].connection.path, CLIENT_ADDRESS)
  t.end()
})

t.test('RFC 9000 §21.5.6: nobody moves to what answers everything, or into the host', (t) => {
  const p = mover({ seed: 49 })
  p.from({ ...ELSEWHERE, port: 53 }, padded(PING))
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    p.from({ ...ELSEWHERE, address }, padded(PING))
  }
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  t.equal(p.server.endpoint.stats.dropped.wrongPath, 4, 'rfc9000#21.5.6-2')
  p.from({ ...ELSEWHERE, address: '192.168.0.1' }, padded(PING))
  t.equal(pathOf(p).address, '192.168.0.1', 'rfc9000#21.5.6-3: any other address may be the client')
  t.end()
})

t.test('rfc9000#9.3.2-2: with no address left that was validated, it ends without a word', (t) => {
  const p = mover({ seed: 53 })
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  p.from(ELSEWHERE, padded(PING), { destination: p.spareIds[0] })
  // The client takes back every ID that it gave; there is one for where it is now, and none to return by.
  p.from(ELSEWHERE, bytes(0x18, 10, 10, 8, 'new id 1', 'new reset token!'))
  const before = p.sentTo(CLIENT_ADDRESS).length
  p.runFor(PATIENCE + 1000)
  t.match(p.serverSide.closeError, { code: 'ERR_QUIC_NO_VIABLE_PATH' })
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.sentTo(CLIENT_ADDRESS).length, before)
  t.end()
})

t.test('rfc9000#9-3: with disableActiveMigration what comes from elsewhere is dropped', (t) => {
  const p = mover({ seed: 50, server: { disableActiveMigration: true } })
  t.equal(p.clientSide.connection.peerTransportParameters?.disableActiveMigration, true)
  p.from(ELSEWHERE, padded(PING))
  t.same(pathOf(p), { ...CLIENT_ADDRESS })
  t.same(p.sentTo(ELSEWHERE), [])
  t.equal(p.server.endpoint.stats.dropped.wrongPath, 1)
  stillServes(t, p)
  t.end()
})

t.test('RFC 9000 §18.2: a server that follows does not ask its clients to stay', (t) => {
  const { clientSide, serverSide } = mover({ seed: 51 })
  t.equal(clientSide.connection.peerTransportParameters?.disableActiveMigration, false)
  t.equal(serverSide.connection.peerTransportParameters?.disableActiveMigration, true)
  t.end()
})

t.test('a connection that is closing answers where its peer was', (t) => {
  const p = mover({ seed: 52 })
  p.serverSide.connection.close(0, '')
  p.runFor(0)
  p.from(ELSEWHERE, padded(PING))
  t.same(p.sentTo(ELSEWHERE), [])
  t.end()
})

t.test('a client on the move over a bad network: everything arrives', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed)
    const network = (): NonNullable<PairOptions['toServer']> =>
      chain(delay(10, 5, prng.fork()), loss(0.03, prng.fork()))
    const p = pair({ seed, toServer: network(), toClient: network() })
    const { client, server } = p.establish()
    const [up, down] = [p.prng.bytes(300_000), p.prng.bytes(300_000)]
    const mine = client.send('uni', up).stream.id
    const theirs = server.send('uni', down).stream.id
    const done = (): boolean =>
      received(server, mine) === up.length && received(client, theirs) === down.length
    for (let moves = 0; moves < 8 && !done(); moves++) {
      p.run(done, prng.below(400))
      const address = prng.chance(0.5) ? '10.0.0.1' : `10.0.1.${prng.below(3)}`
      p.sim.rebind(CLIENT_ADDRESS, { address, port: 30_000 + prng.below(3) })
      // A client that only listens would not be found again.
      client.send('uni', p.prng.bytes(10))
    }
    t.ok(p.run(done), `seed ${seed}`)
    t.ok(Buffer.from(server.data(mine)).equals(up), 'intact')
    t.ok(Buffer.from(client.data(theirs)).equals(down), 'intact')
  }
  t.end()
})
