// What the peer sends on its encoder and decoder streams, RFC 9204 §4.3 and §4.4, when neither side
// uses a dynamic table: we offer no capacity and insert nothing. Most instructions are then errors.

import { QPACK_DECODER_STREAM_ERROR, QPACK_ENCODER_STREAM_ERROR, QpackError } from './errors.ts'
import { PrefixIntegerAssembler } from './prefix-integer.ts'

/** Reads the peer's encoder stream, which instructs our decoder. */
export class EncoderStreamReader {
  readonly #integer: PrefixIntegerAssembler
  #inside: boolean

  constructor() {
    this.#integer = new PrefixIntegerAssembler()
    this.#inside = false
  }

  /**
   * Takes the next bytes of the stream, split anywhere.
   *
   * @throws QpackError `ERR_QPACK_ENCODER_STREAM`
   */
  handle(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    for (let i = start; i < end; i++) {
      const byte = bytes[i]
      if (this.#inside) {
        this.#inside = !this.#integer.push(byte)
        if (this.#inside && this.#integer.exhausted) throw encoderError('an integer is too large')
      } else {
        // Set Dynamic Table Capacity: 001 capacity(5), RFC 9204 §4.3.1. Every other instruction
        // makes an entry, which no table of zero capacity can hold (RFC 9204 §3.2.2).
        if (byte >>> 5 !== 1) throw encoderError('an insertion into a table without capacity')
        this.#inside = !this.#integer.start(byte, 5)
      }
      // "The decoder MUST treat a new dynamic table capacity value that exceeds this limit as a
      // connection error of type QPACK_ENCODER_STREAM_ERROR", RFC 9204 §4.3.1.
      if (!this.#inside && this.#integer.value > 0) {
        throw encoderError('the capacity exceeds SETTINGS_QPACK_MAX_TABLE_CAPACITY, which is 0')
      }
    }
  }
}

/** Reads the peer's decoder stream, which answers our encoder. */
export class DecoderStreamReader {
  readonly #integer: PrefixIntegerAssembler
  #inside: boolean

  constructor() {
    this.#integer = new PrefixIntegerAssembler()
    this.#inside = false
  }

  /**
   * Takes the next bytes of the stream, split anywhere.
   *
   * @throws QpackError `ERR_QPACK_DECODER_STREAM`
   */
  handle(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    for (let i = start; i < end; i++) {
      const byte = bytes[i]
      if (this.#inside) {
        this.#inside = !this.#integer.push(byte)
        if (this.#inside && this.#integer.exhausted) throw decoderError('an integer is too large')
        continue
      }
      // Section Acknowledgment: 1 stream(7), RFC 9204 §4.4.1. No section of ours needs one.
      if (byte >= 0x80) throw decoderError('a section without dynamic entries was acknowledged')
      // Insert Count Increment: 00 increment(6), RFC 9204 §4.4.3. Zero is an error, and anything
      // else is more than we inserted.
      if (byte < 0x40) throw decoderError('the insert count was incremented beyond what was sent')
      // Stream Cancellation: 01 stream(6), RFC 9204 §4.4.2. There is nothing to release.
      this.#inside = !this.#integer.start(byte, 6)
    }
  }
}

function encoderError(message: string): QpackError {
  return new QpackError(QPACK_ENCODER_STREAM_ERROR, message)
}

function decoderError(message: string): QpackError {
  return new QpackError(QPACK_DECODER_STREAM_ERROR, message)
}
