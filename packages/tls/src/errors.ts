// The one error of this package. A peer's violation is thrown inside as a TlsError and caught in one
// place, `Session.handleCrypto`, which turns it into an 'alert' event.

import { alertName } from './alerts.ts'

export interface TlsErrorOptions extends ErrorOptions {
  /** The QUIC error to close with in place of the alert. */
  readonly transportErrorCode?: number
}

/**
 * A handshake that failed. `code` is `ERR_TLS_` and the alert's RFC name in capitals, for example
 * `ERR_TLS_NO_APPLICATION_PROTOCOL`: stable, to be matched on. `cause` is kept: an X509Error for a
 * certificate that was refused, a CryptoError for a broken key share.
 */
export class TlsError extends Error {
  override readonly name = 'TlsError'
  readonly code: string
  /** The alert's number, RFC 9846 §6. */
  readonly alert: number
  /**
   * The QUIC transport error that RFC 9001 demands where TLS alone would send an alert
   * (PROTOCOL_VIOLATION in §4.1.3, §4.4, §4.6.1, §8.4), or undefined.
   */
  readonly transportErrorCode: number | undefined

  constructor(alert: number, message: string, options?: TlsErrorOptions) {
    super(message, options)
    this.code = `ERR_TLS_${alertName(alert).toUpperCase()}`
    this.alert = alert
    this.transportErrorCode = options?.transportErrorCode
  }
}
