// What goes into packets when something is lost, acknowledged or paced: RFC 9002 and RFC 9000 §13, on the wire.

import { chain, delay } from '@godwit/testkit'
import type { NetworkNode, SimDatagram } from '@godwit/testkit'
import t from 'tap'
import {
  FRAME_ACK,
  FRAME_HANDSHAKE_DONE,
  FRAME_PATH_RESPONSE,
  FRAME_PING,
  FRAME_STREAM,
  PACKET_ONE_RTT,
} from '../../src/constants.ts'
import { bytes, forgedPair } from './forger.ts'
import { hasFrame, packetsOf, packetsOfType } from './packets.ts'
import type { SeenPacket } from './packets.ts'

const PING = bytes(0x01)
const MAX_STREAM_DATA = 0x11

const oneRtt = (sent: readonly SimDatagram[]): SeenPacket[] => packetsOfType(sent, PACKET_ONE_RTT)
const typesOf = ({ frames }: SeenPacket): number[] => frames.map(({ type }) => type)

/** A network that a test can cut. */
function gate(): { node: NetworkNode; open: boolean } {
  const self = {
    open: true,
    node: {
      push: (now: number, datagram: SimDatagram, emit: (at: number, d: SimDatagram) => void) => {
        if (self.open) emit(now, datagram)
      },
    },
  }
  return self
}

t.test('RFC 9002 §6.2.4: a probe carries new data where there are any, else what it has', (t) => {
  const toServer = gate()
  const p = forgedPair({ seed: 1, toServer: chain(toServer.node, delay(10)) })
  const { client } = p.establish()
  p.runFor(500)
  toServer.open = false
  const { stream } = client.send('uni', p.prng.bytes(500), false)
  p.runFor(0)
  const before = p.sent.client.length
  const window = client.connection.stats.congestionWindow
  stream.write(p.prng.bytes(window + 20_000))
  p.runFor(0)
  const sent = Math.max(
    ...oneRtt(p.sent.client).flatMap(({ frames }) =>
      frames.filter(({ type }) => type === FRAME_STREAM).map((f) => f.offset + f.data.length),
    ),
  )
  t.ok(sent < window + 20_500, 'the window is full')
  t.ok(p.sent.client.length > before)
  const flight = p.sent.client.length
  t.ok(
    p.run(() => p.sent.client.length > flight, 1000),
    'a probe timeout',
  )
  const [probe] = oneRtt(p.sent.client.slice(flight))
  const data = probe.frames.filter(({ type }) => type === FRAME_STREAM)
  t.equal(data[0]?.offset, sent, 'rfc9002#6.2.4-5')
  t.end()
})

t.test('RFC 9002 §6.2.4: a probe with nothing to carry is a PING', (t) => {
  const toServer = gate()
  // Else it would be IMMEDIATE_ACK, which elicits one as well.
  const options = { ackFrequency: false }
  const p = forgedPair({
    seed: 2,
    toServer: chain(toServer.node, delay(10)),
    client: options,
    server: options,
  })
  const { client } = p.establish()
  p.runFor(500)
  toServer.open = false
  // A PATH_RESPONSE elicits an acknowledgement, and is never repeated.
  p.forge('server', bytes(0x1a, '12345678'))
  p.runFor(11)
  const flight = p.sent.client.length
  t.ok(hasFrame(packetsOf(p.sent.client[flight - 1])[0], FRAME_PATH_RESPONSE))
  t.ok(
    p.run(() => p.sent.client.length > flight, 1000),
    'a probe timeout',
  )
  const [probe] = oneRtt(p.sent.client.slice(flight))
  t.ok(hasFrame(probe, FRAME_PING), 'rfc9002#6.2.4-8')
  t.notOk(hasFrame(probe, FRAME_PATH_RESPONSE))
  const next = client.connection.stats.ptoCount
  p.runFor(1000)
  t.ok(client.connection.stats.ptoCount > next, 'and the timer runs again')
  t.end()
})

