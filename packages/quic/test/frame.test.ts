import { ByteReader, RangeSet, varintLength } from '@godwit/wire'
import * as fc from 'fast-check'
import t from 'tap'
import type { EncryptionLevel } from '../src/handshake-session.ts'
import { TransportError } from '../src/errors.ts'
import { decodeFrame } from '../src/frame-decoder.ts'
import * as encode from '../src/frame-encoder.ts'
import { Frame, isAckEliciting, isFramePermitted } from '../src/frame.ts'
import { MAX_ACK_RANGES_PER_FRAME } from '../src/limits.ts'
import { PacketWriter } from '../src/packet-writer.ts'
import * as token from '../src/recovery/tokens.ts'

const SEED = 9000
const START = 5
const MAX = Number.MAX_SAFE_INTEGER
const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

function decode(data: Uint8Array): Frame {
  const frame = new Frame()
  const reader = new ByteReader(data)
  decodeFrame(reader, frame)
  return frame
}

/** Writes with `write`, checks the length and the token, decodes again. */
function roundTrip(
  length: number,
  tokens: number[],
  write: (writer: PacketWriter) => void,
): { frame: Frame; memory: Uint8Array } {
  const memory = new Uint8Array(4096)
  const writer = new PacketWriter(memory)
  writer.reset(START, 4096)
  write(writer)
  if (writer.position - START !== length) {
    throw new Error(`predicted ${length} bytes, wrote ${writer.position - START}`)
  }
  const noted = [...writer.tokens.subarray(0, writer.tokenCount * 4)]
  if (tokens.some((value, i) => noted[i] !== value)) throw new Error(`tokens: ${noted.join()}`)
  const frame = new Frame()
  const reader = new ByteReader(memory, START, writer.position)
  decodeFrame(reader, frame)
  if (!reader.done) throw new Error('bytes left over')
  return { frame, memory }
}

const number = fc.oneof(
  fc.nat({ max: 63 }),
  fc.nat({ max: 16383 }),
  fc.nat({ max: 2 ** 30 }),
  fc.integer({ min: 0, max: MAX }),
)
const data = fc.uint8Array({ minLength: 1, maxLength: 600 })
const check = <Ts>(property: fc.IProperty<Ts>): void => {
  fc.assert(property, { seed: SEED })
}
const contents = ({ frame, memory }: { frame: Frame; memory: Uint8Array }): Uint8Array =>
  memory.subarray(frame.start, frame.end)

t.test(
  'RFC 9000 §19: frames with numbers only round-trip, with their length and token (rfc9000#12.4-5)',
  (t) => {
    check(
      fc.property(number, number, number, fc.boolean(), (a, b, c, bidi) => {
        let f = roundTrip(encode.resetStreamLength(a, b, c), [token.TOKEN_RESET_STREAM, a], (w) =>
          encode.writeResetStream(w, a, b, c),
        ).frame
        t.match(f, { type: 0x04, wireType: 0x04, streamId: a, errorCode: b, finalSize: c })
        f = roundTrip(encode.stopSendingLength(a, b), [token.TOKEN_STOP_SENDING, a], (w) =>
          encode.writeStopSending(w, a, b),
        ).frame
        t.match(f, { type: 0x05, streamId: a, errorCode: b })
        f = roundTrip(encode.maxDataLength(a), [token.TOKEN_MAX_DATA, a], (w) =>
          encode.writeMaxData(w, a),
        ).frame
        t.match(f, { type: 0x10, maximum: a })
        f = roundTrip(encode.maxStreamDataLength(a, b), [token.TOKEN_MAX_STREAM_DATA, a, b], (w) =>
          encode.writeMaxStreamData(w, a, b),
        ).frame
        t.match(f, { type: 0x11, streamId: a, maximum: b })
        f = roundTrip(
          encode.maxStreamsLength(a),
          [bidi ? token.TOKEN_MAX_STREAMS_BIDI : token.TOKEN_MAX_STREAMS_UNI, a],
          (w) => encode.writeMaxStreams(w, bidi, a),
        ).frame
        t.match(f, { type: bidi ? 0x12 : 0x13, maximum: a })
        f = roundTrip(encode.dataBlockedLength(a), [token.TOKEN_DATA_BLOCKED, a], (w) =>
          encode.writeDataBlocked(w, a),
        ).frame
        t.match(f, { type: 0x14, maximum: a })
        f = roundTrip(
          encode.streamDataBlockedLength(a, b),
          [token.TOKEN_STREAM_DATA_BLOCKED, a, b],
          (w) => encode.writeStreamDataBlocked(w, a, b),
        ).frame
        t.match(f, { type: 0x15, streamId: a, maximum: b })
        f = roundTrip(
          encode.streamsBlockedLength(a),
          [bidi ? token.TOKEN_STREAMS_BLOCKED_BIDI : token.TOKEN_STREAMS_BLOCKED_UNI, a],
          (w) => encode.writeStreamsBlocked(w, bidi, a),
        ).frame
        t.match(f, { type: bidi ? 0x16 : 0x17, maximum: a })
        f = roundTrip(
          encode.retireConnectionIdLength(a),
          [token.TOKEN_RETIRE_CONNECTION_ID, a],
          (w) => encode.writeRetireConnectionId(w, a),
        ).frame
        t.match(f, { type: 0x19, sequenceNumber: a })
      }),
    )
    t.match(roundTrip(encode.PING_LENGTH, [token.TOKEN_PING], encode.writePing).frame, { type: 1 })
    t.match(
      roundTrip(
        encode.HANDSHAKE_DONE_LENGTH,
        [token.TOKEN_HANDSHAKE_DONE],
        encode.writeHandshakeDone,
      ).frame,
      { type: 0x1e },
    )
    t.end()
  },
)

