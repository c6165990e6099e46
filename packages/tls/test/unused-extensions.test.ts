// Every extension of TLS 1.3 decodes to its last byte or ends the handshake, also one that nobody uses.

import t from 'tap'

import { decodeClientHello } from '../src/messages/client-hello.ts'
import { buildExtensions, editHello, parseExtensions, setExtension } from './edit.ts'
import type { Extension } from './edit.ts'
import { play } from './scripted-server.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  alertOf,
  client,
  cryptoBytes,
  drain,
  message,
  server,
} from './support.ts'

const ILLEGAL_PARAMETER = 47
const DECODE_ERROR = 50
const UNSUPPORTED_EXTENSION = 110

const bytes = (length: number, value = 7): number[] => new Array<number>(length).fill(value)

/** Alert of a server that is given `data` as an extension of a ClientHello; null: it goes on. */
function inClientHello(type: number, data: number[], twice = false): number | null {
  const c = client()
  c.start(CLIENT_PARAMETERS)
  const hello = editHello(cryptoBytes(drain(c), 0), (h) => {
    // pre_shared_key comes last, and with psk_key_exchange_modes.
    if (type === 41) setExtension(h, 45, [1, 1])
    setExtension(h, type, data)
    if (twice) h.extensions?.push([type, data])
  })
  const s = server()
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, hello)
  return alertOf(drain(s))?.description ?? null
}

/** The same of a client and EncryptedExtensions. */
function inEncryptedExtensions(type: number, data: number[], twice = false): number | null {
  const good: Extension[] = [
    [16, [0, 3, 2, 0x68, 0x33]],
    [57, [...SERVER_PARAMETERS]],
  ]
  const extensions: Extension[] = [...good, [type, data], ...(twice ? [good[0]] : [])]
  const script = { encryptedExtensions: message(8, buildExtensions(extensions)) }
  return alertOf(play(client(), script).events)?.description ?? null
}

/** The same of a client and a CertificateRequest. */
function inCertificateRequest(type: number, data: number[], twice = false): number | null {
  const own: Extension = [type, data]
  const extensions: Extension[] = [[13, [0, 2, 8, 7]], own, ...(twice ? [own] : [])]
  const script = { certificateRequest: message(13, [0, ...buildExtensions(extensions)]) }
  return alertOf(play(client(), script).events)?.description ?? null
}

const AUTHORITIES = {
  good: [
    [0, 3, 0, 1, 0x30],
    [0, 7, 0, 2, 0x30, 0, 0, 1, 0x30],
  ],
  bad: {
    empty: [],
    'an empty list': [0, 0],
    'an empty name': [0, 2, 0, 0],
    'a name and an empty one': [0, 5, 0, 1, 0x30, 0, 0],
    short: [0, 4, 0, 1, 0x30],
    'a name that is longer than the list': [0, 3, 0, 2, 0x30],
    'a byte behind': [0, 3, 0, 1, 0x30, 0],
  },
}
const pskIdentity = [0, 1, 9, 0, 0, 0, 0]
const pskBinder = [32, ...bytes(32)]

