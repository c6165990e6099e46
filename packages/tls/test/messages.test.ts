// Codecs: what is encoded decodes to the same, and nothing that is decoded throws anything but TlsError.

import t from 'tap'
import * as fc from 'fast-check'

import { alertName } from '../src/alerts.ts'
import { TlsError } from '../src/errors.ts'
import { decodeCertificateRequest } from '../src/messages/certificate-request.ts'
import {
  decodeCertificateVerify,
  encodeCertificateVerify,
  signedContent,
} from '../src/messages/certificate-verify.ts'
import { decodeCertificate, encodeCertificate } from '../src/messages/certificate.ts'
import { decodeClientHello, encodeClientHello } from '../src/messages/client-hello.ts'
import {
  decodeEncryptedExtensions,
  encodeEncryptedExtensions,
} from '../src/messages/encrypted-extensions.ts'
import { decodeFinished, encodeFinished } from '../src/messages/finished.ts'
import { decodeNewSessionTicket } from '../src/messages/new-session-ticket.ts'
import {
  decodeServerHello,
  encodeHelloRetryRequest,
  encodeServerHello,
} from '../src/messages/server-hello.ts'
import { MessageWriter } from '../src/message-writer.ts'
import { hex, message, thrownBy, unhex } from './support.ts'

const SEED = { seed: 9846 }
const bytes = (min: number, max: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: min, maxLength: max })
const code = fc.nat(0xffff)
const codes = fc.array(code, { minLength: 1, maxLength: 20 })
const protocol = bytes(1, 255).map((name) => Buffer.from(name).toString('latin1'))

t.test('RFC 9846 §4.2.2: ClientHello, there and back', (t) => {
  const fields = fc.record({
    random: bytes(32, 32),
    cipherSuites: codes,
    serverName: fc.option(fc.constantFrom('a', 'example.test', 'xn--bcher-kva.example')),
    supportedGroups: codes,
    keyShares: fc.uniqueArray(fc.record({ group: code, keyExchange: bytes(1, 80) }), {
      selector: (share) => share.group,
      maxLength: 4,
    }),
    signatureAlgorithms: codes,
    signatureAlgorithmsCert: codes,
    alpnProtocols: fc.array(protocol, { minLength: 1, maxLength: 4 }),
    transportParameters: bytes(0, 200),
    cookie: fc.option(bytes(1, 600)),
  })
  fc.assert(
    fc.property(fields, (hello) => {
      const decoded = decodeClientHello(encodeClientHello(hello))
      const { random, cipherSuites, serverName, supportedGroups, keyShares } = decoded
      t.same(
        { random, cipherSuites, serverName, supportedGroups, keyShares },
        {
          random: hello.random,
          cipherSuites: hello.cipherSuites,
          serverName: hello.serverName,
          supportedGroups: hello.supportedGroups,
          keyShares: hello.keyShares,
        },
      )
      t.same(decoded.signatureAlgorithms, hello.signatureAlgorithms)
      t.same(decoded.signatureAlgorithmsCert, hello.signatureAlgorithmsCert)
      t.same(decoded.alpnProtocols, hello.alpnProtocols)
      t.same(decoded.transportParameters, hello.transportParameters)
      t.equal(decoded.extensions.has(44), hello.cookie !== null)
      t.same(decoded.supportedVersions, [0x0304])
    }),
    { ...SEED, numRuns: 60 },
  )
  t.end()
})

t.test('ServerHello, HelloRetryRequest, EncryptedExtensions, there and back', (t) => {
  fc.assert(
    fc.property(bytes(32, 32), code, code, bytes(1, 100), fc.option(bytes(1, 50)), protocol, (random, suite, group, keyExchange, cookie, alpnProtocol) => {
      const hello = decodeServerHello(encodeServerHello(random, suite, { group, keyExchange }))
      t.match(hello, { isHelloRetryRequest: false, cipherSuite: suite, cookie: null })
      t.same(hello.keyShare, { group, keyExchange })
      const retry = decodeServerHello(encodeHelloRetryRequest(suite, group, cookie))
      t.match(retry, { isHelloRetryRequest: true, cipherSuite: suite, keyShare: { group } })
      t.same(retry.cookie, cookie)
      const encrypted = decodeEncryptedExtensions(
        encodeEncryptedExtensions({ alpnProtocol, transportParameters: keyExchange, acknowledgesServerName: true }),
      )
      t.equal(encrypted.alpnProtocol, alpnProtocol)
      t.same(encrypted.transportParameters, keyExchange)
      t.ok(encrypted.extensions.has(0))
    }),
    { ...SEED, numRuns: 60 },
  )
  t.end()
}) // prettier-ignore

