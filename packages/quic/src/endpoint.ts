// The endpoint: routes datagrams to connections, accepts new ones, answers those that belong to
// none, and serves the connections' output fairly. RFC 9000 §5.2, §6, §10.3, §14.

import type { PacketProtection } from '@godwit/protection'
import type { HandshakeSession } from './handshake-session.ts'
import type { NetworkPath, Transmit } from './network-path.ts'
import type { TransportOptions } from './transport-options.ts'
import type { Connection } from './connection/connection.ts'

/** What an endpoint that accepts connections needs. */
export interface ServerConfig {
  /** A fresh handshake, called once for each new connection. */
  createHandshake(): HandshakeSession
  readonly transport?: TransportOptions
  /** Connections at a time; above it new ones are refused with CONNECTION_REFUSED. Default 10,000. */
  readonly maxConnections?: number
  /** Handshakes in progress at a time; above it first packets are dropped. Default 1,000. */
  readonly maxHandshakes?: number
}

export interface EndpointConfig {
  readonly protection: PacketProtection
  /** Cryptographically strong random bytes. */
  readonly randomBytes: (length: number) => Uint8Array
  /** Absent: the endpoint only connects. */
  readonly server?: ServerConfig
  /**
   * 32 secret bytes from which stateless reset tokens are derived, RFC 9000 §10.3.2. Give the same
   * after a restart and old connections end at once instead of timing out. Default: random.
   */
  readonly statelessResetKey?: Uint8Array
}

export interface ConnectConfig {
  readonly handshake: HandshakeSession
  readonly transport?: TransportOptions
}

/** Figures of an endpoint since it was made. */
export interface EndpointStats {
  datagramsReceived: number
  datagramsSent: number
  bytesReceived: number
  bytesSent: number
  connectionsAccepted: number
  connectionsRefused: number
  /** Datagrams and packets that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

/** One UDP port's worth of QUIC connections, client and server. Sans-IO. */
export class Endpoint {
  constructor(config: EndpointConfig) {
    void config
  }

  /** Starts a connection to the peer at `path`. Its first datagram is there to `pollTransmit`. */
  connect(now: number, path: NetworkPath, config: ConnectConfig): Connection {
    void [now, path, config]
    throw new Error('to be written')
  }

  /** Closes every connection with an application error code and accepts no more. */
  close(now: number, errorCode: number, reason: string): void {
    void [now, errorCode, reason]
  }

  /**
   * A datagram of `length` bytes that lies at `offset` in the packet memory of `protection.engine`.
   * It is opened in place; nothing refers to it after the call.
   */
  handleDatagram(
    now: number,
    path: NetworkPath,
    ecn: number,
    offset: number,
    length: number,
  ): void {
    void [now, path, ecn, offset, length]
  }

  handleTimeout(now: number): void {
    void now
  }

  /**
   * Writes the next datagram at `offset` in packet memory, of at most `limit` bytes (1,200 at
   * least; give a whole slot less 16), or returns null when there is nothing to send now.
   */
  pollTransmit(now: number, offset: number, limit: number): Transmit | null {
    void [now, offset, limit]
    return null
  }

  /** When `handleTimeout` wants to be called; Infinity: never. May be early, never late. */
  pollTimeout(): number {
    return Infinity
  }

  /** The next connection that a peer has opened. */
  pollAccepted(): Connection | null {
    return null
  }

  /** The next connection that may have events to poll. */
  pollReady(): Connection | null {
    return null
  }

  /** Connections that are not drained. */
  get connectionCount(): number {
    return 0
  }

  get stats(): EndpointStats {
    throw new Error('to be written')
  }
}