type Give = (type: number, data: number[], twice?: boolean) => number | null
const TABLE: readonly {
  readonly name: string
  readonly type: number
  readonly give: Give
  readonly good: readonly number[][]
  readonly bad: Readonly<Record<string, number[]>>
}[] = [
  {
    name: 'certificate_authorities of a ClientHello',
    type: 47,
    give: inClientHello,
    ...AUTHORITIES,
  },
  {
    name: 'certificate_authorities of a CertificateRequest',
    type: 47,
    give: inCertificateRequest,
    ...AUTHORITIES,
  },
  {
    name: 'psk_key_exchange_modes',
    type: 45,
    give: inClientHello,
    good: [
      [1, 1],
      [2, 0, 1],
      [1, 0x2a],
    ],
    bad: { empty: [], 'no mode': [0], short: [2, 1], 'a byte behind': [1, 1, 0] },
  },
  {
    name: 'early_data',
    type: 42,
    give: inClientHello,
    good: [[]],
    bad: { 'a byte': [0], max_early_data_size: [255, 255, 255, 255] },
  },
  {
    name: 'cookie of a ClientHello',
    type: 44,
    give: inClientHello,
    good: [[0, 1, 7]],
    bad: { empty: [], 'an empty cookie': [0, 0], short: [0, 2, 7], 'a byte behind': [0, 1, 7, 7] },
  },
  {
    name: 'post_handshake_auth',
    type: 49,
    give: inClientHello,
    good: [[]],
    bad: { 'a byte': [0] },
  },
  {
    name: 'pre_shared_key',
    type: 41,
    give: inClientHello,
    good: [[0, 7, ...pskIdentity, 0, 33, ...pskBinder]],
    bad: {
      empty: [],
      'no identity': [0, 0, 0, 33, ...pskBinder],
      'an empty identity': [0, 13, 0, 0, 0, 0, 0, 0, ...pskIdentity, 0, 33, ...pskBinder],
      'no binders': [0, 7, ...pskIdentity],
      'an empty list of binders': [0, 7, ...pskIdentity, 0, 0],
      'a binder of 31 bytes': [0, 7, ...pskIdentity, 0, 33, 31, ...bytes(32)],
      'a byte behind': [0, 7, ...pskIdentity, 0, 33, ...pskBinder, 0],
    },
  },
  {
    name: 'supported_groups of EncryptedExtensions',
    type: 10,
    give: inEncryptedExtensions,
    good: [[0, 2, 0, 29]],
    bad: {
      empty: [],
      'no group': [0, 0],
      odd: [0, 3, 0, 29, 0],
      'a byte behind': [0, 2, 0, 29, 0],
    },
  },
  {
    name: 'oid_filters',
    type: 48,
    give: inCertificateRequest,
    good: [
      [0, 0],
      [0, 6, 1, 9, 0, 2, 7, 7],
    ],
    bad: {
      empty: [],
      'an empty identifier': [0, 3, 0, 0, 0],
      short: [0, 6, 1, 9, 0, 3, 7, 7],
      'a byte behind': [0, 0, 0],
    },
  },
  {
    name: 'signature_algorithms_cert of a CertificateRequest',
    type: 50,
    give: inCertificateRequest,
    good: [[0, 2, 8, 7]],
    bad: { empty: [], none: [0, 0], odd: [0, 3, 8, 7, 8], 'a byte behind': [0, 2, 8, 7, 0] },
  },
]

for (const { name, type, give, good, bad } of TABLE) {
  t.test(`RFC 9846 §4.3: ${name} decodes to its last byte`, (t) => {
    for (const data of good) t.equal(give(type, data), null, `good: ${data.join(' ')}`)
    for (const [title, data] of Object.entries(bad)) t.equal(give(type, data), DECODE_ERROR, title)
    t.equal(give(type, good[0], true), ILLEGAL_PARAMETER, 'twice')
    t.end()
  })
}

t.test('RFC 9846 §4.3: an unknown extension may say what it wants, but once', (t) => {
  t.equal(inClientHello(0xaaaa, [1, 2, 3]), null)
  t.equal(inClientHello(0xaaaa, [], true), ILLEGAL_PARAMETER)
  t.equal(inCertificateRequest(0xaaaa, [1, 2, 3]), null)
  t.equal(inCertificateRequest(0xaaaa, [], true), ILLEGAL_PARAMETER)
  t.equal(inEncryptedExtensions(0xaaaa, []), UNSUPPORTED_EXTENSION)
  t.equal(inEncryptedExtensions(0xaaaa, [], true), ILLEGAL_PARAMETER)
  t.end()
})

t.test('what our own ClientHello says decodes', (t) => {
  const c = client()
  c.start(CLIENT_PARAMETERS)
  const hello = cryptoBytes(drain(c), 0)
  t.same([...decodeClientHello(hello).extensions.keys()], [0, 43, 10, 13, 50, 16, 57, 51])
  t.equal(parseExtensions([0, 0]).length, 0)
  t.end()
})
