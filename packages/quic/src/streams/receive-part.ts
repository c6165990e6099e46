// The receiving part of a stream, RFC 9000 §3.2: reassembly, flow control of the stream, final size.

import { FRAME_RESET_STREAM, FRAME_STREAM } from '../constants.ts'
import { FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR, INTERNAL_ERROR, TransportError } from '../errors.ts'
import { MAX_GAPS_PER_STREAM } from '../limits.ts'
import { Reassembly } from './reassembly.ts'
import {
  APP_READ_ALL,
  APP_READ_RESET,
  DATA_READ,
  DATA_RECVD,
  nextReceiveState,
  RECV,
  RECV_ALL_DATA,
  RECV_FIN,
  RECV_RESET,
  RESET_READ,
  RESET_RECVD,
  SIZE_KNOWN,
} from './receive-states.ts'
import type { ReceiveWindow } from './receive-window.ts'
import type { StreamHost } from './stream-host.ts'
import {
  CONTROL_MAX_STREAM_DATA,
  CONTROL_STOP_SENDING,
  EVENT_READABLE,
  EVENT_RESET,
} from './stream-host.ts'
import type { Stream } from './stream.ts'

export class ReceivePart {
  state: number
  readonly window: ReceiveWindow
  /** Application error code of the peer's RESET_STREAM. */
  errorCode: number
  /** Application error code of our STOP_SENDING, or -1. */
  stopCode: number

  readonly #stream: Stream
  readonly #host: StreamHost
  readonly #buffer: Reassembly
  /** Memory of the buffer that the host knows of. */
  #reported: number
  // Infinity: not known yet.
  #finalSize: number
  // True when the next bytes, or the end, are worth an event: `read` has returned null since the last.
  #armed: boolean

  constructor(stream: Stream, host: StreamHost, window: ReceiveWindow) {
    this.state = RECV
    this.window = window
    this.errorCode = 0
    this.stopCode = -1
    this.#stream = stream
    this.#host = host
    this.#buffer = new Reassembly()
    this.#reported = 0
    this.#finalSize = Infinity
    this.#armed = true
  }

  // --- commands

  read(): Uint8Array | null {
    if (this.state >= RESET_RECVD) return null
    const buffer = this.#buffer
    const data = buffer.read()
    if (data === null) {
      this.#armed = true
    } else {
      this.#reportMemory()
      this.#consume(buffer.readOffset)
      if (this.state === RECV && this.window.isRaiseDue) {
        this.#host.requestControl(this.#stream, CONTROL_MAX_STREAM_DATA)
      }
    }
    this.#finishReading()
    return data
  }

  stopSending(errorCode: number): void {
    if (this.stopCode >= 0 || this.state >= RESET_RECVD) return
    this.stopCode = errorCode
    this.#buffer.discard()
    this.#reportMemory()
    this.#host.cancelControl(this.#stream, CONTROL_MAX_STREAM_DATA)
    this.#host.cancelEvent(this.#stream, EVENT_READABLE)
    if (this.state !== DATA_RECVD) this.#host.requestControl(this.#stream, CONTROL_STOP_SENDING)
    this.#consume(this.window.received)
    this.#finishReading()
  }

  /** The connection is over: only what arrived completely stays readable. */
  abandon(): void {
    if (this.state !== DATA_RECVD) this.#buffer.clear()
  }

  // --- input

