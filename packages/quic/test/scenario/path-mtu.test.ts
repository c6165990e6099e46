// Path MTU discovery of whole connections, RFC 8899: what a probe is, when it goes, what it leaves alone.

import t from 'tap'
import { chain, delay, mtu, observe } from '@godwit/testkit'
import type { NetworkNode } from '@godwit/testkit'
import { forgedPair } from './forger.ts'
import { packetsOf } from './packets.ts'

const PING = 0x01
const PADDING = 0x00
const ROUND_TRIP = 20

t.test('RFC 8899 §3: only probes are larger than what is proven, and they carry nothing', (t) => {
  let proven = (): number => Infinity
  const probes: { at: number; types: Set<number> }[] = []
  const toServer: NetworkNode = chain(
    observe((now, datagram) => {
      if (datagram.bytes.length <= proven()) return
      const types = packetsOf(datagram).flatMap(({ frames }) => frames.map(({ type }) => type))
      probes.push({ at: now, types: new Set(types) })
    }),
    mtu(1300),
    delay(ROUND_TRIP / 2),
  )
  const p = forgedPair({ seed: 1, toServer })
  const { client, server } = p.establish()
  proven = () => client.connection.stats.maxDatagramSize
  const data = p.prng.bytes(400_000)
  const { id } = client.send('bidi', data).stream
  t.ok(p.run(() => server.streams.get(id)?.ended === true))
  p.runFor(1000)
  t.ok(probes.length >= 3, `${probes.length} probes`)
  for (const { types } of probes) {
    t.ok(types.has(PING), 'it is acknowledged (rfc8899#3-4)')
    types.delete(PING)
    types.delete(PADDING)
    t.same(
      [...types],
      [],
      'PING and PADDING alone: rfc8899#3-1, rfc8899#3-5, rfc8899#3-6, rfc8899#3-19',
    )
  }
  for (let i = 1; i < probes.length; i++) {
    const interval = probes[i].at - probes[i - 1].at
    t.ok(interval >= ROUND_TRIP, `rfc8899#3-15, rfc8899#8-1: ${interval} ms between probes`)
  }
  t.ok(Buffer.from(server.data(id)).equals(data), 'rfc8899#4.1-1: padding is no data')
  t.end()
})
