// Writes a message body to a request stream at the pace of the connection.

import { dataHeaderLength } from '@godwit/http3'
import type { RequestStream } from '@godwit/http3'
import { Http3HostError } from './errors.ts'
import { COPY_CHUNK, COPY_SLAB, COPY_SMALL } from './limits.ts'

/**
 * The transport keeps what it is given until it is acknowledged, while users of Node's streams may
 * reuse a buffer as soon as the write has called back: so bytes are copied, a piece at a time, with
 * room for the frame's header in front.
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
      if (bytes.length > COPY_SMALL) {
        this.bytesWritten += bytes.length
        if (this.#stream.sendData(bytes) !== 'full') callback()
        else this.#callback = callback
        return
      }
      chunk = bytes
    }
    if (chunk.length > COPY_CHUNK) {
      this.#rest = chunk
      this.#callback = callback
      this.handleWritable()
    } else if (this.#send(chunk)) {
      callback()
    } else {
      this.#callback = callback
    }
  }

  /** There is room again. */
  handleWritable(): void {
    const callback = this.#callback
    if (callback === null) return
    let rest = this.#rest
    while (rest !== null) {
      const piece = rest.length > COPY_CHUNK ? rest.subarray(0, COPY_CHUNK) : rest
      rest = rest.length > COPY_CHUNK ? rest.subarray(COPY_CHUNK) : null
      this.#rest = rest
      if (!this.#send(piece)) return
    }
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

  /** Sends a copy of `piece`. False: wait for `handleWritable`. */
  #send(piece: Uint8Array): boolean {
    const { length } = piece
    if (length === 0) return true
    const headerLength = dataHeaderLength(length)
    const frame = allocate(headerLength + length)
    frame.set(piece, headerLength)
    this.bytesWritten += length
    return this.#stream.sendFramed(frame, length) !== 'full'
  }
}

// Small copies share slabs, like Node's own small buffers: an allocation each costs more than the
// copy does. None is filled with zeros first: every byte of a piece is written before it is sent.
let slab: Uint8Array = Buffer.allocUnsafeSlow(COPY_SLAB)
let slabUsed = 0

function allocate(length: number): Uint8Array {
  if (length > COPY_SMALL) return Buffer.allocUnsafeSlow(length)
  if (length > COPY_SLAB - slabUsed) {
    slab = Buffer.allocUnsafeSlow(COPY_SLAB)
    slabUsed = 0
  }
  const piece = slab.subarray(slabUsed, slabUsed + length)
  slabUsed += length
  return piece
}
