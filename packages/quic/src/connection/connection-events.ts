// What a connection has to tell the application about itself. Each happens once, so flags are
// enough; events of streams are asked of the streams, in between.

import type { ConnectionEvent } from '../port.ts'
import type { Streams } from '../streams/streams.ts'

const CONNECTED: ConnectionEvent = { type: 'connected' }
const CONFIRMED: ConnectionEvent = { type: 'handshake-confirmed' }
const DRAINED: ConnectionEvent = { type: 'drained' }

export class ConnectionEvents {
  readonly #streams: Streams
  #connected: boolean
  #confirmed: boolean
  // null: not over.
  #closed: { readonly error: Error | null } | null
  #closedTold: boolean
  #drained: boolean

  constructor(streams: Streams) {
    this.#streams = streams
    this.#connected = false
    this.#confirmed = false
    this.#closed = null
    this.#closedTold = false
    this.#drained = false
  }

  onConnected(): void {
    this.#connected = true
  }

  onConfirmed(): void {
    this.#confirmed = true
  }

  /** The connection is over; the first reason counts. */
  onClosed(error: Error | null): void {
    this.#closed ??= { error }
  }

  onDrained(): void {
    this.#drained = true
  }

  /**
   * What the streams received before the end comes first: data that arrived together with the
   * peer's close can still be read. With 'closed' the streams end.
   */
  poll(): ConnectionEvent | null {
    if (this.#connected) {
      this.#connected = false
      return CONNECTED
    }
    if (this.#confirmed) {
      this.#confirmed = false
      return CONFIRMED
    }
    if (!this.#closedTold) {
      const event = this.#streams.pollEvent()
      if (event !== null || this.#closed === null) return event
      this.#closedTold = true
      this.#streams.closeAll()
      return { type: 'closed', error: this.#closed.error }
    }
    if (!this.#drained) return null
    this.#drained = false
    return DRAINED
  }
}
