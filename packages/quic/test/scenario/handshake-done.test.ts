// HANDSHAKE_DONE, RFC 9000 §19.20: it goes until it is acknowledged, and not before its time.

import { LEVEL_APPLICATION, LEVEL_HANDSHAKE } from '@godwit/quic'
import { chain, createNullHandshake, delay } from '@godwit/testkit'
import type { NetworkNode, PairOptions, SimDatagram } from '@godwit/testkit'
import t from 'tap'
import { FRAME_HANDSHAKE_DONE, PACKET_HANDSHAKE, PACKET_ONE_RTT } from '../../src/constants.ts'
import { bytes, forgedPair, stillServes } from './forger.ts'
import type { ForgedPair } from './forger.ts'
import { hasFrame, packetsOf, packetsOfType } from './packets.ts'

const HANDSHAKE_DONE = bytes(FRAME_HANDSHAKE_DONE)

const isDone = (datagram: SimDatagram): boolean =>
  packetsOf(datagram).some((packet) => hasFrame(packet, FRAME_HANDSHAKE_DONE))

/** Packets of the server with HANDSHAKE_DONE, lost ones included. */
const doneCount = (p: ForgedPair): number =>
  packetsOfType(p.sent.server, PACKET_ONE_RTT).filter((packet) =>
    hasFrame(packet, FRAME_HANDSHAKE_DONE),
  ).length

/** Loses the first `count` datagrams with HANDSHAKE_DONE. */
function losingDone(count: number): NetworkNode {
  let lost = 0
  return {
    push: (now, datagram, emit) => {
      if (isDone(datagram) && lost++ < count) return
      emit(now, datagram)
    },
  }
}

const withLoss = (count: number): PairOptions => ({
  seed: 1,
  serverNull: { serverFlightSize: 500 },
  toClient: chain(losingDone(count), delay(10)),
})

t.test('RFC 9000 §13.3: HANDSHAKE_DONE goes again after a probe timeout, until it arrives', (t) => {
  // A probe timeout sends two packets.
  for (const [count, sent] of [
    [0, 1],
    [1, 3],
    [2, 3],
    [4, 5],
  ] as const) {
    const p = forgedPair(withLoss(count))
    p.connect()
    t.ok(
      p.run(() => doneCount(p) > count, 5000),
      `rfc9000#13.3-3: lost ${count} times`,
    )
    p.runFor(20_000)
    t.equal(doneCount(p), sent, 'rfc9000#13.3-6: and not when it was acknowledged')
  }
  t.end()
})

t.test('RFC 9000 §13.3: HANDSHAKE_DONE goes again when later packets are acknowledged', (t) => {
  const p = forgedPair(withLoss(1))
  p.server.onAccept = (server) => {
    server.onEvent = ({ type }) => {
      // Six packets behind that with HANDSHAKE_DONE, so that no probe timeout is waited for.
      if (type === 'connected') server.send('uni', p.prng.bytes(7000))
    }
  }
  p.connect()
  t.ok(
    p.run(() => doneCount(p) === 2, 65),
    'rfc9000#13.3-3: after a round trip',
  )
  t.equal(p.server.accepted[0].connection.stats.ptoCount, 0)
  t.end()
})

t.test('RFC 9000 §13.3: HANDSHAKE_DONE is sent no more once any copy was acknowledged', (t) => {
  const ack = (largest: number, ...rest: number[]): Uint8Array => bytes(0x02, largest, 0, ...rest)
  for (const [title, acks] of [
    ['first the copy, then what makes the others lost', [ack(1, 0, 0), ack(7, 0, 3)]],
    ['both at once', [ack(7, 1, 3, 1, 0)]],
  ] as const) {
    const p = forgedPair({
      ...withLoss(0),
      toClient: {
        push: (now, datagram, emit) => (datagram.bytes[0] & 0x80) !== 0 && emit(now, datagram),
      },
    })
    p.connect()
    t.ok(p.run(() => doneCount(p) === 1, 100))
    p.sim.removeHost(p.client.address)
    // The packets 1, and 2 and 3 of the probe timeout.
    t.ok(p.run(() => doneCount(p) === 3, 500))
    p.server.accepted[0].send('uni', p.prng.bytes(4000))
    p.runFor(0)
    const numbers = packetsOfType(p.sent.server, PACKET_ONE_RTT).map((seen) => seen.packetNumber)
    t.same(numbers, [0, 1, 2, 3, 4, 5, 6, 7])
    for (const frames of acks) {
      p.forge('client', frames)
      p.runFor(11)
    }
    t.ok(p.server.accepted[0].connection.stats.packetsLost >= 2, 'the copies are lost')
    p.runFor(3000)
    t.equal(doneCount(p), 3, `rfc9000#13.3-6: ${title}`)
  }
  t.end()
})

