// The traces of RFC 8448 §3 and §5 that concern the handshake without a record layer.

import t, { type Test } from 'tap'
import { SECP256R1, TLS_AES_128_GCM_SHA256, X25519 } from '@godwit/crypto'

import { KeySchedule } from '../src/key-schedule.ts'
import { decodeCertificateVerify } from '../src/messages/certificate-verify.ts'
import { decodeCertificate, encodeCertificate } from '../src/messages/certificate.ts'
import { decodeClientHello, isSameClientHello } from '../src/messages/client-hello.ts'
import { encodeFinished } from '../src/messages/finished.ts'
import { decodeNewSessionTicket } from '../src/messages/new-session-ticket.ts'
import { decodeServerHello } from '../src/messages/server-hello.ts'
import { Transcript } from '../src/transcript.ts'
import { crypto, hex, thrownBy, unhex, vector } from './support.ts'

interface Trace {
  messages: Record<string, string>
  secrets: Record<string, string>
}
const traces = JSON.parse(vector('rfc8448.json')) as Record<'simple' | 'helloRetryRequest', Trace>

function checkSchedule(t: Test, trace: Trace, transcript: Transcript): void {
  const { messages, secrets } = trace
  const schedule = new KeySchedule(crypto, TLS_AES_128_GCM_SHA256)
  transcript.add(unhex(messages.serverHello))
  t.equal(hex(transcript.hash()), secrets.handshakeHash)
  const shared = unhex(secrets.sharedSecret)
  schedule.enterHandshake(shared, transcript.hash())
  t.ok(
    shared.every((byte) => byte === 0),
    'the shared secret is wiped',
  )
  t.equal(hex(schedule.clientHandshake), secrets.clientHandshake)
  t.equal(hex(schedule.serverHandshake), secrets.serverHandshake)
  for (const name of ['encryptedExtensions', 'certificate', 'certificateVerify']) {
    transcript.add(unhex(messages[name]))
  }
  const serverVerify = schedule.verifyData(schedule.serverHandshake, transcript.hash())
  t.equal(hex(encodeFinished(serverVerify)), messages.serverFinished)
  transcript.add(unhex(messages.serverFinished))
  t.equal(hex(transcript.hash()), secrets.applicationHash)
  schedule.enterApplication(transcript.hash())
  t.equal(hex(schedule.clientApplication), secrets.clientApplication)
  t.equal(hex(schedule.serverApplication), secrets.serverApplication)
  t.equal(hex(schedule.exporter), secrets.exporter)
  const clientVerify = schedule.verifyData(schedule.clientHandshake, transcript.hash())
  t.equal(hex(encodeFinished(clientVerify)), messages.clientFinished)
  transcript.add(unhex(messages.clientFinished))
  t.equal(hex(schedule.resumptionSecret(transcript.hash())), secrets.resumption)
  schedule.dispose()
  t.match(hex(schedule.exporter), /^0+$/)
  t.match(hex(schedule.clientHandshake), /^0+$/)
}

t.test('RFC 8448 §3: every secret and both Finished of the simple handshake', (t) => {
  const transcript = new Transcript(crypto)
  transcript.add(unhex(traces.simple.messages.clientHello))
  transcript.useHash('sha256')
  checkSchedule(t, traces.simple, transcript)
  t.end()
})

t.test('RFC 8448 §5: the same after a HelloRetryRequest, with the message_hash', (t) => {
  const { messages } = traces.helloRetryRequest
  const transcript = new Transcript(crypto)
  transcript.add(unhex(messages.clientHello))
  transcript.useHash('sha256')
  transcript.replaceWithMessageHash()
  transcript.add(unhex(messages.helloRetryRequest))
  transcript.add(unhex(messages.secondClientHello))
  checkSchedule(t, traces.helloRetryRequest, transcript)
  t.end()
})

t.test('RFC 8448 §3: the messages decode to what the trace says', (t) => {
  const { messages } = traces.simple
  const hello = decodeClientHello(unhex(messages.clientHello))
  t.equal(hello.serverName, 'server')
  t.same(hello.cipherSuites, [0x1301, 0x1303, 0x1302])
  t.same(hello.supportedVersions, [0x0304])
  t.equal(hello.keyShares?.length, 1)
  t.equal(hello.keyShares?.[0].group, X25519)
  t.equal(hello.alpnProtocols, null)
  t.equal(hello.transportParameters, null)
  const answer = decodeServerHello(unhex(messages.serverHello))
  t.equal(answer.isHelloRetryRequest, false)
  t.equal(answer.cipherSuite, 0x1301)
  t.equal(answer.keyShare?.group, X25519)
  const chain = decodeCertificate(unhex(messages.certificate))
  t.equal(chain.length, 1)
  t.equal(hex(encodeCertificate(chain)), messages.certificate)
  const verify = decodeCertificateVerify(unhex(messages.certificateVerify))
  t.equal(verify.algorithm, 0x0804)
  t.equal(verify.signature.length, 128)
  t.end()
})

t.test('RFC 8448 §5: the HelloRetryRequest and the second ClientHello', (t) => {
  const { messages } = traces.helloRetryRequest
  const retry = decodeServerHello(unhex(messages.helloRetryRequest))
  t.equal(retry.isHelloRetryRequest, true)
  t.equal(retry.keyShare?.group, SECP256R1)
  t.equal(retry.cookie?.length, 114)
  const first = decodeClientHello(unhex(messages.clientHello))
  const second = decodeClientHello(unhex(messages.secondClientHello))
  t.equal(second.keyShares?.[0].group, SECP256R1)
  t.ok(isSameClientHello(first, second))
  t.notOk(isSameClientHello(first, decodeClientHello(unhex(traces.simple.messages.clientHello))))
  t.end()
})

t.test('rfc9001#4.6.1-2: the ticket of RFC 8448 §3 would be a violation in QUIC', (t) => {
  // Its max_early_data_size is 1024; QUIC allows only 0xffffffff.
  const ticket = unhex(traces.simple.messages.newSessionTicket)
  t.equal(thrownBy(() => decodeNewSessionTicket(ticket))?.transportErrorCode, 0x0a)
  ticket.fill(0xff, ticket.length - 4)
  const decoded = decodeNewSessionTicket(ticket)
  t.equal(decoded.lifetime, 30)
  t.equal(decoded.ageAdd, 0xfad6aac5)
  t.equal(decoded.allowsEarlyData, true)
  t.equal(hex(decoded.nonce), '0000')
  t.equal(decoded.ticket.length, 178)
  t.end()
})
