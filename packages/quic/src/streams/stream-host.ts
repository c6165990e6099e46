// What a stream asks of the connection's streams as a whole.

import type { ReceiveWindow } from './receive-window.ts'
import type { SendPart } from './send-part.ts'
import type { Stream } from './stream.ts'

// Frames that a stream wants to send, as bits; desired state, so no queue can grow.
export const CONTROL_RESET_STREAM = 1
export const CONTROL_STOP_SENDING = 2
export const CONTROL_MAX_STREAM_DATA = 4
export const CONTROL_STREAM_DATA_BLOCKED = 8

// Events that a stream has for the application, as bits, in the order in which they are polled.
export const EVENT_STOP_SENDING = 1
export const EVENT_RESET = 2
export const EVENT_READABLE = 4
export const EVENT_WRITABLE = 8
export const EVENT_FINISHED = 16

export interface StreamHost {
  /** Counts bytes against the connection's limit; throws FLOW_CONTROL_ERROR, RFC 9000 §4.1. */
  onReceived(bytes: number, frameType: number): void
  /** Gives the connection's credit for `bytes` back. */
  onConsumed(bytes: number): void
  /** Bytes of a stream written and not sent above which it takes no more for now. */
  readonly sendMark: number
  /** `bytes` were written; negative: they will not be sent. */
  onQueued(bytes: number): void
  /** The memory of received bytes grew by `bytes`. */
  onBuffered(bytes: number): void
  /** `bytes` that were sent need not be kept any more: acknowledged in order, or given up. */
  onReleased(bytes: number): void
  /** The number of gaps in a reassembly buffer changed; throws when there are too many. */
  onGapsChanged(difference: number): void
  /** What `part` could write has changed. */
  updateSchedule(part: SendPart): void
  unschedule(part: SendPart): void
  requestControl(stream: Stream, control: number): void
  cancelControl(stream: Stream, control: number): void
  raiseEvent(stream: Stream, event: number): void
  cancelEvent(stream: Stream, event: number): void
  /**
   * A part of `stream` reached its terminal state, or the stream was released; forgets it when both
   * parts have and nobody retains it.
   */
  onPartOver(stream: Stream): void
  /** The connection's receive window follows that of the widest stream. */
  onWindowGrown(window: ReceiveWindow): void
}
