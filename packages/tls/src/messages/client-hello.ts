// ClientHello, RFC 9846 §4.2.2, with the extensions that this implementation uses.

import { ByteReader } from '@godwit/wire'

import { ALERT_ILLEGAL_PARAMETER } from '../alerts.ts'
import {
  ALPN,
  CLIENT_HELLO,
  COOKIE,
  EARLY_DATA,
  KEY_SHARE,
  PADDING,
  PRE_SHARED_KEY,
  QUIC_TRANSPORT_PARAMETERS,
  SERVER_NAME,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ALGORITHMS_CERT,
  SUPPORTED_GROUPS,
  SUPPORTED_VERSIONS,
  VERSION_TLS12,
  VERSION_TLS13,
} from '../constants.ts'
import { TlsError } from '../errors.ts'
import { decodeExtension, IN_CLIENT_HELLO, readExtensions } from '../extensions.ts'
import type { ExtensionBlock } from '../extensions.ts'
import { finish, readCodePoints, readVector16, readVector8 } from '../message-reader.ts'
import { MessageWriter } from '../message-writer.ts'
import { checkUnused, UNUSED_IN_CLIENT_HELLO } from '../unused-extensions.ts'
import { readProtocolNames } from './protocol-names.ts'
import { readServerName } from './server-name.ts'

/** KeyShareEntry, RFC 9846 §4.3.8. */
export interface KeyShareEntry {
  readonly group: number
  readonly keyExchange: Uint8Array
}

/** A decoded ClientHello; byte arrays are views of the message. Null: extension absent. */
export interface ClientHello {
  readonly legacyVersion: number
  readonly random: Uint8Array
  readonly legacySessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly legacyCompressionMethods: Uint8Array
  readonly supportedVersions: readonly number[] | null
  readonly serverName: string | null
  readonly supportedGroups: readonly number[] | null
  readonly keyShares: readonly KeyShareEntry[] | null
  readonly signatureAlgorithms: readonly number[] | null
  readonly signatureAlgorithmsCert: readonly number[] | null
  readonly alpnProtocols: readonly string[] | null
  readonly transportParameters: Uint8Array | null
  /** Everything in the order of the message, also what is not decoded. */
  readonly extensions: ExtensionBlock
}

/**
 * Decodes a ClientHello with its header. Throws TlsError: decode_error for what does not parse,
 * illegal_parameter for what contradicts itself. Absent extensions are the caller's question.
 */
export function decodeClientHello(message: Uint8Array): ClientHello {
  const reader = new ByteReader(message, 4)
  const legacyVersion = reader.u16()
  const random = reader.view(32)
  const legacySessionId = readVector8(reader, 0, 32)
  const cipherSuites = readCodePoints(reader, readVector16(reader, 2, 0xfffe))
  const legacyCompressionMethods = readVector8(reader, 1)
  // Hellos of older versions may end here; without supported_versions they are refused anyway.
  const extensions: ExtensionBlock =
    reader.ok && reader.remaining === 0 ? new Map() : readExtensions(reader, IN_CLIENT_HELLO)
  finish(reader, 'ClientHello')
  checkPreSharedKeyIsLast(extensions)
  checkUnused(extensions, UNUSED_IN_CLIENT_HELLO)
  const keyShares = decodeExtension(extensions, KEY_SHARE, readKeyShares)
  return {
    legacyVersion,
    random,
    legacySessionId,
    cipherSuites,
    legacyCompressionMethods,
    supportedVersions: decodeExtension(extensions, SUPPORTED_VERSIONS, readVersions),
    serverName: decodeExtension(extensions, SERVER_NAME, readServerName),
    supportedGroups: decodeExtension(extensions, SUPPORTED_GROUPS, readCodePointList),
    keyShares,
    signatureAlgorithms: decodeExtension(extensions, SIGNATURE_ALGORITHMS, readCodePointList),
    signatureAlgorithmsCert: decodeExtension(
      extensions,
      SIGNATURE_ALGORITHMS_CERT,
      readCodePointList,
    ),
    alpnProtocols: decodeExtension(extensions, ALPN, readProtocolNames),
    transportParameters: extensions.get(QUIC_TRANSPORT_PARAMETERS) ?? null,
    extensions,
  }
}

// RFC 9846 §4.3.11: servers MUST check that pre_shared_key is last, also when they will not use it.
function checkPreSharedKeyIsLast(extensions: ExtensionBlock): void {
  if (!extensions.has(PRE_SHARED_KEY)) return
  let last = -1
  for (const type of extensions.keys()) last = type
  if (last !== PRE_SHARED_KEY) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'pre_shared_key is not the last extension')
  }
}

function readVersions(reader: ByteReader): number[] {
  return readCodePoints(reader, readVector8(reader, 2, 254))
}

function readCodePointList(reader: ByteReader): number[] {
  return readCodePoints(reader, readVector16(reader, 2, 0xfffe))
}

function readKeyShares(reader: ByteReader): KeyShareEntry[] {
  const shares: KeyShareEntry[] = []
  const seen = new Set<number>()
  const list = new ByteReader(readVector16(reader, 0))
  while (list.remaining > 0) {
    const group = list.u16()
    const keyExchange = readVector16(list, 1)
    if (!list.ok) {
      reader.fail()
      break
    }
    // RFC 9846 §4.3.8: MUST NOT offer multiple KeyShareEntry values for the same group.
    if (seen.has(group)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `two key shares for group ${group}`)
    }
    seen.add(group)
    shares.push({ group, keyExchange })
  }
  return shares
}

