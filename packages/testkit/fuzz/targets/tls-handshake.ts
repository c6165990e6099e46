// Handshakes as they run: the bytes of one side are recorded from an honest handshake whose random
// numbers are fixed, so that they are right until they are changed.

import { createNobleProvider } from '@godwit/crypto'
import { createClientSession, createServerSession, TlsError } from '@godwit/tls'
import type { EncryptionLevel, HandshakeEvent, TlsSession } from '@godwit/tls'
import {
  createDevelopmentAuthority,
  issueCertificate,
  loadIdentity,
  TrustStore,
} from '@godwit/x509'
import { seededRandomBytes } from '../../src/prng.ts'
import { fixedElements, tlsElements } from '../engine/outlines.ts'
import { blockBytes, Script } from '../engine/script.ts'
import { hex, must, mustMatch } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const NOW = Date.UTC(2026, 5, 1)
const ALERT_INTERNAL_ERROR = 80
const PROTOCOL_VIOLATION = 0x0a
const LEVELS: readonly EncryptionLevel[] = [0, 2, 3]

const ca = createNobleProvider(seededRandomBytes(1))
const authority = createDevelopmentAuthority({ crypto: ca, time: NOW })
const key = ca.generateSigningKey('ed25519')
const identity = loadIdentity({
  key,
  certificates: [
    issueCertificate({
      crypto: ca,
      issuer: authority,
      subject: 'leaf',
      key,
      subjectAltNames: ['example.test'],
      notBefore: NOW - 3_600_000,
      notAfter: NOW + 86_400_000,
    }),
  ],
})
const trustStore = new TrustStore([authority.certificate])

/** A client that is the same at every call. */
export function clientSession(retry: boolean = false): TlsSession {
  return createClientSession({
    crypto: createNobleProvider(seededRandomBytes(2)),
    serverName: 'example.test',
    alpnProtocols: ['h3'],
    trustStore,
    wallClock: () => NOW,
    ...(retry ? { keyShareGroups: [] } : {}),
  })
}

/** A server that is the same at every call. */
export function serverSession(): TlsSession {
  return createServerSession({
    crypto: createNobleProvider(seededRandomBytes(3)),
    selectIdentity: () => identity,
    alpnProtocols: ['h3'],
    wallClock: () => NOW,
  })
}

function makeClient(retry: boolean): TlsSession {
  const session = clientSession(retry)
  session.start(Uint8Array.of(1, 2, 3))
  return session
}

function makeServer(): TlsSession {
  const session = serverSession()
  session.start(Uint8Array.of(4, 5, 6))
  return session
}

/** Bytes of one level that a side sent, in the order of their levels. */
type Flight = readonly (readonly [level: EncryptionLevel, bytes: Uint8Array])[]

function drain(session: TlsSession): HandshakeEvent[] {
  const events: HandshakeEvent[] = []
  for (let event = session.pollEvent(); event !== null; event = session.pollEvent()) {
    events.push(event)
  }
  return events
}

/** An honest handshake: what each side sent. */
function record(retry: boolean): { client: Flight; server: Flight } {
  const sessions = { client: makeClient(retry), server: makeServer() }
  const flights: Record<'client' | 'server', [EncryptionLevel, Uint8Array][]> = {
    client: [],
    server: [],
  }
  for (let busy = true; busy;) {
    busy = false
    for (const side of ['client', 'server'] as const) {
      const peer = side === 'client' ? 'server' : 'client'
      for (const event of drain(sessions[side])) {
        busy = true
        if (event.type !== 'crypto') continue
        flights[side].push([event.level, event.data])
        sessions[peer].handleCrypto(event.level, event.data)
      }
    }
  }
  must(sessions.client.isComplete && sessions.server.isComplete, 'no honest handshake')
  return flights
}

const stepOf = ([level, bytes]: Flight[number]): Uint8Array =>
  blockBytes([LEVELS.indexOf(level)], bytes)

/** Feeds the steps to a session, in pieces of `size` bytes. */
function feed(session: TlsSession, flight: Flight, size: number): HandshakeEvent[] {
  const events = drain(session)
  for (const [level, bytes] of flight) {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.slice(at, at + size)
      session.handleCrypto(level, piece)
      // Bytes are valid during the call only.
      piece.fill(0xaa)
      events.push(...drain(session))
    }
  }
  return events
}

