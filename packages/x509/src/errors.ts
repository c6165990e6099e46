// What can be wrong with a certificate, a chain, a PEM text or a key. Messages say which certificate,
// which name and which dates; text that a peer chose is escaped before it gets in.

/** Stable codes of `X509Error`; programs match on these. */
export type X509ErrorCode =
  /** Not DER, not a certificate, or a field that breaks RFC 5280. */
  | 'ERR_X509_MALFORMED'
  /** Text that is not PEM, RFC 7468. */
  | 'ERR_X509_MALFORMED_PEM'
  /** A chain or PEM text without any certificate. */
  | 'ERR_X509_NO_CERTIFICATE'
  /** No path from the certificate to a trusted one. */
  | 'ERR_X509_UNKNOWN_ISSUER'
  /** The peer's certificate is signed by itself and is not trusted. */
  | 'ERR_X509_SELF_SIGNED'
  | 'ERR_X509_EXPIRED'
  | 'ERR_X509_NOT_YET_VALID'
  /** No subjectAltName matches the name of the server. */
  | 'ERR_X509_NAME_MISMATCH'
  | 'ERR_X509_BAD_SIGNATURE'
  /** A name is outside of what an issuer's name constraints allow, RFC 5280 §4.2.1.10. */
  | 'ERR_X509_NAME_CONSTRAINT'
  /** The keyUsage extension does not allow what the key is used for, RFC 5280 §4.2.1.3. */
  | 'ERR_X509_KEY_USAGE'
  /** The extendedKeyUsage extension does not list server or client authentication. */
  | 'ERR_X509_EXTENDED_KEY_USAGE'
  /** An issuer that is not a certification authority, RFC 5280 §4.2.1.9. */
  | 'ERR_X509_NOT_CA'
  /** More intermediate certificates than pathLenConstraint allows. */
  | 'ERR_X509_PATH_LENGTH'
  /** A critical extension that is not understood, RFC 5280 §4.2. */
  | 'ERR_X509_CRITICAL_EXTENSION'
  /** A key or signature algorithm that this library does not know. */
  | 'ERR_X509_UNSUPPORTED_ALGORITHM'
  /** A known algorithm that is too weak: MD5, SHA-1, a short RSA key. */
  | 'ERR_X509_WEAK_ALGORITHM'
  /** Larger, deeper or more laborious than limits.ts allows. */
  | 'ERR_X509_LIMIT'
  /** A private key that does not belong to the certificate. */
  | 'ERR_X509_KEY_MISMATCH'
  /** A private key in a form that cannot be read. */
  | 'ERR_X509_INVALID_KEY'
  /** A private key that needs a passphrase. */
  | 'ERR_X509_ENCRYPTED_KEY'

/** Thrown by everything in this package for bad input; wrong arguments are TypeError or RangeError. */
export class X509Error extends Error {
  override readonly name = 'X509Error'
  readonly code: X509ErrorCode

  constructor(code: X509ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A DER or RFC 5280 violation. */
export function malformed(message: string): X509Error {
  return new X509Error('ERR_X509_MALFORMED', message)
}
