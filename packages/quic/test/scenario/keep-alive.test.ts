// An application that waits for its peer keeps the connection alive, RFC 9000 §10.1.2.

import t from 'tap'
import { CLIENT_ADDRESS, delay, pair } from '@godwit/testkit'
import type { NetworkNode } from '@godwit/testkit'
import { ELSEWHERE } from './mover.ts'

/** A path of 10 ms that can be cut. */
function gate(): NetworkNode & { open: boolean } {
  return {
    open: true,
    push(now, datagram, emit) {
      if (this.open) emit(now + 10, datagram)
    },
  }
}

t.test('a silent connection lives for as long as it is wanted, and no longer', (t) => {
  const p = pair({ seed: 1, client: { maxIdleTimeout: 10_000 } })
  const { client, server } = p.establish()
  client.connection.setKeepAlive(true)
  const { stream } = client.send('bidi', p.prng.bytes(100))
  p.runFor(300_000)
  t.equal(client.connection.phase, 'established')
  t.equal(server.connection.phase, 'established')
  server.streams.get(stream.id)?.stream.write(p.prng.bytes(10))
  p.runFor(100)
  t.equal(client.streams.get(stream.id)?.received, 10, 'the late answer arrives')
  client.connection.setKeepAlive(false)
  p.runFor(20_500)
  t.match(client.closeError, { name: 'IdleTimeoutError' })
  t.end()
})

t.test('PINGs grow rare, and begin anew when the peer has said something', (t) => {
  const p = pair({ seed: 2 })
  const { client, server } = p.establish()
  p.runFor(1000)
  const times: number[] = []
  p.sim.onSend = (from) => {
    if (from.port === CLIENT_ADDRESS.port && from.address === CLIENT_ADDRESS.address) {
      times.push(Math.round(p.sim.now))
    }
  }
  client.connection.setKeepAlive(true)
  const quiet = (ms: number): number[] => {
    const start = times.length
    p.runFor(ms)
    return times.slice(start).map((time, i) => time - (times[start + i - 1] ?? time))
  }
  const first = quiet(60_000)
  t.ok(first.length > 5 && first.length < 12, `${first.length} in a minute`)
  t.ok(
    first.slice(2).every((distance, i) => distance >= first[i + 1]),
    `at ${first.join(', ')}`,
  )
  t.ok(Math.max(...first) <= 15_100)
  server.send('uni', p.prng.bytes(10))
  p.runFor(100)
  const again = quiet(1500)
  t.ok(again.length >= 1, 'soon after the peer spoke')
  t.end()
})

t.test('RFC 9000 §9.3: a client that only listens is found again at its new address', (t) => {
  for (const wanted of [false, true]) {
    const toServer = gate()
    const p = pair({ seed: 3, toServer, toClient: delay(10) })
    const { client, server } = p.establish()
    client.connection.setKeepAlive(wanted)
    const { stream } = server.send('uni', p.prng.bytes(100_000))
    // Too little for the client to extend flow control, which would make it repeat that.
    p.run(() => (client.streams.get(stream.id)?.received ?? 0) > 20_000)
    // All acknowledgements on their way are lost, and from now on all that the server sends.
    toServer.open = false
    p.runFor(40)
    p.sim.rebind(CLIENT_ADDRESS, ELSEWHERE)
    p.runFor(100)
    toServer.open = true
    const found = p.run(() => client.streams.get(stream.id)?.received === 100_000, 5000)
    t.equal(found, wanted, wanted ? 'found' : 'without, both wait for the end')
  }
  t.end()
})

t.test('a peer that is gone is noticed by the idle timeout all the same', (t) => {
  const toServer = gate()
  const p = pair({ seed: 4, toServer, client: { maxIdleTimeout: 5000 } })
  const { client } = p.establish()
  client.send('bidi', p.prng.bytes(100))
  client.connection.setKeepAlive(true)
  p.runFor(100)
  toServer.open = false
  p.runFor(11_000)
  t.match(client.closeError, { name: 'IdleTimeoutError' })
  t.equal(p.client.pollTimeout(), Infinity)
  t.end()
})
