// Every way in which a client can go wrong, and the alert that our server answers with.

import t from 'tap'
import { SECP256R1, TLS_AES_128_GCM_SHA256, X25519 } from '@godwit/crypto'

import { createServerSession } from '../src/server-session.ts'
import { editHello, setExtension } from './edit.ts'
import type { EditableHello } from './edit.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  alertOf,
  client,
  concat,
  crypto,
  cryptoBytes,
  drain,
  identity,
  issueIdentity,
  message,
  run,
  server,
} from './support.ts'
import type { Alert } from './support.ts'

const UNEXPECTED_MESSAGE = 10
const HANDSHAKE_FAILURE = 40
const ILLEGAL_PARAMETER = 47
const DECODE_ERROR = 50
const DECRYPT_ERROR = 51
const PROTOCOL_VERSION = 70
const INTERNAL_ERROR = 80
const MISSING_EXTENSION = 109
const UNRECOGNIZED_NAME = 112
const NO_APPLICATION_PROTOCOL = 120
const PROTOCOL_VIOLATION = 0x0a

function clientHello(options: Parameters<typeof client>[0] = {}): Uint8Array {
  const session = client(options)
  session.start(CLIENT_PARAMETERS)
  return cryptoBytes(drain(session), 0)
}

function give(hello: Uint8Array, options: Parameters<typeof server>[0] = {}): Alert | null {
  const session = server(options)
  session.start(SERVER_PARAMETERS)
  session.handleCrypto(0, hello)
  const events = drain(session)
  const alert = alertOf(events)
  if (alert !== null) {
    t.equal(events.at(-1), alert, 'nothing follows an alert')
    session.handleCrypto(0, hello)
    t.equal(session.pollEvent(), null, 'and nothing more is read')
  }
  return alert
}

const PSK_KEY_EXCHANGE_MODES = 45
const PRE_SHARED_KEY = 41
const pskOffer = [0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 33, 32, ...new Array<number>(32).fill(7)]

