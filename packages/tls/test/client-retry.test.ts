// HelloRetryRequest as a client sees it, RFC 9846 §4.2.4: what it may ask for, and what must come of it.

import t from 'tap'
import { SECP256R1, SECP384R1, X25519 } from '@godwit/crypto'

import { encodeHelloRetryRequest } from '../src/messages/server-hello.ts'
import { editHello, setExtension } from './edit.ts'
import type { EditableHello } from './edit.ts'
import {
  CLIENT_PARAMETERS,
  alertOf,
  client,
  concat,
  cryptoBytes,
  drain,
  hex,
  run,
  server,
} from './support.ts'
import type { Alert } from './support.ts'

const UNEXPECTED_MESSAGE = 10
const ILLEGAL_PARAMETER = 47
const DECODE_ERROR = 50
const PROTOCOL_VERSION = 70
const UNSUPPORTED_EXTENSION = 110
const PROTOCOL_VIOLATION = 0x0a

t.test('RFC 9846 §4.2.4: HelloRetryRequest, as a client sees it', (t) => {
  const retry = (message: Uint8Array): { alert: Alert | null; second: Uint8Array } => {
    const c = client({ groups: [X25519, SECP256R1] })
    c.start(CLIENT_PARAMETERS)
    drain(c)
    c.handleCrypto(0, message)
    const events = drain(c)
    return { alert: alertOf(events), second: cryptoBytes(events, 0) }
  }
  const cookie = Uint8Array.of(1, 2, 3)
  const both = retry(encodeHelloRetryRequest(0x1301, SECP256R1, cookie))
  t.equal(both.alert, null)
  t.ok(hex(both.second).includes('002c00050003010203'), 'the cookie comes back')
  t.ok(hex(both.second).includes('0033004700450017004104'), 'with one share of P-256')
  t.notOk(hex(both.second).includes('001d0020'))
  const cookieOnly = retry(encodeHelloRetryRequest(0x1301, null, cookie))
  t.ok(hex(cookieOnly.second).includes('001d0020'), 'without key_share the share stays')
  for (const [title, request, expected] of [
    ['changes nothing', encodeHelloRetryRequest(0x1301, null, null), ILLEGAL_PARAMETER],
    ['a share that was sent', encodeHelloRetryRequest(0x1301, X25519, null), ILLEGAL_PARAMETER],
    ['a group not offered', encodeHelloRetryRequest(0x1301, SECP384R1, null), ILLEGAL_PARAMETER],
    ['a suite not offered', encodeHelloRetryRequest(0x1304, SECP256R1, null), ILLEGAL_PARAMETER],
    ['an empty cookie', encodeHelloRetryRequest(0x1301, null, new Uint8Array(0)), DECODE_ERROR],
    [
      'unsolicited',
      editHello(encodeHelloRetryRequest(0x1301, SECP256R1, null), (h) =>
        setExtension(h, 0xaaaa, []),
      ),
      UNSUPPORTED_EXTENSION,
    ],
    [
      'pre_shared_key',
      editHello(encodeHelloRetryRequest(0x1301, SECP256R1, null), (h) => setExtension(h, 41, [])),
      ILLEGAL_PARAMETER,
    ],
    [
      'a whole share',
      editHello(encodeHelloRetryRequest(0x1301, SECP256R1, null), (h) =>
        setExtension(h, 51, [0, 23, 0, 1, 4]),
      ),
      DECODE_ERROR,
    ],
    [
      'without supported_versions',
      editHello(encodeHelloRetryRequest(0x1301, SECP256R1, null), (h) => setExtension(h, 43, null)),
      PROTOCOL_VERSION,
    ],
  ] as const) {
    // prettier-ignore
    t.equal(retry(request).alert?.description, expected, title)
  }
  const c = client({ groups: [X25519, SECP256R1] })
  c.start(CLIENT_PARAMETERS)
  c.handleCrypto(0, encodeHelloRetryRequest(0x1301, SECP256R1, null))
  drain(c)
  c.handleCrypto(0, encodeHelloRetryRequest(0x1301, null, cookie))
  t.equal(alertOf(drain(c))?.description, UNEXPECTED_MESSAGE, 'a second one')
  t.end()
})

t.test('RFC 9846 §4.2.4: a ServerHello that breaks what HelloRetryRequest said', (t) => {
  const after = (edit: (hello: EditableHello) => void): Alert | null => {
    let hellos = 0
    const log = run(
      client({ groups: [X25519, SECP256R1], keyShareGroups: [X25519] }),
      server({ groups: [SECP256R1] }),
      {
        tamper: (from, level, data) =>
          from === 'server' && level === 0 && ++hellos === 2 ? editHello(data, edit) : data,
      },
    )
    return alertOf(log.client)
  }
  t.equal(after((h) => (h.suites = [0x1302]))?.description, ILLEGAL_PARAMETER)
  t.equal(
    after((h) => setExtension(h, 51, [0, 29, 0, 32, ...new Array<number>(32).fill(9)]))
      ?.description,
    ILLEGAL_PARAMETER,
  )
  t.end()
})

t.test('RFC 9846 §5.1: nothing follows a HelloRetryRequest before it is answered', (t) => {
  const retry = encodeHelloRetryRequest(0x1301, SECP256R1, null)
  for (const behind of [[], [2], [2, 0, 0, 90, 3, 3]]) {
    const c = client({ groups: [X25519, SECP256R1] })
    c.start(CLIENT_PARAMETERS)
    drain(c)
    c.handleCrypto(0, concat([retry, Uint8Array.from(behind)]))
    const alert = alertOf(drain(c))
    t.equal(alert?.description, behind.length > 0 ? UNEXPECTED_MESSAGE : undefined)
    t.equal(alert?.transportErrorCode, behind.length > 0 ? PROTOCOL_VIOLATION : undefined)
  }
  t.end()
})