t.test('RFC 9000 §13.2: an ACK goes along with whatever else is sent', (t) => {
  const p = forgedPair({ seed: 3 })
  const { server } = p.establish()
  p.runFor(500)
  const before = p.sent.server.length
  // One packet, whose acknowledgement may wait for 25 ms.
  const packetNumber = oneRtt(p.sent.client).at(-1)!.packetNumber + 1
  p.forge('client', PING, { packetNumber })
  p.runFor(11)
  t.equal(p.sent.server.length, before, 'it waits')
  server.send('uni', p.prng.bytes(100))
  p.runFor(0)
  const [packet, ...more] = oneRtt(p.sent.server.slice(before))
  t.same(more, [])
  t.same(typesOf(packet), [FRAME_ACK, FRAME_STREAM], 'rfc9000#13.2-1, rfc9000#13.2.1-5')
  t.equal(packet.frames.find(({ type }) => type === FRAME_ACK)?.largestAcked, packetNumber)
  t.end()
})

t.test('RFC 9000 §12.2: what is sent at one time at one level shares a packet', (t) => {
  const p = forgedPair({ seed: 4 })
  const { client } = p.establish()
  const [first] = oneRtt(p.sent.server).filter((packet) => hasFrame(packet, FRAME_HANDSHAKE_DONE))
  t.ok(first.frames.length > 1, 'HANDSHAKE_DONE is not alone')
  p.runFor(500)
  const before = p.sent.client.length
  for (let i = 0; i < 5; i++) client.send('uni', p.prng.bytes(50))
  p.runFor(0)
  const [packet, ...more] = oneRtt(p.sent.client.slice(before))
  t.same(more, [])
  t.same(
    typesOf(packet).filter((type) => type === FRAME_STREAM),
    new Array(5).fill(FRAME_STREAM),
    'rfc9000#12.2-2',
  )
  t.end()
})

t.test('RFC 9000 §13.2.7: no packet is PADDING alone', (t) => {
  const p = forgedPair({ seed: 5 })
  const { client, server } = p.establish()
  client.send('bidi', p.prng.bytes(300_000))
  server.send('uni', p.prng.bytes(300_000))
  p.runFor(5000)
  for (const side of ['client', 'server'] as const) {
    const packets = p.sent[side].flatMap(packetsOf)
    t.ok(packets.length > 200)
    t.ok(
      packets.every(({ frames }) => frames.length > 0),
      'rfc9000#13.2.7-1',
    )
  }
  t.end()
})

t.test('RFC 9000 §13.3: what was lost goes before what is new', (t) => {
  let lose = false
  const node: NetworkNode = {
    push: (now, datagram, emit) => {
      if (!lose) emit(now, datagram)
      lose = false
    },
  }
  const p = forgedPair({ seed: 6, toServer: chain(node, delay(10)) })
  const { client, server } = p.establish()
  p.runFor(500)
  const before = p.sent.client.length
  lose = true
  const { stream } = client.send('uni', p.prng.bytes(1_000_000))
  const lost = p.sent.client.length
  t.ok(p.run(() => client.connection.stats.packetsLost > 0, 1000))
  const [{ frames }] = oneRtt(p.sent.client.slice(before))
  const gap = frames.find(({ type }) => type === FRAME_STREAM)!
  t.ok(p.sent.client.length > lost)
  t.ok(p.run(() => server.streams.get(stream.id)?.ended === true, 20_000))
  const after = oneRtt(p.sent.client.slice(before)).map((packet) =>
    packet.frames.filter(({ type }) => type === FRAME_STREAM),
  )
  const repeated = after.findIndex((f, i) => i > 0 && f[0]?.offset === gap.offset)
  t.ok(repeated > 0, 'rfc9000#13.3-4: it comes first in its packet')
  const newest = Math.max(
    ...after
      .slice(0, repeated)
      .flat()
      .map(({ offset }) => offset),
  )
  t.ok(newest < 500_000, 'long before the new data are through')
  t.end()
})