t.test('Certificate, CertificateVerify, Finished, there and back', (t) => {
  fc.assert(
    fc.property(fc.array(bytes(1, 700), { maxLength: 16 }), code, bytes(0, 500), (chain, algorithm, signature) => {
      t.same(decodeCertificate(encodeCertificate(chain)), chain)
      t.same(decodeCertificateVerify(encodeCertificateVerify(algorithm, signature)), { algorithm, signature })
    }),
    { ...SEED, numRuns: 60 },
  )
  const data = new Uint8Array(48).fill(7)
  t.same(decodeFinished(encodeFinished(data), 48), data)
  t.throws(() => decodeFinished(encodeFinished(data), 32), TlsError)
  t.end()
}) // prettier-ignore

t.test('RFC 9846 §4.5.2: the example of what is signed', (t) => {
  t.equal(
    hex(signedContent('server', new Uint8Array(32).fill(1))),
    '20'.repeat(64) +
      '544c5320312e332c207365727665722043657274696669636174655665726966' +
      '7900' +
      '01'.repeat(32),
  )
  t.end()
})

const DECODERS: readonly [number, (message: Uint8Array) => unknown][] = [
  [1, decodeClientHello],
  [2, decodeServerHello],
  [4, decodeNewSessionTicket],
  [8, decodeEncryptedExtensions],
  [11, decodeCertificate],
  [13, decodeCertificateRequest],
  [15, decodeCertificateVerify],
  [20, (data) => decodeFinished(data, 32)],
]

t.test('arbitrary bytes never throw anything but TlsError', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...DECODERS), bytes(0, 300), ([type, decode], body) => {
      try {
        decode(message(type, body))
      } catch (error) {
        if (!(error instanceof TlsError)) throw error
      }
    }),
    { ...SEED, numRuns: 3000 },
  )
  t.end()
})

t.test('every truncation of a good message is decode_error', (t) => {
  const hello = encodeClientHello({
    random: new Uint8Array(32),
    cipherSuites: [0x1301],
    serverName: 'a.test',
    supportedGroups: [29],
    keyShares: [{ group: 29, keyExchange: new Uint8Array(32) }],
    signatureAlgorithms: [0x0807],
    signatureAlgorithmsCert: [],
    alpnProtocols: ['h3'],
    transportParameters: new Uint8Array(9),
    cookie: null,
  })
  const body = hello.subarray(4)
  for (let length = 0; length < body.length; length++) {
    // Where the compression methods end a hello of TLS 1.2 may end too.
    if (length === 2 + 32 + 1 + 4 + 2) continue
    t.equal(thrownBy(() => decodeClientHello(message(1, body.subarray(0, length))))?.alert, 50)
  }
  t.equal(thrownBy(() => decodeClientHello(message(1, [...body, 0])))?.alert, 50)
  t.end()
})

t.test('the writer fills lengths in and refuses what does not fit', (t) => {
  const writer = new MessageWriter(9)
  const outer = writer.open(3)
  const inner = writer.open(1)
  writer.u32(0x01020304)
  writer.close(inner)
  writer.bytes(new Uint8Array(600))
  writer.close(outer)
  t.equal(hex(writer.finish()), hex(unhex('0900026000025d0401020304' + '00'.repeat(600))))
  const full = new MessageWriter(9)
  const vector = full.open(1)
  full.bytes(new Uint8Array(256))
  t.throws(() => full.close(vector), RangeError)
  t.end()
})

t.test('alerts have the names of the RFC', (t) => {
  t.equal(alertName(120), 'no_application_protocol')
  t.equal(alertName(117), 'general_error')
  t.equal(alertName(99), 'alert_99')
  t.equal(new TlsError(42, 'x').code, 'ERR_TLS_BAD_CERTIFICATE')
  t.end()
})
