// What became of the information in sent packets, brought to whoever owns it (RFC 9000 §13.3).

import type { PacketNumberSpace, RecoveryListener } from '../recovery/recovery-listener.ts'
import {
  TOKEN_ACK,
  TOKEN_ACK_FREQUENCY,
  TOKEN_CRYPTO,
  TOKEN_HANDSHAKE_DONE,
  TOKEN_MTU_PROBE,
  TOKEN_NEW_CONNECTION_ID,
  TOKEN_RETIRE_CONNECTION_ID,
} from '../recovery/tokens.ts'
import type { ConnectionCore } from './core.ts'

export class TokenRouter implements RecoveryListener {
  readonly #core: ConnectionCore
  #handshakeDoneAcked: boolean

  constructor(core: ConnectionCore) {
    this.#core = core
    this.#handshakeDoneAcked = false
  }

  onTokenAcked(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void {
    const core = this.#core
    switch (kind) {
      case TOKEN_ACK:
        core.spaces.all[space].received.onAckAcknowledged(a)
        return
      case TOKEN_CRYPTO:
        core.spaces.all[space].crypto.onAcked(a, b)
        return
      case TOKEN_HANDSHAKE_DONE:
        this.#handshakeDoneAcked = true
        core.handshake.handshakeDonePending = false
        return
      case TOKEN_RETIRE_CONNECTION_ID:
        core.peerIds.onAcked(a)
        return
      case TOKEN_ACK_FREQUENCY:
        core.ackFrequency.onAcked(a)
        return
      case TOKEN_MTU_PROBE:
        core.path.onMtuProbeAcked(a)
        return
      default:
        // Kinds of streams; it ignores the rest (PING, PATH_*).
        core.streams.onTokenAcked(kind, a, b, c)
    }
  }

  onTokenLost(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void {
    const core = this.#core
    switch (kind) {
      case TOKEN_ACK:
        // ACK frames are not repeated: a newer one says more, RFC 9000 §13.3.
        return
      case TOKEN_CRYPTO:
        core.spaces.all[space].crypto.onLost(a, b)
        return
      case TOKEN_HANDSHAKE_DONE:
        if (!this.#handshakeDoneAcked) core.handshake.handshakeDonePending = true
        return
      case TOKEN_NEW_CONNECTION_ID:
        core.localIds.onLost(a)
        return
      case TOKEN_RETIRE_CONNECTION_ID:
        core.peerIds.onLost(a)
        return
      case TOKEN_ACK_FREQUENCY:
        core.ackFrequency.onLost(a)
        return
      case TOKEN_MTU_PROBE:
        core.path.onMtuProbeLost(a)
        return
      default:
        core.streams.onTokenLost(kind, a, b, c)
    }
  }
}
