export {
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
  QpackError,
} from './errors.ts'
export { FieldSectionDecoder } from './field-section-decoder.ts'
export type { FieldSectionDecoderOptions } from './field-section-decoder.ts'
export { encodeFieldSection, FieldSectionEncoder, maxEncodedSize } from './field-section-encoder.ts'
export { DecoderStreamReader, EncoderStreamReader } from './instruction-streams.ts'
export { LINE_OVERHEAD } from './limits.ts'
