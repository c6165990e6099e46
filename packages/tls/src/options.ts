// Options of both sessions, parsed once into complete, frozen records.

import { isCipherSuite } from '@godwit/crypto'
import type { CipherSuite, CryptoProvider, NamedGroup } from '@godwit/crypto'
import { parseIpAddress, TrustStore } from '@godwit/x509'
import type { Identity } from '@godwit/x509'

import { handshakeScheme, handshakeSchemeCodes } from './signature-schemes.ts'

/** What both sides are given. */
export interface SessionOptions {
  readonly crypto: CryptoProvider
  /**
   * Application protocols, the preferred one first; at least one (RFC 9001 §8.1). Characters are
   * bytes, so that any name of RFC 7301 can be written.
   */
  readonly alpnProtocols: readonly string[]
  /** Milliseconds since 1970: the time at which certificates must be valid. */
  readonly wallClock: () => number
  /** Suites, the preferred one first; a server's order decides. Default: all of `crypto`. */
  readonly cipherSuites?: readonly CipherSuite[]
  /** Groups, the preferred one first; a server's order decides. Default: all of `crypto`. */
  readonly groups?: readonly NamedGroup[]
  /** Receives lines in the format of SSLKEYLOGFILE. Whoever has them can read the connection. */
  readonly keyLog?: (line: string) => void
}

export interface ClientSessionOptions extends SessionOptions {
  /**
   * The name that the server must prove: a DNS name, which is also sent as server_name, or an IP
   * address, which is not (RFC 6066 §3). Null: no name is sent or verified.
   */
  readonly serverName: string | null
  /** Authorities to trust. Null: none, so that every chain is refused. */
  readonly trustStore: TrustStore | null
  /** False: go on with a chain that is not trusted, and keep why in `verificationError`. Default true. */
  readonly rejectUnauthorized?: boolean
  /** SignatureScheme code points to offer, the preferred one first. Default: all that `crypto` verifies. */
  readonly signatureAlgorithms?: readonly number[]
  /**
   * Groups of which the first ClientHello has a key share; without a share that suits it, a server
   * asks by HelloRetryRequest, at the cost of a round trip. Default: the first of `groups`.
   */
  readonly keyShareGroups?: readonly NamedGroup[]
}

/** What a server may look at to select its identity. */
export interface ClientHelloInfo {
  /** SignatureScheme code points, RFC 9846 §4.3.3. */
  readonly signatureAlgorithms: readonly number[]
  readonly alpnProtocols: readonly string[]
}

export interface ServerSessionOptions extends SessionOptions {
  /**
   * The certificate and key for a name (lower case; null: the client named none). Of several, the
   * first that suits what the client can verify is used. Null, or none: unrecognized_name.
   */
  readonly selectIdentity: (
    serverName: string | null,
    hello: ClientHelloInfo,
  ) => Identity | readonly Identity[] | null
}

/** Options with nothing left open. */
export interface SessionConfig extends Required<Omit<SessionOptions, 'keyLog'>> {
  readonly keyLog: ((line: string) => void) | null
}

export interface ClientConfig extends SessionConfig {
  readonly serverName: string | null
  /** What goes into server_name: null for an address. */
  readonly sentServerName: string | null
  readonly trustStore: TrustStore
  readonly rejectUnauthorized: boolean
  readonly signatureAlgorithms: readonly number[]
  readonly keyShareGroups: readonly NamedGroup[]
}

export interface ServerConfig extends SessionConfig {
  readonly selectIdentity: ServerSessionOptions['selectIdentity']
}

const COMMON_KEYS = ['crypto', 'alpnProtocols', 'wallClock', 'cipherSuites', 'groups', 'keyLog']
const CLIENT_KEYS = [
  ...COMMON_KEYS,
  'serverName',
  'trustStore',
  'rejectUnauthorized',
  'signatureAlgorithms',
  'keyShareGroups',
]
const SERVER_KEYS = [...COMMON_KEYS, 'selectIdentity']

