// The sending part of a stream, RFC 9000 §3.1: what the application wrote, what the peer allows, and
// what has to be sent again.

import { streamHeaderLength, writeStreamHeader } from '../frame-encoder.ts'
import { MIN_STREAM_FRAGMENT } from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { NOT_QUEUED } from './scheduler.ts'
import { SendBuffer } from './send-buffer.ts'
import {
  ALL_ACKED,
  DATA_RECVD,
  DATA_SENT,
  nextSendState,
  READY,
  RESET_ACKED,
  RESET_RECVD,
  RESET_SENT,
  SENT_FIN,
  SENT_RESET,
  SENT_STREAM,
} from './send-states.ts'
import type { StreamHost } from './stream-host.ts'
import {
  CONTROL_RESET_STREAM,
  CONTROL_STREAM_DATA_BLOCKED,
  EVENT_FINISHED,
  EVENT_STOP_SENDING,
  EVENT_WRITABLE,
} from './stream-host.ts'
import type { Stream } from './stream.ts'

/** Longest data of one frame, so that its Length takes two bytes at most. */
const MAX_FRAME_DATA = 16383

export class SendPart {
  state: number
  /** Offset that the peer allows on this stream, RFC 9000 §4.1. */
  limit: number
  /** Application error code of our RESET_STREAM. */
  errorCode: number
  /** True from `finish` or `reset` on. */
  endedByApplication: boolean

  // Links and place in the scheduler; its alone.
  next: SendPart | null
  previous: SendPart | null
  queue: number

  readonly #stream: Stream
  readonly #host: StreamHost
  readonly #buffer: SendBuffer
  #finished: boolean
  #finPending: boolean
  #finAcked: boolean
  #blockedAt: number
  #aboveHighWater: boolean

  constructor(stream: Stream, host: StreamHost, limit: number) {
    this.state = READY
    this.limit = limit
    this.errorCode = 0
    this.endedByApplication = false
    this.next = null
    this.previous = null
    this.queue = NOT_QUEUED
    this.#stream = stream
    this.#host = host
    this.#buffer = new SendBuffer()
    this.#finished = false
    this.#finPending = false
    this.#finAcked = false
    this.#blockedAt = -1
    this.#aboveHighWater = false
  }

  // --- commands

