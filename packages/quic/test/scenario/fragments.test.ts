// Kernels that cut datagrams in fragments, as Linux does for a socket without DF: once an ICMP message, or
// the interface, says that a path carries less. What is cut arrives, but RFC 9000 §14 forbids it.

import t from 'tap'
import { chain, delay, loss, pair, Prng } from '@godwit/testkit'
import type { NetworkNode, Pair, SimConnection } from '@godwit/testkit'
import {
  BASE_DATAGRAM_SIZE,
  MAX_DATAGRAM_SIZE,
  MTU_SEARCH_STEP,
  MTU_WATCH_SPACING,
} from '../../src/limits.ts'

/** A host's kernel and its path, both of UDP payloads. */
class Kernel {
  /** What the path carries, and what the kernel knows of that. */
  carries: number
  known: number
  /** Datagrams that left in fragments. */
  fragmented: number
  readonly node: NetworkNode

  constructor(carries: number, known: number = Infinity) {
    this.carries = carries
    this.known = known
    this.fragmented = 0
    this.node = {
      push: (now, datagram, emit) => {
        if (this.cuts(datagram.bytes.length)) this.fragmented++
        else if (datagram.bytes.length > this.carries) {
          this.known = this.carries
          return
        }
        emit(now, datagram)
      },
    }
  }

  cuts(size: number): boolean {
    return size > this.known
  }
}

interface Sides {
  readonly p: Pair
  readonly client: SimConnection
}

function connected(kernel: Kernel, seed: number, ...rest: readonly NetworkNode[]): Sides {
  const p = pair({ seed, toServer: chain(kernel.node, ...rest, delay(10)), toClient: delay(10) })
  p.client.fragments = (size) => kernel.cuts(size)
  return { p, client: p.establish().client }
}

function upload({ p, client }: Sides, bytes: number): boolean {
  const record = client.send('uni', p.prng.bytes(bytes))
  return p.run(() => record.finished, p.sim.now + 60_000)
}

t.test(
  'RFC 9000 §14: a probe that was lost for its size is not believed when it comes in fragments',
  (t) => {
    for (const carries of [1444, 1322, 1252, 1232]) {
      const kernel = new Kernel(carries)
      const sides = connected(kernel, carries)
      t.ok(upload(sides, 400_000))
      const { maxDatagramSize } = sides.client.connection.stats
      t.ok(maxDatagramSize <= carries, `${maxDatagramSize} of ${carries}`)
      t.ok(maxDatagramSize + MTU_SEARCH_STEP >= carries, `${maxDatagramSize} of ${carries}`)
      t.ok(kernel.fragmented <= 6, `${kernel.fragmented} left in fragments`)
    }
    t.end()
  },
)

t.test('RFC 9000 §14: where the kernel knows of less, the first probe is not believed', (t) => {
  for (const carries of [1444, 1322, 1252]) {
    const kernel = new Kernel(carries, carries)
    const sides = connected(kernel, carries)
    t.ok(upload(sides, 400_000))
    const { maxDatagramSize } = sides.client.connection.stats
    t.ok(maxDatagramSize <= carries, `${maxDatagramSize} of ${carries}`)
    t.ok(maxDatagramSize + MTU_SEARCH_STEP >= carries, `${maxDatagramSize} of ${carries}`)
    t.ok(kernel.fragmented <= 6, `${kernel.fragmented} left in fragments`)
  }
  t.end()
})

t.test('RFC 9000 §14: when a path comes to carry less, datagrams follow', (t) => {
  const kernel = new Kernel(1500)
  const sides = connected(kernel, 7)
  t.ok(upload(sides, 400_000))
  t.equal(sides.client.connection.stats.maxDatagramSize, MAX_DATAGRAM_SIZE)
  t.equal(kernel.fragmented, 0)
  kernel.carries = 1322
  t.ok(upload(sides, 2_000_000))
  const { maxDatagramSize } = sides.client.connection.stats
  t.ok(maxDatagramSize > 1322 - MTU_SEARCH_STEP && maxDatagramSize <= 1322, `${maxDatagramSize}`)
  const { fragmented } = kernel
  t.ok(fragmented < 2 * MTU_WATCH_SPACING, `${fragmented} left in fragments`)
  t.ok(upload(sides, 2_000_000))
  t.equal(kernel.fragmented, fragmented, 'and none leaves in fragments any more')
  t.end()
})

t.test('a kernel that learned from another connection is found out in the end', (t) => {
  const kernel = new Kernel(1500)
  const sides = connected(kernel, 8)
  t.ok(upload(sides, 400_000))
  kernel.carries = 1322
  kernel.known = 1322
  sides.p.runFor(20_000)
  for (let i = 0; i < 10; i++) {
    t.ok(upload(sides, 100_000))
    sides.p.runFor(10_000)
  }
  t.ok(sides.client.connection.stats.maxDatagramSize <= 1322)
  t.end()
})

t.test('random loss does not make datagrams smaller for long', (t) => {
  let large = 0
  for (let seed = 1; seed <= 50; seed++) {
    const sides = connected(new Kernel(1500), seed, loss(0.02, new Prng(seed)))
    t.ok(upload(sides, 400_000))
    const { maxDatagramSize } = sides.client.connection.stats
    if (maxDatagramSize === MAX_DATAGRAM_SIZE) large++
    else t.equal(maxDatagramSize, BASE_DATAGRAM_SIZE, 'the search was not over')
  }
  t.ok(large >= 48, `${large} of 50`)
  t.end()
})
