// CertificateVerify, RFC 9846 §4.5.2.

import { ByteReader } from '@godwit/wire'

import { CERTIFICATE_VERIFY } from '../constants.ts'
import { finish, readVector16 } from '../message-reader.ts'
import { MessageWriter } from '../message-writer.ts'

/** A decoded CertificateVerify; the signature is a view of the message. */
export interface CertificateVerify {
  readonly algorithm: number
  readonly signature: Uint8Array
}

/** Decodes with header. Throws TlsError decode_error. */
export function decodeCertificateVerify(message: Uint8Array): CertificateVerify {
  const reader = new ByteReader(message, 4)
  const algorithm = reader.u16()
  const signature = readVector16(reader, 0)
  finish(reader, 'CertificateVerify')
  return { algorithm, signature }
}

/** Encodes with header. */
export function encodeCertificateVerify(algorithm: number, signature: Uint8Array): Uint8Array {
  const writer = new MessageWriter(CERTIFICATE_VERIFY)
  writer.u16(algorithm)
  writer.u16(signature.length)
  writer.bytes(signature)
  return writer.finish()
}

/** What is signed: 64 spaces, the context of the signer's side, a zero byte, the transcript hash. */
export function signedContent(signer: 'client' | 'server', transcriptHash: Uint8Array): Uint8Array {
  const context = `TLS 1.3, ${signer} CertificateVerify`
  const content = new Uint8Array(64 + context.length + 1 + transcriptHash.length)
  content.fill(0x20, 0, 64)
  for (let i = 0; i < context.length; i++) content[64 + i] = context.charCodeAt(i)
  content.set(transcriptHash, 64 + context.length + 1)
  return content
}
