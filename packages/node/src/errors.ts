// Errors of the host's own. Those of the layers below come through unchanged, with their codes:
// ERR_QUIC_*, ERR_TLS_*, ERR_X509_*, ERR_HTTP3_* (docs/errors.md).

/** Stable codes of `Http3HostError`; programs match on these. */
export type Http3HostErrorCode =
  /** Not connected within `connectTimeout`. */
  | 'ERR_HTTP3_CONNECT_TIMEOUT'
  /** The connection ended, for whatever reason, while a message was in progress. */
  | 'ERR_HTTP3_SESSION_CLOSED'
  /** The session takes no new requests: it is closing, or the peer sent GOAWAY (RFC 9114 §5.2). */
  | 'ERR_HTTP3_SESSION_CLOSING'
  /** The peer cancelled the message before its end (RESET_STREAM or STOP_SENDING). */
  | 'ERR_HTTP3_STREAM_RESET'
  /** The server did not process the request: it may be sent again (RFC 9114 §4.1.1). */
  | 'ERR_HTTP3_REQUEST_REJECTED'
  /** A body of another length than its content-length said. */
  | 'ERR_HTTP3_CONTENT_LENGTH_MISMATCH'
  /** As node:net: the server is not listening. */
  | 'ERR_SERVER_NOT_RUNNING'
  /** As node:net: `listen` was called twice. */
  | 'ERR_SERVER_ALREADY_LISTEN'
  /** As node:http: a header was set after the head of the message was sent. */
  | 'ERR_HTTP_HEADERS_SENT'
  /** As node:http: a status code outside 100..999. */
  | 'ERR_HTTP_INVALID_STATUS_CODE'
  /** TLS without certificate and key cannot serve. */
  | 'ERR_TLS_NO_CERTIFICATE'

/** An error of the host. */
export class Http3HostError extends Error {
  override readonly name: string = 'Http3HostError'
  readonly code: Http3HostErrorCode
  /** The HTTP/3 error code behind it, RFC 9114 §8.1; -1 when there is none. */
  readonly errorCode: number

  constructor(
    code: Http3HostErrorCode,
    message: string,
    options?: ErrorOptions & { errorCode?: number },
  ) {
    super(message, options)
    this.code = code
    this.errorCode = options?.errorCode ?? -1
  }
}

/**
 * The error that a user should see for a connection that failed: a refused certificate speaks for
 * itself (`ERR_X509_EXPIRED`), and keeps the transport's error as `cause`.
 */
export function userError(error: Error): Error {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const code = errorCodeOf(inner)
    if (inner === error || !code.startsWith('ERR_X509_')) continue
    const surfaced = new Error(inner.message, { cause: error })
    surfaced.name = inner.name
    return Object.assign(surfaced, { code })
  }
  return error
}

/** The string `code` of an error, or ''. */
export function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
