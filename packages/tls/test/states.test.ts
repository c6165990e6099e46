// Every state of both machines against every message: a transition or unexpected_message.

import t from 'tap'
import { SECP256R1, X25519 } from '@godwit/crypto'

import * as clientStates from '../src/client-states.ts'
import * as serverStates from '../src/server-states.ts'
import type { EncryptionLevel } from '../src/constants.ts'
import type { TlsSession } from '../src/session.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  alertOf,
  client,
  cryptoBytes,
  drain,
  run,
  server,
  splitMessages,
} from './support.ts'

t.test('RFC 9846 appendix A: the tables, cell by cell', (t) => {
  const cells = (table: readonly (readonly number[])[]): string[] =>
    table.flatMap((row, state) =>
      row.flatMap((next, event) => (next === -1 ? [] : [`${state} -${event}-> ${next}`])),
    )
  t.same(cells(clientStates.CLIENT_TRANSITIONS), [
    '0 -0-> 1', // START: send ClientHello
    '1 -1-> 2', // WAIT_SH: HelloRetryRequest
    '1 -2-> 3', // WAIT_SH: ServerHello
    '2 -2-> 3', // after a retry: ServerHello, and no second HelloRetryRequest
    '3 -3-> 4', // WAIT_EE: EncryptedExtensions
    '4 -4-> 5', // WAIT_CERT_CR: CertificateRequest
    '4 -5-> 6', // WAIT_CERT_CR: Certificate
    '5 -5-> 6', // WAIT_CERT: Certificate
    '6 -6-> 7', // WAIT_CV: CertificateVerify
    '7 -7-> 8', // WAIT_FINISHED: Finished
    '8 -8-> 8', // CONNECTED: NewSessionTicket
  ])
  t.same(cells(serverStates.SERVER_TRANSITIONS), [
    '0 -0-> 1', // START: ClientHello
    '1 -1-> 2', // RECVD_CH: send HelloRetryRequest
    '1 -2-> 4', // RECVD_CH: select parameters
    '2 -0-> 3', // WAIT_CH: the second ClientHello
    '3 -2-> 4', // after a retry: select parameters, and no second HelloRetryRequest
    '4 -3-> 5', // NEGOTIATED: send the flight
    '5 -4-> 6', // WAIT_FINISHED: Finished
  ])
  for (const table of [clientStates.CLIENT_TRANSITIONS, serverStates.SERVER_TRANSITIONS]) {
    for (const row of table) t.equal(row.length, table[0].length)
  }
  t.equal(clientStates.CLIENT_STATE_NAMES.length, clientStates.CLIENT_TRANSITIONS.length)
  t.equal(serverStates.SERVER_STATE_NAMES.length, serverStates.SERVER_TRANSITIONS.length)
  t.end()
})

interface Situation {
  readonly name: string
  readonly level: EncryptionLevel
  readonly allowed: readonly number[]
  readonly make: () => TlsSession
}

// A client that has got so many messages of the server's flight.
function clientAfter(hellos: number, messages: number): TlsSession {
  const c = client({ groups: [X25519, SECP256R1] })
  const s = server()
  c.start(CLIENT_PARAMETERS)
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, cryptoBytes(drain(c), 0))
  const events = drain(s)
  if (hellos > 0) c.handleCrypto(0, cryptoBytes(events, 0))
  for (const message of splitMessages(cryptoBytes(events, 2)).slice(0, messages)) {
    c.handleCrypto(2, message)
  }
  drain(c)
  return c
}

function serverAfter(hello: 'none' | 'retried' | 'answered'): TlsSession {
  const c = client({ keyShareGroups: hello === 'retried' ? [] : [X25519] })
  const s = server()
  c.start(CLIENT_PARAMETERS)
  s.start(SERVER_PARAMETERS)
  if (hello !== 'none') s.handleCrypto(0, cryptoBytes(drain(c), 0))
  drain(s)
  return s
}

function connected(side: 'client' | 'server'): TlsSession {
  const sessions = { client: client(), server: server() }
  run(sessions.client, sessions.server)
  return sessions[side]
}

const SITUATIONS: readonly Situation[] = [
  { name: 'client WAIT_SH', level: 0, allowed: [2], make: () => clientAfter(0, 0) },
  { name: 'client WAIT_EE', level: 2, allowed: [8], make: () => clientAfter(1, 0) },
  { name: 'client WAIT_CERT_CR', level: 2, allowed: [11, 13], make: () => clientAfter(1, 1) },
  { name: 'client WAIT_CV', level: 2, allowed: [15], make: () => clientAfter(1, 2) },
  { name: 'client WAIT_FINISHED', level: 2, allowed: [20], make: () => clientAfter(1, 3) },
  { name: 'client CONNECTED', level: 3, allowed: [4], make: () => connected('client') },
  { name: 'server START', level: 0, allowed: [1], make: () => serverAfter('none') },
  { name: 'server WAIT_CH', level: 0, allowed: [1], make: () => serverAfter('retried') },
  { name: 'server WAIT_FINISHED', level: 2, allowed: [20], make: () => serverAfter('answered') },
  { name: 'server CONNECTED', level: 3, allowed: [], make: () => connected('server') },
]

const TYPES = [0, 1, 2, 3, 4, 5, 6, 8, 11, 13, 14, 15, 16, 20, 21, 24, 25, 27, 67, 203, 254, 255]

for (const { name, level, allowed, make } of SITUATIONS) {
  t.test(
    `RFC 9846 §4: ${name} takes ${allowed.join(', ') || 'nothing'} and refuses the rest`,
    (t) => {
      for (const type of TYPES) {
        const session = make()
        session.handleCrypto(level, Uint8Array.of(type))
        const alert = alertOf(drain(session))
        if (allowed.includes(type)) t.equal(alert, null, `${type} is waited for`)
        else t.equal(alert?.description, 10, `${type} is unexpected`)
      }
      t.end()
    },
  )
}
