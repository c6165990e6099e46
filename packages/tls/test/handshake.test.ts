// Our client against our server, in memory.

import t, { type Test } from 'tap'
import { SECP256R1, SECP384R1, X25519 } from '@godwit/crypto'
import type { NamedGroup } from '@godwit/crypto'

import type { HandshakeSession } from '../../quic/src/handshake-session.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  SUITES,
  alertOf,
  client,
  crypto,
  cryptoBytes,
  drain,
  hex,
  identity,
  issueIdentity,
  message,
  run,
  secretsOf,
  server,
  splitMessages,
} from './support.ts'
import type { Log } from './support.ts'

const GROUPS: readonly NamedGroup[] = [X25519, SECP256R1, SECP384R1]
const KEY_TYPES = ['p256', 'p384', 'ed25519', 'rsa'] as const

function checkComplete(t: Test, log: Log): void {
  t.equal(alertOf(log.client), null)
  t.equal(alertOf(log.server), null)
  t.equal(log.client.filter((e) => e.type === 'complete').length, 1)
  t.equal(log.server.filter((e) => e.type === 'complete').length, 1)
  for (const level of [2, 3] as const) {
    const ours = secretsOf(log.client, level)
    const theirs = secretsOf(log.server, level)
    const read = (list: typeof ours): string =>
      hex(list.find((e) => e.read !== null)?.read ?? new Uint8Array(0))
    const write = (list: typeof ours): string =>
      hex(list.find((e) => e.write !== null)?.write ?? new Uint8Array(0))
    t.ok(read(ours).length >= 64)
    t.equal(read(ours), write(theirs), `server secrets of level ${level}`)
    t.equal(write(ours), read(theirs), `client secrets of level ${level}`)
  }
  t.same(
    log.server.find((e) => e.type === 'transport-parameters'),
    { type: 'transport-parameters', data: CLIENT_PARAMETERS },
  )
  t.same(
    log.client.find((e) => e.type === 'transport-parameters'),
    { type: 'transport-parameters', data: SERVER_PARAMETERS },
  )
}

t.test('sessions satisfy the handshake port of quic', (t) => {
  const sessions: HandshakeSession[] = [client(), server()]
  t.equal(sessions.length, 2)
  t.end()
})

t.test('RFC 9846 §2: every suite, group and kind of key', (t) => {
  for (const keyType of KEY_TYPES) {
    const leaf = issueIdentity(keyType)
    for (const group of GROUPS) {
      for (const suite of SUITES) {
        const c = client({ groups: [group], cipherSuites: [suite] })
        const s = server({ selectIdentity: () => leaf })
        const log = run(c, s)
        checkComplete(t, log)
        t.equal(c.cipherSuite, suite)
        t.equal(s.cipherSuite, suite)
        t.equal(c.group, group)
        t.equal(s.group, group)
        t.equal(c.helloRetried, false)
      }
    }
  }
  t.end()
})

t.test('RFC 9001 §4.1.3: messages split anywhere', (t) => {
  for (const chunk of [1, 2, 3, 5, 100]) checkComplete(t, run(client(), server(), { chunk }))
  const retried = run(client({ keyShareGroups: [] }), server(), { chunk: 1 })
  checkComplete(t, retried)
  t.end()
})

t.test('what a complete session tells', (t) => {
  const c = client({ alpnProtocols: ['hq-interop', 'h3'] })
  const s = server({ alpnProtocols: ['h3', 'hq-interop'] })
  t.equal(c.alpnProtocol, null)
  t.equal(c.exportKeyingMaterial('test', new Uint8Array(0), 32), null)
  run(c, s)
  t.equal(c.alpnProtocol, 'h3', "the server's order of protocols decides")
  t.equal(s.alpnProtocol, 'h3')
  t.equal(s.serverName, 'example.test')
  t.equal(c.serverName, 'example.test')
  t.ok(c.isComplete && s.isComplete)
  t.same(c.peerCertificates, identity.chain)
  t.same(s.peerCertificates, [])
  t.equal(c.verificationError, null)
  const context = Uint8Array.of(1)
  const ours = c.exportKeyingMaterial('EXPORTER-test', context, 40)
  t.equal(ours?.length, 40)
  t.same(ours, s.exportKeyingMaterial('EXPORTER-test', context, 40))
  t.notSame(ours, c.exportKeyingMaterial('EXPORTER-test', Uint8Array.of(2), 40))
  t.notSame(ours, c.exportKeyingMaterial('EXPORTER-other', context, 40))
  t.throws(() => c.exportKeyingMaterial('', context, 40), RangeError)
  t.throws(() => c.exportKeyingMaterial('x', context, 0), RangeError)
  c.dispose()
  t.equal(c.exportKeyingMaterial('EXPORTER-test', context, 40), null)
  t.end()
})

