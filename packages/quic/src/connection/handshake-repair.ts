// Gets a handshake over losses sooner than the probe timeout does. Before there is an RTT sample that is
// a second, and doubles; but what the peer sends often shows what it lacks, RFC 9002 §6.2.3. And a peer
// that has sent all it has may be waiting for an ACK that was lost.

import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../constants.ts'
import {
  BASE_DATAGRAM_SIZE,
  EARLY_REPEAT_INTERVAL,
  MAX_EARLY_REPEATS,
  MAX_WAIT_BACKOFF_EXPONENT,
} from '../limits.ts'
import { GRANULARITY, PROBES_PER_PTO, TIME_THRESHOLD } from '../recovery/params.ts'
import type { PacketNumberSpace } from '../recovery/recovery-listener.ts'
import type { ConnectionCore } from './core.ts'
import type { PacketSpace } from './packet-space.ts'

export class HandshakeRepair {
  readonly #core: ConnectionCore
  #repeats: number
  /** When a client repeats its first flight; Infinity: the server's packets gave no reason. */
  #repeatAt: number
  /** Since when nothing of ours is in flight and the peer's part of the handshake is missing; -1: it is not so. */
  #waitingSince: number
  /** Such waits that were too long, since there were Handshake keys or since the start. */
  #waits: number
  #hasHandshakeKeys: boolean

  constructor(core: ConnectionCore) {
    this.#core = core
    this.#repeats = 0
    this.#repeatAt = Infinity
    this.#waitingSince = -1
    this.#waits = 0
    this.#hasHandshakeKeys = false
  }

  /**
   * An ack-eliciting packet was handled. RFC 9002 §6.2.3: "When a server receives an Initial packet
   * containing duplicate CRYPTO data, it can assume the client did not receive all of the server's
   * CRYPTO data". A client that probes with PING shows the same, in either space: it has nothing else
   * to say before it has our whole flight.
   */
  onAckEliciting(now: number, space: PacketSpace): void {
    const { side, handshake } = this.#core
    if (side === 'client' || handshake.complete || space.crypto.acknowledged) return
    this.#repeat(now, space.index)
  }

  /** A packet came for which there are no keys, not yet or no longer. Nobody vouches for it. */
  onWithoutKeys(now: number, space: PacketSpace): void {
    const { side, recovery, spaces } = this.#core
    if (side === 'server') {
      // A client that still sends its Finished does not have our HANDSHAKE_DONE.
      if (space === spaces.handshake && space.discarded) this.#repeat(now, SPACE_APPLICATION)
      return
    }
    if (spaces.handshake.canOpen || spaces.handshake.discarded) return
    if (this.#repeatAt !== Infinity || !recovery.hasInFlight(SPACE_INITIAL)) return
    // "When a client receives Handshake or 1-RTT packets prior to obtaining Handshake keys, it may assume
    // some or all of the server's Initial packets were lost", unless they come late: an eighth of a round
    // trip, like any other packet (§6.1.2). The server has answered within one.
    const { rtt } = this.#core.paths.current
    const roundTrip = rtt.hasSample
      ? rtt.smoothed
      : now - recovery.lastAckElicitingAt(SPACE_INITIAL)
    this.#repeatAt = now + Math.max((TIME_THRESHOLD - 1) * roundTrip, GRANULARITY)
  }

  /**
   * To call when `deadline` has come. The wait backs off by itself: an ACK of its probe alone brings
   * the handshake no further.
   */
  onTimeout(now: number): void {
    const { recovery, spaces } = this.#core
    if (now >= this.#repeatAt) {
      this.#repeatAt = Infinity
      this.#repeat(now, SPACE_INITIAL)
    }
    if (this.#waitingSince >= 0 && now >= this.#waitDeadline) {
      this.#waitingSince = -1
      this.#waits++
      // PING, with an ACK of all that was received: RFC 9000 §13.2.4 lets a receiver do that.
      recovery.requestProbes(spaces.handshake.canSeal ? SPACE_HANDSHAKE : SPACE_INITIAL, 1)
    }
  }

  /** When `onTimeout` is wanted, after everything that happened; Infinity: never. */
  deadline(now: number): number {
    const { handshake, recovery, path, spaces } = this.#core
    if (handshake.complete) return Infinity
    if (!this.#hasHandshakeKeys && spaces.handshake.canOpen) {
      this.#hasHandshakeKeys = true
      this.#repeatAt = Infinity
      this.#waits = 0
    }
    // RFC 9002 §6.2.2.1 has a client probe until it knows its address validated. Here both sides do until
    // they have the whole handshake.
    const waiting = recovery.timeout() === Infinity && path.allowance >= BASE_DATAGRAM_SIZE
    if (!waiting) this.#waitingSince = -1
    else if (this.#waitingSince < 0) this.#waitingSince = now
    return waiting ? Math.min(this.#repeatAt, this.#waitDeadline) : this.#repeatAt
  }

  get #waitDeadline(): number {
    const backoff = Math.min(this.#waits, MAX_WAIT_BACKOFF_EXPONENT)
    return this.#waitingSince + this.#core.paths.current.rtt.probeTimeout * 2 ** backoff
  }

  #repeat(now: number, space: PacketNumberSpace): void {
    const { recovery } = this.#core
    if (!recovery.hasInFlight(space) || this.#repeats === MAX_EARLY_REPEATS) return
    if (now - recovery.lastAckElicitingAt(space) < EARLY_REPEAT_INTERVAL) return
    this.#repeats++
    recovery.requestProbes(space, PROBES_PER_PTO)
  }
}
