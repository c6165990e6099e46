import t from 'tap'
import * as fc from 'fast-check'
import { MtuSearch } from '../../src/connection/mtu-search.ts'
import {
  BASE_DATAGRAM_SIZE,
  MAX_DATAGRAM_SIZE,
  MTU_PROBE_TIMEOUT,
  MTU_PROBES,
  MTU_RAISE_INTERVAL,
  MTU_SEARCH_STEP,
  MTU_WATCH_INTERVAL,
  MTU_WATCH_SPACING,
} from '../../src/limits.ts'

let packetNumber = 0

/** Sends probes over a path that carries `mtu` bytes until the search is over; how many it took. */
function searchOver(search: MtuSearch, mtu: number, now: number): number {
  let probes = 0
  for (;;) {
    const size = search.probeSize(now)
    if (size === 0) return probes
    probes++
    search.onProbeSent(now, ++packetNumber)
    if (size <= mtu) search.onProbeAcked(packetNumber)
    else search.onProbeLost(packetNumber)
  }
}

t.test('rfc9000#14.3-1, rfc8899#5.1.2-2: nothing above 1200 bytes before the search', (t) => {
  const search = new MtuSearch()
  t.equal(search.size, 1200)
  t.equal(search.probeSize(0), 0)
  t.end()
})

t.test('RFC 8899 §5.3.2: on a path of Ethernet one probe is all it takes', (t) => {
  const search = new MtuSearch()
  search.start(65527)
  t.equal(searchOver(search, 1472, 0), 1, 'rfc8899#5.3.2-1')
  t.equal(search.size, MAX_DATAGRAM_SIZE)
  t.equal(search.probeSize(1e9), 0, 'rfc8899#5.1.1-3, rfc8899#5.2-1: and there is no further one')
  t.end()
})

t.test('rfc8899#3-22: the search finds what the path carries, and never believes in more', (t) => {
  const numbers = fc.tuple(
    fc.integer({ min: 1200, max: 1500 }),
    fc.integer({ min: 1200, max: 1500 }),
  )
  fc.assert(
    fc.property(numbers, ([mtu, peerMaximum]) => {
      const search = new MtuSearch()
      search.start(peerMaximum)
      const probes = searchOver(search, mtu, 0)
      const best = Math.min(mtu, peerMaximum, MAX_DATAGRAM_SIZE)
      return (
        search.size <= best && search.size + MTU_SEARCH_STEP >= best && probes <= 6 * MTU_PROBES
      )
    }),
    { seed: 8899, numRuns: 500 },
  )
  t.end()
})

t.test('RFC 8899 §5.1.2: a probe that is lost by chance is repeated', (t) => {
  const search = new MtuSearch()
  search.start(1452)
  for (let i = 1; i < MTU_PROBES; i++) {
    t.equal(search.probeSize(0), 1452)
    search.onProbeSent(0, i)
    t.equal(search.probeSize(0), 0, 'one at a time')
    search.onProbeLost(i)
  }
  search.onProbeSent(0, 7)
  t.equal(search.onProbeAcked(7), true, 'rfc8899#3-7')
  t.equal(search.size, 1452)
  t.end()
})

t.test('a probe of which nothing is heard is lost in the end', (t) => {
  const search = new MtuSearch()
  search.start(1452)
  search.onProbeSent(0, 1)
  t.equal(search.probeSize(1000), 0, 'rfc8899#5.1.1-1')
  t.equal(search.probeSize(MTU_PROBE_TIMEOUT - 1), 0)
  t.equal(search.probeSize(MTU_PROBE_TIMEOUT), 1452)
  t.equal(search.onProbeAcked(1), false, 'rfc8899#3-28, rfc8899#4.1-3: and comes too late')
  t.end()
})

t.test('RFC 8899 §5.1.1: what is below the largest is tried again after ten minutes', (t) => {
  const search = new MtuSearch()
  search.start(1452)
  searchOver(search, 1300, 0)
  t.ok(search.size <= 1300)
  t.equal(search.probeSize(MTU_RAISE_INTERVAL - 1), 0)
  t.equal(search.probeSize(MTU_RAISE_INTERVAL), 1452, 'rfc8899#3-29')
  searchOver(search, 1452, MTU_RAISE_INTERVAL)
  t.equal(search.size, 1452)
  t.end()
})

