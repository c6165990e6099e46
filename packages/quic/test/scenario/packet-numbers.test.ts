// Packet numbers as they are sent, RFC 9000 §12.3 and §17.1, and what they carry before keys are confirmed.

import { chain, delay, loss, mtu, pair, Prng } from '@godwit/testkit'
import t from 'tap'
import * as fc from 'fast-check'
import { PacketSpace } from '../../src/connection/packet-space.ts'
import {
  FRAME_ACK,
  FRAME_CONNECTION_CLOSE,
  FRAME_CRYPTO,
  FRAME_PING,
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  SPACE_APPLICATION,
} from '../../src/constants.ts'
import { MAX_PACKET_NUMBER } from '../../src/limits.ts'
import { decodePacketNumber, packetNumberLength } from '../../src/packet-header.ts'
import { forgedPair, stillServes } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'
import { cryptoBytes, packetsOf, packetsOfType } from './packets.ts'

/** Numbers of every length in bits. */
const upTo = (max: number): fc.Arbitrary<number> =>
  fc
    .nat(Math.ceil(Math.log2(max)))
    .chain((bits) => fc.integer({ min: 0, max: Math.min(max, 2 ** bits) }))

const TYPES = [PACKET_INITIAL, PACKET_HANDSHAKE, PACKET_ONE_RTT]

t.test('RFC 9000 §17.1: before the first ACK the packet number is sent in full', (t) => {
  const { counterexample } = fc.check(
    fc.property(upTo(2 ** 32 - 1), (packetNumber) => {
      return packetNumber < 256 ** packetNumberLength(packetNumber, -1)
    }),
    { seed: 1, numRuns: 2000 },
  )
  t.equal(counterexample, null, 'rfc9000#17.1-1')
  // Nobody acknowledges anything here: what is sent are first flights and their probes.
  const p = forgedPair({
    seed: 1,
    toClient: loss(1, new Prng(1)),
    client: { handshakeTimeout: 600_000, maxIdleTimeout: 600_000 },
  })
  p.connect()
  p.runFor(500_000)
  const numbers = packetsOfType(p.sent.client, PACKET_INITIAL)
  t.ok(numbers.length > 10)
  t.same(
    numbers.map(({ packetNumber }) => packetNumber),
    numbers.map((_, i) => i),
    'rfc9000#17.1-1, rfc9000#12.3-1',
  )
  t.end()
})

t.test('RFC 9000 §17.1: a packet number is understood after packets that were sent later', (t) => {
  const { counterexample } = fc.check(
    fc.property(
      fc.integer({ min: -1, max: 2 ** 50 }),
      upTo(2 ** 24).map((n) => n + 1),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (largestAcked, ahead, share) => {
        const packetNumber = largestAcked + ahead
        const length = packetNumberLength(packetNumber, largestAcked)
        // As many packets as are on the way have overtaken this one.
        const largest = largestAcked + Math.floor(2 * ahead * share)
        return decodePacketNumber(largest, packetNumber % 256 ** length, length) === packetNumber
      },
    ),
    { seed: 2, numRuns: 5000 },
  )
  t.equal(counterexample, null, 'rfc9000#17.1-3')
  t.end()
})

t.test('RFC 9000 §12.3: when the packet numbers are used up, nothing more is sent', (t) => {
  for (const side of ['client', 'server'] as const) {
    const p = forgedPair({ seed: 3 })
    const sides = p.establish()
    p.runFor(200)
    const original = Reflect.get(
      PacketSpace.prototype,
      'onPacketNumberUsed',
    ) as typeof PacketSpace.prototype.onPacketNumberUsed
    PacketSpace.prototype.onPacketNumberUsed = function (this: PacketSpace) {
      original.call(this)
      if (this.index === SPACE_APPLICATION) this.nextPacketNumber = MAX_PACKET_NUMBER + 1
    }
    sides[side].send('uni', p.prng.bytes(500))
    p.runFor(0)
    PacketSpace.prototype.onPacketNumberUsed = original
    t.equal(sides[side].connection.phase, 'established')
    const before = p.sent[side].length
    sides[side].send('uni', p.prng.bytes(500))
    p.runFor(5000)
    t.match(sides[side].closeError, { code: 'ERR_QUIC_INTERNAL', remote: false })
    t.equal(p.sent[side].length, before, 'rfc9000#12.3-3: not even a CONNECTION_CLOSE')
    t.equal(sides[side].connection.phase, 'drained')
    p.run(() => p.server.endpoint.connectionCount + p.client.endpoint.connectionCount === 0)
    stillServes(t, p)
  }
  t.end()
})

/** Numbers are used once, and old levels carry nothing new. */
function checkLevels(p: ForgedPair, side: Side): string | null {
  const handshakeFrom = p.sent[side].findIndex((datagram) =>
    packetsOf(datagram).some(({ type }) => type === PACKET_HANDSHAKE),
  )
  const known = cryptoBytes(
    packetsOfType(p.sent[side].slice(0, handshakeFrom + 1), PACKET_INITIAL),
  ).size
  if (cryptoBytes(packetsOfType(p.sent[side], PACKET_INITIAL)).size !== known) {
    return 'new data in Initial packets although there were Handshake keys'
  }
  for (const type of TYPES) {
    const packets = packetsOfType(p.sent[side], type)
    // 1-RTT packet numbers of one byte: there are few.
    const numbers = packets.map(({ packetNumber }) => packetNumber)
    if (new Set(numbers).size !== numbers.length) return 'a packet number twice'
    if (numbers.some((n, i) => i > 0 && n <= numbers[i - 1])) return 'a lower packet number'
    if (type === PACKET_ONE_RTT) continue
    const permitted = [FRAME_ACK, FRAME_CRYPTO, FRAME_PING, FRAME_CONNECTION_CLOSE]
    const other = packets.flatMap(({ frames }) => frames).find((f) => !permitted.includes(f.type))
    if (other !== undefined) return `a frame of type ${other.type} in a packet of type ${type}`
  }
  return null
}

t.test('RFC 9001 §4.9: new data are sent at the highest level that there are keys for', (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = new Prng(seed)
    const p = forgedPair({
      seed,
      clientNull: { clientHelloSize: 1500 },
      serverNull: { serverFlightSize: 3300 },
      toServer: chain(loss(0.2, prng.fork(), 3), delay(10)),
      toClient: chain(loss(0.2, prng.fork(), 3), delay(10)),
    })
    const client = p.connect()
    client.onEvent = ({ type }) => {
      if (type === 'connected') client.send('bidi', p.prng.bytes(2000))
    }
    t.ok(p.run(() => p.server.accepted[0]?.streams.get(0)?.ended === true, 60_000))
    t.equal(checkLevels(p, 'client'), null, `rfc9001#4.9-2, rfc9000#12.3-2: client, seed ${seed}`)
    t.equal(checkLevels(p, 'server'), null, `rfc9001#4.9-2, rfc9000#12.3-2: server, seed ${seed}`)
  }
  t.end()
})

t.test('RFC 9000 §14: a path that does not carry 1200 bytes is not used', (t) => {
  for (const direction of ['toServer', 'toClient'] as const) {
    const p = pair({ seed: 5, [direction]: chain(mtu(1199), delay(10)) })
    const client = p.connect()
    p.runFor(60_000)
    t.match(client.closeError, { code: 'ERR_QUIC_HANDSHAKE_TIMEOUT' }, 'rfc9000#14-1')
    t.notOk(client.has('connected'))
    t.notOk(p.server.accepted[0]?.has('connected') ?? false)
    t.equal(p.server.endpoint.connectionCount, 0)
  }
  t.end()
})
