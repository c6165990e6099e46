import t from 'tap'
import {
  blackhole,
  chain,
  corrupt,
  delay,
  dropList,
  duplicate,
  loss,
  mtu,
  Prng,
  rate,
  Simulator,
} from '@godwit/testkit'
import type { NetworkNode, SimAddress, SimHost, SimTransmit } from '@godwit/testkit'

const A: SimAddress = { address: '10.0.0.1', port: 1 }
const B: SimAddress = { address: '10.0.0.2', port: 2 }

/** Sends `count` datagrams of `size` bytes, one every `every` ms. */
function sender(count: number, size: number, every: number): SimHost {
  let sent = 0
  let due = 0
  return {
    address: A,
    handleDatagram: () => {},
    handleTimeout: () => {},
    pollTimeout: () => (sent < count ? due : Infinity),
    pollDatagram: (now): SimTransmit | null => {
      if (sent >= count || now < due) return null
      sent++
      due = now + every
      const bytes = new Uint8Array(size)
      bytes[0] = sent - 1
      return { to: B, bytes, ecn: 0 }
    },
  }
}

function receiver(log: { at: number; first: number; bytes: Uint8Array }[]): SimHost {
  return {
    address: B,
    handleDatagram: (now, _from, d) => log.push({ at: now, first: d.bytes[0], bytes: d.bytes }),
    handleTimeout: () => {},
    pollTimeout: () => Infinity,
    pollDatagram: () => null,
  }
}

function through(node: NetworkNode, count = 10, size = 100, every = 1) {
  const log: { at: number; first: number; bytes: Uint8Array }[] = []
  const sim = new Simulator()
  sim.addHost(sender(count, size, every))
  sim.addHost(receiver(log))
  sim.link(A, B, node)
  sim.run(() => false, 1e6)
  return log
}

t.test('the same seed gives the same numbers, another seed others', (t) => {
  const take = (seed: number) => {
    const p = new Prng(seed)
    return Array.from({ length: 8 }, () => p.u32())
  }
  t.same(take(7), take(7))
  t.notSame(take(7), take(8))
  const p = new Prng(1)
  const mean = Array.from({ length: 10000 }, () => p.float()).reduce((a, b) => a + b) / 10000
  t.ok(mean > 0.48 && mean < 0.52, `mean ${mean}`)
  t.end()
})

t.test('nodes do what they say', (t) => {
  t.same(
    through(delay(25)).map((x) => x.at),
    [25, 26, 27, 28, 29, 30, 31, 32, 33, 34],
  )
  t.same(
    through(dropList([0, 3])).map((x) => x.first),
    [1, 2, 4, 5, 6, 7, 8, 9],
  )
  t.equal(through(mtu(99)).length, 0)
  t.equal(through(mtu(100)).length, 10)
  t.same(
    through(blackhole(5, 2)).map((x) => x.first),
    [0, 1, 2, 3, 4, 7, 8, 9],
  )
  t.equal(through(duplicate(1, new Prng(1))).length, 20)
  const survivors = through(loss(0.3, new Prng(3)), 200).length
  t.ok(survivors > 110 && survivors < 170, `${survivors} of 200 at 30 % loss`)
  t.ok(through(loss(1, new Prng(1), 3), 100).length === 25, 'a burst ends after three')
  t.end()
})

t.test('a corrupted datagram differs in one bit and the original is untouched', (t) => {
  const bytes = new Uint8Array(50)
  let got: Uint8Array = bytes
  corrupt(1, new Prng(9)).push(0, { bytes, ecn: 0 }, (_at, d) => (got = d.bytes))
  let bits = 0
  for (const b of got) bits += b.toString(2).replaceAll('0', '').length
  t.equal(bits, 1)
  t.ok(bytes.every((b) => b === 0))
  t.end()
})

t.test('a rate limits throughput and its queue drops the tail', (t) => {
  // 128 bytes with overhead take 1.024 ms at 1 Mbit/s.
  const log = through(chain(rate(1e6, 5), delay(10)), 20, 100, 0)
  t.equal(log.length, 5, 'five fit, the rest came while the queue was full')
  t.ok(Math.abs(log[4].at - (5 * 1.024 + 10)) < 1e-9)
  t.end()
})

t.test('jitter above the spacing reorders', (t) => {
  const order = through(delay(10, 20, new Prng(4)), 50).map((x) => x.first)
  t.notSame(
    order,
    [...order].sort((a, b) => a - b),
  )
  t.equal(new Set(order).size, 50)
  t.end()
})

t.test('a host that never lets time pass is reported', (t) => {
  const sim = new Simulator()
  sim.addHost({ ...receiver([]), pollTimeout: () => 0 })
  t.throws(() => sim.run(() => false, 10), /no progress/)
  t.end()
})