t.test('RFC 8899 §4.3: after a black hole datagrams are as small as at first', (t) => {
  const search = new MtuSearch()
  search.start(1452)
  searchOver(search, 1452, 0)
  t.equal(search.onBlackHole(), true)
  t.equal(search.size, BASE_DATAGRAM_SIZE)
  t.equal(search.onBlackHole(), false, 'there is nothing smaller')
  t.equal(search.probeSize(1000), 0)
  t.equal(search.probeSize(1000 + MTU_RAISE_INTERVAL), 1452)
  t.end()
})

t.test('a probe of a search that was given up changes nothing', (t) => {
  const search = new MtuSearch()
  search.start(1452)
  searchOver(search, 1400, 0)
  t.equal(search.probeSize(MTU_RAISE_INTERVAL), 1452)
  search.onProbeSent(MTU_RAISE_INTERVAL, 1_000_000)
  search.onBlackHole()
  t.equal(search.onProbeAcked(1_000_000), false, 'rfc8899#3-27, rfc8899#4.1-3')
  search.onProbeLost(1_000_000)
  t.equal(search.size, BASE_DATAGRAM_SIZE)
  t.end()
})

t.test('RFC 9000 §14: a size that leaves in fragments is never believed in', (t) => {
  const numbers = fc.tuple(
    fc.integer({ min: 1200, max: 1500 }),
    fc.integer({ min: 1200, max: 1500 }),
  )
  fc.assert(
    fc.property(numbers, ([carries, known]) => {
      const search = new MtuSearch()
      search.start(65527)
      let fragmented = 0
      for (let size = search.probeSize(0); size > 0; size = search.probeSize(0)) {
        search.onProbeSent(0, ++packetNumber)
        if (size > known) {
          fragmented++
          search.onFragmented(size)
          // It arrives, all the same.
          search.onProbeAcked(packetNumber)
        } else if (size <= carries) search.onProbeAcked(packetNumber)
        else search.onProbeLost(packetNumber)
      }
      const best = Math.min(carries, known, MAX_DATAGRAM_SIZE)
      return search.size <= best && search.size + MTU_SEARCH_STEP >= best && fragmented <= 6
    }),
    { seed: 9000, numRuns: 500 },
  )
  t.end()
})

t.test(
  'RFC 9000 §14: datagrams that come to leave in fragments shrink, and are searched below',
  (t) => {
    const search = new MtuSearch()
    search.start(1452)
    searchOver(search, 1452, 0)
    t.equal(search.onFragmented(1440), true)
    t.equal(search.size, BASE_DATAGRAM_SIZE)
    t.equal(search.probeSize(0), 1320)
    t.equal(search.onFragmented(1440), false, 'which is known')
    t.equal(search.onFragmented(BASE_DATAGRAM_SIZE), false, 'there is nothing smaller')
    searchOver(search, 1340, 0)
    t.ok(search.size > 1320 && search.size <= 1340)
    t.equal(search.probeSize(MTU_RAISE_INTERVAL - 1), 0)
    t.equal(search.probeSize(MTU_RAISE_INTERVAL), 1452, 'later, the path may carry more')
    t.end()
  },
)

t.test(
  'what is watched: probes, full datagrams that follow, after losses, and once a minute',
  (t) => {
    const search = new MtuSearch()
    search.start(1452)
    t.equal(search.watches(0, 1452, 0), true)
    t.equal(search.watches(0, 1452, 0), true, 'each probe')
    searchOver(search, 1452, 0)
    t.equal(search.watches(0, 1452 - MTU_SEARCH_STEP - 1, 0), false, 'not full')
    t.equal(search.watches(0, 1452, 0), true, 'the first of its size')
    t.equal(search.watches(0, 1452, 0), false)
    for (let i = 2; i < MTU_WATCH_SPACING; i++) t.equal(search.watches(0, 1452, 1), false)
    t.equal(search.watches(0, 1452, 1), true)
    for (let i = 0; i < MTU_WATCH_SPACING; i++) t.equal(search.watches(0, 1452, 1), false)
    t.equal(search.watches(MTU_WATCH_INTERVAL, 1452, 1), true)
    t.end()
  },
)

t.test('RFC 9000 §18.2: a peer that takes 1200 bytes only is sent no probe', (t) => {
  const search = new MtuSearch()
  search.start(1200)
  t.equal(search.probeSize(0), 0)
  t.equal(search.probeSize(1e9), 0)
  t.end()
})
