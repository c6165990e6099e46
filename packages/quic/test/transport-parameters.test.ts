import * as fc from 'fast-check'
import t from 'tap'
import { TransportError } from '../src/errors.ts'
import type { TransportParameters } from '../src/transport-parameters.ts'
import {
  decodeTransportParameters,
  defaultTransportParameters,
  encodeTransportParameters,
} from '../src/transport-parameters.ts'

const SEED = 9000
const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const MAX = Number.MAX_SAFE_INTEGER
const limit = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 0, max: MAX }))
const cid = fc.uint8Array({ maxLength: 20 })
const token = fc.uint8Array({ minLength: 16, maxLength: 16 })

const parameters: fc.Arbitrary<TransportParameters> = fc.record({
  originalDestinationConnectionId: fc.option(cid),
  maxIdleTimeout: limit,
  statelessResetToken: fc.option(token),
  maxUdpPayloadSize: fc.integer({ min: 1200, max: 65527 }),
  initialMaxData: limit,
  initialMaxStreamDataBidiLocal: limit,
  initialMaxStreamDataBidiRemote: limit,
  initialMaxStreamDataUni: limit,
  initialMaxStreamsBidi: limit,
  initialMaxStreamsUni: limit,
  ackDelayExponent: fc.integer({ min: 0, max: 20 }),
  maxAckDelay: fc.integer({ min: 0, max: 2 ** 14 - 1 }),
  disableActiveMigration: fc.boolean(),
  preferredAddress: fc.option(
    fc.record({
      ipv4Address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      ipv4Port: fc.nat({ max: 65535 }),
      ipv6Address: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ipv6Port: fc.nat({ max: 65535 }),
      connectionId: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      statelessResetToken: token,
    }),
  ),
  activeConnectionIdLimit: fc.integer({ min: 2, max: MAX }),
  initialSourceConnectionId: fc.option(cid),
  retrySourceConnectionId: fc.option(cid),
  // Never above max_ack_delay, which is 0 at least.
  minAckDelay: fc.constantFrom(null, 0),
})

t.test('RFC 9000 §18: what is encoded decodes to the same parameters', (t) => {
  fc.assert(
    fc.property(parameters, (given) => {
      t.same(decodeTransportParameters(encodeTransportParameters(given), 'server'), given)
    }),
    { seed: SEED },
  )
  t.end()
})

t.test('RFC 9000 §18.2: absent parameters have their defaults', (t) => {
  t.same(decodeTransportParameters(new Uint8Array(0), 'client'), defaultTransportParameters())
  t.equal(encodeTransportParameters(defaultTransportParameters()).length, 0)
  t.end()
})

t.test(
  'RFC 9000 §7.4.2: unknown parameters are ignored, the reserved ones of §18.1 among them (rfc9000#7.4.2-1)',
  (t) => {
    const decoded = decodeTransportParameters(
      bytes('1b 03 010203 040101 4fff00 20 02 0000'),
      'client',
    )
    t.equal(decoded.initialMaxData, 1)
    t.end()
  },
)

t.test('RFC 9000 §18.2: limits above 2^53-1 are taken as 2^53-1', (t) => {
  t.equal(decodeTransportParameters(bytes('04 08 ffffffffffffffff'), 'client').initialMaxData, MAX)
  t.equal(
    decodeTransportParameters(bytes('08 08 d000000000000000'), 'client').initialMaxStreamsBidi,
    MAX,
  )
  t.end()
})