function checkEvents(session: TlsSession, events: readonly HandshakeEvent[]): void {
  events.forEach((event, i) => {
    if (event.type !== 'alert') return
    must(event.error instanceof TlsError, 'an alert without a TlsError')
    // Nothing that a peer sends is an internal error.
    if (event.description === ALERT_INTERNAL_ERROR) throw event.error.cause ?? event.error
    must(event.error.alert === event.description, 'another alert than its error says')
    must(i === events.length - 1, `"${events[i + 1]?.type}" after an alert`)
    must(!session.isComplete, 'complete in spite of an alert')
  })
  const completes = events.filter(({ type }) => type === 'complete').length
  must(completes <= 1 && (completes === 1 || !session.isComplete), `${completes} times complete`)
}

const bytesOf = (flight: Flight, level: EncryptionLevel): string =>
  flight.map(([at, bytes]) => (at === level ? hex(bytes) : '')).join('')

/** After an alert only that: how far the answer came before it depends on the split. */
function summary(session: TlsSession, events: readonly HandshakeEvent[]): unknown {
  const last = events.at(-1)
  if (last?.type === 'alert') return [last.description, last.transportErrorCode]
  return [session.isComplete, session.alpnProtocol, session.serverName, events]
}

/**
 * The same flight, with a cut behind its first message. What asks for another ClientHello, or answers
 * one so, ends a flight: bytes behind it in one call are an error, and in the next call those of
 * another flight.
 */
function cutBehindFirst(flight: Flight): Flight {
  const initial = Buffer.from(bytesOf(flight, 0), 'hex')
  let left = initial.length < 4 ? Infinity : 4 + initial.readUIntBE(1, 3)
  return flight.flatMap((step): Flight => {
    const [level, bytes] = step
    if (level !== 0) return [step]
    const [head, tail] = [bytes.subarray(0, left), bytes.subarray(left)]
    left -= head.length
    return [
      [level, head],
      [level, tail],
    ]
  })
}

function makeTarget(side: 'client' | 'server'): Target {
  const peer = side === 'client' ? 'server' : 'client'
  // Without and with a HelloRetryRequest.
  let honest: Flight[] | null = null
  const recorded = (): Flight[] => (honest ??= [record(false)[peer], record(true)[peer]])
  const make = (retry: boolean): TlsSession =>
    side === 'client' ? makeClient(retry) : makeServer()
  return {
    name: `tls-${side}`,
    about: `a ${side}'s handshake: alerts in order, split as joined, complete for honest bytes alone`,
    maxLength: 3000,
    dictionary: [0x1301, 0x1302, 0x1303, 0x0304, 'example.test', 'h3'],
    seeds: () =>
      recorded().map((flight, i) =>
        Uint8Array.from([i, 40, ...flight.flatMap((s) => [...stepOf(s)])]),
      ),
    outline: (input) =>
      fixedElements(input, 2, input.length, 1, 'u16', (_, start, end) =>
        tlsElements(input, start, end),
      ),
    run(input) {
      const script = new Script(input)
      const retry = (script.u8() & 1) !== 0
      const size = 1 + script.u8()
      const flight: [EncryptionLevel, Uint8Array][] = []
      while (!script.done && flight.length < 12) {
        flight.push([LEVELS[script.below(LEVELS.length)], script.block()])
      }
      const session = make(retry)
      const events = feed(session, flight, Infinity)
      checkEvents(session, events)
      const pieces = make(retry)
      const pieceEvents = feed(pieces, flight, size)
      checkEvents(pieces, pieceEvents)
      let expected = summary(session, events)
      if (pieces.helloRetried && !session.helloRetried) {
        // The first message ended with a piece, and the whole has more behind it.
        const last = events.at(-1)
        must(last?.type === 'alert' && last.transportErrorCode === PROTOCOL_VIOLATION, 'no retry')
        const cut = make(retry)
        expected = summary(cut, feed(cut, cutBehindFirst(flight), Infinity))
      }
      mustMatch(summary(pieces, pieceEvents), expected, 'in pieces')
      if (!session.isComplete) return
      const [first, second] = recorded()
      const known = retry ? second : first
      for (const level of [0, 2] as const) {
        const got = bytesOf(flight, level)
        const isHonest = [first, second].some((one) => got === bytesOf(one, level))
        must(
          isHonest || got === bytesOf(known, level),
          `complete after other bytes of level ${level}`,
        )
      }
    },
  }
}

export const tlsClient: Target = makeTarget('client')
export const tlsServer: Target = makeTarget('server')
