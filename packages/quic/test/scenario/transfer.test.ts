import t from 'tap'
import {
  blackhole,
  chain,
  corrupt,
  delay,
  duplicate,
  loss,
  mtu,
  observe,
  pair,
  Prng,
  rate,
  reorder,
} from '@godwit/testkit'
import type { NetworkNode, Pair, SimConnection } from '@godwit/testkit'

const KIB = 1024

function echo(pair: Pair): void {
  pair.server.onAccept = (connection) => {
    connection.onEvent = (event) => {
      if (event.type !== 'stream-readable' || event.stream.direction !== 'bidi') return
      const record = connection.stream(event.stream)
      for (const chunk of record.chunks.splice(0)) event.stream.write(chunk)
      if (record.ended && !record.finished) {
        record.finished = true
        event.stream.finish()
      }
    }
  }
}

function transfer(p: Pair, client: SimConnection, bytes: number): boolean {
  const data = p.prng.bytes(bytes)
  const record = client.send('bidi', data)
  const done = p.run(() => record.ended, 600_000)
  return done && Buffer.from(client.data(record.stream.id)).equals(data)
}

t.test('RFC 9000 §7: two endpoints complete and confirm a handshake', (t) => {
  const p = pair({ seed: 1 })
  const { client, server } = p.establish()
  t.equal(client.connection.phase, 'established')
  t.equal(server.connection.phase, 'established')
  t.same(
    client.events.map((event) => event.type),
    ['connected', 'handshake-confirmed'],
  )
  t.equal(
    p.sim.now,
    40,
    'rfc9001#4.1.2-1, rfc9000#19.20-1: one and a half round trips, and HANDSHAKE_DONE comes back',
  )
  t.equal(client.connection.peerTransportParameters?.maxIdleTimeout, 30_000)
  t.end()
})

t.test('data goes both ways', (t) => {
  const p = pair({ seed: 2 })
  echo(p)
  const { client } = p.establish()
  t.ok(transfer(p, client, 1000))
  t.ok(transfer(p, client, 3000 * KIB))
  const stats = client.connection.stats
  t.equal(stats.packetsLost, 0)
  t.ok(stats.smoothedRtt >= 20 && stats.smoothedRtt < 60, `rtt ${stats.smoothedRtt}`)
  t.end()
})

t.test('data in both directions survives loss, reordering, duplication and corruption', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const network = (n: number): NetworkNode => {
      const prng = new Prng(seed * 2 + n)
      return chain(
        delay(15, 2, prng.fork()),
        loss(0.1, prng.fork()),
        reorder(0.05, 10, prng.fork()),
        duplicate(0.05, prng.fork(), 1),
        corrupt(0.02, prng.fork()),
      )
    }
    const p = pair({ seed, toServer: network(0), toClient: network(1) })
    echo(p)
    const { client } = p.establish()
    t.ok(transfer(p, client, 256 * KIB), `seed ${seed} at ${Math.round(p.sim.now)} ms`)
  }
  t.end()
})

t.test('a narrow link with a short queue is used, not flooded', (t) => {
  const link = (): NetworkNode => chain(rate(10_000_000, 50), delay(20))
  const p = pair({ seed: 3, toServer: link(), toClient: link() })
  echo(p)
  const { client } = p.establish()
  const start = p.sim.now
  t.ok(transfer(p, client, 4000 * KIB))
  const seconds = (p.sim.now - start) / 1000
  const megabits = (4000 * KIB * 8) / seconds / 1e6
  t.ok(megabits > 7, `${megabits.toFixed(1)} Mbit/s of 10`)
  t.ok(client.connection.stats.packetsLost < client.connection.stats.packetsSent * 0.1)
  t.end()
})

/** A path that carries `most` bytes, and what was sent there. */
function narrow(most: number, sizes: number[]): NetworkNode {
  const look = observe((_now, { bytes }) => sizes.push(bytes.length))
  return chain(look, mtu(most), delay(10))
}