const bad: [title: string, hex: string][] = [
  ['rfc9000#7.4-3: a parameter given twice', '040101 040101'],
  ['rfc9000#7.4-3: an unknown parameter given twice', '3f00 3f00'],
  ['rfc9000#7.4-1: max_udp_payload_size below 1200', '03 02 44af'],
  ['ack_delay_exponent above 20', '0a 01 15'],
  ['max_ack_delay of 2^14', '0b 04 80004000'],
  ['rfc9000#18.2-9: active_connection_id_limit below 2', '0e 01 01'],
  ['rfc9000#4.6-1: initial_max_streams_bidi above 2^60', '08 08 d000000000000001'],
  ['rfc9000#4.6-1: initial_max_streams_uni above 2^60', '09 08 ffffffffffffffff'],
  ['initial_source_connection_id of 21 bytes', `0f 15 ${'00'.repeat(21)}`],
  ['disable_active_migration with a value', '0c 01 00'],
  ['min_ack_delay above the default of max_ack_delay', 'c0000000ff04de1b 04 800061a9'],
  ['min_ack_delay above max_ack_delay', 'c0000000ff04de1b 02 43e9 0b 01 01'],
  ['min_ack_delay in too many bytes', 'c0000000ff04de1b 02 01ff'],
  ['a number that does not fill its length', '04 02 0100'],
  ['a number longer than its length', '04 01 4001'],
  ['a truncated value', '04 02 40'],
  ['a truncated identifier', '40'],
  ['a length without an end', '04 ff'],
  ['a length beyond 2^53-1', '04 ffffffffffffffff'],
]
for (const [title, hex] of bad) {
  t.test(`RFC 9000 §7.4: ${title} is TRANSPORT_PARAMETER_ERROR`, (t) => {
    t.throws(() => decodeTransportParameters(bytes(hex), 'server'), {
      name: 'TransportError',
      code: 'ERR_QUIC_TRANSPORT_PARAMETER',
      errorCode: 0x08,
    })
    t.end()
  })
}

t.test('draft-ietf-quic-ack-frequency §3: min_ack_delay, up to max_ack_delay', (t) => {
  const id = 'c0000000ff04de1b'
  t.equal(decodeTransportParameters(bytes(`${id} 04 800061a8`), 'client').minAckDelay, 25_000)
  t.equal(decodeTransportParameters(bytes(`${id} 02 43e8 0b 01 01`), 'server').minAckDelay, 1000)
  t.equal(decodeTransportParameters(bytes(`0b 01 01 ${id} 02 43e8`), 'server').minAckDelay, 1000)
  t.equal(decodeTransportParameters(bytes(`${id} 01 00`), 'server').minAckDelay, 0)
  const encoded = encodeTransportParameters({ ...defaultTransportParameters(), minAckDelay: 0 })
  t.same(encoded, bytes(`${id} 01 00`), 'zero is not absence')
  t.end()
})

const serverOnly: [name: string, hex: string][] = [
  ['original_destination_connection_id', '00 00'],
  ['stateless_reset_token', `02 10 ${'00'.repeat(16)}`],
  ['preferred_address', `0d 2a ${'00'.repeat(24)} 01 00 ${'00'.repeat(16)}`],
  ['retry_source_connection_id', '10 00'],
]
for (const [name, hex] of serverOnly) {
  t.test(`RFC 9000 §18.2: ${name} is the server's to send (rfc9000#18.2-11)`, (t) => {
    t.doesNotThrow(() => decodeTransportParameters(bytes(hex), 'server'))
    t.throws(() => decodeTransportParameters(bytes(hex), 'client'), {
      name: 'TransportError',
      errorCode: 0x08,
    })
    t.end()
  })
}

t.test(
  'RFC 9000 §18.2: stateless_reset_token has 16 bytes, preferred_address a connection ID (rfc9000#18.2-7)',
  (t) => {
    t.throws(() => decodeTransportParameters(bytes(`02 0f ${'00'.repeat(15)}`), 'server'), {
      name: 'TransportError',
      errorCode: 0x08,
    })
    t.throws(() => decodeTransportParameters(bytes(`02 11 ${'00'.repeat(17)}`), 'server'), {
      name: 'TransportError',
      errorCode: 0x08,
    })
    const zeroLength = `0d 29 ${'00'.repeat(24)} 00 ${'00'.repeat(16)}`
    t.throws(() => decodeTransportParameters(bytes(zeroLength), 'server'), {
      name: 'TransportError',
      errorCode: 0x08,
    })
    const long = `0d 3e ${'00'.repeat(24)} 15 ${'00'.repeat(37)}`
    t.throws(() => decodeTransportParameters(bytes(long), 'server'), {
      name: 'TransportError',
      errorCode: 0x08,
    })
    t.end()
  },
)

t.test('RFC 9000 §7.4: any bytes decode or give a TransportError, nothing else', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.constantFrom('client', 'server'),
      (data, sender) => {
        try {
          decodeTransportParameters(data, sender)
          return true
        } catch (error) {
          return error instanceof TransportError && error.errorCode === 0x08
        }
      },
    ),
    { seed: SEED, numRuns: 3000 },
  )
  t.end()
})