t.test('RFC 9000 §19.6, §19.8: frames with data round-trip', (t) => {
  const offset = fc.oneof(
    fc.constant(0),
    number.map((n) => Math.min(n, MAX - 600)),
  )
  check(
    fc.property(number, offset, data, fc.boolean(), (id, offset, data, fin) => {
      const put = (w: PacketWriter): void => {
        w.bytes.set(data, w.position)
        w.position += data.length
      }
      const stream = roundTrip(
        encode.streamHeaderLength(id, offset, data.length) + data.length,
        [fin ? token.TOKEN_STREAM_FIN : token.TOKEN_STREAM, id, offset, data.length],
        (w) => {
          encode.writeStreamHeader(w, id, offset, data.length, fin)
          put(w)
        },
      )
      t.match(stream.frame, { type: 0x08, streamId: id, offset, fin })
      t.equal(stream.frame.wireType & ~0x05, 0x0a, 'always with Length')
      t.same(contents(stream), data)
      const crypto = roundTrip(
        encode.cryptoHeaderLength(offset, data.length) + data.length,
        [token.TOKEN_CRYPTO, offset, data.length],
        (w) => {
          encode.writeCryptoHeader(w, offset, data.length)
          put(w)
        },
      )
      t.match(crypto.frame, { type: 0x06, offset })
      t.same(contents(crypto), data)
    }),
  )
  t.end()
})

t.test('RFC 9000 §19: the other frames round-trip', (t) => {
  const eight = fc.uint8Array({ minLength: 8, maxLength: 8 })
  const cid = fc.uint8Array({ minLength: 1, maxLength: 20 })
  const resetToken = fc.uint8Array({ minLength: 16, maxLength: 16 })
  check(
    fc.property(
      number,
      number,
      cid,
      resetToken,
      data,
      eight,
      fc.boolean(),
      (a, b, id, reset, text, eight, app) => {
        const sequence = Math.max(a, b)
        const prior = Math.min(a, b)
        const issued = roundTrip(
          encode.newConnectionIdLength(sequence, prior, id),
          [token.TOKEN_NEW_CONNECTION_ID, sequence],
          (w) => encode.writeNewConnectionId(w, sequence, prior, id, reset),
        )
        t.match(issued.frame, { type: 0x18, sequenceNumber: sequence, retirePriorTo: prior })
        t.same(contents(issued), id)
        const at = issued.frame.resetTokenStart
        t.same(issued.memory.subarray(at, at + 16), reset)

        const closed = roundTrip(encode.connectionCloseLength(app, a, b, text), [], (w) => {
          encode.writeConnectionClose(w, app, a, b, text)
          t.notOk(w.ackEliciting || w.inFlight, 'RFC 9002 §2: CONNECTION_CLOSE is not in flight')
        })
        t.match(closed.frame, {
          type: app ? 0x1d : 0x1c,
          errorCode: a,
          causeFrameType: app ? 0 : b,
        })
        t.same(contents(closed), text)

        const newToken = roundTrip(encode.newTokenLength(text), [], (w) =>
          encode.writeNewToken(w, text),
        )
        t.equal(newToken.frame.type, 0x07)
        t.same(contents(newToken), text)

        const challenge = roundTrip(encode.PATH_FRAME_LENGTH, [token.TOKEN_PATH], (w) =>
          encode.writePathChallenge(w, eight),
        )
        t.equal(challenge.frame.type, 0x1a)
        t.same(contents(challenge), eight)
        const response = roundTrip(encode.PATH_FRAME_LENGTH, [token.TOKEN_PATH], (w) =>
          encode.writePathResponse(w, new Uint8Array([9, ...eight]), 1),
        )
        t.equal(response.frame.type, 0x1b)
        t.same(contents(response), eight)
      },
    ),
  )
  t.end()
})

