// The limits that hold for a connection as a whole, both ways: data (RFC 9000 §4.1) and numbers of
// streams (RFC 9000 §4.6).

import type { TransportParameters } from '../transport-parameters.ts'
import type { WindowBudget } from './receive-window.ts'
import { ReceiveWindow } from './receive-window.ts'
import { LocalStreams, PeerStreams } from './stream-limits.ts'

export class ConnectionLimits {
  // --- what the peer may do
  readonly receiveWindow: ReceiveWindow
  readonly peerBidi: PeerStreams
  readonly peerUni: PeerStreams

  // --- what we may do
  /** Sum of new stream bytes that the peer allows. */
  sendLimit: number
  /** Sum of new stream bytes sent. */
  sent: number
  /** The limit that DATA_BLOCKED was last asked for, or -1. */
  blockedAt: number
  readonly localBidi: LocalStreams
  readonly localUni: LocalStreams

  /** @param maxData bytes that the receive window may grow to. */
  constructor(local: TransportParameters, maxData: number, budget: WindowBudget) {
    this.receiveWindow = new ReceiveWindow(local.initialMaxData, maxData, 0, budget)
    this.peerBidi = new PeerStreams(local.initialMaxStreamsBidi)
    this.peerUni = new PeerStreams(local.initialMaxStreamsUni)
    this.sendLimit = 0
    this.sent = 0
    this.blockedAt = -1
    this.localBidi = new LocalStreams()
    this.localUni = new LocalStreams()
  }

  /** New stream bytes that may be sent now. */
  get credit(): number {
    return this.sendLimit - this.sent
  }
}
