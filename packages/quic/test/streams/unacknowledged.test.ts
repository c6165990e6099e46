// What a receiver can make a sender keep: it acknowledges all but one packet, or in a pattern.

import t from 'tap'
import { MAX_UNACKNOWLEDGED } from '../../src/limits.ts'
import { Streams } from '../../src/streams/streams.ts'
import { parameters, Side } from './harness.ts'
import type { Packet } from './harness.ts'

const GENEROUS = parameters({ initialMaxData: 2 ** 40, initialMaxStreamDataBidiRemote: 2 ** 40 })
const CHUNK = new Uint8Array(65_536)

/** Writes and sends until the stream takes no more, acknowledging every packet but the first. */
function withhold(side: Side, limit: number): { held: number; first: Packet } {
  const stream = side.streams.open('bidi')!
  let first: Packet | null = null
  while (stream.bufferedAmount < limit) {
    while (stream.write(CHUNK)) continue
    let moved = false
    for (let packet = side.send(); packet !== null; packet = side.send()) {
      moved = true
      if (first === null) first = packet
      else side.acked(packet)
    }
    if (!moved) break
  }
  return { held: stream.bufferedAmount, first: first! }
}

t.test(
  'a receiver that withholds one acknowledgement stops the sender, and starts it again',
  (t) => {
    const side = new Side('client')
    side.streams.setPeerLimits(GENEROUS)
    const { held, first } = withhold(side, 2 * MAX_UNACKNOWLEDGED)
    t.ok(held < MAX_UNACKNOWLEDGED + 2 ** 20, `${held} bytes are kept`)
    t.notOk(side.streams.hasPending())
    side.acked(first)
    t.ok(side.streams.hasPending(), 'what waited goes on')
    t.end()
  },
)

t.test('it is one limit for all streams, and a reset stream gives back its share', (t) => {
  const side = new Side('client')
  side.streams.setPeerLimits(GENEROUS)
  withhold(side, MAX_UNACKNOWLEDGED / 2)
  const stream = side.streams.stats
  t.ok(stream.bytesToSend < MAX_UNACKNOWLEDGED)
  const { held } = withhold(side, 2 * MAX_UNACKNOWLEDGED)
  t.ok(held < MAX_UNACKNOWLEDGED / 2 + 2 ** 20)
  t.notOk(side.streams.hasPending())
  side.streams.handleStopSending(0, 0)
  t.ok(side.streams.hasPending())
  for (let packet = side.send(); packet !== null; packet = side.send()) side.acked(packet)
  t.ok(side.streams.stats.bytesToSend < MAX_UNACKNOWLEDGED / 2 + 2 ** 20)
  t.ok(side.streams instanceof Streams)
  t.end()
})
