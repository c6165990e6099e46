// Whether more speed still brings more delivery, draft-ietf-ccwg-bbr §5.3.1.2: three rounds in a row with less than
// a quarter more, and the pipe is full.

/** Growth of the rate that says that there is room. */
const GROWTH = 1.25
/** Rounds without it. */
const ROUNDS = 3

export class FullPipe {
  /** BBR.full_bw_now: it is full, as of the search under way. */
  now: boolean
  /** BBR.full_bw_reached: it was found full at least once. */
  reached: boolean
  #rate: number
  #rounds: number

  constructor() {
    this.now = false
    this.reached = false
    this.#rate = 0
    this.#rounds = 0
  }

  /** ResetFullBW: a search begins. `rate`: what is known already, in bytes per millisecond. */
  restart(rate: number): void {
    this.now = false
    this.#rate = rate
    this.#rounds = 0
  }

  /** CheckFullBWReached, at the start of a round, with a rate that the application did not limit. */
  onRound(rate: number): void {
    if (this.now) return
    if (rate >= this.#rate * GROWTH) {
      this.restart(rate)
      return
    }
    this.#rounds++
    if (this.#rounds < ROUNDS) return
    this.now = true
    this.reached = true
  }
}
