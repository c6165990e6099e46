// QPACK error codes, RFC 9204 §6.

export const QPACK_DECOMPRESSION_FAILED = 0x0200
export const QPACK_ENCODER_STREAM_ERROR = 0x0201
export const QPACK_DECODER_STREAM_ERROR = 0x0202

/** The peer's bytes are not QPACK: a connection error of HTTP/3, RFC 9204 §6. */
export class QpackError extends Error {
  override readonly name: string = 'QpackError'
  /** Stable: `ERR_QPACK_DECOMPRESSION_FAILED`, `ERR_QPACK_ENCODER_STREAM`, `ERR_QPACK_DECODER_STREAM`. */
  readonly code: string
  /** The number on the wire. */
  readonly errorCode: number

  constructor(errorCode: number, message: string) {
    super(message)
    this.errorCode = errorCode
    this.code =
      errorCode === QPACK_DECOMPRESSION_FAILED
        ? 'ERR_QPACK_DECOMPRESSION_FAILED'
        : errorCode === QPACK_ENCODER_STREAM_ERROR
          ? 'ERR_QPACK_ENCODER_STREAM'
          : 'ERR_QPACK_DECODER_STREAM'
  }
}
