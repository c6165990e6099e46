// Handshakes that lose packets: what one loss costs, and that many losses still end in a connection.

import { chain, corrupt, delay, dropList, loss, pair, Prng } from '@godwit/testkit'
import type { NetworkNode, Pair, SimConnection, SimDatagram } from '@godwit/testkit'
import t from 'tap'
import { MAX_EARLY_REPEATS } from '../../src/limits.ts'
import { bytes, forgedPair, sealInitial } from './forger.ts'

/** A network of 10 ms that loses the datagrams with these indices. */
const losing = (...indices: number[]): NetworkNode => chain(dropList(indices), delay(10))

/** Runs until both sides have confirmed the handshake; returns when that was. */
function confirmedAt(p: Pair): number {
  const client = p.connect()
  const done = (side: SimConnection | undefined): boolean =>
    side?.has('handshake-confirmed') === true
  p.run(() => done(client) && done(p.server.accepted[0]))
  return p.sim.now
}

t.test(
  'RFC 9002 §6.2.3: a client that still sends Initial packets is sent the flight again (rfc9002#6.2.3-1)',
  (t) => {
    // The ACK of the first half of the ClientHello arrives, and tells the client the round trip; the
    // flight that answers the second half does not. The server knows no round trip: its PTO is a second.
    const p = pair({
      clientNull: { clientHelloSize: 1500 },
      serverNull: { serverFlightSize: 1500 },
      toClient: losing(1, 2),
    })
    t.ok(confirmedAt(p) < 150, `confirmed at ${p.sim.now} ms`)
    t.end()
  },
)

t.test('rfc9002#6.2.3-1: a client that lacks the ServerHello repeats its ClientHello', (t) => {
  const p = pair({ serverNull: { serverFlightSize: 3300 }, toClient: losing(0) })
  t.ok(confirmedAt(p) < 100, `confirmed at ${p.sim.now} ms`)
  t.equal(p.server.accepted.length, 1)
  t.end()
})

t.test('rfc9002#6.2.3-1: a flight is repeated early a limited number of times', (t) => {
  const repeated = (probes: number): number => {
    const p = forgedPair({ seed: 4, toClient: loss(1, new Prng(1)) })
    p.connect()
    p.runFor(11)
    const [{ bytes: first }] = p.sent.client
    const ping = new Uint8Array(1200)
    ping[0] = 1
    const flight = p.sent.server.length
    for (let i = 0; i < probes; i++) {
      const [dcid, scid] = [first.slice(6, 14), first.slice(15, 23)]
      p.inject('client', sealInitial(p.protection, dcid, scid, ping, 100 + i))
      p.runFor(12)
    }
    return p.sent.server.slice(flight).filter(({ bytes }) => bytes.length === 1200).length
  }
  const few = repeated(MAX_EARLY_REPEATS)
  t.ok(few >= MAX_EARLY_REPEATS)
  t.equal(repeated(4 * MAX_EARLY_REPEATS), few)
  t.end()
})

// RFC 9000 §5.2: packets that belong to a connection are not those of a new one.
t.test('a late copy of a first packet begins no other connection', (t) => {
  const p = forgedPair({ seed: 1 })
  const { client } = p.establish()
  const [{ bytes: first }] = p.sent.client
  p.runFor(5000)
  p.inject('client', first)
  p.runFor(100)
  t.equal(p.server.accepted.length, 1)
  t.equal(p.server.endpoint.connectionCount, 1)
  client.connection.close(0, '')
  p.runFor(20)
  p.inject('client', first)
  p.runFor(20)
  t.equal(p.server.accepted.length, 1, 'nor while it drains')
  t.end()
})

/** A network of 10 ms that loses datagrams of nothing but 1-RTT before a time. */
const losingOneRtt = (until: number): NetworkNode =>
  chain(
    {
      push: (now, datagram, emit) => {
        if (now >= until || (datagram.bytes[0] & 0x80) !== 0) emit(now, datagram)
      },
    },
    delay(10),
  )

t.test('rfc9001#4.1.2-2: an ACK of a 1-RTT packet confirms the handshake for a client', (t) => {
  const p = forgedPair({
    seed: 1,
    serverNull: { serverFlightSize: 500 },
    toClient: losingOneRtt(35),
  })
  const client = p.connect()
  p.runFor(40)
  t.ok(client.has('connected'))
  t.notOk(client.has('handshake-confirmed'), 'HANDSHAKE_DONE was lost')
  // ACK of packet 0.
  p.forge('server', bytes(0x02, 0, 0, 0, 0))
  p.runFor(15)
  t.ok(client.has('handshake-confirmed'))
  t.end()
})

t.test('a client that repeats its Finished is sent HANDSHAKE_DONE again, at once', (t) => {
  const p = pair({ serverNull: { serverFlightSize: 500 }, toClient: losingOneRtt(70) })
  const client = p.connect()
  p.run(() => client.has('handshake-confirmed'))
  // The client's PTO is 60 ms, the server's 25 ms more.
  t.equal(p.sim.now, 20 + 60 + 20)
  t.end()
})