t.test('the order of events, client and server', (t) => {
  const log = run(client(), server())
  const names = (events: Log['client']): string[] =>
    events.map((e) =>
      e.type === 'crypto' || e.type === 'secrets' ? `${e.type} ${e.level}` : e.type,
    )
  t.same(
    names(log.client),
    ['crypto 0', 'secrets 2', 'crypto 2', 'transport-parameters', 'secrets 3', 'complete'],
    'rfc9001#5.7-5: no 1-RTT keys before the handshake is complete',
  )
  t.same(
    names(log.server),
    [
      'transport-parameters',
      'crypto 0',
      'secrets 2',
      'crypto 2',
      'secrets 3',
      'secrets 3',
      'complete',
    ],
    'rfc9001#4.4-4, rfc9001#6-2: no message after the handshake',
  )
  const [first, second] = secretsOf(log.server, 3)
  t.equal(first.read, null, 'rfc9001#5.7-1, rfc9001#5.7-2: no 1-RTT read keys before that')
  t.equal(second.write, null)
  t.end()
})

t.test('rfc9001#8.4-1, rfc9001#4.2-1, rfc9001#8.2-1: what our ClientHello says', (t) => {
  const c = client()
  c.start(CLIENT_PARAMETERS)
  const hello = cryptoBytes(drain(c), 0)
  t.equal(hello[4 + 2 + 32], 0, 'legacy_session_id is empty')
  t.ok(hex(hello).includes('002b0003020304'), 'only version 0x0304')
  t.ok(hex(hello).includes('0039000401020304'), 'transport parameters')
  t.ok(hex(hello).includes('003300260024001d0020'), 'one share, of X25519')
  t.ok(hex(hello).includes('001000050003026833'), 'rfc9000#7-2, rfc9001#8.1-1: h3')
  const name = Buffer.from('example.test').toString('hex')
  t.ok(hex(hello).includes(`00000011000f00000c${name}`), 'rfc9114#3.2-2, rfc9114#3.2-3')
  t.end()
})

t.test('RFC 6066 §3: an IP address is verified and not sent', (t) => {
  const c = client({ serverName: '127.0.0.1' })
  const s = server()
  checkComplete(t, run(c, s))
  t.equal(s.serverName, null)
  t.equal(c.serverName, '127.0.0.1')
  t.end()
})

t.test('RFC 9846 §4.2.4: HelloRetryRequest for a group without a share', (t) => {
  for (const [groups, keyShareGroups, serverGroups, expected] of [
    [[X25519, SECP256R1], [X25519], [SECP256R1], SECP256R1],
    [[X25519, SECP256R1], [SECP256R1], [X25519], X25519],
    [[X25519, SECP256R1], [], [SECP384R1, X25519], X25519],
  ] as const) {
    const c = client({ groups, keyShareGroups })
    const s = server({ groups: serverGroups })
    const log = run(c, s)
    checkComplete(t, log)
    t.equal(c.group, expected)
    t.ok(c.helloRetried)
    t.ok(s.helloRetried)
    t.equal(log.client.filter((e) => e.type === 'crypto' && e.level === 0).length, 2)
  }
  const c = client({ groups: [X25519, SECP256R1], keyShareGroups: [X25519] })
  run(c, server({ groups: [SECP256R1, X25519] }))
  t.equal(c.group, X25519, 'a share at hand goes before a round trip')
  t.notOk(c.helloRetried)
  t.end()
})

t.test("RFC 9846 §4.2.1: the server's order of suites decides", (t) => {
  const c = client({ cipherSuites: [...SUITES].reverse() })
  run(c, server())
  t.equal(c.cipherSuite, SUITES[0])
  t.end()
})

t.test('RFC 9846 §4.5.1.2: the certificate is chosen by what the client can verify', (t) => {
  const identities = [issueIdentity('rsa'), issueIdentity('p384'), issueIdentity('p256')]
  for (const [scheme, index] of [
    [0x0804, 0],
    [0x0503, 1],
    [0x0403, 2],
  ]) {
    const c = client({ signatureAlgorithms: [scheme] })
    checkComplete(t, run(c, server({ selectIdentity: () => identities })))
    t.same(c.peerCertificates, identities[index].chain)
  }
  t.end()
})