  /** False: above the high-water mark. */
  write(data: Uint8Array): boolean {
    const buffer = this.#buffer
    buffer.append(data)
    this.#host.onQueued(data.length)
    this.#update()
    if (buffer.end - buffer.sent > this.#host.sendMark) this.#aboveHighWater = true
    return !this.#aboveHighWater
  }

  finish(): void {
    this.endedByApplication = true
    this.#finished = true
    this.#host.cancelEvent(this.#stream, EVENT_WRITABLE)
    this.#finPending = true
    this.#update()
  }

  resetByApplication(errorCode: number): void {
    this.endedByApplication = true
    this.#reset(errorCode)
  }

  /** The connection is over: nothing is sent any more. */
  abandon(): void {
    this.#drop()
  }

  // --- input

  /** STOP_SENDING, RFC 9000 §3.5: resets with the same code, unless all is said. */
  handleStopSending(errorCode: number): void {
    if (this.state > DATA_SENT) return
    this.#reset(errorCode)
    this.#host.raiseEvent(this.#stream, EVENT_STOP_SENDING)
  }

  handleMaxStreamData(maximum: number): void {
    // RFC 9000 §4.1: a limit that is not higher is ignored.
    if (maximum <= this.limit) return
    this.limit = maximum
    if (this.state <= DATA_SENT) this.#update()
  }

  onAcked(offset: number, length: number, fin: boolean): void {
    if (this.state > DATA_SENT) return
    const { base } = this.#buffer
    this.#buffer.onAcked(offset, length)
    if (this.#buffer.base > base) this.#host.onReleased(this.#buffer.base - base)
    if (fin) {
      this.#finAcked = true
      this.#finPending = false
    }
    if (this.#finAcked && this.#buffer.base === this.#buffer.end) {
      this.state = nextSendState(this.state, ALL_ACKED)
      this.#drop()
      this.#host.raiseEvent(this.#stream, EVENT_FINISHED)
      this.#host.onPartOver(this.#stream)
    } else if (this.queue !== NOT_QUEUED) {
      this.#host.updateSchedule(this)
    }
  }

  onLost(offset: number, length: number, fin: boolean): void {
    if (this.state > DATA_SENT) return
    this.#buffer.onLost(offset, length)
    if (fin && !this.#finAcked) this.#finPending = true
    this.#host.updateSchedule(this)
  }

  onResetAcked(): void {
    if (this.state !== RESET_SENT) return
    this.state = nextSendState(this.state, RESET_ACKED)
    this.#host.cancelControl(this.#stream, CONTROL_RESET_STREAM)
    this.#host.raiseEvent(this.#stream, EVENT_FINISHED)
    this.#host.onPartOver(this.#stream)
  }

  onResetLost(): void {
    if (this.state === RESET_SENT) this.#host.requestControl(this.#stream, CONTROL_RESET_STREAM)
  }

  /** STREAM_DATA_BLOCKED was lost: sent again when it is still true. */
  onBlockedLost(limit: number): void {
    if (this.state > DATA_SENT || limit !== this.limit || !this.#isBlocked) return
    this.#host.requestControl(this.#stream, CONTROL_STREAM_DATA_BLOCKED)
  }

  onBlockedSent(): void {
    if (this.state === READY) this.state = nextSendState(this.state, SENT_STREAM)
  }

  // --- output

  /**
   * Writes one STREAM frame. Returns how many bytes of it were never sent before, which count against the
   * connection's limit, or -1 when the packet has no room.
   *
   * @param credit how many new bytes the connection's limit allows.
   */
  writeFrame(writer: PacketWriter, credit: number): number {
    const buffer = this.#buffer
    const again = buffer.hasLost
    const offset = again ? buffer.lostStart : buffer.sent
    const available = again
      ? buffer.lostEnd - offset
      : Math.min(buffer.end - offset, Math.max(this.limit - offset, 0), credit)
    const room = writer.remaining - streamHeaderLength(this.#stream.id, offset, 0)
    let length = Math.min(available, room, MAX_FRAME_DATA)
    // The Length field takes a second byte from 64 on.
    if (length >= 64 && length > room - 1) length = room - 1
    if (length < 0 || (length < available && length < MIN_STREAM_FRAGMENT)) return -1
    const end = offset + length
    const fin = this.#finished && end === buffer.end
    writeStreamHeader(writer, this.#stream.id, offset, length, fin)
    if (length > 0) {
      buffer.copy(offset, length, writer.bytes, writer.position)
      writer.position += length
    }
    this.state = nextSendState(this.state, fin ? SENT_FIN : SENT_STREAM)
    if (fin) this.#finPending = false
    if (again) {
      buffer.onRetransmitted(offset, length)
      return 0
    }
    buffer.sent = end
    if (this.#aboveHighWater && buffer.end - end <= this.#host.sendMark / 2) {
      this.#aboveHighWater = false
      if (!this.#finished) this.#host.raiseEvent(this.#stream, EVENT_WRITABLE)
    }
    this.#reportBlocked()
    return length
  }

  // --- reads

  /** Bytes written and not acknowledged. */
  get bufferedAmount(): number {
    return this.state > DATA_SENT ? 0 : this.#buffer.end - this.#buffer.base
  }

  /** Bytes that `write` takes before it returns false. */
  get writableAmount(): number {
    if (this.#aboveHighWater || !this.isOpen) return 0
    return Math.max(0, this.#host.sendMark - (this.#buffer.end - this.#buffer.sent))
  }

  /** Final size of RESET_STREAM, RFC 9000 §4.5: what was sent, and so counts for flow control. */
  get finalSize(): number {
    return this.#buffer.sent
  }

  /** True until `finish`, or a reset by either side. */
  get isOpen(): boolean {
    return this.state <= DATA_SENT && !this.#finished
  }

  get isOver(): boolean {
    return this.state === DATA_RECVD || this.state === RESET_RECVD
  }

  /** Something to send that needs no credit: lost data, or a FIN and nothing else. */
  get hasFreeData(): boolean {
    return this.#buffer.hasLost || (this.#finPending && this.#buffer.sent === this.#buffer.end)
  }

  /** Data never sent, within the stream's limit. */
  get hasNewData(): boolean {
    return this.#buffer.sent < this.#buffer.end && this.#buffer.sent < this.limit
  }

  // --- private

  #reset(errorCode: number): void {
    if (this.state > DATA_SENT) return
    this.errorCode = errorCode
    this.state = nextSendState(this.state, SENT_RESET)
    this.#drop()
    this.#host.requestControl(this.#stream, CONTROL_RESET_STREAM)
  }

  #update(): void {
    this.#host.updateSchedule(this)
    this.#reportBlocked()
  }

  get #isBlocked(): boolean {
    return this.#buffer.sent >= this.limit && this.#buffer.end > this.limit
  }

  /** RFC 9000 §4.1: "A sender SHOULD send a STREAM_DATA_BLOCKED", once for each limit. */
  #reportBlocked(): void {
    if (this.#blockedAt === this.limit || !this.#isBlocked) return
    this.#blockedAt = this.limit
    this.#host.requestControl(this.#stream, CONTROL_STREAM_DATA_BLOCKED)
  }

  #drop(): void {
    this.#host.cancelControl(this.#stream, CONTROL_STREAM_DATA_BLOCKED)
    this.#host.cancelEvent(this.#stream, EVENT_WRITABLE)
    this.#host.unschedule(this)
    this.#host.onReleased(this.#buffer.sent - this.#buffer.base)
    this.#host.onQueued(this.#buffer.sent - this.#buffer.end)
    this.#buffer.clear()
    this.#finPending = false
  }
}
