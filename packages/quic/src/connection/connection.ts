// A QUIC connection, RFC 9000: wires the parts that own its state, passes `now`, and emits.

import type { HandshakeSession } from '../handshake-session.ts'
import type { NetworkPath } from '../network-path.ts'
import type { ConnectionEvent, QuicPort, QuicStream, StreamDirection } from '../port.ts'

/** Where a connection is in its life, for people and logs. RFC 9000 §10. */
export type ConnectionPhase =
  | 'handshaking'
  /** Handshake complete; confirmed may follow (RFC 9001 §4.1). */
  | 'established'
  /** We closed: answers packets with our close for a while. */
  | 'closing'
  /** The peer closed: sends nothing. */
  | 'draining'
  /** Forgotten. */
  | 'drained'

/** Figures of a connection. Times in ms, sizes in bytes. A snapshot. */
export interface ConnectionStats {
  readonly smoothedRtt: number
  readonly minRtt: number
  readonly latestRtt: number
  readonly congestionWindow: number
  readonly bytesInFlight: number
  readonly packetsSent: number
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly ptoCount: number
  readonly openStreams: number
}

export class Connection implements QuicPort {
  readonly side: 'client' | 'server'
  /** The handshake as it was given. */
  readonly handshake: HandshakeSession
  /** The host's own. */
  context: unknown

  constructor(side: 'client' | 'server', handshake: HandshakeSession) {
    this.side = side
    this.handshake = handshake
    this.context = undefined
  }

  openStream(direction: StreamDirection): QuicStream | null {
    void direction
    return null
  }

  /** Takes effect at the next `pollTransmit` of the endpoint. */
  close(errorCode: number, reason: string): void {
    void [errorCode, reason]
  }

  pollEvent(): ConnectionEvent | null {
    return null
  }

  get phase(): ConnectionPhase {
    return 'handshaking'
  }

  /** The path in use. */
  get path(): NetworkPath {
    throw new Error('to be written')
  }

  get stats(): ConnectionStats {
    throw new Error('to be written')
  }
}