t.test('what selectIdentity is told', (t) => {
  const calls: unknown[] = []
  run(
    client({ serverName: 'Example.TEST', signatureAlgorithms: [0x0807] }),
    server({
      selectIdentity: (name, hello) => {
        calls.push([name, hello])
        return identity
      },
    }),
  )
  t.same(calls, [['example.test', { signatureAlgorithms: [0x0807], alpnProtocols: ['h3'] }]])
  t.end()
})

t.test('SSLKEYLOGFILE: both sides write the same five lines', (t) => {
  const lines: Record<'client' | 'server', string[]> = { client: [], server: [] }
  const log = run(
    client({ keyLog: (line) => lines.client.push(line) }),
    server({ keyLog: (line) => lines.server.push(line) }),
  )
  t.same(lines.client, lines.server)
  const hello = cryptoBytes(log.client, 0)
  const random = hex(hello.subarray(6, 38))
  t.same(
    lines.client.map((line) => line.split(' ')[0]),
    [
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'SERVER_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
    ],
  )
  for (const line of lines.client) t.equal(line.split(' ')[1], random)
  t.equal(
    lines.client[3].split(' ')[2],
    hex(secretsOf(log.server, 3)[0].write ?? new Uint8Array(0)),
  )
  t.end()
})

t.test('RFC 9846 §4.5.1: a client that is asked for a certificate shows none', (t) => {
  // Our server does not ask, so the request is spliced in, and the client's answer is looked at.
  const c = client()
  const s = server()
  c.start(CLIENT_PARAMETERS)
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, cryptoBytes(drain(c), 0))
  const flight = drain(s)
  c.handleCrypto(0, cryptoBytes(flight, 0))
  const [encryptedExtensions] = splitMessages(cryptoBytes(flight, 2))
  c.handleCrypto(2, encryptedExtensions)
  c.handleCrypto(2, message(13, [0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7]))
  t.equal(alertOf(drain(c)), null)
  t.end()
})

t.test('rejectUnauthorized: false goes on and keeps the reason', (t) => {
  const c = client({ trustStore: null, rejectUnauthorized: false })
  checkComplete(t, run(c, server()))
  t.match(c.verificationError, { code: /^ERR_X509_/ })
  t.end()
})

t.test('a NewSessionTicket is parsed and ignored', (t) => {
  const c = client()
  run(c, server())
  const ticket = message(
    4,
    [0, 0, 0, 30, 1, 2, 3, 4, 1, 0, 0, 2, 9, 9, 0, 8, 0, 42, 0, 4, 255, 255, 255, 255],
  )
  for (let i = 0; i < 100; i++) for (const byte of ticket) c.handleCrypto(3, Uint8Array.of(byte))
  t.same(drain(c), [])
  t.end()
})

t.test('secrets in events are fresh, and wiped by dispose where nobody took them', (t) => {
  const c = client()
  const s = server()
  c.start(CLIENT_PARAMETERS)
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, cryptoBytes(drain(c), 0))
  const flight = drain(s)
  for (const event of flight) {
    if (event.type !== 'secrets') continue
    // The receiver wipes its copies, and the handshake goes on.
    event.read?.fill(0)
    event.write?.fill(0)
  }
  c.handleCrypto(0, cryptoBytes(flight, 0))
  c.handleCrypto(2, cryptoBytes(flight, 2))
  s.handleCrypto(2, cryptoBytes(drain(c), 2))
  t.ok(s.isComplete)
  s.dispose()
  t.equal(s.pollEvent(), null)
  s.handleCrypto(3, Uint8Array.of(1))
  t.equal(s.pollEvent(), null)
  t.end()
})

t.test('misuse is a TypeError', (t) => {
  const c = client()
  t.throws(() => c.handleCrypto(0, Uint8Array.of(1)), TypeError)
  c.start(CLIENT_PARAMETERS)
  t.throws(() => c.start(CLIENT_PARAMETERS), TypeError)
  t.end()
})

t.test('a provider without a common group or suite is told at once', (t) => {
  t.throws(
    () => client({ crypto: { ...crypto, groups: [X25519] }, groups: [SECP256R1] }),
    RangeError,
  )
  t.end()
})
