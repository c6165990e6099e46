/* oxlint-disable -- a text to compare, not a program */

// What @godwit/qpack exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/qpack

export declare class DecoderStreamReader {
  #private
  constructor()
  handle(bytes: Uint8Array, start?: number, end?: number): void
}

export declare class EncoderStreamReader {
  #private
  constructor()
  handle(bytes: Uint8Array, start?: number, end?: number): void
}

export declare class FieldSectionDecoder {
  #private
  constructor(options?: FieldSectionDecoderOptions)
  decode(bytes: Uint8Array, start?: number, end?: number): string[] | null
}

export interface FieldSectionDecoderOptions {
  readonly maxSize?: number
  readonly maxLines?: number
}

export declare class FieldSectionEncoder {
  #private
  constructor()
  encode(fields: readonly string[]): Uint8Array
  write(fields: readonly string[], bytes: Uint8Array, offset: number): number
}

export declare const LINE_OVERHEAD = 32

export declare const QPACK_DECODER_STREAM_ERROR = 514

export declare const QPACK_DECOMPRESSION_FAILED = 512

export declare const QPACK_ENCODER_STREAM_ERROR = 513

export declare class QpackError extends Error {
  readonly name: string
  readonly code: string
  readonly errorCode: number
  constructor(errorCode: number, message: string)
}

export declare function encodeFieldSection(fields: readonly string[]): Uint8Array

export declare function maxEncodedSize(fields: readonly string[]): number
