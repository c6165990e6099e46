// How much more is acknowledged at once than the path's rate explains, draft-ietf-ccwg-bbr §5.5.9: paths and receivers
// that gather ACKs need so much more in flight.

import type { Bytes, Millis } from '../params.ts'
import { WindowedMax } from './windowed-max.ts'

/** BBR.ExtraAckedFilterLen, in rounds; in Startup the last round counts alone. */
const FILTER_LENGTH = 10
const STARTUP_FILTER_LENGTH = 1

export class ExtraAcked {
  readonly #filter: WindowedMax
  #intervalStart: Millis
  #delivered: Bytes

  constructor() {
    this.#filter = new WindowedMax()
    this.#intervalStart = 0
    this.#delivered = 0
  }

  /** BBR.extra_acked. */
  get value(): Bytes {
    return this.#filter.best
  }

  /** The flow starts again after silence. */
  restart(now: Millis): void {
    this.#intervalStart = now
    this.#delivered = 0
  }

  /** UpdateACKAggregation. @param rate BBR.bw in bytes per millisecond */
  update(
    now: Millis,
    rate: number,
    acked: Bytes,
    cwnd: Bytes,
    round: number,
    pipeFull: boolean,
  ): void {
    let expected = rate * (now - this.#intervalStart)
    if (this.#delivered <= expected) {
      this.#delivered = 0
      this.#intervalStart = now
      expected = 0
    }
    this.#delivered += acked
    const extra = Math.min(this.#delivered - expected, cwnd)
    this.#filter.update(extra, round, pipeFull ? FILTER_LENGTH : STARTUP_FILTER_LENGTH)
  }
}
