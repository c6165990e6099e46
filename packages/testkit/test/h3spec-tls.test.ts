// The TLS cases of h3spec against our server and, mirrored, against our client: TLS and QUIC as users
// run them, one side saying what it must not. Each ends with a handshake of the same endpoints that
// completes.

import t from 'tap'
import { pair } from '@godwit/testkit'
import {
  buildExtensions,
  editHello,
  parseExtensions,
  replaceMessage,
  setExtension,
} from '../../tls/test/edit.ts'
import type { Extension } from '../../tls/test/edit.ts'
import { client, concat, crypto, message, server, splitMessages } from '../../tls/test/support.ts'

type Level = 0 | 1 | 2 | 3
type Change = (data: Uint8Array) => Uint8Array

interface Case {
  /** Ids of what it proves; those that end in c are of the client. */
  readonly title: string
  readonly tested: 'server' | 'client'
  /** Where the peer of the tested side says something else. */
  readonly level: Level
  /** What it says in place of its CRYPTO data; at level 3 behind the handshake, in place of nothing. */
  readonly change: Change
  /** RFC 9001 §4.8: 0x100 and the alert. */
  readonly errorCode: number
}

const UNEXPECTED_MESSAGE = 0x10a
const MISSING_EXTENSION = 0x16d
const UNSUPPORTED_EXTENSION = 0x16e
const NO_APPLICATION_PROTOCOL = 0x178

const TRANSPORT_PARAMETERS = 57
const keyUpdate = message(24, [0])
const endOfEarlyData = message(5, [])

/** Changes the extensions of EncryptedExtensions. */
const inFlight = (edit: (list: Extension[]) => Extension[]): Change => {
  return (flight) =>
    replaceMessage(splitMessages(flight), 8, (old) =>
      message(8, buildExtensions(edit(parseExtensions([...old.subarray(4)])))),
    )
}
const renamed: Change = (hello) =>
  editHello(hello, (h) => {
    const [, data] = h.extensions!.find(([type]) => type === TRANSPORT_PARAMETERS)!
    setExtension(h, TRANSPORT_PARAMETERS, null)
    // The code point of the drafts.
    setExtension(h, 0xffa5, data)
  })

/* prettier-ignore */
const CASES: readonly Case[] = [
  { title: 'RFC 9001 §6: KeyUpdate in a Handshake packet (h3spec#28, rfc9001#6-3)', tested: 'server', level: 2, change: () => keyUpdate, errorCode: UNEXPECTED_MESSAGE },
  { title: 'RFC 9001 §6: KeyUpdate in a Handshake packet (h3spec#28c, rfc9001#6-3)', tested: 'client', level: 2, change: (flight) => concat([keyUpdate, flight]), errorCode: UNEXPECTED_MESSAGE },
  { title: 'RFC 9001 §6: KeyUpdate in a 1-RTT packet (h3spec#29, rfc9001#6-3)', tested: 'server', level: 3, change: () => keyUpdate, errorCode: UNEXPECTED_MESSAGE },
  { title: 'RFC 9001 §6: KeyUpdate in a 1-RTT packet (h3spec#29c, rfc9001#6-3)', tested: 'client', level: 3, change: () => keyUpdate, errorCode: UNEXPECTED_MESSAGE },
  { title: 'RFC 9001 §8.1: no common application protocol (h3spec#30, rfc9001#8.1-2, rfc9001#8.1-6)', tested: 'server', level: 0, change: (hello) => editHello(hello, (h) => setExtension(h, 16, [0, 3, 2, 104, 50])), errorCode: NO_APPLICATION_PROTOCOL },
  { title: 'RFC 9001 §8.1: no application protocol (h3spec#30c, rfc9001#8.1-2, rfc9001#8.1-3)', tested: 'client', level: 2, change: inFlight((list) => list.filter(([type]) => type !== 16)), errorCode: NO_APPLICATION_PROTOCOL },
  { title: 'RFC 9001 §8.2: no transport parameters (h3spec#31, rfc9001#8.2-1)', tested: 'server', level: 0, change: (hello) => editHello(hello, (h) => setExtension(h, TRANSPORT_PARAMETERS, null)), errorCode: MISSING_EXTENSION },
  { title: 'RFC 9001 §8.2: no transport parameters (h3spec#31c, rfc9001#8.2-1)', tested: 'client', level: 2, change: inFlight((list) => list.filter(([type]) => type !== TRANSPORT_PARAMETERS)), errorCode: MISSING_EXTENSION },
  { title: 'RFC 9001 §8.2: transport parameters under another type (h3spec#32, rfc9001#8.2-1)', tested: 'server', level: 0, change: renamed, errorCode: MISSING_EXTENSION },
  { title: 'RFC 9001 §8.2: transport parameters under another type (h3spec#32c)', tested: 'client', level: 2, change: inFlight((list) => list.map(([type, data]) => [type === TRANSPORT_PARAMETERS ? 0xffa5 : type, data])), errorCode: UNSUPPORTED_EXTENSION },
  { title: 'RFC 9001 §8.3: EndOfEarlyData (h3spec#33, rfc9001#8.3-1)', tested: 'server', level: 2, change: (flight) => concat([endOfEarlyData, flight]), errorCode: UNEXPECTED_MESSAGE },
  { title: 'RFC 9001 §8.3: EndOfEarlyData (h3spec#33c)', tested: 'client', level: 2, change: (flight) => concat([endOfEarlyData, flight]), errorCode: UNEXPECTED_MESSAGE },
]

type Session = ReturnType<typeof client> | ReturnType<typeof server>

/** A session whose CRYPTO data of one level are others. */
function sinful<T extends Session>(session: T, level: Level, change: Change): T {
  const poll = session.pollEvent.bind(session)
  let complete = false
  session.pollEvent = () => {
    if (complete && level === 3) {
      complete = false
      return { type: 'crypto', level, data: change(new Uint8Array(0)) }
    }
    const event = poll()
    complete = event?.type === 'complete'
    if (event?.type !== 'crypto' || event.level !== level) return event
    return { ...event, data: change(event.data) }
  }
  return session
}

for (const { title, tested, level, change, errorCode } of CASES) {
  t.test(`${title}, to a ${tested}, is error 0x${errorCode.toString(16)}`, (t) => {
    let sins = true
    const p = pair({
      seed: 1,
      provider: crypto,
      clientHandshake: () =>
        sins && tested === 'server' ? sinful(client(), level, change) : client(),
      serverHandshake: () =>
        sins && tested === 'client' ? sinful(server(), level, change) : server(),
    })
    const connection = p.connect()
    p.runFor(500)
    const [accepted] = p.server.accepted
    const [finder, sinner] = tested === 'server' ? [accepted, connection] : [connection, accepted]
    t.match(finder.closeError, { name: 'TransportError', errorCode, remote: false })
    t.match(sinner.closeError, { name: 'TransportError', errorCode, remote: true })
    sins = false
    t.ok(p.establish(), 'another connection is served')
    t.end()
  })
}
