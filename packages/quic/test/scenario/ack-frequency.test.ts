// draft-ietf-quic-ack-frequency between two endpoints.

import t from 'tap'
import { ByteReader } from '@godwit/wire'
import { chain, delay, loss, Prng, rate, reorder } from '@godwit/testkit'
import type { NetworkNode, PairOptions, SimDatagram } from '@godwit/testkit'
import {
  AEAD_TAG_LENGTH,
  FRAME_ACK_FREQUENCY,
  FRAME_IMMEDIATE_ACK,
  FRAME_STREAM,
} from '../../src/constants.ts'
import { FRAME_ENCODING_ERROR } from '../../src/errors.ts'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../../src/limits.ts'
import { bytes, editParameters, forgedPair } from './forger.ts'
import type { ForgedPair } from './forger.ts'

const MEGABYTE = 1_000_000

interface Transfer {
  readonly pair: ForgedPair
  /** Virtual milliseconds. */
  readonly time: number
  /** Datagrams that the receiver of the data sent for each one that it was sent. */
  readonly answers: number
}

/** Sends `size` bytes from server to client; null: they did not come. */
function download(size: number, options: PairOptions): Transfer | null {
  const p = forgedPair(options)
  const { client, server } = p.establish()
  p.runFor(100)
  const before = { client: p.sent.client.length, server: p.sent.server.length }
  const start = p.sim.now
  const data = p.prng.bytes(size)
  const { stream } = server.send('uni', data)
  if (!p.run(() => client.streams.get(stream.id)?.ended === true, 600_000)) return null
  if (!Buffer.from(client.data(stream.id)).equals(data)) return null
  const answers = (p.sent.client.length - before.client) / (p.sent.server.length - before.server)
  return { pair: p, time: p.sim.now - start, answers }
}

/** The frames of a datagram with one 1-RTT packet: the null engine hides nothing. */
function framesOf({ bytes: data }: SimDatagram): Frame[] {
  const frames: Frame[] = []
  if ((data[0] & 0x80) !== 0) return frames
  const payload = 1 + LOCAL_CONNECTION_ID_LENGTH + (data[0] & 3) + 1
  const reader = new ByteReader(data, payload, data.length - AEAD_TAG_LENGTH)
  while (reader.remaining > 0) {
    const frame = new Frame()
    decodeFrame(reader, frame)
    frames.push(frame)
  }
  return frames
}

const isImmediateAck = (frame: Frame): boolean => frame.type === FRAME_IMMEDIATE_ACK
const isAckFrequency = (frame: Frame): boolean => frame.type === FRAME_ACK_FREQUENCY

const OFF = { ackFrequency: false }

t.test('a download of one side gets fewer acknowledgements, and is no slower', (t) => {
  const link = (): NetworkNode => chain(rate(100_000_000, 400), delay(10))
  const options = { toServer: delay(10) }
  const on = download(20 * MEGABYTE, { ...options, toClient: link() })
  const off = download(20 * MEGABYTE, { ...options, toClient: link(), server: OFF })
  const unannounced = download(20 * MEGABYTE, { ...options, toClient: link(), client: OFF })
  if (on === null || off === null || unannounced === null) throw new Error('no download')
  t.ok(off.answers > 0.45, `${off.answers} answers a packet as RFC 9000 has it`)
  t.ok(unannounced.answers > 0.45, `${unannounced.answers} of a peer without the extension`)
  t.ok(on.answers < 0.1, `${on.answers} answers a packet with it`)
  t.ok(on.time < off.time * 1.1, `${on.time} ms, ${off.time} ms without`)
  t.end()
})

t.test('data come through loss and reordering, and losses are found as fast', (t) => {
  let on = 0
  let off = 0
  for (let seed = 1; seed <= 20; seed++) {
    const network = (n: number): NetworkNode => {
      const prng = new Prng(seed * 2 + n)
      return chain(
        delay(15, 2, prng.fork()),
        loss(0.02, prng.fork()),
        reorder(0.02, 5, prng.fork()),
      )
    }
    const make = (server: PairOptions['server'] = {}): Transfer | null =>
      download(4 * MEGABYTE, { seed, server, toServer: network(0), toClient: network(1) })
    const with_ = make()
    const without = make(OFF)
    if (with_ === null || without === null) t.fail(`seed ${seed}`)
    else {
      on += with_.time
      off += without.time
    }
  }
  t.ok(on < off * 1.1, `${Math.round(on)} ms, ${Math.round(off)} ms without`)
  t.end()
})

