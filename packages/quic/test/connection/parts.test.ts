import t from 'tap'
import * as fc from 'fast-check'
import { ClosingState } from '../../src/connection/close-state.ts'
import { isHandled } from '../../src/connection/frame-handlers.ts'
import { IdleTimeout } from '../../src/connection/idle-timeout.ts'
import { Path } from '../../src/connection/path.ts'
import { decodeReason, encodeReason } from '../../src/connection/reason-phrase.ts'
import { TIMER_ACK, TIMER_IDLE, TIMER_LOSS, Timers } from '../../src/connection/timers.ts'
import { UndecryptablePackets } from '../../src/connection/undecryptable-packets.ts'
import { FRAME_TYPE_COUNT, SPACE_APPLICATION } from '../../src/constants.ts'
import { isFramePermitted, isStreamFrame } from '../../src/frame.ts'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, LEVEL_INITIAL } from '../../src/handshake-session.ts'
import {
  MAX_DATAGRAM_SIZE,
  MAX_PENDING_PATH_RESPONSES,
  MAX_REASON_LENGTH,
  MAX_UNDECRYPTABLE_PACKET_SIZE,
  MAX_UNDECRYPTABLE_PACKETS,
  MTU_SEARCH_AFTER,
} from '../../src/limits.ts'
import { PacketWriter } from '../../src/packet-writer.ts'

const REMOTE = { address: '192.0.2.1', port: 1 }

t.test('rfc9000#12.5-5: a frame is handled exactly where it is permitted', (t) => {
  const levels = [LEVEL_INITIAL, LEVEL_HANDSHAKE, LEVEL_APPLICATION] as const
  for (let space = 0; space <= SPACE_APPLICATION; space++) {
    for (let type = 0; type < FRAME_TYPE_COUNT; type++) {
      // The decoder gives the eight types of STREAM frames as the first of them.
      if (isStreamFrame(type) && type !== 0x08) continue
      t.equal(
        isHandled(space, type),
        isFramePermitted(type, levels[space]),
        `${space} 0x${type.toString(16)}`,
      )
    }
  }
  t.end()
})

t.test('RFC 9000 §8.1: three times what came may go, until the address is validated', (t) => {
  const path = new Path(REMOTE, false)
  t.equal(path.allowance, 0)
  path.onDatagramReceived(1200)
  t.equal(path.allowance, 3600)
  path.onDatagramSent(3000)
  t.equal(path.allowance, 600)
  path.onDatagramSent(1000)
  t.equal(path.allowance, 0)
  path.validate()
  t.equal(path.allowance, Infinity)
  t.equal(new Path(REMOTE, true).allowance, Infinity)
  t.end()
})

t.test('RFC 9000 §14.3: a path is probed for larger datagrams once it is worth it', (t) => {
  const path = new Path(REMOTE, true)
  t.equal(path.maxDatagramSize, 1200)
  path.startMtuSearch(65527)
  t.equal(path.mtuProbeSize(0), 0)
  path.onDatagramSent(MTU_SEARCH_AFTER)
  t.equal(path.mtuProbeSize(0), MAX_DATAGRAM_SIZE)
  t.end()
})

t.test('RFC 9000 §8.2.2: responses are bounded, and wait for room', (t) => {
  const path = new Path(REMOTE, true)
  for (let i = 0; i < 100; i++) path.handleChallenge(new Uint8Array(10).fill(i), 2)
  const writer = new PacketWriter(new Uint8Array(100))
  writer.reset(0, 20)
  path.writeFrames(writer, null, true)
  t.equal(writer.position, 18)
  t.same([writer.bytes[0], writer.bytes[1], writer.bytes[9], writer.bytes[10]], [0x1b, 0, 0x1b, 1])
  t.equal(path.hasPending(), true)
  writer.reset(0, 100)
  path.writeFrames(writer, null, true)
  t.equal(writer.position, 9 * (MAX_PENDING_PATH_RESPONSES - 2))
  t.equal(writer.bytes[1], 2)
  t.equal(path.hasPending(), false)
  t.end()
})

