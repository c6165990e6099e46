export { Http3Connection } from './connection.ts'
export type { Http3ConnectionOptions } from './connection.ts'
export {
  H3_CLOSED_CRITICAL_STREAM,
  H3_CONNECT_ERROR,
  H3_EXCESSIVE_LOAD,
  H3_FRAME_ERROR,
  H3_FRAME_UNEXPECTED,
  H3_GENERAL_PROTOCOL_ERROR,
  H3_ID_ERROR,
  H3_INTERNAL_ERROR,
  H3_MESSAGE_ERROR,
  H3_MISSING_SETTINGS,
  H3_NO_ERROR,
  H3_REQUEST_CANCELLED,
  H3_REQUEST_INCOMPLETE,
  H3_REQUEST_REJECTED,
  H3_SETTINGS_ERROR,
  H3_STREAM_CREATION_ERROR,
  H3_VERSION_FALLBACK,
  HTTP3_ERROR_CODES,
  Http3Error,
  http3ErrorName,
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
} from './errors.ts'
export type { FieldSection, Http3Event } from './event.ts'
export { dataHeaderLength } from './frame-header.ts'
export type { SendOutcome } from './message-sender.ts'
export type { RequestStream } from './request-stream.ts'
export type { PeerSettings } from './settings.ts'
