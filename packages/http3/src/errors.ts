// HTTP/3 and QPACK error codes, RFC 9114 §8.1 and RFC 9204 §6. People switch on `code`, the wire
// carries `errorCode`.

export const H3_NO_ERROR = 0x0100
export const H3_GENERAL_PROTOCOL_ERROR = 0x0101
export const H3_INTERNAL_ERROR = 0x0102
export const H3_STREAM_CREATION_ERROR = 0x0103
export const H3_CLOSED_CRITICAL_STREAM = 0x0104
export const H3_FRAME_UNEXPECTED = 0x0105
export const H3_FRAME_ERROR = 0x0106
export const H3_EXCESSIVE_LOAD = 0x0107
export const H3_ID_ERROR = 0x0108
export const H3_SETTINGS_ERROR = 0x0109
export const H3_MISSING_SETTINGS = 0x010a
export const H3_REQUEST_REJECTED = 0x010b
export const H3_REQUEST_CANCELLED = 0x010c
export const H3_REQUEST_INCOMPLETE = 0x010d
export const H3_MESSAGE_ERROR = 0x010e
export const H3_CONNECT_ERROR = 0x010f
export const H3_VERSION_FALLBACK = 0x0110
export const QPACK_DECOMPRESSION_FAILED = 0x0200
export const QPACK_ENCODER_STREAM_ERROR = 0x0201
export const QPACK_DECODER_STREAM_ERROR = 0x0202

interface ErrorCode {
  readonly errorCode: number
  /** The RFC's name. */
  readonly name: string
  /** `Http3Error.code`. */
  readonly code: string
  readonly meaning: string
}

/** Every code that the RFCs name, in their order. */
export const HTTP3_ERROR_CODES: readonly ErrorCode[] = [
  row(H3_NO_ERROR, 'H3_NO_ERROR', 'nothing went wrong'),
  row(H3_GENERAL_PROTOCOL_ERROR, 'H3_GENERAL_PROTOCOL_ERROR', 'the protocol was violated'),
  row(H3_INTERNAL_ERROR, 'H3_INTERNAL_ERROR', 'an internal error in the HTTP stack'),
  row(H3_STREAM_CREATION_ERROR, 'H3_STREAM_CREATION_ERROR', 'a stream that is not accepted'),
  row(H3_CLOSED_CRITICAL_STREAM, 'H3_CLOSED_CRITICAL_STREAM', 'a critical stream was closed'),
  row(H3_FRAME_UNEXPECTED, 'H3_FRAME_UNEXPECTED', 'a frame that is not permitted here'),
  row(H3_FRAME_ERROR, 'H3_FRAME_ERROR', 'a frame with a bad layout or size'),
  row(H3_EXCESSIVE_LOAD, 'H3_EXCESSIVE_LOAD', 'behaviour that might generate excessive load'),
  row(H3_ID_ERROR, 'H3_ID_ERROR', 'a stream ID or push ID was used incorrectly'),
  row(H3_SETTINGS_ERROR, 'H3_SETTINGS_ERROR', 'an error in a SETTINGS frame'),
  row(H3_MISSING_SETTINGS, 'H3_MISSING_SETTINGS', 'the control stream did not begin with SETTINGS'),
  row(H3_REQUEST_REJECTED, 'H3_REQUEST_REJECTED', 'the server rejected the request unprocessed'),
  row(H3_REQUEST_CANCELLED, 'H3_REQUEST_CANCELLED', 'the request or its response was cancelled'),
  row(H3_REQUEST_INCOMPLETE, 'H3_REQUEST_INCOMPLETE', 'the stream ended before a whole request'),
  row(H3_MESSAGE_ERROR, 'H3_MESSAGE_ERROR', 'the message was malformed'),
  row(H3_CONNECT_ERROR, 'H3_CONNECT_ERROR', 'the connection behind a CONNECT failed'),
  row(H3_VERSION_FALLBACK, 'H3_VERSION_FALLBACK', 'the request must be retried over HTTP/1.1'),
  row(QPACK_DECOMPRESSION_FAILED, 'QPACK_DECOMPRESSION_FAILED', 'a field section did not decode'),
  row(QPACK_ENCODER_STREAM_ERROR, 'QPACK_ENCODER_STREAM_ERROR', 'a bad encoder instruction'),
  row(QPACK_DECODER_STREAM_ERROR, 'QPACK_DECODER_STREAM_ERROR', 'a bad decoder instruction'),
]

function row(errorCode: number, name: string, meaning: string): ErrorCode {
  // H3_FRAME_ERROR is ERR_HTTP3_FRAME, H3_FRAME_UNEXPECTED is ERR_HTTP3_FRAME_UNEXPECTED.
  const short =
    name === 'H3_NO_ERROR' ? 'NO_ERROR' : name.replace(/^H3_/, '').replace(/_ERROR$/, '')
  return { errorCode, name, code: `ERR_HTTP3_${short}`, meaning }
}

const BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map(
  HTTP3_ERROR_CODES.map((entry) => [entry.errorCode, entry]),
)

/** The RFC's name of `errorCode`, or its number in hexadecimal when the RFCs do not name it. */
export function http3ErrorName(errorCode: number): string {
  return BY_NUMBER.get(errorCode)?.name ?? `0x${errorCode.toString(16)}`
}

/**
 * A stream or the connection failed with an HTTP/3 error code, or a call was not permitted.
 *
 * `code` is `ERR_HTTP3_` plus the RFC's name (`ERR_HTTP3_MESSAGE`, `ERR_HTTP3_REQUEST_REJECTED`,
 * ...), `ERR_HTTP3_UNKNOWN` for an error code that no RFC names, or, for calls,
 * `ERR_HTTP3_STREAM_STATE`, `ERR_HTTP3_GOAWAY`, `ERR_HTTP3_CONTENT_LENGTH`,
 * `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`.
 */
export class Http3Error extends Error {
  override readonly name: string = 'Http3Error'
  /** Stable: match on this. */
  readonly code: string
  /** The number on the wire, RFC 9114 §8.1. */
  readonly errorCode: number
  /** True: the peer said so. False: we found it. */
  readonly remote: boolean

  constructor(
    errorCode: number,
    message: string,
    options?: ErrorOptions & { readonly remote?: boolean; readonly code?: string },
  ) {
    super(message, options)
    this.errorCode = errorCode
    this.code = options?.code ?? BY_NUMBER.get(errorCode)?.code ?? 'ERR_HTTP3_UNKNOWN'
    this.remote = options?.remote ?? false
  }
}

/** What the peer's error code on a stream means, as an error for the user. */
export function remoteError(errorCode: number, what: string): Http3Error {
  const meaning = BY_NUMBER.get(errorCode)?.meaning
  const name = http3ErrorName(errorCode)
  return new Http3Error(
    errorCode,
    meaning === undefined ? `${what}: ${name}` : `${what}: ${name}, ${meaning}`,
    { remote: true },
  )
}

/** A call that the state of the stream or connection does not allow. */
export function stateError(message: string): Http3Error {
  return new Http3Error(H3_INTERNAL_ERROR, message, { code: 'ERR_HTTP3_STREAM_STATE' })
}
