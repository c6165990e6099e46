// What a CONNECTION_CLOSE tells to whom before the handshake is confirmed, RFC 9000 §10.2.3.

import { loss, Prng } from '@godwit/testkit'
import t from 'tap'
import {
  FRAME_CONNECTION_CLOSE,
  FRAME_CONNECTION_CLOSE_APPLICATION,
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
} from '../../src/constants.ts'
import { APPLICATION_ERROR } from '../../src/errors.ts'
import { forgedPair, stillServes } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'
import { packetsOf } from './packets.ts'
import type { SeenFrame } from './packets.ts'

const SECRET = 'the secret reason of an application'

interface Close {
  readonly packetType: number
  readonly frame: SeenFrame
}

/** The CONNECTION_CLOSE frames in the last datagram that a side sent. */
function closes(p: ForgedPair, side: Side): Close[] {
  return packetsOf(p.sent[side].at(-1)!).flatMap(({ type, frames }) =>
    frames
      .filter(
        (frame) =>
          frame.type === FRAME_CONNECTION_CLOSE ||
          frame.type === FRAME_CONNECTION_CLOSE_APPLICATION,
      )
      .map((frame) => ({ packetType: type, frame })),
  )
}

const INITIAL = [PACKET_INITIAL]
const ALL = [PACKET_INITIAL, PACKET_HANDSHAKE, PACKET_ONE_RTT]

// One way takes 10 ms. The server's flight fits its first datagrams.
const MOMENTS: readonly (readonly [string, Side, number, readonly number[]])[] = [
  ['before anything came', 'client', 5, INITIAL],
  ['with the flight under way', 'server', 15, ALL],
  [
    'with Handshake keys, and its Finished under way',
    'client',
    25,
    [PACKET_HANDSHAKE, PACKET_ONE_RTT],
  ],
  ['when it is confirmed', 'server', 35, [PACKET_ONE_RTT]],
  ['when it is confirmed', 'client', 45, [PACKET_ONE_RTT]],
]

for (const [title, side, moment, levels] of MOMENTS) {
  t.test(`RFC 9000 §10.2.3: a ${side} closes ${title}`, (t) => {
    const p = forgedPair({ seed: 1, serverNull: { serverFlightSize: 500 } })
    const client = p.connect()
    p.runFor(moment)
    const connection = side === 'client' ? client : p.server.accepted[0]
    connection.connection.close(0x1234, SECRET)
    p.runFor(1)
    const found = closes(p, side)
    t.same(
      found.map(({ packetType }) => packetType),
      levels,
      'rfc9000#10.2.3-1, rfc9000#10.2.3-3, rfc9000#10.2.3-4, rfc9000#10.2.3-5',
    )
    for (const { packetType, frame } of found) {
      if (packetType === PACKET_ONE_RTT) {
        t.match(frame, { type: FRAME_CONNECTION_CLOSE_APPLICATION, errorCode: 0x1234 })
        t.equal(Buffer.from(frame.data).toString(), SECRET)
      } else {
        t.match(
          frame,
          { type: FRAME_CONNECTION_CLOSE, errorCode: APPLICATION_ERROR },
          'rfc9000#10.2.3-6',
        )
        t.equal(frame.data.length, 0, 'rfc9000#10.2.3-7: without its reason')
      }
    }
    // Bytes of Initial and Handshake packets can be read by who sees them; the null engine hides no others.
    if (!levels.includes(PACKET_ONE_RTT)) {
      t.notOk(p.sent[side].some(({ bytes }) => Buffer.from(bytes).includes(SECRET)))
    }
    p.runFor(50)
    stillServes(t, p)
    t.end()
  })
}

t.test(
  'RFC 9000 §10.2.3: the close of a server that hears nothing more is repeated as it was',
  (t) => {
    const p = forgedPair({
      seed: 2,
      serverNull: { serverFlightSize: 500 },
      toClient: loss(1, new Prng(1)),
    })
    p.connect()
    p.runFor(15)
    p.server.accepted[0].connection.close(0x1234, SECRET)
    p.runFor(1)
    const count = p.sent.server.length
    const first = p.sent.server[count - 1].bytes
    // The client's probe timeout brings the answer.
    p.runFor(1500)
    t.ok(p.sent.server.length > count)
    t.same(p.sent.server.at(-1)!.bytes, first)
    t.end()
  },
)
