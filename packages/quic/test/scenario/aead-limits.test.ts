// What a connection does when its keys are used up, RFC 9001 §6.6. The limits are millions of packets
// (packages/protection tests them), so here the keys say when.

import t from 'tap'
import type { Test } from 'tap'
import { KeyPhases } from '@godwit/protection'
import { bytes, forgedPair } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'

/** Replaces a getter of all keys until the test ends; `say()` is what it gives. */
function override(
  t: Test,
  name: 'updateDue' | 'sealLimitReached' | 'openLimitReached',
  say: (keys: KeyPhases) => boolean,
): void {
  const original = Object.getOwnPropertyDescriptor(KeyPhases.prototype, name)
  if (original === undefined) throw new Error(`KeyPhases has no ${name}`)
  t.teardown(() => Object.defineProperty(KeyPhases.prototype, name, original))
  Object.defineProperty(KeyPhases.prototype, name, {
    configurable: true,
    get(this: KeyPhases) {
      return say(this)
    },
  })
}

/** Key Phase bits of the 1-RTT packets that a side sent. */
function phases(p: ForgedPair, side: Side): number[] {
  return p.sent[side].flatMap(({ bytes }) =>
    (bytes[0] & 0x80) === 0 ? [(bytes[0] & 0x04) >> 2] : [],
  )
}

t.test('rfc9001#5.3-3, rfc9001#6.6-3: keys that near their limit are updated', (t) => {
  override(t, 'updateDue', (keys) => keys.sealedPackets >= 5)
  const p = forgedPair({ seed: 1 })
  const { client } = p.establish()
  const record = client.send('bidi', p.prng.bytes(200_000))
  t.ok(p.run(() => p.server.accepted[0].streams.get(record.stream.id)?.ended === true))
  const bits = phases(p, 'client')
  const updates = bits.filter((bit, i) => i > 0 && bit !== bits[i - 1]).length
  t.ok(updates >= 2, `${updates} updates`)
  t.ok(phases(p, 'server').includes(1), 'the peer follows')
  t.equal(client.connection.phase, 'established')
  t.end()
})

t.test('RFC 9001 §6.6: keys that are used up are not used, and the connection ends', (t) => {
  const p = forgedPair({ seed: 2 })
  const { client } = p.establish()
  p.runFor(100)
  override(t, 'sealLimitReached', () => true)
  const before = phases(p, 'client').length
  client.send('bidi', p.prng.bytes(50_000))
  p.runFor(500)
  const expected = { code: 'ERR_QUIC_AEAD_LIMIT_REACHED', remote: false }
  t.match(client.closeError, expected, 'rfc9001#6.6-4, rfc9001#6.6-5')
  t.ok(phases(p, 'client').length <= before + 3, 'rfc9001#6.6-2: nothing but the close')
  t.end()
})

t.test('rfc9001#6.6-7: too many packets that do not open close with AEAD_LIMIT_REACHED', (t) => {
  const p = forgedPair({ seed: 3 })
  const { client, server } = p.establish()
  p.runFor(100)
  override(t, 'openLimitReached', (keys) => keys.failedPackets >= 3)
  const last = p.sent.client.findLast(({ bytes }) => (bytes[0] & 0x80) === 0)!
  for (let i = 0; i < 3; i++) {
    t.equal(server.connection.phase, 'established')
    const broken = last.bytes.slice()
    broken[broken.length - 1 - i] ^= 1
    p.inject('client', broken)
    p.runFor(11)
  }
  t.match(server.closeError, {
    code: 'ERR_QUIC_AEAD_LIMIT_REACHED',
    errorCode: 0x0f,
    remote: false,
  })
  p.runFor(20)
  t.match(client.closeError, { errorCode: 0x0f, remote: true })
  const received = server.connection.stats.packetsReceived
  p.forge('client', bytes(0x01))
  p.runFor(20)
  t.equal(server.connection.stats.packetsReceived, received, 'no more packets are processed')
  t.end()
})

t.test('RFC 9001 §6.1: an update that is asked for, not before it may be', (t) => {
  const p = forgedPair({ seed: 5 })
  const client = p.connect()
  t.notOk(client.connection.updateKeys(), 'rfc9001#6.1-1: nothing is confirmed')
  const { client: established } = p.establish()
  const { connection } = established
  p.runFor(200)
  established.send('bidi', p.prng.bytes(2000))
  p.runFor(100)
  t.ok(connection.updateKeys())
  t.notOk(connection.updateKeys(), 'rfc9001#6.1-2: one at a time')
  const before = phases(p, 'client').length
  established.send('bidi', p.prng.bytes(2000))
  p.runFor(50)
  t.ok(
    phases(p, 'client')
      .slice(before)
      .every((bit) => bit === 1),
  )
  t.equal(phases(p, 'server').at(-1), 1, 'the peer follows')
  t.notOk(connection.updateKeys(), 'rfc9001#6.5-3: the keys before are still kept')
  p.runFor(2000)
  t.ok(connection.updateKeys(), 'three PTO later')
  established.send('bidi', p.prng.bytes(2000))
  p.runFor(100)
  t.equal(phases(p, 'client').at(-1), 0)
  t.equal(phases(p, 'server').at(-1), 0)
  connection.close(0, '')
  t.notOk(connection.updateKeys(), 'nor when it is over')
  t.end()
})
