import t from 'tap'
import type { Test } from 'tap'
import { pair, Prng } from '@godwit/testkit'
import type { PairOptions, SimConnection } from '@godwit/testkit'
import type { QuicError } from '../../src/errors.ts'
import { forgedPair, stillServes } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'

// Bad datagrams by the thousand. The oracle is the same everywhere: nothing is thrown, nothing
// grows, and a new connection is served at the end.

/** A recorded handshake and transfer: what each side sent. */
function record(options: PairOptions): Record<Side, Uint8Array[]> {
  const p = forgedPair(options)
  const { client, server } = p.establish()
  server.onEvent = (event) => {
    if (event.type === 'stream-opened') {
      event.stream.write(p.prng.bytes(5000))
      event.stream.finish()
    }
  }
  client.send('bidi', p.prng.bytes(5000))
  p.runFor(1000)
  client.connection.close(0, 'done')
  p.runFor(1000)
  return {
    client: p.sent.client.map(({ bytes }) => bytes),
    server: p.sent.server.map(({ bytes }) => bytes),
  }
}

function mutate(prng: Prng, datagram: Uint8Array): Uint8Array {
  const bytes = datagram.slice()
  switch (prng.below(6)) {
    case 0:
      return bytes.slice(0, prng.below(bytes.length + 1))
    case 1:
      bytes[prng.below(bytes.length)] ^= 1 << prng.below(8)
      return bytes
    case 2:
      for (let i = 0; i < 8; i++) bytes[prng.below(Math.min(60, bytes.length))] = prng.below(256)
      return bytes
    case 3:
      return Uint8Array.from([...bytes, ...bytes.slice(0, prng.below(400))])
    case 4:
      bytes.set(prng.bytes(Math.min(32, bytes.length)), 0)
      return bytes
    default:
      return prng.bytes(prng.below(1500))
  }
}

function assaultOn(
  p: ForgedPair,
  prng: Prng,
  recorded: Record<Side, Uint8Array[]>,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    for (const side of ['client', 'server'] as const) {
      const own = p.sent[side]
      // Half of the time packets of the connection under way, else those of the recording.
      const source =
        own.length > 0 && prng.chance(0.5)
          ? own[prng.below(own.length)].bytes
          : recorded[side][prng.below(recorded[side].length)]
      p.inject(side, mutate(prng, source))
    }
    if (i % 20 === 0) p.runFor(5)
  }
}

function codeOf({ closeError }: SimConnection): string {
  return closeError === null || closeError === undefined ? '' : (closeError as QuicError).code
}

/** False when a bug of ours ended the connection: INTERNAL_ERROR with what was thrown. */
function isOrderly(connection: SimConnection): boolean {
  return codeOf(connection) !== 'ERR_QUIC_INTERNAL' || connection.closeError?.cause === undefined
}

function checkAftermath(t: Test, p: ForgedPair): void {
  t.ok([...p.client.connections, ...p.server.connections].every(isOrderly))
  p.runFor(120_000)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.client.endpoint.connectionCount, 0)
  t.equal(p.server.pollTimeout(), Infinity)
  t.equal(p.client.pollTimeout(), Infinity)
  const { client } = p.establish()
  const { stream } = client.send('bidi', p.prng.bytes(2000))
  t.ok(p.run(() => p.server.accepted.at(-1)?.streams.get(stream.id)?.ended === true))
}

t.test('mutated datagrams of a session, thrown at a session like it', (t) => {
  for (let seed = 1; seed <= 4; seed++) {
    const recorded = record({ seed })
    const p = forgedPair({ seed })
    const prng = new Prng(1000 + seed)
    p.connect()
    assaultOn(p, prng, recorded, 600)
    p.connect()
    p.runFor(100)
    assaultOn(p, prng, recorded, 600)
    checkAftermath(t, p)
  }
  t.end()
})

t.test('mutated datagrams under real packet protection', (t) => {
  const recorded = record({ seed: 9, realProtection: true })
  const p = forgedPair({ seed: 9, realProtection: true })
  const prng = new Prng(77)
  p.connect()
  assaultOn(p, prng, recorded, 400)
  checkAftermath(t, p)
  t.end()
})

t.test('frames at random inside packets that are authentic', (t) => {
  const prng = new Prng(5)
  const ends = new Set<string>()
  for (let i = 0; i < 600; i++) {
    const p = forgedPair({ seed: 100 + i })
    const { client, server } = p.establish()
    p.runFor(50)
    const [side, other] = prng.chance(0.5)
      ? (['client', server] as const)
      : (['server', client] as const)
    for (let j = 0; j < 4; j++) {
      const frames = prng.bytes(1 + prng.below(60))
      // Types that exist, mostly; random numbers behind them.
      if (prng.chance(0.8)) frames[0] = prng.below(0x1f)
      p.forge(side, frames)
    }
    p.runFor(50)
    if (!isOrderly(other)) t.fail(`seed ${100 + i}`, { error: other.closeError })
    ends.add(codeOf(other))
    other.connection.close(0, '')
    p.runFor(60_000)
    if (p.server.endpoint.connectionCount + p.client.endpoint.connectionCount > 0) t.fail('left')
  }
  t.ok(ends.size > 5, [...ends].join(' '))
  t.end()
})

t.test('a thousand connections come and go and leave nothing', (t) => {
  const p = pair({ seed: 40 })
  const prng = new Prng(40)
  for (let i = 0; i < 1000; i++) {
    const client = p.connect()
    p.runFor(prng.below(60))
    if (prng.chance(0.5)) client.connection.close(0, '')
  }
  p.runFor(120_000)
  t.equal(p.server.endpoint.connectionCount, 0)
  t.equal(p.client.endpoint.connectionCount, 0)
  t.equal(p.server.pollTimeout(), Infinity)
  stillServes(t, p)
  t.end()
})