const REFUSED: [title: string, edit: (hello: EditableHello) => void, alert: number, code?: number][] = [
  ['rfc9001#4.2-2: no supported_versions', (h) => setExtension(h, 43, null), PROTOCOL_VERSION],
  ['RFC 9846 §4.2.2: no extensions at all', (h) => (h.extensions = null), PROTOCOL_VERSION],
  ['rfc9001#4.2-2: only TLS 1.2', (h) => setExtension(h, 43, [2, 3, 3]), PROTOCOL_VERSION],
  ['RFC 9846 §4.3.1: odd supported_versions', (h) => setExtension(h, 43, [3, 3, 4, 3]), DECODE_ERROR],
  ['RFC 9846 §4.2.2: legacy_version', (h) => (h.version = 0x0304), PROTOCOL_VERSION],
  ['rfc9001#8.4-2: legacy_session_id', (h) => (h.sessionId = [1, 2]), ILLEGAL_PARAMETER, PROTOCOL_VIOLATION],
  ['RFC 9846 §4.2.2: a session id of 33 bytes', (h) => (h.sessionId = new Array<number>(33).fill(1)), DECODE_ERROR],
  ['RFC 9846 §4.2.2: a compression method', (h) => (h.compression = [1]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.2: two compression methods', (h) => (h.compression = [0, 1]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.2.2: no compression method', (h) => (h.compression = []), DECODE_ERROR],
  ['RFC 9846 §4.2.1: no common suite', (h) => (h.suites = [0x1304, 0x0a0a]), HANDSHAKE_FAILURE],
  ['RFC 9846 §4.2.2: no suite', (h) => (h.suites = []), DECODE_ERROR],
  ['RFC 9846 §4.2.1: no common group', (h) => {
    setExtension(h, 10, [0, 2, 0x0a, 0x0a])
    setExtension(h, 51, [0, 5, 0x0a, 0x0a, 0, 1, 0])
  }, HANDSHAKE_FAILURE],
  ['RFC 9846 §9.2: no supported_groups', (h) => setExtension(h, 10, null), MISSING_EXTENSION],
  ['RFC 9846 §9.2: no key_share', (h) => setExtension(h, 51, null), MISSING_EXTENSION],
  ['RFC 9846 §9.2: no signature_algorithms', (h) => setExtension(h, 13, null), MISSING_EXTENSION],
  ['RFC 9846 §4.3.3: empty signature_algorithms', (h) => setExtension(h, 13, [0, 0]), DECODE_ERROR],
  ['rfc9001#8.2-1: no transport parameters', (h) => setExtension(h, 57, null), MISSING_EXTENSION],
  ['rfc9001#8.1-2, rfc9000#7-2: no ALPN', (h) => setExtension(h, 16, null), NO_APPLICATION_PROTOCOL],
  ['rfc9001#8.1-5, rfc9001#8.1-6: no common protocol', (h) => setExtension(h, 16, [0, 3, 2, 104, 50]), NO_APPLICATION_PROTOCOL],
  ['RFC 7301 §3.1: an empty protocol name', (h) => setExtension(h, 16, [0, 4, 0, 2, 104, 51]), DECODE_ERROR],
  ['RFC 7301 §3.1: bytes behind the list', (h) => setExtension(h, 16, [0, 3, 2, 104, 51, 0]), DECODE_ERROR],
  ['RFC 9846 §4.3.8: share of a group not supported', (h) => setExtension(h, 10, [0, 2, 0, 23]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3.8: two shares of a group', (h) =>
    setExtension(h, 51, [0, 10, 0, 29, 0, 1, 1, 0, 29, 0, 1, 1]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3.8: an empty share', (h) => setExtension(h, 51, [0, 4, 0, 29, 0, 0]), DECODE_ERROR],
  ['RFC 9846 §7.4.2: a share of the wrong length', (h) => setExtension(h, 51, [0, 5, 0, 29, 0, 1, 9]), ILLEGAL_PARAMETER],
  ['RFC 9846 §7.4.2: the zero point of X25519', (h) =>
    setExtension(h, 51, [0, 36, 0, 29, 0, 32, ...new Array<number>(32).fill(0)]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: an extension twice', (h) => h.extensions?.push([0xaaaa, []], [0xaaaa, []]), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3: oid_filters does not belong here', (h) => setExtension(h, 48, []), ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3.11: pre_shared_key not last', (h) => {
    setExtension(h, PSK_KEY_EXCHANGE_MODES, [1, 1])
    setExtension(h, PRE_SHARED_KEY, pskOffer)
    setExtension(h, 0xaaaa, [])
  }, ILLEGAL_PARAMETER],
  ['RFC 9846 §4.3.9: pre_shared_key without modes', (h) => setExtension(h, PRE_SHARED_KEY, pskOffer), MISSING_EXTENSION],
  ['RFC 6066 §3: an empty server_name', (h) => setExtension(h, 0, []), DECODE_ERROR],
  ['RFC 6066 §3: two host names', (h) => setExtension(h, 0, [0, 8, 0, 0, 1, 97, 0, 0, 1, 98]), ILLEGAL_PARAMETER],
  ['RFC 6066 §3: a host name with a zero byte', (h) => setExtension(h, 0, [0, 5, 0, 0, 2, 97, 0]), ILLEGAL_PARAMETER],
] // prettier-ignore

for (const [title, edit, expected, code] of REFUSED) {
  t.test(title, (t) => {
    const alert = give(editHello(clientHello(), edit))
    t.equal(alert?.description, expected, String(alert?.reason))
    t.equal(alert?.transportErrorCode, code)
    t.match(alert?.error, { name: 'TlsError', alert: expected, code: /^ERR_TLS_[A-Z_]+$/ })
    t.end()
  })
}

const TOLERATED: [title: string, edit: (hello: EditableHello) => void][] = [
  ['RFC 8701: GREASE everywhere (rfc9001#5.3-2)', (h) => {
    h.suites.unshift(0x0a0a)
    h.extensions?.unshift([0x1a1a, []])
    setExtension(h, 43, [6, 0x2a, 0x2a, 3, 4, 3, 3])
    setExtension(h, 16, [0, 6, 2, 0xfa, 0xfa, 2, 104, 51])
    setExtension(h, 13, [0, 4, 0x3a, 0x3a, 8, 7])
    const groups = h.extensions?.find(([type]) => type === 10)?.[1].slice(2) ?? []
    setExtension(h, 10, [0, groups.length + 2, 0x4a, 0x4a, ...groups])
    const shares = h.extensions?.find(([type]) => type === 51)?.[1].slice(2) ?? []
    setExtension(h, 51, [0, shares.length + 5, 0x4a, 0x4a, 0, 1, 0, ...shares])
  }],
  ['RFC 9846 §4.3.11: a pre_shared_key that we do not know is ignored', (h) => {
    setExtension(h, PSK_KEY_EXCHANGE_MODES, [1, 1])
    setExtension(h, 42, [])
    setExtension(h, PRE_SHARED_KEY, pskOffer)
  }],
  ['RFC 9846 §4.2.2: unknown extensions are ignored', (h) => setExtension(h, 0xfe0d, [1, 2, 3])],
  ['RFC 7685: padding', (h) => setExtension(h, 21, new Array<number>(400).fill(0))],
  ['RFC 6066 §3: names of other types are skipped', (h) => setExtension(h, 0, [0, 8, 9, 0, 1, 97, 0, 0, 1, 98])],
  ['RFC 9846 §4.3.3: without signature_algorithms_cert', (h) => setExtension(h, 50, null)],
  ['RFC 9846 §4.3.2: a cookie that we did not send', (h) => setExtension(h, 44, [0, 1, 1])],
  ['no server_name', (h) => setExtension(h, 0, null)],
  ['RFC 6066 §3: an IPv6 address is no name', (h) => setExtension(h, 0, [0, 6, 0, 0, 3, 58, 58, 49])],
  ['RFC 6066 §3: an IPv6 address in brackets is no name', (h) => setExtension(h, 0, [0, 8, 0, 0, 5, 91, 58, 58, 49, 93])],
] // prettier-ignore

for (const [title, edit] of TOLERATED) {
  t.test(title, (t) => {
    const session = server()
    session.start(SERVER_PARAMETERS)
    session.handleCrypto(0, editHello(clientHello(), edit))
    const events = drain(session)
    t.equal(alertOf(events), null)
    const flight = Buffer.from(cryptoBytes(events, 2))
    t.ok(flight.length > 0)
    t.notOk(flight.includes(Buffer.from([0, 42, 0, 0])), '0-RTT is rejected')
    t.end()
  })
}

t.test('RFC 6066 §3: no certificate for a name', (t) => {
  for (const selected of [null, []]) {
    const alert = give(clientHello(), { selectIdentity: () => selected })
    t.equal(alert?.description, UNRECOGNIZED_NAME)
    t.match(alert?.error, { code: 'ERR_TLS_UNRECOGNIZED_NAME' })
  }
  t.end()
})

t.test('RFC 9846 §4.5.1.2: no certificate that the client can verify', (t) => {
  const leaf = issueIdentity('p384')
  const alert = give(clientHello({ signatureAlgorithms: [0x0403] }), { selectIdentity: () => leaf })
  t.equal(alert?.description, HANDSHAKE_FAILURE)
  t.end()
})

t.test("a host's function that throws is internal_error, with its cause", (t) => {
  const cause = new Error('no certificate today')
  const alert = give(clientHello(), {
    selectIdentity: () => {
      throw cause
    },
  })
  t.equal(alert?.description, INTERNAL_ERROR)
  t.equal(alert?.error.cause, cause)
  t.notMatch(alert?.reason, /today/, 'and is not told to the peer')
  t.end()
})

t.test('RFC 9846 §4: messages that may not begin a handshake', (t) => {
  for (let type = 0; type < 256; type++) {
    if (type === 1) continue
    // One byte is enough.
    t.equal(give(Uint8Array.of(type))?.description, UNEXPECTED_MESSAGE, `type ${type}`)
  }
  t.end()
})

t.test('a message above the limit is refused by its header', (t) => {
  t.equal(give(Uint8Array.of(1, 0, 0x40, 0)), null)
  t.equal(give(Uint8Array.of(1, 0, 0x40, 1))?.description, DECODE_ERROR)
  t.equal(give(Uint8Array.of(1, 0xff, 0xff, 0xff))?.description, DECODE_ERROR)
  t.end()
})

t.test('rfc9001#4.1.3-3: bytes behind the ClientHello at the key change', (t) => {
  for (const extra of [Uint8Array.of(1), clientHello()]) {
    const alert = give(concat([clientHello(), extra]))
    t.equal(alert?.description, UNEXPECTED_MESSAGE)
    t.equal(alert?.transportErrorCode, PROTOCOL_VIOLATION)
  }
  t.end()
})

t.test('rfc9001#4.1.3-2, rfc9001#8.3-2: data at a level that is not the current one', (t) => {
  for (const level of [0, 1, 3] as const) {
    const session = server()
    session.start(SERVER_PARAMETERS)
    session.handleCrypto(0, clientHello())
    t.equal(alertOf(drain(session)), null)
    session.handleCrypto(level, Uint8Array.of(1))
    const alert = alertOf(drain(session))
    t.equal(alert?.description, UNEXPECTED_MESSAGE)
    t.equal(alert?.transportErrorCode, PROTOCOL_VIOLATION, 'rfc9001#4.1.3-1')
  }
  t.end()
})

t.test('RFC 9846 §4.5.3: a wrong Finished, a short one, and bytes behind it', (t) => {
  for (const [change, expected] of [
    [
      (data: Uint8Array) => concat([data.slice(0, -1), Uint8Array.of(data[data.length - 1] ^ 1)]),
      DECRYPT_ERROR,
    ],
    [(data: Uint8Array) => message(20, data.slice(5)), DECODE_ERROR],
    [(data: Uint8Array) => message(20, data.slice(4, 4)), DECODE_ERROR],
    [(data: Uint8Array) => concat([data, Uint8Array.of(0)]), UNEXPECTED_MESSAGE],
  ] as const) {
    const session = server()
    const log = run(client(), session, {
      tamper: (from, level, data) => (from === 'client' && level === 2 ? change(data) : data),
    })
    t.equal(alertOf(log.server)?.description, expected)
    t.notOk(session.isComplete)
    t.equal(session.exportKeyingMaterial('x', new Uint8Array(0), 16), null)
  }
  t.end()
})

t.test(
  'RFC 9001 §8.3, rfc9001#6-3 and the rest: what a server never takes after its flight',
  (t) => {
    for (const type of [1, 2, 4, 5, 8, 11, 13, 15, 24, 254]) {
      const session = server()
      session.start(SERVER_PARAMETERS)
      session.handleCrypto(0, clientHello())
      drain(session)
      session.handleCrypto(2, message(type, []))
      t.equal(
        alertOf(drain(session))?.description,
        UNEXPECTED_MESSAGE,
        `type ${type} at WAIT_FINISHED`,
      )
    }
    for (const type of [1, 4, 5, 11, 13, 20, 24]) {
      const session = server()
      run(client(), session)
      session.handleCrypto(3, message(type, [0]))
      // RFC 9001 §6: a KeyUpdate (24) is unexpected_message, 0x010a.
      t.equal(
        alertOf(drain(session))?.description,
        UNEXPECTED_MESSAGE,
        `type ${type} when CONNECTED`,
      )
    }
    t.end()
  },
)

t.test('RFC 9846 §4.2.2: what may not change in the second ClientHello', (t) => {
  const retry = (edit: (hello: EditableHello) => void): Alert | null => {
    const c = client({ groups: [X25519, SECP256R1], keyShareGroups: [X25519] })
    let hellos = 0
    const log = run(c, server({ groups: [SECP256R1] }), {
      tamper: (from, level, data) =>
        from === 'client' && level === 0 && ++hellos === 2 ? editHello(data, edit) : data,
    })
    return alertOf(log.server)
  }
  // The transcripts differ where the edit is tolerated, so the client complains and the server waits.
  for (const tolerated of [
    (h: EditableHello) => setExtension(h, 21, [0, 0]),
    (h: EditableHello) => setExtension(h, 44, [0, 1, 1]),
    (h: EditableHello) => h.extensions?.reverse(),
  ]) {
    t.equal(retry(tolerated), null)
  }
  for (const [edit, expected] of [
    [(h: EditableHello) => (h.random[0] ^= 1), ILLEGAL_PARAMETER],
    [(h: EditableHello) => h.suites.push(TLS_AES_128_GCM_SHA256), ILLEGAL_PARAMETER],
    [(h: EditableHello) => h.suites.reverse(), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 0, null), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 0xaaaa, []), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 57, [9]), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 51, [0, 0]), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 51, [0, 5, 0, 29, 0, 1, 1]), ILLEGAL_PARAMETER],
    [(h: EditableHello) => setExtension(h, 51, [0, 5, 0, 23, 0, 1, 1]), ILLEGAL_PARAMETER],
  ] as const) {
    t.equal(retry(edit)?.description, expected)
  }
  t.end()
})

