import * as fc from 'fast-check'
import t from 'tap'
import {
  DecoderStreamReader,
  EncoderStreamReader,
  QPACK_DECODER_STREAM_ERROR,
  QPACK_ENCODER_STREAM_ERROR,
  QpackError,
} from '../src/index.ts'
import { fromHex } from './hex.ts'

const encoderError = { code: 'ERR_QPACK_ENCODER_STREAM', errorCode: QPACK_ENCODER_STREAM_ERROR }
const decoderError = { code: 'ERR_QPACK_DECODER_STREAM', errorCode: QPACK_DECODER_STREAM_ERROR }

t.test('encoder stream: a capacity of zero is accepted, again and again', (t) => {
  const reader = new EncoderStreamReader()
  reader.handle(fromHex('20202020'))
  reader.handle(new Uint8Array(0))
  reader.handle(fromHex('20'))
  t.end()
})

t.test('encoder stream: a capacity above zero is an error (rfc9204#4.3.1-2)', (t) => {
  for (const hex of ['21', '3fbd01', '3f00', '3fffffffffffffffffffffff7f']) {
    t.throws(() => new EncoderStreamReader().handle(fromHex(hex)), encoderError, hex)
  }
  const split = new EncoderStreamReader()
  split.handle(fromHex('3f'))
  split.handle(fromHex('bd'))
  t.throws(() => split.handle(fromHex('01')), encoderError)
  t.end()
})

t.test(
  'encoder stream: insertions and duplicates are errors (rfc9204#3.1-2, rfc9204#3.2.2-2)',
  (t) => {
    for (const hex of ['c00f', 'ff2400', '80', '4a', '6a', '02', '00']) {
      t.throws(() => new EncoderStreamReader().handle(fromHex(hex)), encoderError, hex)
    }
    t.end()
  },
)

t.test('decoder stream: stream cancellation is accepted (RFC 9204 §4.4.2)', (t) => {
  const reader = new DecoderStreamReader()
  reader.handle(fromHex('48'))
  reader.handle(fromHex('7f'))
  reader.handle(fromHex('80'))
  reader.handle(fromHex('0144'))
  t.throws(() => reader.handle(fromHex('00')), decoderError)
  t.throws(() => new DecoderStreamReader().handle(fromHex('7fffffffffffffffffffff')), decoderError)
  t.end()
})

t.test('decoder stream: Insert Count Increment is an error (rfc9204#4.4.3-1)', (t) => {
  for (const hex of ['00', '01', '3f00']) {
    t.throws(() => new DecoderStreamReader().handle(fromHex(hex)), decoderError, hex)
  }
  t.end()
})

t.test('decoder stream: Section Acknowledgment is an error (rfc9204#4.4.1-1)', (t) => {
  t.throws(() => new DecoderStreamReader().handle(fromHex('84')), decoderError)
  t.end()
})

t.test('both streams: any split gives the same, any bytes nothing but a QpackError', (t) => {
  for (const make of [() => new EncoderStreamReader(), () => new DecoderStreamReader()]) {
    const outcome = (pieces: Uint8Array[]): string => {
      const reader = make()
      try {
        for (const piece of pieces) reader.handle(piece)
        return 'accepted'
      } catch (error) {
        if (error instanceof QpackError) return error.message
        throw error
      }
    }
    const instruction = fc.constantFrom(0x20, 0x48, 0x7f, 0x80, 0x01, 0x3f, 0x00, 0xff)
    fc.assert(
      fc.property(fc.array(fc.oneof(instruction, fc.nat(255)), { maxLength: 20 }), (list) => {
        const bytes = Uint8Array.from(list)
        return outcome([bytes]) === outcome(list.map((byte) => Uint8Array.of(byte)))
      }),
      { seed: 1, numRuns: 1000 },
    )
  }
  t.end()
})
