// Every way in which a server can go wrong, and the alert that our client answers with.

import t from 'tap'
import { SECP256R1, X25519 } from '@godwit/crypto'
import {
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  loadIdentity,
  TrustStore,
} from '@godwit/x509'

import { createClientSession } from '../src/client-session.ts'
import { encodeCertificate } from '../src/messages/certificate.ts'
import {
  buildExtensions,
  editHello,
  parseExtensions,
  replaceMessage,
  setExtension,
} from './edit.ts'
import type { EditableHello, Extension } from './edit.ts'
import { play } from './scripted-server.ts'
import {
  NOW,
  alertOf,
  client,
  concat,
  crypto,
  drain,
  hex,
  identity,
  issueIdentity,
  message,
  run,
  server,
  splitMessages,
} from './support.ts'
import type { Alert } from './support.ts'

const UNEXPECTED_MESSAGE = 10
const BAD_CERTIFICATE = 42
const UNSUPPORTED_CERTIFICATE = 43
const CERTIFICATE_EXPIRED = 45
const ILLEGAL_PARAMETER = 47
const UNKNOWN_CA = 48
const DECODE_ERROR = 50
const DECRYPT_ERROR = 51
const PROTOCOL_VERSION = 70
const MISSING_EXTENSION = 109
const UNSUPPORTED_EXTENSION = 110
const NO_APPLICATION_PROTOCOL = 120
const PROTOCOL_VIOLATION = 0x0a

/** The client's alert when the server's bytes of `level` are changed on their way. */
function changed(
  level: 0 | 2,
  change: (data: Uint8Array) => Uint8Array,
  options: Parameters<typeof client>[0] = {},
): Alert | null {
  const log = run(client(options), server(), {
    tamper: (from, at, data) => (from === 'server' && at === level ? change(data) : data),
  })
  t.equal(alertOf(log.server), null)
  const alert = alertOf(log.client)
  if (alert !== null) t.equal(log.client.at(-1), alert, 'nothing follows an alert')
  return alert
}

const downgrade = (h: EditableHello, last: number): void => {
  setExtension(h, 43, null)
  h.random.splice(24, 8, 0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, last)
}

