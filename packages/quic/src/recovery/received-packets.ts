// Packet numbers received in one packet number space, and when to acknowledge them, RFC 9000 §13.2.

import type { PacketWriter } from '../packet-writer.ts'
import type { Millis } from './params.ts'

export interface ReceivedPacketsOptions {
  /** Our max_ack_delay in milliseconds, RFC 9000 §18.2. */
  readonly maxAckDelay: Millis
  /** True for the Initial and Handshake spaces: acknowledge at once, RFC 9000 §13.2.1. */
  readonly immediate: boolean
}

export class ReceivedPackets {
  constructor(options: ReceivedPacketsOptions) {
    void options
  }

  /** Largest packet number received, -1 before the first. */
  get largest(): number {
    return -1
  }
  get largestReceivedAt(): Millis {
    return 0
  }
  /** True for a number that was received, or that is too old to tell. */
  isDuplicate(packetNumber: number): boolean {
    return packetNumber < 0
  }
  /** A packet was opened and all its frames processed. `ecn`: the codepoint of the IP header, 0..3. */
  onPacketReceived(now: Millis, packetNumber: number, ackEliciting: boolean, ecn: number): void {
    void [now, packetNumber, ackEliciting, ecn]
  }
  /** An ACK must go now, alone if need be. */
  ackRequired(now: Millis): boolean {
    return now < 0
  }
  /** When `ackRequired` becomes true; Infinity: nothing to acknowledge. May lie in the past. */
  get ackDeadline(): Millis {
    return Infinity
  }
  /** Something was received since the last ACK: one could be bundled with other frames. */
  hasAck(): boolean {
    return false
  }
  /** Writes an ACK frame with as many ranges as fit, newest first. False: not even one fits. */
  writeAck(now: Millis, writer: PacketWriter, ackDelayExponent: number): boolean {
    void [now, writer, ackDelayExponent]
    return false
  }
  /** The peer acknowledged an ACK frame of ours whose Largest Acknowledged was `largest` (TOKEN_ACK). */
  onAckAcknowledged(largest: number): void {
    void largest
  }
}
