// Writes a message body to a request stream at the pace of the connection.

import type { RequestStream } from '@godwit/http3'
import { Http3HostError } from './errors.ts'
import { COPY_CHUNK } from './limits.ts'

/**
 * The transport keeps what it is given until it is acknowledged, while users of Node's streams may
 * reuse a buffer as soon as the write has called back: so bytes are copied, a piece at a time.
 */
export class BodyWriter {
  readonly #stream: RequestStream
  #rest: Uint8Array | null
  #callback: ((error?: Error | null) => void) | null
  /** Bytes given to the stream. */
  bytesWritten: number

  constructor(stream: RequestStream) {
    this.#stream = stream
    this.#rest = null
    this.#callback = null
    this.bytesWritten = 0
  }

  /** Writes `chunk` and calls back when more may come. One write at a time. */
  write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    if (typeof chunk === 'string') {
      const bytes = Buffer.from(chunk, encoding)
      this.bytesWritten += bytes.length
      if (bytes.length === 0 || this.#stream.sendData(bytes)) callback()
      else this.#callback = callback
      return
    }
    this.#rest = chunk
    this.#callback = callback
    this.handleWritable()
  }

  /** There is room again. */
  handleWritable(): void {
    const callback = this.#callback
    if (callback === null) return
    let rest = this.#rest
    while (rest !== null && rest.length > 0) {
      const piece = new Uint8Array(rest.subarray(0, COPY_CHUNK))
      rest = rest.length > COPY_CHUNK ? rest.subarray(COPY_CHUNK) : null
      this.#rest = rest
      this.bytesWritten += piece.length
      if (!this.#stream.sendData(piece)) return
    }
    this.#rest = null
    this.#callback = null
    callback()
  }

  /** Nothing more can be written: the write in progress fails. */
  fail(error: Error | null): void {
    const callback = this.#callback
    this.#rest = null
    this.#callback = null
    if (callback === null) return
    callback(error ?? new Http3HostError('ERR_HTTP3_STREAM_RESET', 'the message was abandoned'))
  }
}
