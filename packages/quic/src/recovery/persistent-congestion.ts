// Persistent congestion, RFC 9002 §7.6: everything that elicits an acknowledgement was lost for longer
// than a few probe timeouts.

import { SPACE_APPLICATION, SPACE_INITIAL } from '../constants.ts'
import { PERSISTENT_CONGESTION_THRESHOLD } from './params.ts'
import type { Millis } from './params.ts'
import type { PacketNumberSpace } from './recovery-listener.ts'
import type { RttEstimator } from './rtt.ts'
import type { SentPackets } from './sent-packets.ts'

/**
 * Extends the run of ack-eliciting packets lost without one acknowledged between them, by one sent at
 * `sentTime`. True when it has become persistent congestion, RFC 9002 §7.6.2.
 *
 * @param spaces by packet number space
 * @param pto of the application space, without backoff
 */
export function extendsLossRun(
  spaces: readonly SentPackets[],
  space: PacketNumberSpace,
  sentTime: Millis,
  rtt: RttEstimator,
  pto: Millis,
): boolean {
  const sent = spaces[space]
  // "A prior RTT sample existed when these two packets were sent."
  if (sentTime <= rtt.firstSampleAt) return false
  for (let other = SPACE_INITIAL; other <= SPACE_APPLICATION; other++) {
    // "Across packet number spaces, none of the packets sent between the send times of these two
    // packets are acknowledged." Stricter: none sent since the first of them.
    if (other !== space && spaces[other].latestAckedSentTime >= sent.lostSince) {
      sent.lostSince = -1
    }
  }
  if (sent.lostSince < 0) {
    sent.lostSince = sentTime
    return false
  }
  if (sentTime - sent.lostSince <= pto * PERSISTENT_CONGESTION_THRESHOLD) return false
  sent.lostSince = -1
  return true
}
