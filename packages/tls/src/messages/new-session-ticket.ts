// NewSessionTicket, RFC 9846 §4.7.1, as RFC 9001 §4.6.1 restricts it.

import { ByteReader } from '@godwit/wire'

import { ALERT_ILLEGAL_PARAMETER } from '../alerts.ts'
import { EARLY_DATA, PROTOCOL_VIOLATION } from '../constants.ts'
import { TlsError } from '../errors.ts'
import { decodeExtension, IN_NEW_SESSION_TICKET, readExtensions } from '../extensions.ts'
import { finish, readVector16, readVector8 } from '../message-reader.ts'

/** The only value of max_early_data_size that QUIC allows. */
const QUIC_EARLY_DATA_SIZE = 0xffffffff

/** A decoded NewSessionTicket; byte arrays are views of the message. */
export interface NewSessionTicket {
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly allowsEarlyData: boolean
}

/** Decodes with header. Throws TlsError. Unrecognized extensions are ignored. */
export function decodeNewSessionTicket(message: Uint8Array): NewSessionTicket {
  const reader = new ByteReader(message, 4)
  const lifetime = reader.u32()
  const ageAdd = reader.u32()
  const nonce = readVector8(reader, 0)
  const ticket = readVector16(reader, 1)
  const extensions = readExtensions(reader, IN_NEW_SESSION_TICKET)
  finish(reader, 'NewSessionTicket')
  const earlyDataSize = decodeExtension(extensions, EARLY_DATA, (data) => data.u32())
  // RFC 9001 §4.6.1: any other value MUST be treated as a PROTOCOL_VIOLATION.
  if (earlyDataSize !== null && earlyDataSize !== QUIC_EARLY_DATA_SIZE) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, `max_early_data_size is ${earlyDataSize}`, {
      transportErrorCode: PROTOCOL_VIOLATION,
    })
  }
  return { lifetime, ageAdd, nonce, ticket, allowsEarlyData: earlyDataSize !== null }
}