t.test('RFC 9000 §14.3: datagrams become as large as the path carries', (t) => {
  for (const [most, expected] of [
    [1500, 1452],
    [1400, 1381],
    [1250, 1231],
    [1200, 1200],
  ]) {
    const sizes: number[] = []
    const p = pair({ seed: 4, toServer: narrow(most, sizes), toClient: narrow(most, []) })
    echo(p)
    const { client } = p.establish()
    t.ok(sizes.every((size) => size === 1200))
    t.ok(transfer(p, client, 100 * KIB))
    t.ok(p.sim.now < 1000, `${Math.round(p.sim.now)} ms`)
    while (p.sim.now < 2000) t.ok(transfer(p, client, 100 * KIB))
    const carried = Math.max(...sizes.slice(-100).filter((size) => size <= most))
    t.ok(carried >= expected, `rfc9000#14.2-1: ${carried} bytes of ${most}`)
    // Only probes were larger than that: a few, and none carried data.
    t.ok(sizes.filter((size) => size > most).length <= 18, 'rfc9000#14.2-3')
  }
  t.end()
})

t.test('RFC 9000 §14.4: lost probes slow nothing down (rfc9000#14.4-1, rfc8899#3-16)', (t) => {
  const sizes: number[] = []
  const p = pair({ seed: 4, toServer: narrow(1300, sizes), toClient: delay(10) })
  const { client } = p.establish()
  client.send('bidi', p.prng.bytes(400 * KIB))
  let window = 0
  while (sizes.filter((size) => size > 1300).length < 6) {
    p.runFor(1)
    const { congestionWindow } = client.connection.stats
    t.ok(congestionWindow >= window)
    window = congestionWindow
  }
  p.runFor(30)
  t.ok(client.connection.stats.congestionWindow >= window)
  t.end()
})

t.test('RFC 8899 §4.3: a path that carries less than it did is found out, and used', (t) => {
  let most = 1500
  const gate: NetworkNode = {
    push: (now, datagram, emit) => {
      if (datagram.bytes.length <= most) emit(now + 10, datagram)
    },
  }
  const p = pair({ seed: 5, toServer: gate, toClient: delay(10) })
  echo(p)
  const { client } = p.establish()
  t.ok(transfer(p, client, 300 * KIB))
  most = 1250
  const start = p.sim.now
  t.ok(transfer(p, client, 300 * KIB))
  const took = Math.round(p.sim.now - start)
  t.ok(took < 10_000, `rfc8899#3-26, rfc8899#4.3-1, rfc8899#8-4: ${took} ms`)
  t.end()
})

t.test('a transfer goes on after an outage', (t) => {
  // Five seconds of service, two of silence, and so on.
  const p = pair({
    seed: 5,
    toServer: chain(rate(2_000_000, 50), blackhole(5000, 2000), delay(10)),
    toClient: chain(rate(2_000_000, 50), blackhole(5000, 2000), delay(10)),
  })
  echo(p)
  const { client } = p.establish()
  t.ok(transfer(p, client, 3000 * KIB))
  t.ok(p.sim.now < 60_000, `${Math.round(p.sim.now)} ms`)
  t.end()
})

t.test('NewReno carries data as well', (t) => {
  const link = (): NetworkNode => chain(rate(10_000_000, 30), delay(20))
  const p = pair({
    seed: 6,
    toServer: link(),
    toClient: link(),
    client: { congestion: 'newreno' },
    server: { congestion: 'newreno' },
  })
  echo(p)
  const { client } = p.establish()
  t.ok(transfer(p, client, 1000 * KIB))
  t.end()
})

t.test('RFC 9000 §4: a reader that stops, stops the sender', (t) => {
  const p = pair({ seed: 7, server: { initialMaxData: 100_000, initialMaxStreamData: 50_000 } })
  const { client, server } = p.establish()
  server.autoRead = false
  const { stream } = client.send('bidi', p.prng.bytes(1_000_000))
  p.runFor(5000)
  t.equal(server.connection.stats.openStreams, 1)
  t.ok(stream.bufferedAmount >= 950_000 - 1350)
  t.ok(server.connection.stats.bytesReceived < 80_000)
  server.autoRead = true
  const record = server.streams.get(0)!
  server.read(record)
  t.ok(p.run(() => record.ended))
  t.equal(record.received, 1_000_000)
  t.end()
})
