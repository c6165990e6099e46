// Reads the vectors of TLS's presentation language, RFC 9846 §3.4, with the bounds that the RFC
// gives them. A failure is latched by the ByteReader; `finish` turns it into decode_error.

import type { ByteReader } from '@godwit/wire'

import { ALERT_DECODE_ERROR } from './alerts.ts'
import { TlsError } from './errors.ts'

const EMPTY = new Uint8Array(0)

/** A view of opaque<min..max> with a one-byte length. */
export function readVector8(reader: ByteReader, min: number, max: number = 0xff): Uint8Array {
  return bounded(reader, reader.u8(), min, max)
}

/** A view of opaque<min..max> with a two-byte length. */
export function readVector16(reader: ByteReader, min: number, max: number = 0xffff): Uint8Array {
  return bounded(reader, reader.u16(), min, max)
}

/** A view of opaque<min..max> with a three-byte length. */
export function readVector24(reader: ByteReader, min: number, max: number = 0xffffff): Uint8Array {
  return bounded(reader, reader.u24(), min, max)
}

function bounded(reader: ByteReader, length: number, min: number, max: number): Uint8Array {
  if (length < min || length > max) reader.fail()
  return reader.ok ? reader.view(length) : EMPTY
}

/** Two-byte code points of a vector; an odd length fails the reader. */
export function readCodePoints(reader: ByteReader, vector: Uint8Array): number[] {
  if (vector.length % 2 !== 0) reader.fail()
  const codes: number[] = []
  for (let i = 0; i + 1 < vector.length; i += 2) codes.push((vector[i] << 8) | vector[i + 1])
  return codes
}

/** Bytes as characters 0..255. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Throws decode_error unless everything was read, and nothing beyond. */
export function finish(reader: ByteReader, what: string): void {
  if (!reader.done) throw new TlsError(ALERT_DECODE_ERROR, `${what} cannot be decoded`)
}
