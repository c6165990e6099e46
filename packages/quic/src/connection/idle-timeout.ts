// The idle timeout of a connection, RFC 9000 §10.1.

/** Computes when silence ends the connection. */
export class IdleTimeout {
  #local: number
  #peer: number
  // RFC 9000 §10.1: sending restarts the timer only once after each packet that was received.
  #sentSinceReceived: boolean
  #restartedAt: number

  /** @param local our max_idle_timeout in ms; 0: none */
  constructor(now: number, local: number) {
    this.#local = local
    this.#peer = 0
    this.#sentSinceReceived = false
    this.#restartedAt = now
  }

  /** The peer's max_idle_timeout in ms; 0: none. The lower of both counts. */
  setPeer(maxIdleTimeout: number): void {
    this.#peer = maxIdleTimeout
  }

  /** The lower of both timeouts, in ms; Infinity: none. */
  get timeout(): number {
    const local = this.#local === 0 ? Infinity : this.#local
    const peer = this.#peer === 0 ? Infinity : this.#peer
    return Math.min(local, peer)
  }

  /** Since when the connection is idle. */
  get since(): number {
    return this.#restartedAt
  }

  /** A packet of the peer was processed. */
  onReceived(now: number): void {
    this.#restartedAt = now
    this.#sentSinceReceived = false
  }

  /** An ack-eliciting packet was sent. */
  onAckElicitingSent(now: number): void {
    if (this.#sentSinceReceived) return
    this.#restartedAt = now
    this.#sentSinceReceived = true
  }

  /**
   * When the connection is idle for too long; Infinity: never.
   *
   * @param pto the current probe timeout in ms: three of them are the least, so that the peer gets
   *   a chance to answer
   */
  deadline(pto: number): number {
    const { timeout } = this
    return timeout === Infinity ? Infinity : this.#restartedAt + Math.max(timeout, 3 * pto)
  }
}
