// ServerHello and HelloRetryRequest, RFC 9846 §4.2.3 and §4.2.4: one format, told apart by the random.

import { ByteReader } from '@godwit/wire'

import { ALERT_ILLEGAL_PARAMETER, ALERT_PROTOCOL_VERSION } from '../alerts.ts'
import {
  COOKIE,
  KEY_SHARE,
  SERVER_HELLO,
  SUPPORTED_VERSIONS,
  VERSION_TLS12,
  VERSION_TLS13,
} from '../constants.ts'
import { TlsError } from '../errors.ts'
import {
  decodeExtension,
  IN_HELLO_RETRY_REQUEST,
  IN_SERVER_HELLO,
  readExtensions,
} from '../extensions.ts'
import type { ExtensionBlock } from '../extensions.ts'
import { finish, readVector16, readVector8 } from '../message-reader.ts'
import { MessageWriter } from '../message-writer.ts'
import type { KeyShareEntry } from './client-hello.ts'

/** SHA-256 of "HelloRetryRequest". */
const HELLO_RETRY_REQUEST_RANDOM = Uint8Array.of(
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
) // prettier-ignore

/** A decoded ServerHello or HelloRetryRequest of TLS 1.3; byte arrays are views of the message. */
export interface ServerHello {
  readonly isHelloRetryRequest: boolean
  readonly random: Uint8Array
  readonly cipherSuite: number
  /** The server's share; in a HelloRetryRequest its keyExchange is empty. */
  readonly keyShare: KeyShareEntry | null
  /** Only in a HelloRetryRequest. */
  readonly cookie: Uint8Array | null
  readonly extensions: ExtensionBlock
}

/**
 * Decodes with header, and checks what RFC 9846 §4.2.3 asks of every client in the order it gives:
 * first the random, then the version, then the rest. Throws TlsError.
 */
export function decodeServerHello(message: Uint8Array): ServerHello {
  const reader = new ByteReader(message, 4)
  const legacyVersion = reader.u16()
  const random = reader.view(32)
  const sessionId = readVector8(reader, 0, 32)
  const cipherSuite = reader.u16()
  const compressionMethod = reader.u8()
  const isHelloRetryRequest = random.every((byte, i) => byte === HELLO_RETRY_REQUEST_RANDOM[i])
  const extensions: ExtensionBlock =
    reader.ok && reader.remaining === 0
      ? new Map()
      : readExtensions(reader, isHelloRetryRequest ? IN_HELLO_RETRY_REQUEST : IN_SERVER_HELLO)
  finish(reader, 'ServerHello')

  const version = decodeExtension(extensions, SUPPORTED_VERSIONS, (data) => data.u16())
  if (version === null) {
    if (hasDowngradeSentinel(random)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'the handshake was downgraded on its way')
    }
    // RFC 9001 §4.2: MUST terminate if a version of TLS older than 1.3 is negotiated.
    throw new TlsError(ALERT_PROTOCOL_VERSION, 'the server selected TLS 1.2 or below')
  }
  if (version !== VERSION_TLS13) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, `version ${version} was not offered`)
  }
  if (legacyVersion !== VERSION_TLS12) {
    throw new TlsError(ALERT_PROTOCOL_VERSION, `legacy_version is ${legacyVersion}`)
  }
  if (sessionId.length !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'legacy_session_id_echo is not what was sent')
  }
  if (compressionMethod !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'legacy_compression_method is not null')
  }
  return {
    isHelloRetryRequest,
    random,
    cipherSuite,
    keyShare: decodeExtension(extensions, KEY_SHARE, (data) => ({
      group: data.u16(),
      keyExchange: isHelloRetryRequest ? data.view(0) : readVector16(data, 1),
    })),
    cookie: decodeExtension(extensions, COOKIE, (data) => readVector16(data, 1)),
    extensions,
  }
}

// RFC 9846 §4.2.3: "DOWNGRD" and 0 or 1 at the end of the random of a server that could have done
// better.
function hasDowngradeSentinel(random: Uint8Array): boolean {
  const sentinel = [0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44]
  return sentinel.every((byte, i) => random[24 + i] === byte) && random[31] <= 1
}

/** Encodes a ServerHello with its header. */
export function encodeServerHello(
  random: Uint8Array,
  cipherSuite: number,
  keyShare: KeyShareEntry,
): Uint8Array {
  const { writer, extensions } = beginHello(random, cipherSuite)
  writer.u16(KEY_SHARE)
  writer.u16(4 + keyShare.keyExchange.length)
  writer.u16(keyShare.group)
  writer.u16(keyShare.keyExchange.length)
  writer.bytes(keyShare.keyExchange)
  writer.close(extensions)
  return writer.finish()
}

/** Encodes a HelloRetryRequest that asks for a share of `group` and gives `cookie`, if any. */
export function encodeHelloRetryRequest(
  cipherSuite: number,
  group: number | null,
  cookie: Uint8Array | null,
): Uint8Array {
  const { writer, extensions } = beginHello(HELLO_RETRY_REQUEST_RANDOM, cipherSuite)
  if (group !== null) {
    writer.u16(KEY_SHARE)
    writer.u16(2)
    writer.u16(group)
  }
  if (cookie !== null) {
    writer.u16(COOKIE)
    writer.u16(2 + cookie.length)
    writer.u16(cookie.length)
    writer.bytes(cookie)
  }
  writer.close(extensions)
  return writer.finish()
}

function beginHello(
  random: Uint8Array,
  cipherSuite: number,
): { writer: MessageWriter; extensions: number } {
  const writer = new MessageWriter(SERVER_HELLO)
  writer.u16(VERSION_TLS12)
  writer.bytes(random)
  writer.u8(0) // Echo of the empty legacy_session_id, RFC 9001 §8.4.
  writer.u16(cipherSuite)
  writer.u8(0)
  const extensions = writer.open(2)
  writer.u16(SUPPORTED_VERSIONS)
  writer.u16(2)
  writer.u16(VERSION_TLS13)
  return { writer, extensions }
}