  /** @throws TransportError FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR. */
  handleData(offset: number, bytes: Uint8Array, start: number, end: number, fin: boolean): void {
    const dataEnd = offset + (end - start)
    const window = this.window
    // RFC 9000 §4.5: "Once a final size for a stream is known, it cannot change."
    if (dataEnd > this.#finalSize) throw finalSizeError(FRAME_STREAM, 'data past the final size')
    if (fin && (dataEnd < window.received || this.#isKnownAndNot(dataEnd))) {
      throw finalSizeError(FRAME_STREAM, 'a different final size')
    }
    this.#receive(dataEnd, FRAME_STREAM)
    if (this.state > SIZE_KNOWN) return
    if (fin) {
      this.#finalSize = dataEnd
      this.state = nextReceiveState(this.state, RECV_FIN)
      this.#host.cancelControl(this.#stream, CONTROL_MAX_STREAM_DATA)
    }
    let news = false
    if (start < end) {
      const gaps = this.#buffer.gaps
      news = this.#buffer.insert(offset, bytes, start, end, this.#finalSize)
      this.#reportMemory()
      if (this.#buffer.gaps !== gaps) this.#onGapsChanged(this.#buffer.gaps - gaps)
    }
    if (this.#buffer.end === this.#finalSize) {
      this.state = nextReceiveState(this.state, RECV_ALL_DATA)
      this.#host.cancelControl(this.#stream, CONTROL_STOP_SENDING)
      news = true
    }
    if (this.stopCode >= 0) {
      this.#consume(window.received)
      this.#finishReading()
    } else if (news && this.#armed) {
      this.#armed = false
      this.#host.raiseEvent(this.#stream, EVENT_READABLE)
    }
  }

  /** @throws TransportError FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR. */
  handleReset(errorCode: number, finalSize: number): void {
    if (finalSize < this.window.received || this.#isKnownAndNot(finalSize)) {
      throw finalSizeError(FRAME_RESET_STREAM, 'a different final size')
    }
    this.#receive(finalSize, FRAME_RESET_STREAM)
    const before = this.state
    this.state = nextReceiveState(before, RECV_RESET)
    if (this.state === before) return
    if (this.#buffer.gaps > 0) this.#host.onGapsChanged(-this.#buffer.gaps)
    this.#finalSize = finalSize
    this.errorCode = errorCode
    this.#buffer.clear()
    this.#reportMemory()
    this.#host.cancelControl(this.#stream, CONTROL_MAX_STREAM_DATA | CONTROL_STOP_SENDING)
    this.#host.cancelEvent(this.#stream, EVENT_READABLE)
    this.#consume(finalSize)
    if (this.stopCode >= 0) this.onResetRead()
    else this.#host.raiseEvent(this.#stream, EVENT_RESET)
  }

  onStopLost(): void {
    if (this.state <= SIZE_KNOWN) this.#host.requestControl(this.#stream, CONTROL_STOP_SENDING)
  }

  /** MAX_STREAM_DATA was lost: sent again when no newer one was. */
  onLimitLost(limit: number): void {
    if (this.state === RECV && this.stopCode < 0 && limit === this.window.limit) {
      this.#host.requestControl(this.#stream, CONTROL_MAX_STREAM_DATA)
    }
  }

  /** The limit to announce now; the window may grow. */
  raiseLimit(now: number, smoothedRtt: number): number {
    const before = this.window.window
    const limit = this.window.raise(now, smoothedRtt)
    if (this.window.window > before) this.#host.onWindowGrown(this.window)
    return limit
  }

  /** The application was told that there is something to read, be it the end alone. */
  onReadableReported(): void {
    this.#finishReading()
  }

  /** The application was told of the reset. */
  onResetRead(): void {
    if (this.state !== RESET_RECVD) return
    this.state = nextReceiveState(this.state, APP_READ_RESET)
    this.#host.onPartOver(this.#stream)
  }

  // --- reads

  /** True when all data to the FIN are here, read or not. */
  get isComplete(): boolean {
    return this.state === DATA_RECVD || this.state === DATA_READ
  }

  /** Whether a peer that is blocked at `limit` can be given more. */
  couldRaise(limit: number): boolean {
    const { window } = this
    return (
      this.state === RECV &&
      this.stopCode < 0 &&
      limit <= window.limit &&
      window.consumed + window.window > window.limit
    )
  }

  /** Bytes that `read` has yet to return. */
  get readableAmount(): number {
    if (this.state > DATA_RECVD || this.stopCode >= 0) return 0
    return this.#buffer.end - this.#buffer.readOffset
  }

  get ended(): boolean {
    return (
      (this.state === DATA_RECVD || this.state === DATA_READ) &&
      this.stopCode < 0 &&
      this.#buffer.readOffset === this.#finalSize
    )
  }

  get isOver(): boolean {
    return this.state === DATA_READ || this.state === RESET_READ
  }

  // --- private

  #isKnownAndNot(size: number): boolean {
    return this.#finalSize !== Infinity && this.#finalSize !== size
  }

  #receive(highest: number, frameType: number): void {
    const window = this.window
    if (highest <= window.received) return
    if (highest > window.limit) {
      throw new TransportError(FLOW_CONTROL_ERROR, frameType, 'data past the limit of the stream')
    }
    this.#host.onReceived(highest - window.received, frameType)
    window.received = highest
  }

  #consume(offset: number): void {
    const bytes = offset - this.window.consumed
    if (bytes <= 0) return
    this.window.consumed = offset
    this.#host.onConsumed(bytes)
  }

  #finishReading(): void {
    if (this.state !== DATA_RECVD) return
    if (this.stopCode < 0 && this.#buffer.readOffset !== this.#finalSize) return
    this.state = nextReceiveState(this.state, APP_READ_ALL)
    // The last page may be one that was copied from.
    this.#buffer.clear()
    this.#reportMemory()
    this.#host.onPartOver(this.#stream)
  }

  #reportMemory(): void {
    const { allocated } = this.#buffer
    if (allocated === this.#reported) return
    this.#host.onBuffered(allocated - this.#reported)
    this.#reported = allocated
  }

  #onGapsChanged(difference: number): void {
    if (this.#buffer.gaps > MAX_GAPS_PER_STREAM) {
      throw new TransportError(INTERNAL_ERROR, FRAME_STREAM, 'too many gaps in a stream')
    }
    this.#host.onGapsChanged(difference)
  }
}

function finalSizeError(frameType: number, reason: string): TransportError {
  return new TransportError(FINAL_SIZE_ERROR, frameType, reason)
}