/** What our client says. */
export interface ClientHelloFields {
  readonly random: Uint8Array
  readonly cipherSuites: readonly number[]
  /** A DNS name, or null to send none. */
  readonly serverName: string | null
  readonly supportedGroups: readonly number[]
  readonly keyShares: readonly KeyShareEntry[]
  readonly signatureAlgorithms: readonly number[]
  readonly signatureAlgorithmsCert: readonly number[]
  readonly alpnProtocols: readonly string[]
  readonly transportParameters: Uint8Array
  /** From a HelloRetryRequest. */
  readonly cookie: Uint8Array | null
}

/** Encodes a ClientHello with its header. */
export function encodeClientHello(hello: ClientHelloFields): Uint8Array {
  const writer = new MessageWriter(CLIENT_HELLO)
  writer.u16(VERSION_TLS12)
  writer.bytes(hello.random)
  writer.u8(0) // RFC 9001 §8.4: no compatibility mode, so an empty legacy_session_id.
  writeCodePoints(writer, hello.cipherSuites)
  writer.u8(1)
  writer.u8(0)
  const extensions = writer.open(2)
  if (hello.serverName !== null) writeServerName(writer, hello.serverName)
  writeExtension(writer, SUPPORTED_VERSIONS, () => {
    writer.u8(2)
    writer.u16(VERSION_TLS13) // RFC 9001 §4.2: MUST NOT offer versions older than 1.3.
  })
  writeExtension(writer, SUPPORTED_GROUPS, () => writeCodePoints(writer, hello.supportedGroups))
  writeExtension(writer, SIGNATURE_ALGORITHMS, () =>
    writeCodePoints(writer, hello.signatureAlgorithms),
  )
  if (hello.signatureAlgorithmsCert.length > 0) {
    writeExtension(writer, SIGNATURE_ALGORITHMS_CERT, () =>
      writeCodePoints(writer, hello.signatureAlgorithmsCert),
    )
  }
  writeExtension(writer, ALPN, () => {
    const list = writer.open(2)
    for (const protocol of hello.alpnProtocols) {
      writer.u8(protocol.length)
      writer.latin1(protocol)
    }
    writer.close(list)
  })
  writeExtension(writer, QUIC_TRANSPORT_PARAMETERS, () => writer.bytes(hello.transportParameters))
  const { cookie } = hello
  if (cookie !== null) {
    writeExtension(writer, COOKIE, () => {
      writer.u16(cookie.length)
      writer.bytes(cookie)
    })
  }
  writeExtension(writer, KEY_SHARE, () => {
    const list = writer.open(2)
    for (const { group, keyExchange } of hello.keyShares) {
      writer.u16(group)
      writer.u16(keyExchange.length)
      writer.bytes(keyExchange)
    }
    writer.close(list)
  })
  // Here pre_shared_key will go, which must be last.
  writer.close(extensions)
  return writer.finish()
}

function writeExtension(writer: MessageWriter, type: number, writeData: () => void): void {
  writer.u16(type)
  const data = writer.open(2)
  writeData()
  writer.close(data)
}

function writeCodePoints(writer: MessageWriter, codes: readonly number[]): void {
  writer.u16(2 * codes.length)
  for (const code of codes) writer.u16(code)
}

function writeServerName(writer: MessageWriter, name: string): void {
  writeExtension(writer, SERVER_NAME, () => {
    const list = writer.open(2)
    writer.u8(0) // host_name
    writer.u16(name.length)
    writer.latin1(name)
    writer.close(list)
  })
}

// RFC 9846 §4.2.2 lists what a second ClientHello may change. encrypted_client_hello changes too,
// by RFC 9849 §6.1.5, for a client whose offer the server has ignored.
const ENCRYPTED_CLIENT_HELLO = 0xfe0d
const MAY_CHANGE: ReadonlySet<number> = new Set([
  KEY_SHARE,
  EARLY_DATA,
  COOKIE,
  PRE_SHARED_KEY,
  PADDING,
  ENCRYPTED_CLIENT_HELLO,
])

/**
 * True when `second` is the ClientHello `first` with only such changes as a HelloRetryRequest calls
 * for.
 */
export function isSameClientHello(first: ClientHello, second: ClientHello): boolean {
  return (
    first.legacyVersion === second.legacyVersion &&
    sameBytes(first.random, second.random) &&
    sameBytes(first.legacySessionId, second.legacySessionId) &&
    sameBytes(first.legacyCompressionMethods, second.legacyCompressionMethods) &&
    first.cipherSuites.length === second.cipherSuites.length &&
    first.cipherSuites.every((suite, i) => suite === second.cipherSuites[i]) &&
    containsExtensions(first.extensions, second.extensions) &&
    containsExtensions(second.extensions, first.extensions)
  )
}

function containsExtensions(outer: ExtensionBlock, inner: ExtensionBlock): boolean {
  for (const [type, data] of inner) {
    if (MAY_CHANGE.has(type)) continue
    const other = outer.get(type)
    if (other === undefined || !sameBytes(other, data)) return false
  }
  return true
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
