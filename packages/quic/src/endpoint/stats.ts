import type { DropCounts } from '../connection/drop-counts.ts'

/** Figures of an endpoint since it was made. */
export interface EndpointStats {
  readonly datagramsReceived: number
  readonly datagramsSent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly connectionsAccepted: number
  readonly connectionsRefused: number
  /**
   * Handshakes that were dropped for newer ones, at `maxHandshakes` or `maxConnections`: of clients that
   * had not shown their address yet.
   */
  readonly handshakesDropped: number
  /** Connections that were closed because they held the most, above `memoryBudget`. */
  readonly connectionsShed: number
  /** Bytes of stream data held now, of all connections. */
  readonly bytesHeld: number
  /** Datagrams and packets that were dropped, by reason. */
  readonly dropped: Readonly<DropCounts>
}
