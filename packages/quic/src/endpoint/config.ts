// What an endpoint is made of, and what its connections begin with.

import type { PacketProtection, RandomBytes } from '@godwit/protection'
import type { HandshakeSession } from '../handshake-session.ts'
import type { TransportOptions } from '../transport-options.ts'

/** What an endpoint that accepts connections needs. */
export interface ServerConfig {
  /** A fresh handshake, called once for each new connection. */
  createHandshake(): HandshakeSession
  readonly transport?: TransportOptions
  /**
   * Connections at a time; above it new ones are refused with CONNECTION_REFUSED, unless an unvalidated
   * handshake can make room as below. Default 10,000.
   */
  readonly maxConnections?: number
  /**
   * Handshakes in progress at a time. A further one takes the place of the oldest whose client has not
   * shown its address yet; without one its first packet is dropped. Default 1,000.
   */
  readonly maxHandshakes?: number
  /**
   * Bytes of stream data that all connections together may make the endpoint hold: written and not
   * acknowledged, or received and not read. From half of it on, connections that hold more than their share
   * are held back; from three quarters on, new ones are refused; above it, the connection that holds the
   * most is closed with INTERNAL_ERROR. Default 1 GiB.
   */
  readonly memoryBudget?: number
}

export interface EndpointConfig {
  readonly protection: PacketProtection
  /** Cryptographically strong random bytes. */
  readonly randomBytes: RandomBytes
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

/** A positive integer, or `absent`. Throws RangeError that names the option. */
export function count(name: string, value: number | undefined, absent: number): number {
  if (value === undefined) return absent
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`"${name}" expected an integer from 1, got ${value}`)
  }
  return value
}
