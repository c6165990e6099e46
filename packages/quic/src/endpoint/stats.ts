import type { DropCounts } from '../connection/drop-counts.ts'

/** Figures of an endpoint since it was made. */
export interface EndpointStats {
  readonly datagramsReceived: number
  readonly datagramsSent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly connectionsAccepted: number
  readonly connectionsRefused: number
  /** Datagrams and packets that were dropped, by reason. */
  readonly dropped: Readonly<DropCounts>
}
