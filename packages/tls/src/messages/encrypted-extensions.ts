// EncryptedExtensions, RFC 9846 §4.4.1.

import { ByteReader } from '@godwit/wire'

import { ALERT_DECODE_ERROR } from '../alerts.ts'
import { ALPN, ENCRYPTED_EXTENSIONS, QUIC_TRANSPORT_PARAMETERS, SERVER_NAME } from '../constants.ts'
import { TlsError } from '../errors.ts'
import { decodeExtension, IN_ENCRYPTED_EXTENSIONS, readExtensions } from '../extensions.ts'
import type { ExtensionBlock } from '../extensions.ts'
import { finish } from '../message-reader.ts'
import { MessageWriter } from '../message-writer.ts'
import { checkUnused, UNUSED_IN_ENCRYPTED_EXTENSIONS } from '../unused-extensions.ts'
import { readProtocolNames } from './protocol-names.ts'

/** Decoded EncryptedExtensions; byte arrays are views of the message. Null: extension absent. */
export interface EncryptedExtensions {
  readonly alpnProtocol: string | null
  readonly transportParameters: Uint8Array | null
  readonly extensions: ExtensionBlock
}

/** Decodes with header. Throws TlsError. */
export function decodeEncryptedExtensions(message: Uint8Array): EncryptedExtensions {
  const reader = new ByteReader(message, 4)
  const extensions = readExtensions(reader, IN_ENCRYPTED_EXTENSIONS)
  finish(reader, 'EncryptedExtensions')
  const protocols = decodeExtension(extensions, ALPN, readProtocolNames)
  // RFC 7301 §3.1: the server's list MUST contain exactly one name.
  if (protocols !== null && protocols.length !== 1) {
    throw new TlsError(ALERT_DECODE_ERROR, 'not exactly one application protocol')
  }
  // RFC 6066 §3: the server's extension_data is empty.
  decodeExtension(extensions, SERVER_NAME, () => true)
  checkUnused(extensions, UNUSED_IN_ENCRYPTED_EXTENSIONS)
  return {
    alpnProtocol: protocols === null ? null : protocols[0],
    transportParameters: extensions.get(QUIC_TRANSPORT_PARAMETERS) ?? null,
    extensions,
  }
}

/** Encodes with header. `acknowledgesServerName`: the name was used (RFC 6066 §3). */
export function encodeEncryptedExtensions(fields: {
  readonly alpnProtocol: string
  readonly transportParameters: Uint8Array
  readonly acknowledgesServerName: boolean
}): Uint8Array {
  const { alpnProtocol, transportParameters } = fields
  const writer = new MessageWriter(ENCRYPTED_EXTENSIONS)
  const extensions = writer.open(2)
  if (fields.acknowledgesServerName) {
    writer.u16(SERVER_NAME)
    writer.u16(0)
  }
  writer.u16(ALPN)
  writer.u16(3 + alpnProtocol.length)
  writer.u16(1 + alpnProtocol.length)
  writer.u8(alpnProtocol.length)
  writer.latin1(alpnProtocol)
  writer.u16(QUIC_TRANSPORT_PARAMETERS)
  writer.u16(transportParameters.length)
  writer.bytes(transportParameters)
  writer.close(extensions)
  return writer.finish()
}