t.test('draft-ietf-quic-ack-frequency §4, §5: ACK_FREQUENCY and IMMEDIATE_ACK round-trip', (t) => {
  check(
    fc.property(number, number, number, number, (sequence, threshold, delay, reordering) => {
      const { frame, memory } = roundTrip(
        encode.ackFrequencyLength(sequence, threshold, delay, reordering),
        [token.TOKEN_ACK_FREQUENCY, sequence],
        (w) => {
          encode.writeAckFrequency(w, sequence, threshold, delay, reordering)
          t.ok(w.ackEliciting && w.inFlight, 'congestion controlled')
        },
      )
      t.same(memory.subarray(START, START + 2), [0x40, 0xaf])
      t.match(frame, {
        type: 0xaf,
        wireType: 0xaf,
        sequenceNumber: sequence,
        ackElicitingThreshold: threshold,
        requestedMaxAckDelay: delay,
        reorderingThreshold: reordering,
      })
    }),
  )
  const immediate = roundTrip(encode.IMMEDIATE_ACK_LENGTH, [token.TOKEN_PING], (w) =>
    encode.writeImmediateAck(w),
  )
  t.equal(immediate.frame.type, 0x1f)
  const largest = decode(bytes('40af 00 ffffffffffffffff ffffffffffffffff ffffffffffffffff'))
  t.equal(largest.ackElicitingThreshold, MAX, 'thresholds may be any 62-bit number')
  t.equal(largest.reorderingThreshold, MAX)
  t.ok(isAckEliciting(0x1f) && isAckEliciting(0xaf))
  t.end()
})

t.test('RFC 9000 §19.3: ACK ranges round-trip, cut from below to the room that is left', (t) => {
  check(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 2 ** 20 }), fc.nat({ max: 300 })), {
        minLength: 1,
        maxLength: 80,
      }),
      number,
      fc.option(fc.array(number, { minLength: 3, maxLength: 3 }), { nil: null }),
      fc.integer({ min: 0, max: 400 }),
      (pieces, delay, ecn, room) => {
        const received = new RangeSet()
        for (const [start, length] of pieces) received.add(start, start + length + 1)
        const memory = new Uint8Array(500)
        const writer = new PacketWriter(memory)
        writer.reset(START, START + room)
        const counts = ecn === null ? null : new Float64Array(ecn)
        if (!encode.writeAck(writer, received, delay, counts)) {
          t.equal(writer.position, START)
          t.ok(room < 40)
          return
        }
        t.notOk(writer.ackEliciting || writer.inFlight)
        t.ok(writer.position <= START + room)
        const frame = new Frame()
        const reader = new ByteReader(memory, START, writer.position)
        decodeFrame(reader, frame)
        t.ok(reader.done)
        const ack = frame.ack
        t.equal(ack.largest, received.max)
        t.equal(ack.encodedDelay, delay)
        t.same(ecn, ack.ecn ? [ack.ect0, ack.ect1, ack.ce] : null)
        for (let i = 0; i < ack.rangeCount; i++) {
          const j = received.length - 1 - i
          t.equal(ack.rangeSmallest[i], received.start(j))
          t.equal(ack.rangeLargest[i], received.end(j) - 1)
        }
        if (ack.rangeCount < received.length) t.ok(START + room - writer.position < 18)
      },
    ),
  )
  t.end()
})

t.test(
  'RFC 9000 §19.3: an ACK of very many ranges is read to its end, but only so many are kept',
  (t) => {
    const ranges = 5000
    const data = new Uint8Array(9 + 2 * ranges)
    data.set(bytes('02 8000ffff 00 5388 00'))
    const frame = new Frame()
    const reader = new ByteReader(data)
    decodeFrame(reader, frame)
    t.ok(reader.done)
    t.equal(frame.ack.rangeCount, MAX_ACK_RANGES_PER_FRAME)
    t.equal(frame.ack.rangeLargest[1], 0xffff - 2)
    t.end()
  },
)

