// Finished, RFC 9846 §4.5.3.

import { ALERT_DECODE_ERROR } from '../alerts.ts'
import { FINISHED } from '../constants.ts'
import { TlsError } from '../errors.ts'

/** The verify_data, a view of the message. Throws decode_error unless it has the hash's length. */
export function decodeFinished(message: Uint8Array, hashLength: number): Uint8Array {
  if (message.length !== 4 + hashLength) {
    throw new TlsError(ALERT_DECODE_ERROR, `Finished of ${message.length - 4} bytes`)
  }
  return message.subarray(4)
}

/** Encodes with header. */
export function encodeFinished(verifyData: Uint8Array): Uint8Array {
  const message = new Uint8Array(4 + verifyData.length)
  message[0] = FINISHED
  message[3] = verifyData.length
  message.set(verifyData, 4)
  return message
}
