// The one timer of loss detection, RFC 9002 §6.2 and appendix A.8: the time threshold of the oldest
// packet that may be lost, or else the probe timeout.

import { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../constants.ts'
import { DEFAULT_MAX_ACK_DELAY, MAX_PTO_BACKOFF_EXPONENT } from './params.ts'
import type { Millis } from './params.ts'
import type { PathCapacities } from './path-capacity.ts'
import type { PacketNumberSpace } from './recovery-listener.ts'
import type { SentPackets } from './sent-packets.ts'

export class LossTimer {
  /** When it expires; Infinity: it is not set. */
  timeout: Millis
  /** pto_count: probe timeouts since the last acknowledgement. */
  ptoCount: number
  /** The peer's max_ack_delay; 25 ms before it is known. */
  maxAckDelay: Millis
  handshakeConfirmed: boolean
  /** RFC 9002 §6.2.2.1: the peer has validated our address, so it cannot be waiting for us. */
  peerValidatedAddress: boolean
  atAmplificationLimit: boolean
  readonly #paths: PathCapacities
  /** By packet number space. */
  readonly #sent: readonly SentPackets[]

  /** @param peerValidatedAddress true for a server, whose address needs no validation. */
  constructor(paths: PathCapacities, sent: readonly SentPackets[], peerValidatedAddress: boolean) {
    this.timeout = Infinity
    this.ptoCount = 0
    this.maxAckDelay = DEFAULT_MAX_ACK_DELAY
    this.handshakeConfirmed = false
    this.peerValidatedAddress = peerValidatedAddress
    this.atAmplificationLimit = false
    this.#paths = paths
    this.#sent = sent
  }

  /** SetLossDetectionTimer. To call whenever one of the things that it looks at has changed. */
  set(now: Millis): void {
    // RFC 9002 §6.2.1: "The PTO timer MUST NOT be set if a timer is set for time threshold loss
    // detection".
    const lossTime = this.#sent[this.lossSpace()].lossTime
    if (lossTime !== Infinity) {
      this.timeout = lossTime
      return
    }
    if (this.atAmplificationLimit) {
      this.timeout = Infinity
      return
    }
    const space = this.ptoSpace()
    if (space >= 0) this.timeout = this.#sent[space].lastAckElicitingAt + this.#pto(space)
    // RFC 9002 §6.2.2.1: a client probes even with nothing in flight, or both sides might wait.
    else this.timeout = this.peerValidatedAddress ? Infinity : now + this.#pto(SPACE_INITIAL)
  }

  /** The space whose `lossTime` comes first; any when none is set. */
  lossSpace(): PacketNumberSpace {
    let space: PacketNumberSpace = SPACE_INITIAL
    if (this.#sent[SPACE_HANDSHAKE].lossTime < this.#sent[space].lossTime) space = SPACE_HANDSHAKE
    if (this.#sent[SPACE_APPLICATION].lossTime < this.#sent[space].lossTime) {
      space = SPACE_APPLICATION
    }
    return space
  }

  /** The space whose PTO comes first; -1 when no ack-eliciting packet that may set it is in flight. */
  ptoSpace(): PacketNumberSpace | -1 {
    let earliest: PacketNumberSpace | -1 = -1
    let time = Infinity
    // RFC 9002 §6.2.1: "An endpoint MUST NOT set its PTO timer for the Application Data packet
    // number space until the handshake is confirmed."
    const last = this.handshakeConfirmed ? SPACE_APPLICATION : SPACE_HANDSHAKE
    for (let space = SPACE_INITIAL; space <= last; space++) {
      if (this.#sent[space].ackElicitingCount === 0) continue
      const at = this.#sent[space].lastAckElicitingAt + this.#pto(space)
      if (at < time) {
        time = at
        earliest = space as PacketNumberSpace
      }
    }
    return earliest
  }

  /** PTO of the application space without its backoff. */
  get interval(): Millis {
    return this.#paths.current.rtt.probeTimeout + this.maxAckDelay
  }

  /** RFC 9002 §6.2.1: the peer delays acknowledgements in the application space only. */
  #pto(space: number): Millis {
    const base = space === SPACE_APPLICATION ? this.interval : this.#paths.current.rtt.probeTimeout
    return base * 2 ** Math.min(this.ptoCount, MAX_PTO_BACKOFF_EXPONENT)
  }
}
