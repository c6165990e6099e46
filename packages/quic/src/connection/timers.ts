// The timers of a connection: a table of named slots. `Infinity` is a stopped timer, the next
// timeout is the least of the table. No callbacks: whoever handles a timeout asks what has expired.

/** RFC 9000 §10.1. */
export const TIMER_IDLE = 0
/** Time in which the handshake must complete. */
export const TIMER_HANDSHAKE = 1
/** Loss detection and PTO, RFC 9002 §6. */
export const TIMER_LOSS = 2
/** The latest time for an ACK, RFC 9000 §13.2.1. */
export const TIMER_ACK = 3
/** When pacing lets the next packet go, RFC 9002 §7.7. */
export const TIMER_PACING = 4
/** End of the closing or draining period, RFC 9000 §10.2. */
export const TIMER_CLOSE = 5
/** When the keys from before a key update go, RFC 9001 §6.5. */
export const TIMER_KEY_DISCARD = 6
/** When a PATH_CHALLENGE is repeated, or a path given up, RFC 9000 §8.2.4. */
export const TIMER_PATH = 7
/** When a handshake that does not go on gets a push, RFC 9002 §6.2.3. */
export const TIMER_REPAIR = 8
/** When a PING keeps the connection alive, RFC 9000 §10.1.2. */
export const TIMER_KEEP_ALIVE = 9
const TIMER_COUNT = 10

export class Timers {
  readonly #deadlines: Float64Array

  constructor() {
    this.#deadlines = new Float64Array(TIMER_COUNT).fill(Infinity)
  }

  /** Starts or moves a timer; `Infinity` stops it. */
  set(timer: number, deadline: number): void {
    this.#deadlines[timer] = deadline
  }

  stop(timer: number): void {
    this.#deadlines[timer] = Infinity
  }

  stopAll(): void {
    this.#deadlines.fill(Infinity)
  }

  get(timer: number): number {
    return this.#deadlines[timer]
  }

  isExpired(timer: number, now: number): boolean {
    return this.#deadlines[timer] <= now
  }

  /** The earliest deadline, or Infinity. */
  get next(): number {
    const deadlines = this.#deadlines
    let next = Infinity
    for (let i = 0; i < TIMER_COUNT; i++) if (deadlines[i] < next) next = deadlines[i]
    return next
  }
}
