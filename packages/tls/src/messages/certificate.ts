// Certificate, RFC 9846 §4.5.1, with X.509 certificates.

import { ByteReader } from '@godwit/wire'

import { ALERT_BAD_CERTIFICATE, ALERT_ILLEGAL_PARAMETER } from '../alerts.ts'
import { CERTIFICATE } from '../constants.ts'
import { TlsError } from '../errors.ts'
import { IN_CERTIFICATE, readExtensions, refuseUnsolicited } from '../extensions.ts'
import { MAX_CHAIN_LENGTH } from '../limits.ts'
import { finish, readVector24, readVector8 } from '../message-reader.ts'
import { MessageWriter } from '../message-writer.ts'

/**
 * Decodes with header and returns copies of the certificates, the leaf first; empty for an empty
 * list. We ask for neither OCSP nor SCTs, so every extension of an entry is unsolicited. Throws
 * TlsError.
 */
export function decodeCertificate(message: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(message, 4)
  const context = readVector8(reader, 0)
  const list = new ByteReader(readVector24(reader, 0))
  finish(reader, 'Certificate')
  if (context.length !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'certificate_request_context is not empty')
  }
  const certificates: Uint8Array[] = []
  while (list.remaining > 0) {
    const certificate = readVector24(list, 1)
    const extensions = readExtensions(list, IN_CERTIFICATE)
    if (!list.ok) break
    refuseUnsolicited(extensions, () => false)
    if (certificates.length === MAX_CHAIN_LENGTH) {
      throw new TlsError(ALERT_BAD_CERTIFICATE, `more than ${MAX_CHAIN_LENGTH} certificates`)
    }
    certificates.push(certificate.slice())
  }
  finish(list, 'Certificate')
  return certificates
}

/** Encodes with header; an empty chain says that there is no certificate to show. */
export function encodeCertificate(chain: readonly Uint8Array[]): Uint8Array {
  const writer = new MessageWriter(CERTIFICATE)
  writer.u8(0)
  const list = writer.open(3)
  for (const certificate of chain) {
    const entry = writer.open(3)
    writer.bytes(certificate)
    writer.close(entry)
    writer.u16(0)
  }
  writer.close(list)
  return writer.finish()
}