t.test('a short exchange is acknowledged as RFC 9000 has it: nothing is asked for', (t) => {
  const p = forgedPair({ seed: 3 })
  const { client, server } = p.establish()
  for (let i = 0; i < 10; i++) {
    const { stream } = client.send('uni', p.prng.bytes(1000))
    p.run(() => server.streams.get(stream.id)?.ended === true)
  }
  t.same(p.sent.client.flatMap(framesOf).filter(isAckFrequency), [])
  t.end()
})

t.test('RFC 9000 §12.4: frames of the extension are unknown when it is turned off', (t) => {
  for (const [frames, type] of [
    [bytes(0x1f), 0x1f],
    [bytes(0xaf, 0, 1, 1000, 1), 0xaf],
  ] as const) {
    const p = forgedPair({ seed: 4, server: OFF })
    const { server } = p.establish()
    p.forge('client', frames)
    p.runFor(100)
    t.match(server.closeError, { errorCode: FRAME_ENCODING_ERROR, frameType: type })
  }
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §5: IMMEDIATE_ACK and ACK_FREQUENCY are obeyed', (t) => {
  const p = forgedPair({ seed: 5 })
  p.establish()
  p.runFor(1000)
  const answersWithin = (ms: number): number => {
    const before = p.sent.server.length
    p.runFor(ms)
    return p.sent.server.length - before
  }
  // Without gaps, which would be told at once.
  const { bytes: last } = p.sent.client.at(-1)!
  let packetNumber = last[9 + (last[0] & 3)]
  const forge = (frames: Uint8Array): void => {
    p.forge('client', frames, { packetNumber: ++packetNumber })
  }
  forge(bytes(0x01))
  t.equal(answersWithin(20), 0, 'a PING waits for max_ack_delay')
  t.equal(answersWithin(30), 1)
  forge(bytes(0x1f))
  t.equal(answersWithin(11), 1, 'IMMEDIATE_ACK does not')
  forge(bytes(0xaf, 0, 100, 5000, 3))
  t.equal(answersWithin(14), 0)
  t.equal(answersWithin(2), 1, 'a delay of 5 ms')
  forge(bytes(0xaf, 1, 3, 400_000, 3))
  for (let i = 0; i < 2; i++) forge(bytes(0x01))
  t.equal(answersWithin(100), 0, 'three may come without an ACK')
  forge(bytes(0x01))
  t.equal(answersWithin(11), 1)
  forge(bytes(0xaf, 0, 0, 1000, 3))
  t.equal(answersWithin(100), 0, 'an old frame')
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §7: probes ask for an immediate acknowledgement', (t) => {
  let open = true
  const gate: NetworkNode = {
    push: (now, datagram, emit) => {
      if (open) emit(now + 10, datagram)
    },
  }
  for (const client of [{}, OFF]) {
    open = true
    const p = forgedPair({ seed: 6, client, toServer: gate })
    const sides = p.establish()
    p.runFor(100)
    open = false
    const before = p.sent.client.length
    sides.client.send('uni', p.prng.bytes(100))
    p.runFor(500)
    const [first, probe] = p.sent.client.slice(before).map(framesOf)
    t.notOk(first.some(isImmediateAck))
    t.equal(probe.some(isImmediateAck), client !== OFF)
    t.ok(
      probe.some((frame) => frame.type === FRAME_STREAM),
      'beside what they repeat',
    )
    open = true
    t.ok(p.run(() => p.server.accepted[0].streams.size === 1))
  }
  t.end()
})

t.test('a peer that announces a min_ack_delay of its own is not asked for less', (t) => {
  const p = forgedPair({
    seed: 7,
    clientNull: {
      rewriteParameters: editParameters({ 0xff04de1b: bytes(50_000), 0x0b: bytes(60) }),
    },
    toClient: chain(rate(100_000_000, 400), delay(1)),
    toServer: delay(1),
  })
  const { client, server } = p.establish()
  const { stream } = server.send('uni', p.prng.bytes(10 * MEGABYTE))
  t.ok(p.run(() => client.streams.get(stream.id)?.ended === true))
  const asked = p.sent.server.flatMap(framesOf).filter(isAckFrequency)
  t.ok(asked.length > 0)
  for (const frame of asked) t.equal(frame.requestedMaxAckDelay, 50_000)
  t.end()
})
