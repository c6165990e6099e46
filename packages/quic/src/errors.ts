// Every error that a connection can end with, RFC 9000 §20. People switch on `code`, the wire
// carries `errorCode`.

// Transport error codes, RFC 9000 §20.1.
export const NO_ERROR = 0x00
export const INTERNAL_ERROR = 0x01
export const CONNECTION_REFUSED = 0x02
export const FLOW_CONTROL_ERROR = 0x03
export const STREAM_LIMIT_ERROR = 0x04
export const STREAM_STATE_ERROR = 0x05
export const FINAL_SIZE_ERROR = 0x06
export const FRAME_ENCODING_ERROR = 0x07
export const TRANSPORT_PARAMETER_ERROR = 0x08
export const CONNECTION_ID_LIMIT_ERROR = 0x09
export const PROTOCOL_VIOLATION = 0x0a
export const INVALID_TOKEN = 0x0b
export const APPLICATION_ERROR = 0x0c
export const CRYPTO_BUFFER_EXCEEDED = 0x0d
export const KEY_UPDATE_ERROR = 0x0e
export const AEAD_LIMIT_REACHED = 0x0f
export const NO_VIABLE_PATH = 0x10
/** 0x0100..0x01ff: 0x0100 plus a TLS alert. */
export const CRYPTO_ERROR = 0x0100

/** `TRANSPORT_ERROR_NAMES[errorCode]`: the RFC's name, without the `_ERROR` in `code`. */
export const TRANSPORT_ERROR_NAMES: readonly string[] = [
  'NO_ERROR',
  'INTERNAL_ERROR',
  'CONNECTION_REFUSED',
  'FLOW_CONTROL_ERROR',
  'STREAM_LIMIT_ERROR',
  'STREAM_STATE_ERROR',
  'FINAL_SIZE_ERROR',
  'FRAME_ENCODING_ERROR',
  'TRANSPORT_PARAMETER_ERROR',
  'CONNECTION_ID_LIMIT_ERROR',
  'PROTOCOL_VIOLATION',
  'INVALID_TOKEN',
  'APPLICATION_ERROR',
  'CRYPTO_BUFFER_EXCEEDED',
  'KEY_UPDATE_ERROR',
  'AEAD_LIMIT_REACHED',
  'NO_VIABLE_PATH',
]

const TRANSPORT_CODES: readonly string[] = [
  'ERR_QUIC_NO_ERROR',
  'ERR_QUIC_INTERNAL',
  'ERR_QUIC_CONNECTION_REFUSED',
  'ERR_QUIC_FLOW_CONTROL',
  'ERR_QUIC_STREAM_LIMIT',
  'ERR_QUIC_STREAM_STATE',
  'ERR_QUIC_FINAL_SIZE',
  'ERR_QUIC_FRAME_ENCODING',
  'ERR_QUIC_TRANSPORT_PARAMETER',
  'ERR_QUIC_CONNECTION_ID_LIMIT',
  'ERR_QUIC_PROTOCOL_VIOLATION',
  'ERR_QUIC_INVALID_TOKEN',
  'ERR_QUIC_APPLICATION_ERROR',
  'ERR_QUIC_CRYPTO_BUFFER_EXCEEDED',
  'ERR_QUIC_KEY_UPDATE',
  'ERR_QUIC_AEAD_LIMIT_REACHED',
  'ERR_QUIC_NO_VIABLE_PATH',
]

/** Base of every error of this package. Thrown itself for a call that the state does not allow. */
export class QuicError extends Error {
  override readonly name: string = 'QuicError'
  /** Stable: match on this. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A transport error closed the connection, RFC 9000 §20.1; `CRYPTO_ERROR` for a TLS alert. */
export class TransportError extends QuicError {
  override readonly name: string = 'TransportError'
  /** RFC 9000 §20.1. */
  readonly errorCode: number
  /** The frame that caused it, 0 when unknown, RFC 9000 §19.19. */
  readonly frameType: number
  /** True: the peer said so. False: we found it. */
  readonly remote: boolean

  /** @param reason for people and for the reason phrase of CONNECTION_CLOSE. */
  constructor(
    errorCode: number,
    frameType: number,
    reason: string,
    options?: ErrorOptions & { readonly remote?: boolean },
  ) {
    super(transportCode(errorCode), reason === '' ? transportErrorName(errorCode) : reason, options)
    this.errorCode = errorCode
    this.frameType = frameType
    this.remote = options?.remote ?? false
  }
}

/** The application closed the connection with its own code, RFC 9000 §20.2. */
export class ApplicationError extends QuicError {
  override readonly name: string = 'ApplicationError'
  /** What the code means is the application protocol's business. */
  readonly errorCode: number
  readonly remote: boolean

  constructor(errorCode: number, reason: string, remote: boolean) {
    super(
      'ERR_QUIC_APPLICATION',
      reason === '' ? `closed with application error 0x${errorCode.toString(16)}` : reason,
    )
    this.errorCode = errorCode
    this.remote = remote
  }
}

/** A stream ended by RESET_STREAM or STOP_SENDING, RFC 9000 §19.4 and §19.5. */
export class StreamResetError extends QuicError {
  override readonly name: string = 'StreamResetError'
  readonly errorCode: number
  readonly streamId: number
  readonly remote: boolean

  constructor(streamId: number, errorCode: number, remote: boolean) {
    super(
      'ERR_QUIC_STREAM_RESET',
      `stream ${streamId} was reset with application error 0x${errorCode.toString(16)}`,
    )
    this.errorCode = errorCode
    this.streamId = streamId
    this.remote = remote
  }
}

/** Nothing was heard from the peer for the idle timeout, RFC 9000 §10.1. */
export class IdleTimeoutError extends QuicError {
  override readonly name: string = 'IdleTimeoutError'

  constructor(message: string = 'the connection was idle for too long') {
    super('ERR_QUIC_IDLE_TIMEOUT', message)
  }
}

/** The peer has lost the connection's state, RFC 9000 §10.3. */
export class StatelessResetError extends QuicError {
  override readonly name: string = 'StatelessResetError'

  constructor() {
    super('ERR_QUIC_STATELESS_RESET', 'the peer no longer knows this connection')
  }
}

/** The server speaks no version of ours, RFC 9000 §6.2. */
export class VersionNegotiationError extends QuicError {
  override readonly name: string = 'VersionNegotiationError'
  /** What the server offered. */
  readonly versions: readonly number[]

  constructor(versions: readonly number[]) {
    super('ERR_QUIC_VERSION_NEGOTIATION', 'the peer speaks no QUIC version that we speak')
    this.versions = versions
  }
}

/** The stable string for a transport error code; 'ERR_QUIC_TRANSPORT' for one without a name. */
export function transportCode(errorCode: number): string {
  if (errorCode < TRANSPORT_CODES.length) return TRANSPORT_CODES[errorCode]
  if (errorCode >= CRYPTO_ERROR && errorCode < CRYPTO_ERROR + 0x100) return 'ERR_QUIC_CRYPTO'
  return 'ERR_QUIC_TRANSPORT'
}

/** The RFC's name for a transport error code, for messages and logs. */
export function transportErrorName(errorCode: number): string {
  if (errorCode < TRANSPORT_ERROR_NAMES.length) return TRANSPORT_ERROR_NAMES[errorCode]
  if (errorCode >= CRYPTO_ERROR && errorCode < CRYPTO_ERROR + 0x100) {
    return `CRYPTO_ERROR (TLS alert ${errorCode - CRYPTO_ERROR})`
  }
  return `transport error 0x${errorCode.toString(16)}`
}
