// Writes a message body to a stream at the pace of the connection.

import { dataHeaderLength } from '@godwit/http3'
import type { SendOutcome } from '@godwit/http3'
import { Http3HostError } from './errors.ts'
import { COPY_CHUNK, COPY_SLAB, COPY_SMALL } from './limits.ts'
import type { SendingStream } from './message-stream.ts'

type WriteCallback = (error?: Error | null) => void

/**
 * The transport keeps what it is given until it is acknowledged, while users of Node's streams may
 * reuse a buffer as soon as the write has called back: so bytes are copied, a piece at a time, with
 * room for the frame's header in front.
 */
export class BodyWriter {
  readonly #stream: SendingStream
  readonly #onTooLate: () => void
  #rest: Uint8Array | null
  #callback: WriteCallback | null
  /** Bytes given to the stream. */
  bytesWritten: number

  /** `onTooLate`: the peer takes no more; the write in progress waits for `fail` or `discard`. */
  constructor(stream: SendingStream, onTooLate: () => void) {
    this.#stream = stream
    this.#onTooLate = onTooLate
    this.#rest = null
    this.#callback = null
    this.bytesWritten = 0
  }

  /**
   * Writes and calls back when more may come. One write at a time. `fresh`: nobody else has the bytes,
   * they need not be copied.
   */
  write(bytes: Uint8Array, fresh: boolean, callback: WriteCallback): void {
    this.#callback = callback
    if (fresh && bytes.length > COPY_SMALL) {
      this.bytesWritten += bytes.length
      if (this.#takes(this.#stream.sendData(bytes))) this.#done()
    } else if (bytes.length <= COPY_CHUNK) {
      // Whole, whatever there is room for: who ends a message with it goes on at once.
      if (this.#takes(this.#send(bytes))) this.#done()
    } else {
      this.#rest = bytes
      this.handleWritable()
    }
  }

  /** There is room again. */
  handleWritable(): void {
    if (this.#callback === null) return
    let rest = this.#rest
    while (rest !== null) {
      // No more than the connection wants to hold of it; a little, for a full stream says when it is not.
      const most = Math.min(COPY_CHUNK, Math.max(COPY_SMALL, this.#stream.writableAmount))
      const piece = rest.length > most ? rest.subarray(0, most) : rest
      rest = rest.length > most ? rest.subarray(most) : null
      this.#rest = rest
      if (!this.#takes(this.#send(piece))) return
    }
    this.#done()
  }

  /** Nothing can be written: `callback` waits for `fail` or `discard`. */
  hold(callback: WriteCallback): void {
    this.#callback = callback
  }

  /** Nothing more can be written: the write in progress fails, in a tick of its own. */
  fail(error: Error | null): void {
    const callback = this.#take()
    if (callback === null) return
    const reason =
      error ?? new Http3HostError('ERR_HTTP3_STREAM_RESET', 'the message was abandoned')
    process.nextTick(callback, reason)
  }

  /** Nobody needs what is being written: the write ends as if it had been sent. */
  discard(): void {
    const callback = this.#take()
    // Not at once: a source that is always ready would never let go of the process.
    if (callback !== null) setImmediate(callback)
  }

  #take(): WriteCallback | null {
    const callback = this.#callback
    this.#rest = null
    this.#callback = null
    return callback
  }

  #done(): void {
    this.#take()?.()
  }

  /** Whether the next piece may follow. */
  #takes(outcome: SendOutcome): boolean {
    if (outcome === 'too-late') {
      this.#rest = null
      this.#onTooLate()
    }
    return outcome === 'sent'
  }

  /** Sends a copy of `piece`. */
  #send(piece: Uint8Array): SendOutcome {
    const { length } = piece
    if (length === 0) return 'sent'
    const headerLength = dataHeaderLength(length)
    const frame = allocate(headerLength + length)
    frame.set(piece, headerLength)
    this.bytesWritten += length
    return this.#stream.sendFramed(frame, length)
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
