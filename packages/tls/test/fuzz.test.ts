// Mutated, truncated and random input: never an exception, always an alert or waiting, and never a
// complete handshake after a change of a byte.

import t from 'tap'
import * as fc from 'fast-check'

import type { EncryptionLevel } from '../src/constants.ts'
import type { TlsSession } from '../src/session.ts'
import { TlsError } from '../src/errors.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  alertOf,
  client,
  concat,
  cryptoBytes,
  drain,
  message,
  run,
  server,
} from './support.ts'

const RUNS = { seed: 8446, numRuns: 400 }

type Mutation = (data: Uint8Array) => Uint8Array

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, bits]): Mutation => (data) => {
    const copy = data.slice()
    copy[at % copy.length] ^= bits
    return copy
  }),
  fc.nat().map(
    (at): Mutation =>
      (data) =>
        data.slice(0, at % data.length),
  ),
  fc
    .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }))
    .map(([at, extra]): Mutation => (data) => {
      const cut = at % data.length
      return concat([data.subarray(0, cut), extra, data.subarray(cut)])
    }),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })).map(([at, length]): Mutation => (data) => {
    const cut = at % data.length
    return concat([data.subarray(0, cut), data.subarray(cut + length)])
  }),
)

t.test('a change of the bytes of either side never ends in a complete client and server', (t) => {
  fc.assert(
    fc.property(
      mutation,
      fc.constantFrom('client', 'server'),
      fc.constantFrom(0, 2),
      fc.boolean(),
      (mutate, side, level, retry) => {
        const c = client({ keyShareGroups: retry ? [] : [29] })
        const s = server()
        let done = false
        const log = run(c, s, {
          chunk: 700,
          tamper: (from, at, data) => {
            if (done || from !== side || at !== level) return data
            done = true
            return mutate(data)
          },
        })
        for (const events of [log.client, log.server]) {
          const alert = alertOf(events)
          if (alert === null) continue
          if (!(alert.error instanceof TlsError) || alert.error.alert !== alert.description)
            return false
          // Nothing that a peer sends is an internal error.
          if (alert.description === 80) throw alert.error.cause
          if (events.at(-1) !== alert) return false
        }
        return !(c.isComplete && s.isComplete)
      },
    ),
    RUNS,
  )
  t.end()
})

t.test('random messages in every state end in an alert or waiting', (t) => {
  const states: readonly [string, EncryptionLevel, () => TlsSession][] = [
    ['client', 0, () => started(client())],
    ['server', 0, () => started(server())],
    ['client', 2, () => between().client],
    ['server', 2, () => between().server],
    ['client', 3, () => connected('client')],
    ['server', 3, () => connected('server')],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...states),
      fc.array(
        fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 64 }),
          fc
            .tuple(fc.constantFrom(1, 2, 4, 8, 11, 13, 15, 20), fc.uint8Array({ maxLength: 200 }))
            .map(([type, body]) => message(type, body)),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      ([, level, make], inputs) => {
        const session = make()
        for (const input of inputs) session.handleCrypto(level, input)
        const events = drain(session)
        const alert = alertOf(events)
        if (alert?.description === 80) throw alert.error.cause
        return alert === null || events.at(-1) === alert
      },
    ),
    RUNS,
  )
  t.end()
})

function started<T extends TlsSession>(session: T): T {
  session.start(session.side === 'client' ? CLIENT_PARAMETERS : SERVER_PARAMETERS)
  drain(session)
  return session
}

function between(): { client: TlsSession; server: TlsSession } {
  const c = client()
  const s = server()
  c.start(CLIENT_PARAMETERS)
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, cryptoBytes(drain(c), 0))
  c.handleCrypto(0, cryptoBytes(drain(s), 0))
  drain(c)
  return { client: c, server: s }
}

function connected(side: 'client' | 'server'): TlsSession {
  const sessions = { client: client(), server: server() }
  run(sessions.client, sessions.server)
  return sessions[side]
}
