// Where loss detection reports what became of the information in sent packets (recovery/tokens.ts).

import type { SPACE_APPLICATION, SPACE_HANDSHAKE, SPACE_INITIAL } from '../constants.ts'

/** RFC 9000 §12.3: SPACE_INITIAL, SPACE_HANDSHAKE or SPACE_APPLICATION of constants.ts. */
export type PacketNumberSpace =
  typeof SPACE_INITIAL | typeof SPACE_HANDSHAKE | typeof SPACE_APPLICATION

/**
 * Gets every token of every ack-eliciting or ACK-bearing packet back. The same information may be
 * reported more than once and in any mix (lost, sent again, and both copies acknowledged), so both
 * methods must be idempotent. Neither may send, nor call loss detection.
 */
export interface RecoveryListener {
  /** The peer has it. */
  onTokenAcked(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void
  /**
   * It is to be sent again if it is still of use (RFC 9000 §13.3): its packet was lost, or a probe
   * wants something to carry while the packet is still in flight.
   */
  onTokenLost(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void
}
