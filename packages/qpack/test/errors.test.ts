import t from 'tap'
import {
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
  QpackError,
} from '../src/index.ts'

t.test('error codes are those of RFC 9204 §6, each with its string', (t) => {
  const codes: [number, number, string][] = [
    [QPACK_DECOMPRESSION_FAILED, 0x0200, 'ERR_QPACK_DECOMPRESSION_FAILED'],
    [QPACK_ENCODER_STREAM_ERROR, 0x0201, 'ERR_QPACK_ENCODER_STREAM'],
    [QPACK_DECODER_STREAM_ERROR, 0x0202, 'ERR_QPACK_DECODER_STREAM'],
  ]
  for (const [errorCode, onTheWire, code] of codes) {
    t.equal(errorCode, onTheWire)
    const error = new QpackError(errorCode, 'why')
    t.match(error, { name: 'QpackError', message: 'why', code, errorCode })
  }
  t.end()
})
