// What the tests share: a seeded provider, an authority with leaves of every key type, sessions, and a
// loop that carries events between two of them.

import { constants, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createNobleProvider } from '@godwit/crypto'
import type { CipherSuite, CryptoProvider, SigningKey } from '@godwit/crypto'
import { seededRandomBytes } from '@godwit/testkit'
import {
  createDevelopmentAuthority,
  issueCertificate,
  loadIdentity,
  TrustStore,
} from '@godwit/x509'
import type { Authority, Identity } from '@godwit/x509'

import { createClientSession } from '../src/client-session.ts'
import type { EncryptionLevel } from '../src/constants.ts'
import type { TlsError } from '../src/errors.ts'
import type { ClientSessionOptions, ServerSessionOptions } from '../src/options.ts'
import { createServerSession } from '../src/server-session.ts'
import type { ClientSession, HandshakeEvent, ServerSession, TlsSession } from '../src/session.ts'

export const NOW = Date.UTC(2026, 5, 1)
export const crypto: CryptoProvider = createNobleProvider(seededRandomBytes(8446))
export const authority: Authority = createDevelopmentAuthority({ crypto, time: NOW })
export const trustStore: TrustStore = new TrustStore([authority.certificate])
export const CLIENT_PARAMETERS: Uint8Array = Uint8Array.of(1, 2, 3, 4)
export const SERVER_PARAMETERS: Uint8Array = Uint8Array.of(5, 6, 7)

export function vector(name: string): string {
  return readFileSync(new URL(`./vectors/${name}`, import.meta.url), 'utf8')
}

// The portable backend verifies RSA and does not sign by it.
function rsaKey(): SigningKey {
  const key = createPrivateKey(vector('rsa-2048.pem'))
  const publicKey = Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }))
  return {
    type: 'rsa',
    publicKey,
    algorithms: ['rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512'],
    sign: (algorithm, data) =>
      Uint8Array.from(
        sign(algorithm.slice(8), data, {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }),
      ),
    exportPkcs8: () => Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' })),
  }
}

/** A leaf for example.test, 127.0.0.1 of our authority. */
export function issueIdentity(
  type: 'p256' | 'p384' | 'ed25519' | 'rsa',
  change: {
    notBefore?: number
    notAfter?: number
    names?: string[]
    usages?: ('server' | 'client')[]
    isCa?: boolean
  } = {},
): Identity {
  const key = type === 'rsa' ? rsaKey() : crypto.generateSigningKey(type)
  const certificate = issueCertificate({
    crypto,
    issuer: authority,
    subject: `leaf ${type}`,
    key,
    subjectAltNames: change.names ?? ['example.test', '127.0.0.1'],
    notBefore: change.notBefore ?? NOW - 3_600_000,
    notAfter: change.notAfter ?? NOW + 86_400_000,
    ...(change.usages === undefined ? {} : { usages: change.usages }),
    isCa: change.isCa ?? false,
  })
  return loadIdentity({ certificates: [certificate], key })
}

export const identity: Identity = issueIdentity('ed25519')

export function client(options: Partial<ClientSessionOptions> = {}): ClientSession {
  return createClientSession({
    crypto,
    serverName: 'example.test',
    alpnProtocols: ['h3'],
    trustStore,
    wallClock: () => NOW,
    ...options,
  })
}

export function server(options: Partial<ServerSessionOptions> = {}): ServerSession {
  return createServerSession({
    crypto,
    selectIdentity: () => identity,
    alpnProtocols: ['h3'],
    wallClock: () => NOW,
    ...options,
  })
}

/** Everything that waits to be polled. */
export function drain(session: TlsSession): HandshakeEvent[] {
  const events: HandshakeEvent[] = []
  for (let e = session.pollEvent(); e !== null; e = session.pollEvent()) events.push(e)
  return events
}

export type Alert = Extract<HandshakeEvent, { type: 'alert' }>

export function alertOf(events: readonly HandshakeEvent[]): Alert | null {
  return events.find((event): event is Alert => event.type === 'alert') ?? null
}

/** The CRYPTO bytes of one level in a list of events. */
export function cryptoBytes(events: readonly HandshakeEvent[], level: EncryptionLevel): Uint8Array {
  return concat(
    events.flatMap((event) =>
      event.type === 'crypto' && event.level === level ? [event.data] : [],
    ),
  )
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Cuts a byte stream of messages into messages. */
export function splitMessages(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3])
    messages.push(bytes.slice(at, end))
    at = end
  }
  return messages
}

/** A handshake message of any type and body. */
export function message(type: number, body: Uint8Array | readonly number[]): Uint8Array {
  return Uint8Array.of(type, body.length >>> 16, body.length >>> 8, body.length, ...body)
}

export interface Log {
  readonly client: HandshakeEvent[]
  readonly server: HandshakeEvent[]
}

/**
 * Starts both sides and carries CRYPTO bytes between them until nothing more happens, in pieces of
 * `chunk` bytes. `tamper` may replace (null: swallow) the bytes on their way.
 */
export function run(
  clientSession: ClientSession,
  serverSession: ServerSession,
  options: {
    chunk?: number
    tamper?: (
      from: 'client' | 'server',
      level: EncryptionLevel,
      data: Uint8Array,
    ) => Uint8Array | null
  } = {},
): Log {
  const { chunk = Infinity, tamper = (_from, _level, data) => data } = options
  const log: Log = { client: [], server: [] }
  clientSession.start(CLIENT_PARAMETERS)
  serverSession.start(SERVER_PARAMETERS)
  const carry = (from: TlsSession, to: TlsSession): boolean => {
    const events = drain(from)
    log[from.side].push(...events)
    for (const event of events) {
      if (event.type !== 'crypto') continue
      const data = tamper(from.side, event.level, event.data)
      if (data === null) continue
      for (let at = 0; at < data.length; at += chunk) {
        const piece = data.slice(at, Math.min(at + chunk, data.length))
        to.handleCrypto(event.level, piece)
        // Bytes are valid during the call only.
        piece.fill(0xaa)
      }
    }
    return events.length > 0
  }
  let busy = true
  while (busy) {
    const clientBusy = carry(clientSession, serverSession)
    busy = carry(serverSession, clientSession) || clientBusy
  }
  return log
}

export type Secrets = Extract<HandshakeEvent, { type: 'secrets' }>

export function secretsOf(events: readonly HandshakeEvent[], level: EncryptionLevel): Secrets[] {
  return events.filter((e): e is Secrets => e.type === 'secrets' && e.level === level)
}

export const SUITES: readonly CipherSuite[] = crypto.cipherSuites
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** What `work` throws, or null. */
export function thrownBy(work: () => unknown): TlsError | null {
  try {
    work()
    return null
  } catch (error) {
    return error as TlsError // tests look at its fields and fail when they are not there
  }
}
