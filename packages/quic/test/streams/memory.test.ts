// What the streams of a connection hold, as the endpoint's budget counts it.

import t from 'tap'
import * as fc from 'fast-check'
import { SEND_HIGH_WATER_MARK, SEND_LOWERED_MARK } from '../../src/limits.ts'
import { MemoryBudget } from '../../src/memory-budget.ts'
import type { QuicStream } from '../../src/port.ts'
import { drain, exchange, join, parameters, Side } from './harness.ts'

const KIB = 1024
const CLOSED = parameters({ initialMaxData: 0 })

/** Writes until the stream wants no more. */
function fill(stream: QuicStream, piece: number): void {
  while (stream.write(new Uint8Array(piece))) continue
}

t.test('a hundred streams that nobody takes hold little each', (t) => {
  const memory = new MemoryBudget(Infinity)
  const side = new Side('client', parameters(), 0, 0, memory)
  side.streams.setPeerLimits(CLOSED)
  const streams = Array.from({ length: 100 }, () => side.streams.open('bidi')!)
  for (const stream of streams) fill(stream, 2 * KIB)
  const most = 512 * KIB + SEND_HIGH_WATER_MARK + 100 * (SEND_LOWERED_MARK + 2 * KIB)
  t.ok(memory.held <= most, `${memory.held} bytes`)
  t.equal(memory.held, side.streams.stats.bytesToSend)
  for (const stream of streams) t.equal(stream.writableAmount, 0)
  t.end()
})

t.test('with few streams each takes as much as before', (t) => {
  const side = new Side('client')
  side.streams.setPeerLimits(CLOSED)
  for (let i = 0; i < 3; i++) {
    const stream = side.streams.open('bidi')!
    t.equal(stream.writableAmount, SEND_HIGH_WATER_MARK)
    t.equal(stream.write(new Uint8Array(SEND_HIGH_WATER_MARK)), true)
    t.equal(stream.writableAmount, 0)
    t.equal(stream.write(new Uint8Array(1)), false)
  }
  t.end()
})

t.test('a stream that took little is writable again when that was sent', (t) => {
  const side = new Side('client', parameters(), 0, 0, new MemoryBudget(Infinity), 0)
  side.streams.setPeerLimits(parameters())
  const stream = side.streams.open('bidi')!
  t.equal(stream.writableAmount, SEND_HIGH_WATER_MARK, 'nothing waits yet')
  fill(stream, 2 * KIB)
  t.ok(stream.bufferedAmount <= SEND_LOWERED_MARK + 2 * KIB)
  t.strictSame(side.events(), [])
  drain(side)
  t.strictSame(side.events(), ['stream-writable 0'])
  t.end()
})

t.test('a connection over its share of a tight budget is held back, and others are not', (t) => {
  const memory = new MemoryBudget(1024 * KIB)
  memory.connections = 2
  const greedy = new Side('client', parameters(), 0, 0, memory)
  const modest = new Side('client', parameters(), 0, 0, memory)
  for (const side of [greedy, modest]) {
    side.streams.setPeerLimits(
      parameters({ initialMaxData: 2 ** 30, initialMaxStreamDataBidiRemote: 2 ** 30 }),
    )
  }
  const first = greedy.streams.open('bidi')!
  // Sent, and not acknowledged.
  const sent = []
  while (memory.held < 600 * KIB) {
    fill(first, 16 * KIB)
    sent.push(...drain(greedy))
  }
  const second = greedy.streams.open('bidi')!
  t.equal(second.writableAmount, SEND_LOWERED_MARK)
  second.write(new Uint8Array(KIB))
  t.equal(greedy.send(), null, 'and nothing new is sent')
  const stream = modest.streams.open('bidi')!
  t.equal(stream.writableAmount, SEND_HIGH_WATER_MARK)
  fill(stream, 16 * KIB)
  t.ok(drain(modest).length > 100)
  for (const packet of sent) greedy.acked(packet)
  t.equal(second.writableAmount, SEND_HIGH_WATER_MARK - KIB)
  t.not(greedy.send(), null, 'until something is acknowledged')
  t.end()
})

t.test('a receive window grows with use only while there is memory, and gives it back', (t) => {
  for (const [limit, grown] of [
    [Infinity, true],
    [1000, false],
  ] as const) {
    const memory = new MemoryBudget(limit)
    const local = parameters({
      initialMaxData: 10_000,
      initialMaxStreamDataBidiRemote: 10_000,
    })
    const receiver = new Side('server', local, 1e6, 1e6, memory)
    const [client, server] = join(new Side('client'), receiver)
    server.streams.setRtt(1000)
    const stream = client.streams.open('bidi')!
    let received: QuicStream | undefined
    for (let i = 0; i < 20; i++) {
      stream.write(new Uint8Array(5000))
      exchange(client, server)
      received ??= server.accept()[0]
      while (received?.read() !== null) continue
      exchange(client, server)
    }
    t.equal(memory.promised > 0, grown)
    server.streams.closeAll()
    t.equal(memory.promised, 0)
    t.equal(memory.held, 0)
  }
  t.end()
})

t.test('whatever happens to streams, the sum is what they hold, and nothing at the end', (t) => {
  const step = fc.tuple(
    fc.constantFrom('open', 'write', 'finish', 'reset', 'stop', 'read', 'carry', 'lose'),
    fc.nat(7),
    fc.nat(9000),
  )
  let most = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const memory = new MemoryBudget(Infinity)
      const [a, b] = join(
        new Side('client', parameters(), 0, 0, memory),
        new Side('server', parameters(), 0, 0, memory),
      )
      const ours: QuicStream[] = []
      const theirs: QuicStream[] = []
      for (const [what, n, size] of steps) {
        const mine = ours[n % Math.max(1, ours.length)]
        const other = theirs[n % Math.max(1, theirs.length)]
        if (what === 'open') ours.push(a.streams.open('bidi')!)
        if (what === 'write' && mine?.writable) mine.write(new Uint8Array(size))
        if (what === 'finish' && mine?.writable) mine.finish()
        if (what === 'reset') mine?.reset(1)
        if (what === 'stop') other?.stopSending(2)
        if (what === 'read') other?.read()
        if (what === 'carry') exchange(a, b)
        if (what === 'lose') for (const packet of drain(a)) a.lost(packet)
        theirs.push(...b.accept())
        a.events()
        const { bytesToSend } = a.streams.stats
        const { bytesToRead } = b.streams.stats
        if (a.streams.held !== bytesToSend || b.streams.held < bytesToRead) return false
        if (memory.held !== a.streams.held + b.streams.held) return false
        most = Math.max(most, memory.held)
      }
      for (const stream of ours) if (stream.writable) stream.finish()
      exchange(a, b)
      theirs.push(...b.accept())
      for (const stream of theirs) while (stream.read() !== null) continue
      if (memory.held !== 0) return false
      a.streams.closeAll()
      b.streams.closeAll()
      return memory.held === 0 && memory.promised === 0
    }),
    { seed: 1, numRuns: 1000 },
  )
  t.ok(most > 20_000, `up to ${most} bytes were held`)
  t.end()
})
