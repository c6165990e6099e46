// What the application has to be told. There is no queue of events: streams have flags, and counters
// say how many streams the peer opened, so memory is bounded by the number of streams.

import { Ring } from '@godwit/wire'
import type { ConnectionEvent } from '../port.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import {
  EVENT_FINISHED,
  EVENT_READABLE,
  EVENT_RESET,
  EVENT_STOP_SENDING,
  EVENT_WRITABLE,
} from './stream-host.ts'
import { UNIDIRECTIONAL_BIT } from './stream-id.ts'
import type { PeerStreams } from './stream-limits.ts'
import type { StreamTable } from './stream-table.ts'
import type { Stream } from './stream.ts'

export class StreamEvents {
  readonly #limits: ConnectionLimits
  readonly #table: StreamTable
  readonly #waiting: Ring<Stream>

  constructor(limits: ConnectionLimits, table: StreamTable) {
    this.#limits = limits
    this.#table = table
    this.#waiting = new Ring()
  }

  raise(stream: Stream, event: number): void {
    stream.events |= event
    if (stream.eventQueued) return
    stream.eventQueued = true
    this.#waiting.push(stream)
  }

  /** The next event, or null. Streams open, in order, before anything else is said of them. */
  poll(): ConnectionEvent | null {
    const limits = this.#limits
    const opened =
      this.#pollOpened(limits.peerBidi, 0) ?? this.#pollOpened(limits.peerUni, UNIDIRECTIONAL_BIT)
    if (opened !== null) return { type: 'stream-opened', stream: opened }
    if (limits.localBidi.available) {
      limits.localBidi.available = false
      return { type: 'streams-available', direction: 'bidi' }
    }
    if (limits.localUni.available) {
      limits.localUni.available = false
      return { type: 'streams-available', direction: 'uni' }
    }
    return this.#pollWaiting()
  }

  #pollOpened(streams: PeerStreams, directionBit: number): Stream | null {
    while (streams.reported < streams.opened) {
      const id = streams.reported * 4 + directionBit + this.#table.peerBit
      streams.reported++
      const stream = this.#table.all.get(id)
      if (stream !== undefined) return stream
    }
    return null
  }

  #pollWaiting(): ConnectionEvent | null {
    for (;;) {
      const stream = this.#waiting.at(0)
      if (stream === undefined) return null
      const events = stream.events
      // Lowest bit first.
      const event = events & -events
      stream.events = events & ~event
      if (stream.events === 0) {
        this.#waiting.shift()
        stream.eventQueued = false
      }
      switch (event) {
        case EVENT_STOP_SENDING:
          return { type: 'stop-sending', stream, errorCode: stream.send?.errorCode ?? 0 }
        case EVENT_RESET:
          stream.receive?.onResetRead()
          return { type: 'stream-reset', stream, errorCode: stream.receive?.errorCode ?? 0 }
        case EVENT_READABLE:
          stream.receive?.onReadableReported()
          return { type: 'stream-readable', stream }
        case EVENT_WRITABLE:
          return { type: 'stream-writable', stream }
        case EVENT_FINISHED:
          return { type: 'stream-finished', stream }
        default:
          // Its events were cancelled: look at the next stream.
          break
      }
    }
  }
}
