// Loss detection over the three packet number spaces of one path, RFC 9002 §6 and appendix A.

import type { AckRecord } from '../frame.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { CongestionController } from './congestion-controller.ts'
import type { Bytes, Millis } from './params.ts'
import type { PacketNumberSpace, RecoveryListener } from './recovery-listener.ts'
import type { RttEstimator } from './rtt.ts'

export interface LossDetectionOptions {
  readonly side: 'client' | 'server'
  readonly rtt: RttEstimator
  readonly congestion: CongestionController
  readonly listener: RecoveryListener
  /** Bytes of the largest datagram that the path is known to take. */
  readonly maxDatagramSize: Bytes
}

export class LossDetection {
  readonly rtt: RttEstimator
  readonly congestion: CongestionController
  bytesInFlight: Bytes
  ptoCount: number
  packetsLost: number

  constructor(options: LossDetectionOptions) {
    this.rtt = options.rtt
    this.congestion = options.congestion
    this.bytesInFlight = 0
    this.ptoCount = 0
    this.packetsLost = 0
  }

  // --- input
  /**
   * A packet left. Takes tokens, `ackEliciting` and `inFlight` from the writer. `size` is that of the
   * whole packet, header and tag included. Numbers left out since the last one are remembered as
   * skipped: acknowledging one of them is an error (against optimistic ACKs).
   */
  onPacketSent(
    now: Millis,
    space: PacketNumberSpace,
    packetNumber: number,
    size: Bytes,
    writer: PacketWriter,
  ): void {
    void [now, space, packetNumber, size, writer]
  }
  /**
   * @param ack with `delay` in milliseconds (AckRecord.scaleDelay).
   * @throws TransportError PROTOCOL_VIOLATION: a number that was never sent.
   */
  onAckReceived(now: Millis, space: PacketNumberSpace, ack: AckRecord): void {
    void [now, space, ack]
  }
  /** To call when `timeout()` has come; early calls do nothing. */
  onTimeout(now: Millis): void {
    void now
  }
  /** Keys of the space were discarded: its packets are forgotten, neither acknowledged nor lost. */
  onSpaceDiscarded(now: Millis, space: PacketNumberSpace): void {
    void [now, space]
  }
  /** RFC 9001 §4.1.2: only now may 1-RTT packets set the PTO. */
  setHandshakeConfirmed(now: Millis): void {
    void now
  }
  /** A client's anti-deadlock probe is a Handshake packet from now on, RFC 9002 §6.2.2.1. */
  setHasHandshakeKeys(now: Millis): void {
    void now
  }
  /** A server may not send more until the client does, RFC 9002 §6.2.2.1. */
  setAtAmplificationLimit(now: Millis, atLimit: boolean): void {
    void [now, atLimit]
  }
  /** The peer's max_ack_delay in milliseconds; 25 before it is known. */
  setMaxAckDelay(maxAckDelay: Millis): void {
    void maxAckDelay
  }
  setMaxDatagramSize(maxDatagramSize: Bytes): void {
    void maxDatagramSize
  }

  // --- output
  /** When `onTimeout` is wanted; Infinity: never. */
  timeout(): Millis {
    return Infinity
  }
  /**
   * Ack-eliciting packets that the space must send now whatever the congestion window says; each
   * ack-eliciting packet sent counts down.
   */
  probesPending(space: PacketNumberSpace): number {
    return space < 0 ? 1 : 0
  }
  /**
   * For a probe with nothing new to carry: reports the tokens of the oldest unacknowledged packet
   * to `onTokenLost`, while the packet stays in flight. False: nothing left to offer, send PING.
   */
  offerProbeTokens(space: PacketNumberSpace): boolean {
    return space < 0
  }
  /** Whether the congestion window lets an in-flight packet of `bytes` go. Ask for every packet. */
  canSend(bytes: Bytes): boolean {
    return bytes < 0
  }
  /**
   * When the pacer lets a packet go: at or before `now` means at once. Ask only when there is
   * something to send.
   */
  nextSendTime(now: Millis): Millis {
    return now
  }

  // --- reads
  /** Largest packet number of ours that the peer acknowledged, -1 before the first. */
  largestAcked(space: PacketNumberSpace): number {
    return space < 0 ? 0 : -1
  }
  /** PTO of the application space without backoff: smoothed_rtt + max(4*rttvar, 1) + max_ack_delay. */
  ptoInterval(): Millis {
    return 0
  }
  get smoothedRtt(): Millis {
    return this.rtt.smoothed
  }
}