t.test('wrong options of a server are named', (t) => {
  const good = {
    crypto,
    selectIdentity: () => identity,
    alpnProtocols: ['h3'],
    wallClock: () => 0,
  }
  for (const [change, name, type] of [
    [{ selectIdentity: undefined }, 'selectIdentity', TypeError],
    [{ alpnProtocols: [] }, 'alpnProtocols', RangeError],
    [{ alpnProtocols: 'h3' }, 'alpnProtocols', TypeError],
    [{ alpnProtocols: [''] }, 'alpnProtocols', RangeError],
    [{ alpnProtocols: ['x'.repeat(256)] }, 'alpnProtocols', RangeError],
    [{ alpnProtocols: ['\u0100'] }, 'alpnProtocols', RangeError],
    [{ alpnProtocols: [3] }, 'alpnProtocols', TypeError],
    [{ crypto: null }, 'crypto', TypeError],
    [{ wallClock: 7 }, 'wallClock', TypeError],
    [{ cipherSuites: [] }, 'cipherSuites', RangeError],
    [{ cipherSuites: [0x1304] }, 'cipherSuites', RangeError],
    [{ groups: 29 }, 'groups', TypeError],
    [{ keyLog: 'file' }, 'keyLog', TypeError],
    [{ ciphers: [] }, 'ciphers', TypeError],
  ] as const) {
    const options = { ...good, ...change } as unknown as Parameters<typeof createServerSession>[0]
    try {
      createServerSession(options)
      t.fail(`${name} was taken`)
    } catch (error) {
      t.ok(error instanceof type && error.message.includes(`"${name}"`), String(error))
    }
  }
  t.end()
})

t.test('RFC 9846 §5.1: nothing follows a ClientHello that calls for a HelloRetryRequest', (t) => {
  const first = clientHello({ groups: [X25519, SECP256R1], keyShareGroups: [X25519] })
  const options = { groups: [SECP256R1] as const }
  t.equal(give(first, options), null)
  for (const behind of [Uint8Array.of(1), first]) {
    const alert = give(concat([first, behind]), options)
    t.equal(alert?.description, UNEXPECTED_MESSAGE)
    t.equal(alert?.transportErrorCode, PROTOCOL_VIOLATION)
  }
  t.end()
})