t.test('RFC 9000 §19.3: ACK Delay counts units of 2^exponent microseconds', (t) => {
  const frame = decode(bytes('02 05 4e20 00 00'))
  frame.ack.scaleDelay(3)
  t.equal(frame.ack.delay, (0x0e20 * 8) / 1000)
  t.end()
})

t.test('RFC 9000 §19.1: a run of PADDING is one frame', (t) => {
  const frame = new Frame()
  const reader = new ByteReader(bytes('000000000001'))
  decodeFrame(reader, frame)
  t.equal(frame.type, 0)
  t.equal(reader.position, 5)
  decodeFrame(reader, frame)
  t.equal(frame.type, 1)
  t.end()
})

t.test('RFC 9000 §19.8: without LEN the data reach to the end of the packet', (t) => {
  const frame = decode(bytes('0d 04 0a 010203'))
  t.match(frame, {
    type: 0x08,
    wireType: 0x0d,
    streamId: 4,
    offset: 10,
    fin: true,
    start: 3,
    end: 6,
  })
  t.end()
})

t.test('RFC 9000 §19.19: error codes, and limits that only grow, may be any 62-bit number', (t) => {
  t.equal(decode(bytes('05 00 ffffffffffffffff')).errorCode, MAX)
  t.equal(decode(bytes('10 ffffffffffffffff')).maximum, MAX)
  t.equal(decode(bytes('12 d000000000000000')).maximum, MAX)
  t.equal(decode(bytes('1c ffffffffffffffff ffffffffffffffff 00')).causeFrameType, MAX)
  t.end()
})

const FRAME_ENCODING = 0x07
const PROTOCOL_VIOLATION = 0x0a
const malformed: [title: string, hex: string, errorCode: number, frameType: number][] = [
  ['rfc9000#12.4-4: an unknown type', '20', FRAME_ENCODING, 0x20],
  ['an unknown type of two bytes', '4040', FRAME_ENCODING, 0x40],
  ['DATAGRAM (RFC 9221), which was not negotiated', '30', FRAME_ENCODING, 0x30],
  ['rfc9000#12.4-6: a type in two bytes that fits in one', '4001', PROTOCOL_VIOLATION, 0x01],
  ['an unknown type in four bytes that fits in two', '80000041', PROTOCOL_VIOLATION, 0x41],
  ['ACK_FREQUENCY with its type in four bytes', '800000af 0000', PROTOCOL_VIOLATION, 0xaf],
  ['a truncated ACK_FREQUENCY', '40af 00 01 4400', FRAME_ENCODING, 0xaf],
  ['a truncated type', '80', FRAME_ENCODING, 0],
  ['a truncated STREAM', '0f 00 00 05 01', FRAME_ENCODING, 0x0f],
  ['rfc9000#19.8-2: STREAM data past 2^62-1', '0e 00 ffffffffffffffff 01 00', FRAME_ENCODING, 0x0e],
  ['STREAM data past 2^53-1', '0e 00 c01fffffffffffff 01 00', FRAME_ENCODING, 0x0e],
  ['rfc9000#19.6-1: CRYPTO data past 2^53-1', '06 c01fffffffffffff 01 00', FRAME_ENCODING, 0x06],
  ['rfc9000#19.7-2: an empty NEW_TOKEN', '07 00', FRAME_ENCODING, 0x07],
  ['rfc9000#19.3.1-1: an ACK of negative packet numbers', '02 05 00 00 06', FRAME_ENCODING, 0x02],
  ['an ACK with a negative further range', '02 05 00 01 00 03 01', FRAME_ENCODING, 0x02],
  ['an ACK whose gap goes below zero', '02 05 00 01 00 04 00', FRAME_ENCODING, 0x02],
  ['an ACK with fewer ranges than it counts', '02 3f 00 20 00 00 00', FRAME_ENCODING, 0x02],
  ['an ACK_ECN without its counts', '03 05 00 00 00 01', FRAME_ENCODING, 0x03],
  [
    'rfc9000#4.6-1, rfc9000#19.11-1: MAX_STREAMS above 2^60',
    '12 d000000000000001',
    FRAME_ENCODING,
    0x12,
  ],
  ['MAX_STREAMS (uni) above 2^60', '13 ffffffffffffffff', FRAME_ENCODING, 0x13],
  ['rfc9000#19.14-2: STREAMS_BLOCKED above 2^60', '16 d000000000000001', FRAME_ENCODING, 0x16],
  ['STREAMS_BLOCKED (uni) above 2^60', '17 d100000000000000', FRAME_ENCODING, 0x17],
  [
    'rfc9000#19.15-1: NEW_CONNECTION_ID of no bytes',
    `18 01 00 00 ${'00'.repeat(16)}`,
    FRAME_ENCODING,
    0x18,
  ],
  [
    'rfc9000#19.15-1: NEW_CONNECTION_ID of 21 bytes',
    `18 01 00 15 ${'00'.repeat(37)}`,
    FRAME_ENCODING,
    0x18,
  ],
  [
    'rfc9000#19.15-7: NEW_CONNECTION_ID retiring itself',
    `18 01 02 01 00 ${'00'.repeat(16)}`,
    FRAME_ENCODING,
    0x18,
  ],
  ['a truncated PATH_CHALLENGE', '1a 01020304050607', FRAME_ENCODING, 0x1a],
  ['a truncated CONNECTION_CLOSE', '1c 00 00 05 41', FRAME_ENCODING, 0x1c],
  ['an application close with a reason that is not there', '1d 00 01', FRAME_ENCODING, 0x1d],
]
for (const [title, hex, errorCode, frameType] of malformed) {
  t.test(`RFC 9000 §12.4, §19: refuses ${title}`, (t) => {
    t.throws(() => decode(bytes(hex)), { name: 'TransportError', errorCode, frameType })
    t.end()
  })
}

