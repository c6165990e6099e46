// What an acknowledged or lost packet carried goes back to its owners.

import type { PacketNumberSpace, RecoveryListener } from './recovery-listener.ts'
import type { SentPackets } from './sent-packets.ts'
import { TOKEN_ACK, TOKEN_MTU_PROBE, TOKEN_PATH, TOKEN_PING } from './tokens.ts'

/** Tokens of what is not sent again when it is lost. */
const REPEATS_NOTHING: readonly number[] = [TOKEN_PING, TOKEN_ACK, TOKEN_PATH, TOKEN_MTU_PROBE]

/** Reports the tokens of a packet as lost. True when one of them held something to send again. */
export function reportLost(
  listener: RecoveryListener,
  space: PacketNumberSpace,
  sent: SentPackets,
  packetNumber: number,
): boolean {
  let useful = false
  const count = sent.tokenCount(packetNumber)
  for (let i = 0; i < count; i++) {
    const at = sent.tokenIndex(packetNumber, i)
    const t = sent.tokens
    const kind = t[at]
    if (!REPEATS_NOTHING.includes(kind)) useful = true
    listener.onTokenLost(space, kind, t[at + 1], t[at + 2], t[at + 3])
  }
  return useful
}

/** Reports the tokens of a packet as acknowledged. */
export function reportAcked(
  listener: RecoveryListener,
  space: PacketNumberSpace,
  sent: SentPackets,
  packetNumber: number,
): void {
  const count = sent.tokenCount(packetNumber)
  for (let i = 0; i < count; i++) {
    const at = sent.tokenIndex(packetNumber, i)
    const t = sent.tokens
    listener.onTokenAcked(space, t[at], t[at + 1], t[at + 2], t[at + 3])
  }
}
