// What a server believes of addresses: how few it remembers, and which answers count. RFC 9000 §8.2, §9.

import { CLIENT_ADDRESS } from '@godwit/testkit'
import type { SimAddress } from '@godwit/testkit'
import t from 'tap'
import { Paths } from '../../src/connection/paths.ts'
import { MAX_OTHER_PATHS } from '../../src/limits.ts'
import { bytes, stillServes } from './forger.ts'
import { ELSEWHERE, framesOf, FURTHER, mover, PING, typesOf } from './mover.ts'

const PATH_CHALLENGE = 0x1a
const PATH_RESPONSE = 0x1b

const at = (n: number): SimAddress => ({ address: `10.3.${n >> 8}.${n & 255}`, port: 4433 })

// The number of addresses kept shows in what one is sent: credit that was earned is lost with it.
t.test(
  'RFC 9000 §9.3: an address is forgotten for the fourth that comes after it, not before',
  (t) => {
    for (const others of [MAX_OTHER_PATHS - 1, MAX_OTHER_PATHS]) {
      const p = mover({ seed: 1 })
      const challenge = bytes(PATH_CHALLENGE, 'probe 01')
      // 1200 bytes are worth three datagrams of that size; the answer takes one.
      p.from(ELSEWHERE, bytes(challenge, new Uint8Array(1150)))
      for (let n = 0; n < others; n++) p.from(at(n), challenge)
      p.from(ELSEWHERE, challenge)
      const [first, second, ...more] = p.sentTo(ELSEWHERE)
      t.same(more, [])
      t.same(typesOf(first), [PATH_RESPONSE])
      t.same(typesOf(second), [PATH_RESPONSE])
      t.equal(first.size, 1200)
      if (others < MAX_OTHER_PATHS) t.equal(second.size, 1200, 'known still')
      else t.ok(second.size <= 3 * 60, `new again: ${second.size} bytes`)
      stillServes(t, p)
    }
    t.end()
  },
)

t.test('packets from ever new addresses leave no more than a few (CVE-2025-29785)', (t) => {
  const onDatagram = Reflect.get(Paths.prototype, 'onDatagram') as typeof Paths.prototype.onDatagram
  t.teardown(() => (Paths.prototype.onDatagram = onDatagram))
  let most = 0
  Paths.prototype.onDatagram = function (this: Paths, remote, size) {
    most = Math.max(most, this.otherCount)
    return onDatagram.call(this, remote, size)
  }
  for (const [frames, expected] of [
    // The last address that was validated is kept; those that were not are left for good.
    [PING, 1],
    [bytes(PING, new Uint8Array(1150)), 1],
    [bytes(PATH_CHALLENGE, 'flooding'), MAX_OTHER_PATHS],
  ] as const) {
    const p = mover({ seed: 2 })
    p.sim.rebind(CLIENT_ADDRESS, { address: '10.9.9.9', port: 1 })
    for (let n = 0; n < 500; n++) p.from(at(n), frames)
    t.equal(most, expected)
    most = 0
    t.equal(p.serverSide.connection.phase, 'established')
    p.sim.rebind(CLIENT_ADDRESS, null)
    stillServes(t, p)
  }
  t.end()
})

t.test('RFC 9000 §8.2.3: every byte of a PATH_RESPONSE counts', (t) => {
  const p = mover({ seed: 3 })
  const cwnd = p.serverSide.connection.stats.congestionWindow
  // Until the address is validated, it gets three times what came from there.
  p.serverSide.send('uni', p.prng.bytes(100_000))
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  p.from(ELSEWHERE, bytes(PING, new Uint8Array(1150)))
  const [{ data }] = framesOf(p.sentTo(ELSEWHERE), PATH_CHALLENGE)
  t.equal(data.length, 8)
  const limited = (): boolean => p.bytesTo(ELSEWHERE) <= 3 * p.bytesFrom(ELSEWHERE)
  for (let i = 0; i < 8; i++) {
    for (const bit of [0x01, 0x80]) {
      const wrong = data.slice()
      wrong[i] ^= bit
      p.from(ELSEWHERE, bytes(PATH_RESPONSE, wrong))
      t.ok(limited(), `byte ${i}, bit ${bit}`)
    }
  }
  t.ok(p.bytesTo(ELSEWHERE) < cwnd, 'there is more to send')
  p.from(ELSEWHERE, bytes(PATH_RESPONSE, data))
  t.notOk(limited(), 'the right one counts')
  t.same({ ...p.serverSide.connection.path }, { ...ELSEWHERE })
  p.sim.rebind(CLIENT_ADDRESS, null)
  stillServes(t, p)
  t.end()
})

t.test('RFC 9000 §14.2: how large datagrams may be is learnt for each address', (t) => {
  const p = mover({ seed: 4, server: { initialMaxData: 4_000_000 } })
  p.serverSide.send('uni', p.prng.bytes(10_000))
  p.runFor(200)
  const { connection } = p.serverSide
  t.equal(connection.stats.maxDatagramSize, 1200)
  t.ok(
    p.sent.server.every(({ bytes: sent }) => sent.length <= 1200),
    'rfc9000#14.2-2: no more than 1200 bytes before a larger probe was acknowledged',
  )
  p.serverSide.send('uni', p.prng.bytes(200_000))
  t.ok(p.run(() => connection.stats.maxDatagramSize > 1200, 5000))
  p.sim.rebind(CLIENT_ADDRESS, ELSEWHERE)
  p.serverSide.send('uni', p.prng.bytes(100_000))
  p.clientSide.send('uni', p.prng.bytes(10))
  t.ok(p.run(() => connection.path.address === ELSEWHERE.address, 5000))
  t.equal(connection.stats.maxDatagramSize, 1200, 'rfc9000#14.2-6: another address begins anew')
  t.ok(
    p.run(() => connection.stats.maxDatagramSize > 1200, 20_000),
    'and is probed itself',
  )
  t.end()
})
