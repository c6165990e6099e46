// CertificateRequest, RFC 9846 §4.4.2. Our server does not ask yet; a server that does gets an empty
// Certificate from our client.

import { ByteReader } from '@godwit/wire'

import { ALERT_ILLEGAL_PARAMETER, ALERT_MISSING_EXTENSION } from '../alerts.ts'
import { SIGNATURE_ALGORITHMS } from '../constants.ts'
import { TlsError } from '../errors.ts'
import { decodeExtension, IN_CERTIFICATE_REQUEST, readExtensions } from '../extensions.ts'
import { finish, readCodePoints, readVector16, readVector8 } from '../message-reader.ts'
import { checkUnused, UNUSED_IN_CERTIFICATE_REQUEST } from '../unused-extensions.ts'

/** A decoded CertificateRequest of the main handshake. */
export interface CertificateRequest {
  readonly signatureAlgorithms: readonly number[]
}

/** Decodes with header. Throws TlsError. Unrecognized extensions are ignored, as §4.4.2 says. */
export function decodeCertificateRequest(message: Uint8Array): CertificateRequest {
  const reader = new ByteReader(message, 4)
  const context = readVector8(reader, 0)
  const extensions = readExtensions(reader, IN_CERTIFICATE_REQUEST)
  finish(reader, 'CertificateRequest')
  if (context.length !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'certificate_request_context is not empty')
  }
  const signatureAlgorithms = decodeExtension(extensions, SIGNATURE_ALGORITHMS, (data) =>
    readCodePoints(data, readVector16(data, 2, 0xfffe)),
  )
  if (signatureAlgorithms === null) {
    throw new TlsError(ALERT_MISSING_EXTENSION, 'CertificateRequest lacks signature_algorithms')
  }
  checkUnused(extensions, UNUSED_IN_CERTIFICATE_REQUEST)
  return { signatureAlgorithms }
}