const HELLOS: [title: string, edit: (hello: EditableHello) => void, alert: number][] = [
  ['rfc9001#4.2-2: TLS 1.2 was selected', (h) => setExtension(h, 43, null), PROTOCOL_VERSION],
  ['RFC 9846 §4.2.3: no extensions', (h) => (h.extensions = null), PROTOCOL_VERSION],
  ['RFC 9846 §4.2.3: the downgrade sentinel of TLS 1.2', (h) => downgrade(h, 1), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.3: the downgrade sentinel of TLS 1.1', (h) => downgrade(h, 0), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3.1: another version', (h) => setExtension(h, 43, [3, 3]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: a version of three bytes', (h) => setExtension(h, 43, [3, 4, 0]), DECODE_ERROR],
  ['RFC 9846 §4.2.3: legacy_version', (h) => (h.version = 0x0304), PROTOCOL_VERSION],
  ['RFC 9846 §4.2.3: a session id that was not sent', (h) => (h.sessionId = [1]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.3: compression', (h) => (h.compression = [1]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.3: an unknown suite', (h) => (h.suites = [0x1304]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.3: a suite that was not offered', (h) => (h.suites = [0x1303]), ILLEGAL_PARAMETER],
  ['RFC 9846 §9.2: no key_share', (h) => setExtension(h, 51, null), MISSING_EXTENSION],
  ['RFC 9846 §4.3.8: a group without a share', (h) => setExtension(h, 51, [0, 23, 0, 1, 4]), ILLEGAL_PARAMETER],
  ['RFC 9846 §7.4.2: a share that is too short', (h) => setExtension(h, 51, [0, 29, 0, 1, 4]), ILLEGAL_PARAMETER],
  ['RFC 9846 §7.4.2: an all-zero share', (h) =>
    setExtension(h, 51, [0, 29, 0, 32, ...new Array<number>(32).fill(0)]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: an unsolicited extension', (h) => setExtension(h, 0xaaaa, []), UNSUPPORTED_EXTENSION],
  ['RFC 9846 §4.3.11: a pre_shared_key that was not offered', (h) => setExtension(h, 41, [0, 0]), UNSUPPORTED_EXTENSION],
  ['RFC 9846 §4.3: ALPN does not belong here', (h) => setExtension(h, 16, [0, 3, 2, 104, 51]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: an extension twice', (h) => h.extensions?.push([43, [3, 4]]), ILLEGAL_PARAMETER],
] // prettier-ignore

for (const [title, edit, expected] of HELLOS) {
  t.test(title, (t) => {
    const alert = changed(0, (data) => editHello(data, edit), {
      groups: [X25519, SECP256R1],
      cipherSuites: [0x1301],
    })
    t.equal(alert?.description, expected, String(alert?.reason))
    t.end()
  })
}

t.test('RFC 9846 §4.2.3: a ServerHello that ends too early or too late', (t) => {
  const resize = (length: number) => (data: Uint8Array) =>
    message(2, [...data.subarray(4), 0, 0].slice(0, length < 0 ? data.length - 4 + 1 : length))
  for (const length of [0, 1, 2, 33, 34, 35, 37, 40, 60, -1]) {
    const alert = changed(0, resize(length))
    t.equal(alert?.description, DECODE_ERROR, `length ${length}`)
  }
  t.end()
})

const EXTENSIONS: [title: string, edit: (extensions: Extension[]) => Extension[], alert: number][] = [
  ['rfc9001#8.1-3: no protocol', (e) => e.filter(([type]) => type !== 16), NO_APPLICATION_PROTOCOL],
  ['RFC 7301 §3.1: a protocol that was not offered', (e) =>
    e.map(([type, data]) => [type, type === 16 ? [0, 3, 2, 104, 50] : data]), ILLEGAL_PARAMETER],
  ['RFC 7301 §3.1: two protocols', (e) =>
    e.map(([type, data]) => [type, type === 16 ? [0, 6, 2, 104, 51, 2, 104, 51] : data]), DECODE_ERROR],
  ['rfc9001#8.2-1: no transport parameters', (e) => e.filter(([type]) => type !== 57), MISSING_EXTENSION],
  ['RFC 9846 §4.3: unsolicited', (e) => [...e, [0xaaaa, []]], UNSUPPORTED_EXTENSION],
  ['RFC 9846 §4.3.10: early_data that was not offered', (e) => [...e, [42, []]], UNSUPPORTED_EXTENSION],
  ['RFC 9846 §4.4.1: key_share is forbidden here', (e) => [...e, [51, []]], ILLEGAL_PARAMETER],
  ['RFC 9846 §4.4.1: supported_versions is forbidden here', (e) => [...e, [43, [3, 4]]], ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: twice', (e) => [...e, [57, []]], ILLEGAL_PARAMETER],
  ['RFC 6066 §3: a server_name with content', (e) =>
    e.map(([type, data]) => [type, type === 0 ? [1] : data]), DECODE_ERROR],
] // prettier-ignore

for (const [title, edit, expected] of EXTENSIONS) {
  t.test(`EncryptedExtensions, ${title}`, (t) => {
    const alert = changed(2, (flight) =>
      replaceMessage(splitMessages(flight), 8, (old) =>
        message(8, buildExtensions(edit(parseExtensions([...old.subarray(4)])))),
      ),
    )
    t.equal(alert?.description, expected, String(alert?.reason))
    t.end()
  })
}

t.test('RFC 9846 §4.3.7: supported_groups in EncryptedExtensions is tolerated', (t) => {
  const alert = changed(2, (flight) =>
    replaceMessage(splitMessages(flight), 8, (old) =>
      message(8, buildExtensions([...parseExtensions([...old.subarray(4)]), [10, [0, 2, 0, 29]]])),
    ),
  )
  // The transcript differs, so the signature is what fails.
  t.equal(alert?.description, DECRYPT_ERROR)
  t.end()
})

t.test('RFC 6066 §3: server_name is unsolicited when none was sent', (t) => {
  const c = client({ serverName: '127.0.0.1' })
  t.equal(alertOf(play(c).events)?.description, UNSUPPORTED_EXTENSION)
  t.end()
})

t.test('a scripted server is believed when it keeps to the rules', (t) => {
  const c = client()
  const { events, flight, expectedFlight } = play(c)
  t.equal(alertOf(events), null)
  t.ok(c.isComplete)
  t.equal(hex(flight), hex(expectedFlight(null)), 'rfc9001#8.3-1: Finished and nothing else')
  t.end()
})

t.test('RFC 9846 §4.5.1: a request for a certificate is answered by none', (t) => {
  const c = client()
  const { flight, expectedFlight } = play(c, {
    certificateRequest: message(13, [0, 0, 12, 0, 13, 0, 4, 0, 2, 8, 7, 0xaa, 0xaa, 0, 0]),
  })
  t.ok(c.isComplete)
  t.equal(hex(flight), hex(expectedFlight(message(11, [0, 0, 0, 0]))))
  t.end()
})

t.test('RFC 9846 §4.4.2: broken requests for a certificate', (t) => {
  for (const [body, expected] of [
    [[0, 0, 0], MISSING_EXTENSION],
    [[1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7], ILLEGAL_PARAMETER],
    [[0, 0, 8, 0, 13, 0, 4, 0, 2, 8], DECODE_ERROR],
    [[0, 0, 6, 0, 13, 0, 2, 0, 0], DECODE_ERROR],
    [[0, 0, 12, 0, 13, 0, 4, 0, 2, 8, 7, 0, 51, 0, 0], ILLEGAL_PARAMETER],
  ] as const) {
    const { events } = play(client(), { certificateRequest: message(13, body) })
    t.equal(alertOf(events)?.description, expected)
  }
  t.end()
})

t.test('RFC 9846 §4.5.1.3: certificates that are refused, with the reason as the cause', (t) => {
  const expired = issueIdentity('ed25519', {
    notBefore: NOW - 7_200_000,
    notAfter: NOW - 3_600_000,
  })
  const future = issueIdentity('ed25519', { notBefore: NOW + 3_600_000 })
  const elsewhere = issueIdentity('ed25519', { names: ['elsewhere.test'] })
  const forClients = issueIdentity('ed25519', { usages: ['client'] })
  const stranger = createDevelopmentAuthority({ crypto, time: NOW })
  for (const [title, script, options, expected, code] of [
    ['expired', { identity: expired }, {}, CERTIFICATE_EXPIRED, 'ERR_X509_EXPIRED'],
    ['not yet valid', { identity: future }, {}, CERTIFICATE_EXPIRED, 'ERR_X509_NOT_YET_VALID'],
    ['wrong name', { identity: elsewhere }, {}, BAD_CERTIFICATE, 'ERR_X509_NAME_MISMATCH'],
    [
      'for clients only',
      { identity: forClients },
      {},
      UNSUPPORTED_CERTIFICATE,
      'ERR_X509_EXTENDED_KEY_USAGE',
    ],
    [
      'another authority',
      {},
      { trustStore: new TrustStore([stranger.certificate]) },
      UNKNOWN_CA,
      'ERR_X509_UNKNOWN_ISSUER',
    ],
    ['no authority', {}, { trustStore: null }, UNKNOWN_CA, 'ERR_X509_UNKNOWN_ISSUER'],
    [
      'not a certificate',
      { certificate: encodeCertificate([Uint8Array.of(0x30, 0)]) },
      {},
      BAD_CERTIFICATE,
      'ERR_X509_MALFORMED',
    ],
  ] as const) {
    // prettier-ignore
    const { events } = play(client(options), script)
    const alert = alertOf(events)
    t.equal(alert?.description, expected, title)
    const ids = 'rfc9001#4.4-1, rfc9114#3.1-1, rfc9114#3.1-2'
    t.match(alert?.error, { name: 'TlsError', cause: { code } }, `${ids}: ${title}`)
  }
  const own = createDevelopmentIdentity({ crypto, time: NOW, names: ['example.test'] })
  const selfSigned = play(client(), {
    identity: loadIdentity({ certificates: [own.certificate], key: own.key }),
  })
  t.match(alertOf(selfSigned.events)?.error, {
    alert: UNKNOWN_CA,
    cause: { code: 'ERR_X509_SELF_SIGNED' },
  })
  t.end()
})

t.test('RFC 9846 §4.5.1: Certificate messages that are refused', (t) => {
  const [leaf] = identity.chain
  const entry = (extensions: number[]): number[] => {
    const certificate = [0, leaf.length >>> 8, leaf.length & 0xff, ...leaf]
    return [...certificate, extensions.length >>> 8, extensions.length & 0xff, ...extensions]
  }
  const list = (entries: number[]): Uint8Array =>
    message(11, [
      0,
      entries.length >>> 16,
      (entries.length >>> 8) & 0xff,
      entries.length & 0xff,
      ...entries,
    ])
  for (const [title, certificate, expected] of [
    ['empty', encodeCertificate([]), DECODE_ERROR],
    ['with a context', message(11, [1, 7, 0, 0, 0]), ILLEGAL_PARAMETER],
    ['OCSP that was not asked for', list(entry([0, 5, 0, 0])), UNSUPPORTED_EXTENSION],
    ['an unknown extension', list(entry([0xaa, 0xaa, 0, 0])), UNSUPPORTED_EXTENSION],
    ['an extension from elsewhere', list(entry([0, 51, 0, 0])), ILLEGAL_PARAMETER],
    ['an empty certificate', list([0, 0, 0, 0, 0]), DECODE_ERROR],
    ['truncated', list(entry([]).slice(0, -1)), DECODE_ERROR],
    ['seventeen', encodeCertificate(new Array<Uint8Array>(17).fill(leaf)), BAD_CERTIFICATE],
  ] as const) {
    const { events } = play(client(), { certificate })
    t.equal(alertOf(events)?.description, expected, title)
  }
  t.end()
})

t.test('RFC 9846 §4.5.2: signatures that are refused', (t) => {
  const rsa = issueIdentity('rsa')
  const p256 = issueIdentity('p256')
  for (const [title, script, options, expected] of [
    ['an algorithm that was not offered', {}, { signatureAlgorithms: [0x0403] }, ILLEGAL_PARAMETER],
    ['RSASSA-PKCS1-v1_5', { identity: rsa, claimedScheme: 0x0401 }, {}, ILLEGAL_PARAMETER],
    ['SHA-1', { claimedScheme: 0x0203 }, {}, ILLEGAL_PARAMETER],
    ['for another kind of key', { identity: p256, claimedScheme: 0x0807 }, {}, ILLEGAL_PARAMETER],
    [
      'another hash than claimed',
      { identity: rsa, scheme: 0x0804, claimedScheme: 0x0805 },
      {},
      DECRYPT_ERROR,
    ],
    ['made for a client', { signer: 'client' }, {}, DECRYPT_ERROR],
  ] as const) {
    // A server that does not care about what was offered has to be told its scheme.
    const scheme = 'scheme' in script || 'identity' in script ? {} : { scheme: 0x0807 }
    const { events } = play(client(options), { ...scheme, ...script })
    t.equal(alertOf(events)?.description, expected, title)
  }
  t.end()
})

t.test('RFC 9846 §4.5.3: a wrong Finished, a wrong signature, bytes behind Finished', (t) => {
  const flip = (type: number) => (flight: Uint8Array) =>
    replaceMessage(splitMessages(flight), type, (old) =>
      concat([old.slice(0, -1), Uint8Array.of(old[old.length - 1] ^ 1)]),
    )
  t.equal(changed(2, flip(20))?.description, DECRYPT_ERROR)
  t.equal(changed(2, flip(15))?.description, DECRYPT_ERROR)
  t.equal(
    changed(2, (f) => replaceMessage(splitMessages(f), 20, () => message(20, [1])))?.description,
    DECODE_ERROR,
  )
  const trailing = changed(2, (flight) => concat([flight, Uint8Array.of(4)]))
  t.equal(trailing?.description, UNEXPECTED_MESSAGE)
  t.equal(trailing?.transportErrorCode, PROTOCOL_VIOLATION, 'rfc9001#4.1.3-3')
  const early = changed(0, (hello) => concat([hello, Uint8Array.of(8)]))
  t.equal(early?.transportErrorCode, PROTOCOL_VIOLATION, 'rfc9001#4.1.3-3')
  t.end()
})

t.test('RFC 9846 §4: a message that is left out', (t) => {
  for (const type of [8, 11, 15]) {
    const alert = changed(2, (f) => concat(splitMessages(f).filter((m) => m[0] !== type)))
    t.equal(alert?.description, UNEXPECTED_MESSAGE, `without ${type}`)
  }
  t.end()
})

t.test('rfc9001#4.4-5 and rfc9001#6-3: what may not come after the handshake', (t) => {
  for (const [type, code] of [
    [13, PROTOCOL_VIOLATION],
    [24, undefined],
    [5, undefined],
    [20, undefined],
    [2, undefined],
  ] as const) {
    const c = client()
    run(c, server())
    c.handleCrypto(3, Uint8Array.of(type))
    const alert = alertOf(drain(c))
    t.equal(alert?.description, UNEXPECTED_MESSAGE)
    t.equal(alert?.transportErrorCode, code)
  }
  t.end()
})

t.test('RFC 9846 §4.7.1: broken tickets', (t) => {
  for (const [body, expected, code] of [
    [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], DECODE_ERROR, undefined],
    [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9, 0], DECODE_ERROR, undefined],
    [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9, 0, 4, 0, 51, 0, 0], ILLEGAL_PARAMETER, undefined],
    [
      [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9, 0, 8, 0, 42, 0, 4, 0, 0, 1, 0],
      ILLEGAL_PARAMETER,
      PROTOCOL_VIOLATION,
    ],
  ] as const) {
    // prettier-ignore
    const c = client()
    run(c, server())
    c.handleCrypto(3, message(4, body))
    const alert = alertOf(drain(c))
    t.equal(alert?.description, expected)
    t.equal(alert?.transportErrorCode, code)
  }
  t.end()
})

t.test('wrong options of a client are named', (t) => {
  const good = {
    crypto,
    serverName: 'a.test',
    alpnProtocols: ['h3'],
    trustStore: null,
    wallClock: () => 0,
  }
  for (const [change, name, type] of [
    [{ serverName: 'a b' }, 'serverName', RangeError],
    [{ serverName: '' }, 'serverName', RangeError],
    [{ serverName: 'é.test' }, 'serverName', RangeError],
    [{ serverName: 7 }, 'serverName', TypeError],
    [{ serverName: undefined }, 'serverName', TypeError],
    [{ trustStore: [] }, 'trustStore', TypeError],
    [{ trustStore: undefined }, 'trustStore', TypeError],
    [{ rejectUnauthorized: 0 }, 'rejectUnauthorized', TypeError],
    [{ signatureAlgorithms: [0x0401] }, 'signatureAlgorithms', RangeError],
    [{ keyShareGroups: [0x100] }, 'keyShareGroups', RangeError],
    [{ groups: [0x100] }, 'groups', RangeError],
    [{ ca: 'x' }, 'ca', TypeError],
  ] as const) {
    const options = { ...good, ...change } as unknown as Parameters<typeof createClientSession>[0]
    try {
      createClientSession(options)
      t.fail(`${name} was taken`)
    } catch (error) {
      t.ok(error instanceof type && error.message.includes(`"${name}"`), String(error))
    }
  }
  t.end()
})

t.test('RFC 9846 §4.5.1.2: a key that may not sign is refused, whoever is trusted', (t) => {
  // keyUsage of an authority: keyCertSign and cRLSign.
  const noSigner = issueIdentity('ed25519', { isCa: true, usages: ['server'] })
  for (const trusted of [true, false]) {
    const options = { rejectUnauthorized: false, ...(trusted ? {} : { trustStore: null }) }
    const { events } = play(client(options), { identity: noSigner })
    t.match(alertOf(events)?.error, {
      alert: UNSUPPORTED_CERTIFICATE,
      cause: { code: 'ERR_X509_KEY_USAGE' },
    })
    const { events: good } = play(client(options))
    t.equal(alertOf(good), null, 'others are tolerated')
  }
  t.end()
})

t.test('RFC 9846 §4.3.8: a share counts for its own group alone', (t) => {
  for (const group of [SECP256R1, 0x001e, 0xaaaa]) {
    const alert = changed(0, (raw) =>
      editHello(raw, (h) => {
        const [, data] = h.extensions!.find(([type]) => type === 51)!
        // The good share of X25519 under another name.
        setExtension(h, 51, [group >>> 8, group & 0xff, ...data.slice(2)])
      }),
    )
    t.equal(alert?.description, ILLEGAL_PARAMETER, `${group}`)
  }
  t.end()
})

t.test(
  'RFC 9846 §4.4.2: a request for a certificate out of turn is unexpected_message alone',
  (t) => {
    const request = message(13, [0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7])
    for (const after of [11, 15]) {
      const alert = changed(2, (flight) =>
        concat(splitMessages(flight).flatMap((m) => (m[0] === after ? [m, request] : [m]))),
      )
      t.equal(alert?.description, UNEXPECTED_MESSAGE, `behind ${after}`)
      t.equal(alert?.transportErrorCode, undefined, 'PROTOCOL_VIOLATION is for after the handshake')
    }
    t.end()
  },
)
