// What all connections of an endpoint hold for their peers, against what the endpoint may hold.
//
// Counted is what a peer can make us keep: bytes written and not acknowledged (a client that asks for
// much and takes nothing), and memory of bytes received and not read. As it fills up, in this order:
//
//   above a half       connections that hold more than their share take little more; windows stay as they are
//   three quarters     new connections are refused
//   the whole          the connection that holds the most is closed

import { MEMORY_CROWDED, MEMORY_TIGHT } from './limits.ts'

export class MemoryBudget {
  readonly limit: number
  readonly #tight: number
  readonly #crowded: number
  /** Bytes held by all connections. */
  held: number
  /** Bytes by which receive windows are wider than they were announced at first. */
  promised: number
  /** Connections that share the budget. */
  connections: number

  /** @param limit bytes; Infinity: none. */
  constructor(limit: number) {
    this.limit = limit
    this.#tight = limit * MEMORY_TIGHT
    this.#crowded = limit * MEMORY_CROWDED
    this.held = 0
    this.promised = 0
    this.connections = 0
  }

  /** Whether a connection that holds `bytes` should not hold more: its share is an equal part of the half. */
  isOverShare(bytes: number): boolean {
    return this.held > this.#tight && bytes * this.connections > this.#tight
  }

  /** No room for new connections. */
  get isCrowded(): boolean {
    return this.held > this.#crowded
  }

  get isExceeded(): boolean {
    return this.held > this.limit
  }

  /** Whether a receive window may grow by `bytes`; then they are promised until `release`. */
  reserve(bytes: number): boolean {
    if (this.held > this.#tight || this.promised + bytes > this.limit) return false
    this.promised += bytes
    return true
  }

  release(bytes: number): void {
    this.promised -= bytes
  }
}