t.test('RFC 9000 §13.2.5: the time that a packet waited for keys is part of its ACK delay', (t) => {
  // The Initial comes 400 ms after the rest of the flight. The server's round trip is 20 ms.
  let held = true
  const late: NetworkNode = {
    push: (now, datagram, emit) => {
      emit(held ? now + 400 : now, datagram)
      held = false
    },
  }
  const p = pair({ serverNull: { serverFlightSize: 3300 }, toClient: chain(late, delay(10)) })
  const { server } = p.establish()
  p.runFor(100)
  const { smoothedRtt } = server.connection.stats
  t.ok(smoothedRtt < 120, `rfc9000#13.2.5-2, rfc9000#13.2.5-3: ${smoothedRtt} ms`)
  t.end()
})

t.test('a probe repeats the ACK, so that a lost one is not waited for', (t) => {
  // Of the server's flight the second datagram is lost, and then all ACKs of the client's.
  const p = pair({
    serverNull: { serverFlightSize: 3300 },
    toClient: losing(1),
    toServer: losing(1, 2),
  })
  t.ok(confirmedAt(p) < 400, `confirmed at ${p.sim.now} ms`)
  t.end()
})

t.test('a server asks for the rest of a ClientHello, less and less often', (t) => {
  // The second half is lost, and so is the ACK of the first: the client would repeat both for seconds.
  const p = forgedPair({
    seed: 2,
    clientNull: { clientHelloSize: 1500 },
    toServer: chain(observeOnly(0), delay(10)),
    server: { handshakeTimeout: 30_000 },
  })
  p.connect()
  p.runFor(25_000)
  const large = p.sent.server.filter(({ bytes }) => bytes.length === 1200)
  t.ok(large.length >= 1 && large.length <= 3, `${large.length} probes: the amplification limit`)
  t.end()
})

t.test('RFC 9000 §13.2.4: an ACK that tells of a gap is repeated until it arrives', (t) => {
  const datagrams = (gap: number): number => {
    let silent = false
    const p = forgedPair({
      seed: 3,
      toClient: chain({ push: (now, d, emit) => silent || emit(now, d) }, delay(10)),
    })
    p.establish()
    p.runFor(1000)
    silent = true
    const before = p.sent.server.length
    const packetNumber = lastPacketNumber(p.sent.client) + 1 + gap
    // PING.
    p.forge('client', bytes(0x01), { packetNumber })
    p.runFor(1000)
    return p.sent.server.length - before
  }
  t.equal(datagrams(0), 1, 'without a gap it is said once')
  t.ok(datagrams(1) > 3)
  t.end()
})

/** The number of the last 1-RTT packet; the null engine hides nothing. */
function lastPacketNumber(sent: readonly SimDatagram[]): number {
  const { bytes } = sent.at(-1)!
  return bytes[9 + (bytes[0] & 3)]
}

/** Lets the datagram with this index through, and nothing else. */
function observeOnly(index: number): NetworkNode {
  let seen = 0
  return {
    push: (now, datagram, emit) => {
      if (seen++ === index) emit(now, datagram)
    },
  }
}

interface Outcome {
  readonly times: number[]
  readonly accepted: number
}

/** `runs` handshakes through networks that `damage` makes, and an exchange on each. */
function lives(runs: number, damage: (prng: Prng) => NetworkNode, real: boolean): Outcome {
  const times: number[] = []
  let accepted = 0
  for (let seed = 1; seed <= runs; seed++) {
    const prng = new Prng(seed)
    const p = pair({
      seed,
      realProtection: real,
      clientNull: { clientHelloSize: 1500 },
      serverNull: { serverFlightSize: 2500 },
      toServer: chain(damage(prng.fork()), delay(15)),
      toClient: chain(damage(prng.fork()), delay(15)),
    })
    const client = p.connect()
    client.onEvent = ({ type }) => {
      if (type === 'connected') client.send('bidi', new Uint8Array(100))
    }
    p.server.onAccept = (server) => {
      server.onEvent = (event) => {
        if (event.type !== 'stream-readable' || !event.stream.ended) return
        event.stream.write(new Uint8Array(1000))
        event.stream.finish()
      }
    }
    const done = p.run(() => client.streams.get(0)?.ended === true, 120_000)
    times.push(done ? p.sim.now : Infinity)
    accepted += p.server.accepted.length
  }
  return { times: times.sort((a, b) => a - b), accepted }
}

t.test('400 handshakes and exchanges at 30 % loss end well, in the default time', (t) => {
  const { times, accepted } = lives(400, (prng) => loss(0.3, prng, 3), false)
  t.equal(accepted, 400, 'a connection each')
  t.ok(times[200] < 400, `half of them took ${times[200]} ms`)
  t.ok(times[360] < 2000, `nine tenths ${times[360]} ms`)
  t.ok(times[399] < 10_000, `all ${times[399]} ms`)
  t.end()
})

t.test('40 handshakes and exchanges with 30 % corrupted make 40 connections', (t) => {
  const { times, accepted } = lives(40, (prng) => corrupt(0.3, prng, 3), true)
  t.equal(accepted, 40, 'a connection each')
  t.ok(times[39] < 10_000, `all ${times[39]} ms`)
  t.end()
})
