// The end of a connection, RFC 9000 §10.2.
//
//   open ─┬─ error or close() ──▶ closing ──┬─ 3 PTO ──▶ drained
//         ├─ CONNECTION_CLOSE,              │
//         │  stateless reset ───▶ draining ─┘
//         └─ idle timeout ─────────────────────────────▶ drained

import type { CloseReason } from './packet-builder.ts'

/** Life of a connection; each state carries what it needs. */
export type ConnectionState =
  | { readonly kind: 'open' }
  | { readonly kind: 'closing'; readonly closing: ClosingState }
  | { readonly kind: 'draining' }
  | { readonly kind: 'drained' }

export const OPEN: ConnectionState = { kind: 'open' }
export const DRAINING: ConnectionState = { kind: 'draining' }
export const DRAINED: ConnectionState = { kind: 'drained' }

/**
 * The closing state: everything is gone but the CONNECTION_CLOSE. The datagram that carries it is
 * kept as it was sent, so that the keys need not be (RFC 9000 §10.2.1 allows both).
 */
export class ClosingState {
  readonly reason: CloseReason
  #datagram: Uint8Array | null
  #received: number
  #nextAnswer: number
  #due: boolean

  constructor(reason: CloseReason) {
    this.reason = reason
    this.#datagram = null
    this.#received = 0
    this.#nextAnswer = 1
    this.#due = false
  }

  /** True until the first close was sent. */
  get fresh(): boolean {
    return this.#datagram === null
  }

  /** The close as it was sent. Empty: nothing could be sent, nothing ever will. */
  setDatagram(datagram: Uint8Array): void {
    this.#datagram = datagram
  }

  /**
   * A datagram came for the closed connection. The 1st, 2nd, 4th, 8th, ... is answered: "An endpoint
   * SHOULD limit the rate at which it generates packets in the closing state" (RFC 9000 §10.2.1).
   */
  onDatagramReceived(): void {
    if (++this.#received < this.#nextAnswer) return
    this.#nextAnswer *= 2
    this.#due = true
  }

  /** Writes the close again, when it is due and at most `limit` bytes; returns its size or 0. */
  write(bytes: Uint8Array, offset: number, limit: number): number {
    if (!this.#due) return 0
    this.#due = false
    if (this.#datagram === null || this.#datagram.length > limit) return 0
    bytes.set(this.#datagram, offset)
    return this.#datagram.length
  }
}
