import t from 'tap'
import {
  ApplicationError,
  CRYPTO_ERROR,
  IdleTimeoutError,
  NO_VIABLE_PATH,
  QuicError,
  StatelessResetError,
  StreamResetError,
  TRANSPORT_ERROR_NAMES,
  TransportError,
  VersionNegotiationError,
} from '../src/errors.ts'

t.test(
  'RFC 9000 §20.1: every transport error code has a name and a stable code of its own',
  (t) => {
    const codes = new Set<string>()
    for (let errorCode = 0; errorCode <= NO_VIABLE_PATH; errorCode++) {
      const error = new TransportError(errorCode, 0, '')
      t.match(error.code, /^ERR_QUIC_[A-Z_]+$/)
      t.equal(error.message, TRANSPORT_ERROR_NAMES[errorCode])
      codes.add(error.code)
    }
    t.equal(codes.size, NO_VIABLE_PATH + 1)
    t.end()
  },
)

t.test(
  'RFC 9000 §20.1: 0x100 to 0x1ff are TLS alerts, what is unknown is still a TransportError',
  (t) => {
    const cause = new Error('certificate has expired')
    const error = new TransportError(CRYPTO_ERROR + 45, 0x06, '', { cause, remote: true })
    t.match(error, { code: 'ERR_QUIC_CRYPTO', errorCode: 0x12d, frameType: 6, remote: true, cause })
    t.match(error.message, 'TLS alert 45')
    t.match(new TransportError(0x7777, 0, ''), { code: 'ERR_QUIC_TRANSPORT', remote: false })
    t.end()
  },
)

t.test('errors share a base, and carry a name, a code and their numbers', (t) => {
  t.match(new ApplicationError(0x100, '', true), {
    code: 'ERR_QUIC_APPLICATION',
    errorCode: 0x100,
    remote: true,
  })
  t.equal(new ApplicationError(0x100, 'bye', true).message, 'bye')
  t.match(new StreamResetError(4, 0x10c, true), {
    code: 'ERR_QUIC_STREAM_RESET',
    streamId: 4,
    errorCode: 0x10c,
  })
  t.match(new IdleTimeoutError(), { code: 'ERR_QUIC_IDLE_TIMEOUT', name: 'IdleTimeoutError' })
  t.match(new StatelessResetError(), { code: 'ERR_QUIC_STATELESS_RESET' })
  t.match(new VersionNegotiationError([2]), { code: 'ERR_QUIC_VERSION_NEGOTIATION', versions: [2] })
  t.ok(new VersionNegotiationError([]) instanceof QuicError)
  t.end()
})