t.test('RFC 9000 §10.1: the lower idle timeout counts, but three PTO at least', (t) => {
  const idle = new IdleTimeout(100, 5000)
  t.equal(idle.deadline(10), 5100)
  idle.setPeer(3000)
  t.equal(idle.deadline(10), 3100)
  idle.setPeer(0)
  t.equal(idle.deadline(10), 5100)
  t.equal(idle.deadline(2000), 6100)
  const none = new IdleTimeout(0, 0)
  t.equal(none.deadline(10), Infinity)
  none.setPeer(40)
  t.equal(none.deadline(10), 40)
  t.end()
})

t.test('RFC 9000 §10.1: receiving restarts, sending only the first time after that', (t) => {
  const idle = new IdleTimeout(0, 1000)
  idle.onAckElicitingSent(100)
  t.equal(idle.deadline(1), 1100)
  idle.onAckElicitingSent(200)
  t.equal(idle.deadline(1), 1100)
  idle.onReceived(300)
  t.equal(idle.deadline(1), 1300)
  idle.onAckElicitingSent(400)
  t.equal(idle.deadline(1), 1400)
  t.end()
})

t.test('RFC 9000 §10.2.1: the close goes again at the 1st, 2nd, 4th, 8th packet', (t) => {
  const reason = { application: false, errorCode: 0, frameType: 0, reason: new Uint8Array(0) }
  const closing = new ClosingState(reason)
  t.equal(closing.fresh, true)
  closing.setDatagram(Uint8Array.of(1, 2, 3))
  const out = new Uint8Array(10)
  const answered: number[] = []
  for (let i = 1; i <= 20; i++) {
    closing.onDatagramReceived()
    if (closing.write(out, 5, 100) === 3) answered.push(i)
  }
  t.same(answered, [1, 2, 4, 8, 16])
  t.same(out.slice(4, 9), Uint8Array.of(0, 1, 2, 3, 0))
  for (let i = 0; i < 20; i++) closing.onDatagramReceived()
  t.equal(closing.write(out, 0, 2), 0, 'not beyond the limit')
  t.end()
})

t.test('packets that wait for keys are few, small, and copies', (t) => {
  const early = new UndecryptablePackets()
  const memory = new Uint8Array(3000).fill(7)
  t.equal(early.add(1, memory, 0, MAX_UNDECRYPTABLE_PACKET_SIZE + 1), false)
  for (let i = 0; i < MAX_UNDECRYPTABLE_PACKETS; i++) {
    t.equal(early.add(10 + i, memory, i, i + 100), true)
  }
  t.equal(early.add(2, memory, 0, 100), false)
  memory.fill(0)
  const packets = early.take()
  t.equal(packets.length, MAX_UNDECRYPTABLE_PACKETS)
  t.equal(packets[0].bytes[0], 7)
  t.equal(packets[1].receivedAt, 11)
  t.equal(early.length, 0)
  t.end()
})

t.test('timers are a table: set, moved, stopped', (t) => {
  const timers = new Timers()
  t.equal(timers.next, Infinity)
  timers.set(TIMER_IDLE, 30)
  timers.set(TIMER_LOSS, 10)
  t.equal(timers.next, 10)
  t.equal(timers.isExpired(TIMER_LOSS, 9.9), false)
  t.equal(timers.isExpired(TIMER_LOSS, 10), true)
  timers.stop(TIMER_LOSS)
  t.equal(timers.next, 30)
  t.equal(timers.get(TIMER_ACK), Infinity)
  timers.stopAll()
  t.equal(timers.next, Infinity)
  t.end()
})

t.test('reason phrases are UTF-8, bounded, and harmless to print (rfc9000#19.19-1)', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
      const encoded = encodeReason(text)
      t.ok(encoded.length <= MAX_REASON_LENGTH)
      const whole = Buffer.from(wellFormed(text))
      return whole.subarray(0, encoded.length).equals(Buffer.from(encoded))
    }),
    { seed: 1 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = decodeReason(bytes, 0, bytes.length)
      return text.length <= MAX_REASON_LENGTH && !/[\p{Cc}\u2028-\u202e]/u.test(text)
    }),
    { seed: 2 },
  )
  const text = 'ça va · 足够 · 🙂'
  const encoded = encodeReason(text)
  t.equal(decodeReason(encoded, 0, encoded.length), text)
  t.equal(
    decodeReason(Uint8Array.of(0x41, 0xc3, 0x0a, 0xff, 0xe2, 0x82), 0, 6),
    'A\ufffd\ufffd\ufffd\ufffd\ufffd',
  )
  t.end()
})

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