t.test(
  'RFC 9001 §4.1.2: a server sends HANDSHAKE_DONE when the Finished has come, and not before',
  (t) => {
    let holdBack = true
    const finished: NetworkNode = {
      push: (now, datagram, emit) => {
        const isFinished = packetsOf(datagram).some(
          (packet) => packet.type === PACKET_HANDSHAKE && hasFrame(packet, 0x06),
        )
        if (!holdBack || !isFinished) emit(now, datagram)
      },
    }
    const p = forgedPair({ seed: 1, toServer: chain(finished, delay(10)) })
    p.connect()
    p.runFor(3000)
    t.equal(doneCount(p), 0, 'rfc9000#19.20-1')
    t.equal(p.server.accepted[0].connection.phase, 'handshaking')
    holdBack = false
    t.ok(p.run(() => p.server.accepted[0].connection.phase === 'established', 5000))
    t.equal(doneCount(p), 1, 'rfc9001#4.1.2-1: in the same instant')
    t.end()
  },
)

// CVE-2025-59530 is the crash of a client to which this is done.
t.test('HANDSHAKE_DONE before the client has sent its Finished is a PROTOCOL_VIOLATION', (t) => {
  for (const level of [LEVEL_APPLICATION, LEVEL_HANDSHAKE] as const) {
    // The flight takes longer than what the server adds to it, which waits for keys at the client.
    const flightLate: NetworkNode = {
      push: (now, datagram, emit) => {
        emit((datagram.bytes[0] & 0xb0) === 0x80 ? now + 20 : now + 1, datagram)
      },
    }
    const p = forgedPair({ seed: 2, serverNull: { serverFlightSize: 500 }, toClient: flightLate })
    const client = p.connect()
    p.runFor(12)
    t.equal(p.client.endpoint.stats.datagramsReceived, 0)
    p.forge('server', HANDSHAKE_DONE, { level })
    p.runFor(15)
    t.equal(p.client.endpoint.stats.datagramsReceived, 1, 'ahead of the flight')
    p.runFor(50)
    t.match(client.closeError, {
      code: 'ERR_QUIC_PROTOCOL_VIOLATION',
      frameType: FRAME_HANDSHAKE_DONE,
      remote: false,
    })
    t.notOk(client.has('handshake-confirmed'))
    t.match(p.server.accepted[0].closeError, { code: 'ERR_QUIC_PROTOCOL_VIOLATION', remote: true })
    stillServes(t, p)
  }
  t.end()
})

t.test(
  'HANDSHAKE_DONE before TLS is complete is a PROTOCOL_VIOLATION, whatever keys there are',
  (t) => {
    let deaf = true
    const clientHandshake = (): ReturnType<typeof createNullHandshake> => {
      const session = createNullHandshake('client', { seed: 4 })
      const poll = session.pollEvent.bind(session)
      // It has sent its Finished, and has not accepted that of the server yet.
      session.pollEvent = () => {
        const event = poll()
        return deaf && event?.type === 'complete' ? null : event
      }
      return session
    }
    const p = forgedPair({ seed: 4, clientHandshake })
    const client = p.connect()
    p.runFor(100)
    t.match(client.closeError, {
      code: 'ERR_QUIC_PROTOCOL_VIOLATION',
      frameType: FRAME_HANDSHAKE_DONE,
      remote: false,
    })
    deaf = false
    stillServes(t, p)
    t.end()
  },
)

t.test('HANDSHAKE_DONE that comes twice, and when nothing of it is new, changes nothing', (t) => {
  const p = forgedPair({ seed: 3 })
  const { client } = p.establish()
  p.runFor(200)
  for (let i = 0; i < 3; i++) p.forge('server', HANDSHAKE_DONE)
  p.runFor(50)
  t.equal(client.connection.phase, 'established')
  t.equal(client.events.filter(({ type }) => type === 'handshake-confirmed').length, 1)
  stillServes(t, p)
  t.end()
})
