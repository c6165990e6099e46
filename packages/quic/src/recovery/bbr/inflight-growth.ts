// How the long-term bound on what is in flight grows while a probe for bandwidth fills it, draft-ietf-ccwg-bbr
// §5.3.3.4: by 1, 2, 4, ... datagrams in each round trip, spread over the round.

import type { Bytes } from '../params.ts'

const MAX_ROUNDS = 30

export class InflightGrowth {
  /** BBR.bw_probe_up_rounds. */
  #rounds: number
  /** BBR.bw_probe_up_acked. */
  #acked: Bytes
  /** BBR.probe_up_acked_per_inc. */
  #ackedPerDatagram: Bytes

  constructor() {
    this.#rounds = 0
    this.#acked = 0
    this.#ackedPerDatagram = Infinity
  }

  /** A probe is being prepared. */
  reset(): void {
    this.#rounds = 0
    this.#acked = 0
  }

  /** No probe: nothing grows. */
  stop(): void {
    this.#ackedPerDatagram = Infinity
  }

  /** RaiseInflightLongtermSlope. */
  raiseSlope(cwnd: Bytes, maxDatagramSize: Bytes): void {
    const growth = 2 ** this.#rounds
    this.#rounds = Math.min(this.#rounds + 1, MAX_ROUNDS)
    this.#ackedPerDatagram = Math.max(cwnd / growth, maxDatagramSize)
  }

  /** ProbeInflightLongtermUpward: datagrams to grow by for `acked` more bytes. */
  onAcked(acked: Bytes): number {
    this.#acked += acked
    if (this.#acked < this.#ackedPerDatagram) return 0
    const steps = Math.floor(this.#acked / this.#ackedPerDatagram)
    this.#acked -= steps * this.#ackedPerDatagram
    return steps
  }
}
