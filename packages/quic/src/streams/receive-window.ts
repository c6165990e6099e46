// How much a peer may send, RFC 9000 §4.1 and §4.2: one such window for the connection and one for
// each stream. Credit follows what the application has read, so a reader that stops, stops the
// sender; and a window grows only when its bytes are read within a few round trips, never because
// the peer sent a lot (an attack on windows that follow the highest offset).

/** Who decides whether there is memory for a wider window. */
export interface WindowBudget {
  reserve(bytes: number): boolean
}

export class ReceiveWindow {
  /** Offset that the peer may not pass, as last announced. */
  limit: number
  /** Bytes that the peer may be ahead of the reader. */
  window: number
  /** Highest offset received, or the sum of those of all streams. */
  received: number
  /** Offset up to which the application has read, or the sum of those of all streams. */
  consumed: number

  readonly #maxWindow: number
  readonly #budget: WindowBudget | null
  // When the limit was last raised, and `consumed` then.
  #raisedAt: number
  #consumedThen: number

  /**
   * @param window bytes, as announced in the transport parameters.
   * @param maxWindow bytes that the window may grow to; less than `window` means no growth.
   * @param budget is asked for each growth; null: nobody is.
   */
  constructor(window: number, maxWindow: number, now: number, budget: WindowBudget | null = null) {
    this.limit = window
    this.window = window
    this.received = 0
    this.consumed = 0
    this.#maxWindow = Math.max(window, maxWindow)
    this.#budget = budget
    this.#raisedAt = now
    this.#consumedThen = 0
  }

  /** True when enough was read for a new limit to be worth a frame: half of the window. */
  get isRaiseDue(): boolean {
    const gained = this.consumed + this.window - this.limit
    return gained > 0 && gained * 2 >= this.window
  }

  /**
   * Raises the limit, and the window before, when at this pace all of it would be read within
   * four round trips. Returns the new limit to announce.
   */
  raise(now: number, smoothedRtt: number): number {
    const consumed = this.consumed - this.#consumedThen
    if ((now - this.#raisedAt) * this.window < 4 * smoothedRtt * consumed) {
      this.widen(this.window * 2)
    }
    this.#raisedAt = now
    this.#consumedThen = this.consumed
    this.limit = Math.max(this.limit, this.consumed + this.window)
    return this.limit
  }

  /** Makes the window at least `window` bytes, within its maximum, if there is memory for it. */
  widen(window: number): void {
    const growth = Math.min(window, this.#maxWindow) - this.window
    if (growth > 0 && (this.#budget === null || this.#budget.reserve(growth))) this.window += growth
  }
}