/** Throws TypeError or RangeError that names the option, what was expected and what came. */
export function parseClientOptions(options: ClientSessionOptions): ClientConfig {
  checkKeys(options, CLIENT_KEYS)
  const common = parseCommon(options)
  const { serverName, trustStore, rejectUnauthorized = true } = options
  if (typeof rejectUnauthorized !== 'boolean') {
    throw wrongType('rejectUnauthorized', 'a boolean', rejectUnauthorized)
  }
  if (trustStore !== null && !(trustStore instanceof TrustStore)) {
    throw wrongType('trustStore', 'a TrustStore or null', trustStore)
  }
  const signatureAlgorithms = parseList(
    'signatureAlgorithms',
    options.signatureAlgorithms,
    handshakeSchemeCodes(common.crypto),
    (code) => handshakeScheme(code) !== undefined,
  )
  const keyShareGroups = options.keyShareGroups ?? common.groups.slice(0, 1)
  for (const group of keyShareGroups) {
    if (!common.groups.includes(group)) {
      throw new RangeError(`"keyShareGroups" expected members of "groups", got ${group}`)
    }
  }
  return Object.freeze({
    ...common,
    serverName,
    sentServerName: serverName === null ? null : parseServerName(serverName),
    trustStore: trustStore ?? new TrustStore([]),
    rejectUnauthorized,
    signatureAlgorithms,
    keyShareGroups: Object.freeze([...new Set(keyShareGroups)]),
  })
}

/** Throws TypeError or RangeError that names the option, what was expected and what came. */
export function parseServerOptions(options: ServerSessionOptions): ServerConfig {
  checkKeys(options, SERVER_KEYS)
  if (typeof options.selectIdentity !== 'function') {
    throw wrongType('selectIdentity', 'a function', options.selectIdentity)
  }
  return Object.freeze({ ...parseCommon(options), selectIdentity: options.selectIdentity })
}

function parseCommon(options: SessionOptions): SessionConfig {
  const { crypto, alpnProtocols, wallClock, keyLog = null } = options
  if (typeof crypto !== 'object' || crypto === null) {
    throw wrongType('crypto', 'a CryptoProvider', crypto)
  }
  if (typeof wallClock !== 'function') throw wrongType('wallClock', 'a function', wallClock)
  if (keyLog !== null && typeof keyLog !== 'function') {
    throw wrongType('keyLog', 'a function', keyLog)
  }
  if (!Array.isArray(alpnProtocols)) throw wrongType('alpnProtocols', 'an array', alpnProtocols)
  if (alpnProtocols.length === 0) {
    // RFC 9001 §8.1: endpoints MUST use ALPN.
    throw new RangeError('"alpnProtocols" expected at least one protocol, got none')
  }
  for (const protocol of alpnProtocols as readonly unknown[]) {
    if (typeof protocol !== 'string') throw wrongType('alpnProtocols', 'strings', protocol)
    // oxlint-disable-next-line no-control-regex -- every byte value is legal in a protocol's name
    if (!/^[\u0000-\u00ff]{1,255}$/.test(protocol)) {
      throw new RangeError(`"alpnProtocols" expected names of 1..255 bytes, got "${protocol}"`)
    }
  }
  return {
    crypto,
    alpnProtocols: Object.freeze([...alpnProtocols]),
    wallClock,
    cipherSuites: parseList(
      'cipherSuites',
      options.cipherSuites,
      crypto.cipherSuites,
      (suite) => isCipherSuite(suite) && crypto.cipherSuites.includes(suite),
    ),
    groups: parseList('groups', options.groups, crypto.groups, (group) =>
      crypto.groups.includes(group),
    ),
    keyLog,
  }
}

// A non-empty list without duplicates of what the provider can do.
function parseList<T extends number>(
  name: string,
  given: readonly T[] | undefined,
  all: readonly T[],
  isKnown: (value: T) => boolean,
): readonly T[] {
  if (given === undefined) return Object.freeze([...all])
  if (!Array.isArray(given)) throw wrongType(name, 'an array', given)
  if (given.length === 0) throw new RangeError(`"${name}" expected at least one entry, got none`)
  for (const value of given as readonly T[]) {
    if (!isKnown(value)) {
      throw new RangeError(`"${name}" expected code points that "crypto" supports, got ${value}`)
    }
  }
  return Object.freeze([...new Set(given as readonly T[])])
}

// RFC 6066 §3: without the dot at the end; literal addresses are not permitted.
function parseServerName(name: string): string | null {
  if (typeof name !== 'string') throw wrongType('serverName', 'a string or null', name)
  if (parseIpAddress(name) !== null) return null
  const host = name.endsWith('.') ? name.slice(0, -1) : name
  const labels = host.split('.')
  if (host.length > 253 || !labels.every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label))) {
    throw new RangeError(`"serverName" expected an ASCII DNS name or an IP address, got "${name}"`)
  }
  return host.toLowerCase()
}

function checkKeys(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw wrongType('options', 'an object', options)
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new TypeError(`"${key}" is not an option; expected one of ${known.join(', ')}`)
    }
  }
}

function wrongType(name: string, expected: string, got: unknown): TypeError {
  const shown =
    got === null
      ? 'null'
      : typeof got === 'string'
        ? JSON.stringify(got)
        : `a value of type ${typeof got}`
  return new TypeError(`"${name}" expected ${expected}, got ${shown}`)
}
