// Extensions of TLS 1.3 that nothing here uses. A message with one that does not decode is refused all the
// same (RFC 9846 §6.2, decode_error): what is read by nobody today is read by somebody some day, and then
// both ends should have meant the same by it.

import { ByteReader } from '@godwit/wire'

import {
  CERTIFICATE_AUTHORITIES,
  COOKIE,
  EARLY_DATA,
  OID_FILTERS,
  POST_HANDSHAKE_AUTH,
  PRE_SHARED_KEY,
  PSK_KEY_EXCHANGE_MODES,
  SIGNATURE_ALGORITHMS_CERT,
  SUPPORTED_GROUPS,
} from './constants.ts'
import { decodeExtension } from './extensions.ts'
import type { ExtensionBlock } from './extensions.ts'
import { readCodePoints, readVector16, readVector8 } from './message-reader.ts'

/** Those of a ClientHello. */
export const UNUSED_IN_CLIENT_HELLO: readonly number[] = [
  PRE_SHARED_KEY,
  EARLY_DATA,
  COOKIE,
  PSK_KEY_EXCHANGE_MODES,
  CERTIFICATE_AUTHORITIES,
  POST_HANDSHAKE_AUTH,
]
/** Those of EncryptedExtensions. */
export const UNUSED_IN_ENCRYPTED_EXTENSIONS: readonly number[] = [SUPPORTED_GROUPS, EARLY_DATA]
/** Those of a CertificateRequest. */
export const UNUSED_IN_CERTIFICATE_REQUEST: readonly number[] = [
  CERTIFICATE_AUTHORITIES,
  OID_FILTERS,
  SIGNATURE_ALGORITHMS_CERT,
]

type Read = (reader: ByteReader) => void

const readNothing: Read = () => undefined

/** A list of two-byte length, of `min` bytes at least, of what `read` reads. */
const list =
  (min: number, read: Read): Read =>
  (reader) => {
    const items = new ByteReader(readVector16(reader, min))
    while (items.remaining > 0 && items.ok) read(items)
    if (!items.ok) reader.fail()
  }

const readCodes: Read = (reader) => {
  readCodePoints(reader, readVector16(reader, 2, 0xfffe))
}

const SHAPES: ReadonlyMap<number, Read> = new Map<number, Read>([
  [SUPPORTED_GROUPS, readCodes],
  // RFC 9846 §4.3.11: identities with their age, and a binder for each.
  [
    PRE_SHARED_KEY,
    (reader) => {
      list(7, (identity) => {
        readVector16(identity, 1)
        identity.u32()
      })(reader)
      list(33, (binder) => {
        readVector8(binder, 32)
      })(reader)
    },
  ],
  [EARLY_DATA, readNothing],
  [
    COOKIE,
    (reader) => {
      readVector16(reader, 1)
    },
  ],
  [
    PSK_KEY_EXCHANGE_MODES,
    (reader) => {
      readVector8(reader, 1)
    },
  ],
  // RFC 9846 §4.3.4: DER of distinguished names, which are not looked into.
  [
    CERTIFICATE_AUTHORITIES,
    list(3, (name) => {
      readVector16(name, 1)
    }),
  ],
  [
    OID_FILTERS,
    list(0, (filter) => {
      readVector8(filter, 1)
      readVector16(filter, 0)
    }),
  ],
  [POST_HANDSHAKE_AUTH, readNothing],
  [SIGNATURE_ALGORITHMS_CERT, readCodes],
])

/** Throws decode_error when one of `types` is there and is not what the RFC says it is. */
export function checkUnused(extensions: ExtensionBlock, types: readonly number[]): void {
  for (const type of types) {
    const read = SHAPES.get(type)
    if (read !== undefined) decodeExtension(extensions, type, read)
  }
}