t.test('RFC 9000 §13.3: no MAX_STREAM_DATA once the size of a stream is known', (t) => {
  for (const finish of [false, true]) {
    const p = forgedPair({ seed: 7 })
    const { client, server } = p.establish()
    p.runFor(500)
    server.autoRead = false
    const { stream } = client.send('uni', p.prng.bytes(200_000), finish)
    p.runFor(1000)
    const before = p.sent.server.length
    server.read(server.stream(server.streams.get(stream.id)!.stream))
    p.runFor(1000)
    const updates = oneRtt(p.sent.server.slice(before)).filter((packet) =>
      hasFrame(packet, MAX_STREAM_DATA),
    )
    t.equal(updates.length > 0, !finish, finish ? 'rfc9000#13.3-2' : 'before that there are some')
  }
  t.end()
})

t.test('RFC 9002 §7.7: what a sender has for the window is spread over the round trip', (t) => {
  const p = forgedPair({ seed: 8, toServer: delay(50), toClient: delay(50) })
  const { client, server } = p.establish()
  const { stream } = server.send('uni', p.prng.bytes(3_000_000))
  const bursts = new Map<number, number>()
  p.sim.onSend = (from, _to, { bytes: sent }) => {
    if (from.port !== 443) return
    bursts.set(p.sim.now, (bursts.get(p.sim.now) ?? 0) + sent.length)
  }
  t.ok(p.run(() => client.streams.get(stream.id)?.ended === true, 60_000))
  const { congestionWindow } = server.connection.stats
  t.ok(congestionWindow > 200_000, `${congestionWindow}`)
  // The first flight, or two milliseconds of the rate that twice the window in a round trip makes.
  const most = Math.max(14_720, (2 * 2 * congestionWindow) / 100) + 1500
  const largest = Math.max(...bursts.values())
  t.ok(largest <= most, `rfc9002#7.7-1, rfc9002#7.7-2: ${largest} bytes at a time, at most ${most}`)
  t.end()
})

t.test(
  'RFC 9000 §9.3.3: a PATH_CHALLENGE on the path in use is answered by more than a probe',
  (t) => {
    for (const side of ['client', 'server'] as const) {
      const p = forgedPair({ seed: 9 })
      p.establish()
      p.runFor(500)
      const other = side === 'client' ? 'server' : 'client'
      const before = p.sent[other].length
      p.forge(side, bytes(0x1a, '12345678'))
      p.runFor(11)
      const [answer] = oneRtt(p.sent[other].slice(before))
      t.ok(hasFrame(answer, FRAME_PATH_RESPONSE))
      t.ok(hasFrame(answer, FRAME_ACK), 'rfc9000#9.3.3-2')
    }
    t.end()
  },
)

t.test('RFC 9000 §3.5: what was lost of a stream that is to be stopped is not sent again', (t) => {
  const toServer = gate()
  const p = forgedPair({ seed: 10, toServer: chain(toServer.node, delay(10)) })
  const { client } = p.establish()
  p.runFor(500)
  toServer.open = false
  const { stream } = client.send('uni', p.prng.bytes(3000))
  p.runFor(1)
  const before = p.sent.client.length
  // STOP_SENDING with the code 77. All is sent, FIN included, and nothing has arrived.
  p.forge('server', bytes(0x05, stream.id, 77))
  p.runFor(5000)
  const frames = oneRtt(p.sent.client.slice(before)).flatMap((packet) => packet.frames)
  t.equal(frames.filter(({ type }) => type === FRAME_STREAM).length, 0, 'rfc9000#3.5-4')
  const resets = frames.filter(({ type }) => type === 0x04)
  t.ok(resets.length > 0)
  t.ok(resets.every(({ errorCode }) => errorCode === 77))
  t.end()
})
