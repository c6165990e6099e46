import t from 'tap'
import * as http3 from '../src/index.ts'

t.test('every code of RFC 9114 §8.1 and RFC 9204 §6 is in the table, once', (t) => {
  const constants = Object.entries(http3).filter(
    ([name, value]) => typeof value === 'number' && /^(H3|QPACK)_/.test(name),
  )
  t.same(
    new Map(http3.HTTP3_ERROR_CODES.map(({ name, errorCode }) => [name, errorCode])),
    new Map(constants as [string, number][]),
  )
  t.equal(constants.length, 20)
  const codes = http3.HTTP3_ERROR_CODES.map(({ code }) => code)
  t.equal(new Set(codes).size, codes.length)
  for (const code of codes) t.match(code, /^ERR_HTTP3_[A-Z_]+$/)
  t.end()
})

t.test('an error has the code of its number', (t) => {
  t.equal(new http3.Http3Error(http3.H3_MESSAGE_ERROR, '').code, 'ERR_HTTP3_MESSAGE')
  t.equal(new http3.Http3Error(http3.H3_FRAME_ERROR, '').code, 'ERR_HTTP3_FRAME')
  t.equal(new http3.Http3Error(http3.H3_NO_ERROR, '').code, 'ERR_HTTP3_NO_ERROR')
  t.equal(
    new http3.Http3Error(http3.QPACK_DECOMPRESSION_FAILED, '').code,
    'ERR_HTTP3_QPACK_DECOMPRESSION_FAILED',
  )
  t.equal(new http3.Http3Error(0x1234, '').code, 'ERR_HTTP3_UNKNOWN')
  t.equal(http3.http3ErrorName(http3.H3_ID_ERROR), 'H3_ID_ERROR')
  t.equal(http3.http3ErrorName(0x1234), '0x1234')
  t.end()
})