t.test('RFC 9000 §19: each proper prefix of a frame is refused, unless it is a frame', (t) => {
  const whole = bytes(`18 01 00 04 01020304 ${'ab'.repeat(16)}`)
  for (let n = 1; n < whole.length; n++) {
    t.throws(
      () => decode(whole.subarray(0, n)),
      { name: 'TransportError', errorCode: FRAME_ENCODING },
      `${n} bytes`,
    )
  }
  t.end()
})

t.test('RFC 9000 §19: any bytes give frames or a TransportError, and always move on', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.nat({ max: 0x1f }),
      (data, type) => {
        data[0] = type
        const frame = new Frame()
        const reader = new ByteReader(data)
        try {
          while (reader.remaining > 0) {
            const before = reader.position
            decodeFrame(reader, frame)
            if (reader.position <= before) return false
            if (frame.start > data.length || frame.end > data.length) return false
            if (frame.ack.rangeCount > MAX_ACK_RANGES_PER_FRAME) return false
          }
          return true
        } catch (error) {
          return (
            error instanceof TransportError &&
            (error.errorCode === FRAME_ENCODING || error.errorCode === PROTOCOL_VIOLATION)
          )
        }
      },
    ),
    { seed: SEED, numRuns: 10_000 },
  )
  t.end()
})

t.test(
  'RFC 9000 §12.4 table 3: which packets may carry which frames (rfc9000#12.4-3, rfc9000#12.5-3, rfc9000#12.5-5)',
  (t) => {
    // Columns: Initial, 0-RTT, Handshake, 1-RTT; §12.5 takes RETIRE_CONNECTION_ID out of 0-RTT.
    const table: [types: number[], levels: string][] = [
      [[0x00, 0x01, 0x1c], 'IZHA'],
      [[0x02, 0x03, 0x06], 'IHA'],
      [
        [0x04, 0x05, 0x08, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1a, 0x1d],
        'ZA',
      ],
      [[0x07, 0x19, 0x1b, 0x1e, 0x1f, 0xaf], 'A'],
      [[0x20, 0x30, 0xae, 0xb0, 2 ** 40], ''],
    ]
    for (const [types, levels] of table) {
      for (const type of types) {
        for (const level of [0, 1, 2, 3] as EncryptionLevel[]) {
          t.equal(
            isFramePermitted(type, level),
            levels.includes('IZHA'[level]),
            `${type} in ${level}`,
          )
        }
      }
    }
    t.end()
  },
)

t.test(
  'RFC 9002 §2: all frames but ACK, PADDING and CONNECTION_CLOSE elicit acknowledgements',
  (t) => {
    for (let type = 0; type < 0x1f; type++) {
      t.equal(isAckEliciting(type), ![0x00, 0x02, 0x03, 0x1c, 0x1d].includes(type), `${type}`)
    }
    t.equal(varintLength(0x1e), 1)
    t.end()
  },
)
