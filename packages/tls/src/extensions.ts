// Extension blocks, RFC 9846 §4.3: what may stand in which message, and the three ways in which one
// can be out of place.

import { ByteReader } from '@godwit/wire'

import {
  ALERT_DECODE_ERROR,
  ALERT_ILLEGAL_PARAMETER,
  ALERT_UNSUPPORTED_EXTENSION,
} from './alerts.ts'
import {
  ALPN,
  CERTIFICATE_AUTHORITIES,
  CLIENT_CERTIFICATE_TYPE,
  COOKIE,
  EARLY_DATA,
  HEARTBEAT,
  KEY_SHARE,
  MAX_FRAGMENT_LENGTH,
  OID_FILTERS,
  PADDING,
  POST_HANDSHAKE_AUTH,
  PRE_SHARED_KEY,
  PSK_KEY_EXCHANGE_MODES,
  QUIC_TRANSPORT_PARAMETERS,
  SERVER_CERTIFICATE_TYPE,
  SERVER_NAME,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ALGORITHMS_CERT,
  SIGNED_CERTIFICATE_TIMESTAMP,
  STATUS_REQUEST,
  SUPPORTED_GROUPS,
  SUPPORTED_VERSIONS,
  USE_SRTP,
} from './constants.ts'
import { TlsError } from './errors.ts'
import { readVector16 } from './message-reader.ts'

/** Messages that carry extensions, as bits for the table below. */
export const IN_CLIENT_HELLO = 1
export const IN_SERVER_HELLO = 2
export const IN_ENCRYPTED_EXTENSIONS = 4
export const IN_CERTIFICATE = 8
export const IN_CERTIFICATE_REQUEST = 16
export const IN_NEW_SESSION_TICKET = 32
export const IN_HELLO_RETRY_REQUEST = 64

const CH = IN_CLIENT_HELLO
const SH = IN_SERVER_HELLO
const EE = IN_ENCRYPTED_EXTENSIONS
const CT = IN_CERTIFICATE
const CR = IN_CERTIFICATE_REQUEST
const NST = IN_NEW_SESSION_TICKET
const HRR = IN_HELLO_RETRY_REQUEST

// RFC 9846 §4.3, table 1: those that are recognized here, and where each may appear.
const PLACES: ReadonlyMap<number, number> = new Map([
  [SERVER_NAME, CH | EE | CR],
  [MAX_FRAGMENT_LENGTH, CH | EE],
  [STATUS_REQUEST, CH | CR | CT],
  [SUPPORTED_GROUPS, CH | EE],
  [SIGNATURE_ALGORITHMS, CH | CR],
  [USE_SRTP, CH | EE],
  [HEARTBEAT, CH | EE],
  [ALPN, CH | EE],
  [SIGNED_CERTIFICATE_TIMESTAMP, CH | CR | CT],
  [CLIENT_CERTIFICATE_TYPE, CH | EE],
  [SERVER_CERTIFICATE_TYPE, CH | EE],
  [PADDING, CH],
  [PRE_SHARED_KEY, CH | SH],
  [EARLY_DATA, CH | EE | NST],
  [SUPPORTED_VERSIONS, CH | SH | HRR],
  [COOKIE, CH | HRR],
  [PSK_KEY_EXCHANGE_MODES, CH],
  [CERTIFICATE_AUTHORITIES, CH | CR],
  [OID_FILTERS, CR],
  [POST_HANDSHAKE_AUTH, CH],
  [SIGNATURE_ALGORITHMS_CERT, CH | CR],
  [KEY_SHARE, CH | SH | HRR],
  [QUIC_TRANSPORT_PARAMETERS, CH | EE],
])

/** Extension data by type, in the order of the block; views of the message. */
export type ExtensionBlock = ReadonlyMap<number, Uint8Array>

/**
 * Reads an extension block with its length. A malformed block fails the reader. Throws
 * illegal_parameter for a type that comes twice ("There MUST NOT be more than one extension of the
 * same type in a given extension block") and for a recognized one that does not belong into the
 * message `place`. Unrecognized ones are kept: a request ignores them, a response refuses them.
 */
export function readExtensions(reader: ByteReader, place: number): ExtensionBlock {
  const block = readVector16(reader, 0)
  const extensions = new Map<number, Uint8Array>()
  const inner = new ByteReader(block)
  while (inner.remaining > 0) {
    const type = inner.u16()
    const data = readVector16(inner, 0)
    if (!inner.ok) {
      reader.fail()
      break
    }
    if (extensions.has(type)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `extension ${type} twice in a message`)
    }
    const places = PLACES.get(type)
    if (places !== undefined && (places & place) === 0) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `extension ${type} in the wrong message`)
    }
    extensions.set(type, data)
  }
  return extensions
}

/**
 * RFC 9846 §4.3: a response to an extension that was not requested is refused with
 * unsupported_extension.
 */
export function refuseUnsolicited(
  extensions: ExtensionBlock,
  requested: (type: number) => boolean,
): void {
  for (const type of extensions.keys()) {
    if (!requested(type)) {
      throw new TlsError(ALERT_UNSUPPORTED_EXTENSION, `extension ${type} was not asked for`)
    }
  }
}

/**
 * Decodes one extension's data by `decode`, which must read all of it; null when the extension is
 * absent. Throws decode_error.
 */
export function decodeExtension<T>(
  extensions: ExtensionBlock,
  type: number,
  decode: (reader: ByteReader) => T,
): T | null {
  const data = extensions.get(type)
  if (data === undefined) return null
  const reader = new ByteReader(data)
  const value = decode(reader)
  if (!reader.done) throw new TlsError(ALERT_DECODE_ERROR, `extension ${type} cannot be decoded`)
  return value
}
