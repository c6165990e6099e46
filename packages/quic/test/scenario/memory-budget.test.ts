// What a server holds for clients that ask for much and take nothing, or send what nobody reads, against
// its budget: the steps of refusal in their order, and who is still served.

import t from 'tap'
import type { QuicStream } from '@godwit/quic'
import { pair } from '@godwit/testkit'
import type { Pair, PairOptions, SimConnection } from '@godwit/testkit'

const KIB = 1024
const BUDGET = 16 * 1024 * KIB

/** A server that answers each request without end, as much as the stream takes. */
function answering(options: PairOptions = {}): Pair {
  const p = pair({ seed: 1, memoryBudget: BUDGET, ...options })
  const answer = (stream: QuicStream): void => {
    while (stream.write(new Uint8Array(Math.max(2 * KIB, stream.writableAmount)))) continue
  }
  p.server.onAccept = (side) => {
    side.onEvent = (event) => {
      if (event.type === 'stream-opened' || event.type === 'stream-writable') answer(event.stream)
    }
  }
  return p
}

/** A connection with so many requests whose responses the client does not take. */
function greedy(p: Pair, requests: number): { client: SimConnection; server: SimConnection } {
  const both = p.establish()
  both.client.autoRead = false
  for (let i = 0; i < requests; i++) both.client.send('bidi', new Uint8Array(10))
  p.runFor(100)
  return both
}

t.test('clients that take nothing: new ones are refused in time, and the others go on', (t) => {
  const p = answering({ client: { initialMaxData: 0 } })
  const honest = p.establish()
  let held = 0
  let connections = 0
  const growth: number[] = []
  const refused = (): number => p.server.endpoint.stats.connectionsRefused
  while (refused() === 0 && connections < 50) {
    connections++
    const client = p.connect()
    client.autoRead = false
    if (!p.run(() => client.has('handshake-confirmed') || client.has('closed'), 5000)) break
    if (client.has('closed')) break
    for (let i = 0; i < 100; i++) client.send('bidi', new Uint8Array(10))
    p.runFor(100)
    growth.push(p.server.endpoint.stats.bytesHeld - held)
    held = p.server.endpoint.stats.bytesHeld
  }
  t.equal(refused(), 1, 'new connections are refused')
  t.ok(held > BUDGET * 0.75 && held <= BUDGET, `${held} bytes are held`)
  t.ok(growth[0]! > 1000 * KIB && growth[0]! < 1800 * KIB, `the first: ${growth[0]}`)
  t.equal(p.server.endpoint.stats.connectionsShed, 0)
  // The one that was there before holds nothing, and gets what it asks for.
  const { stream } = honest.client.send('bidi', p.prng.bytes(20_000))
  t.ok(
    p.run(() => honest.server.streams.get(stream.id)?.ended === true, 5000),
    'a request is served',
  )
  for (const side of p.client.connections) side.connection.close(0, '')
  p.runFor(5000)
  t.equal(p.server.endpoint.stats.bytesHeld, 0)
  t.ok(p.establish(), 'there is room again')
  t.end()
})

t.test('above the whole budget the connection that holds the most is closed', (t) => {
  const p = pair({ seed: 2, memoryBudget: BUDGET })
  const quiet = p.establish()
  const connections = [1, 2, 3, 4].map(() => p.establish())
  // An application that does not care for what `write` says.
  connections.forEach(({ server }, i) => {
    const stream = server.connection.openStream('uni')!
    stream.write(new Uint8Array((i === 2 ? 5 : 4) * 1024 * KIB))
  })
  t.ok(p.server.endpoint.stats.bytesHeld > BUDGET)
  p.runFor(1)
  t.equal(p.server.endpoint.stats.connectionsShed, 1)
  t.match(connections[2]?.server.closeError, { code: 'ERR_QUIC_INTERNAL', remote: false })
  for (const i of [0, 1, 3]) t.equal(connections[i]?.server.closeError, undefined)
  t.ok(p.server.endpoint.stats.bytesHeld <= BUDGET)
  p.runFor(50)
  t.match(connections[2]?.client.closeError, { code: 'ERR_QUIC_INTERNAL', remote: true })
  const { stream } = quiet.client.send('bidi', p.prng.bytes(5000))
  t.ok(p.run(() => quiet.server.streams.get(stream.id)?.ended === true, 5000))
  p.runFor(20_000)
  t.equal(p.server.endpoint.stats.bytesHeld, 0, 'all that was kept has arrived')
  t.end()
})

t.test('what is received and not read counts, as memory that it takes', (t) => {
  const p = pair({ seed: 3, memoryBudget: 64 * KIB * KIB })
  const { client, server } = p.establish()
  server.autoRead = false
  const { stream } = client.send('bidi', p.prng.bytes(200_000))
  p.runFor(2000)
  const { bytesHeld } = p.server.endpoint.stats
  t.ok(bytesHeld >= 200_000 && bytesHeld < 300_000, `${bytesHeld}`)
  server.read(server.streams.get(stream.id)!)
  t.equal(p.server.endpoint.stats.bytesHeld, 0)
  t.end()
})

t.test('a client without budget has no limit of its own, and a wrong one is refused', (t) => {
  t.throws(() => pair({ memoryBudget: 0 }), { name: 'RangeError', message: /server.memoryBudget/ })
  const p = answering()
  const { client } = greedy(p, 3)
  t.equal(client.connection.phase, 'established')
  t.end()
})
