/** What can go wrong in a CryptoProvider. `code` is stable; messages never hold key material. */
export type CryptoErrorCode =
  | 'ERR_CRYPTO_INVALID_SHARE'
  | 'ERR_CRYPTO_INVALID_KEY'
  | 'ERR_CRYPTO_NOT_EXPORTABLE'
  | 'ERR_CRYPTO_UNSUPPORTED'

/** Thrown by a CryptoProvider for input that it cannot use. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
