// The seam between an endpoint and the operating system: a socket that sends and receives bursts of
// datagrams. node:dgram is behind it by default; one with segmentation offload can join it.

import type { NetworkPath } from '@godwit/quic'

/** A local address as node:dgram reports it. */
export interface LocalAddress {
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly port: number
}

/** What a socket tells the endpoint. */
export interface DatagramListener {
  /** A datagram; `bytes` is valid during the call only. Those of one burst come back to back. */
  onDatagram(path: NetworkPath, ecn: number, bytes: Uint8Array): void
  /** The socket cannot go on. */
  onSocketError(error: Error): void
}

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly address: LocalAddress
  /**
   * Sends `size` bytes at `offset` as datagrams of `segmentSize` bytes. True: sent, or lost as
   * datagrams may be. False: queued, and the bytes are still needed; leave the slot alone until
   * `reclaim` gives it back.
   */
  send(
    memory: Uint8Array,
    offset: number,
    size: number,
    segmentSize: number,
    path: NetworkPath,
    slot: number,
  ): boolean
  /** Appends to `free` the slots that `send` kept and whose datagrams have left since. */
  reclaim(free: number[]): void
  /** Whether the socket keeps the process alive. */
  ref(): void
  unref(): void
  /** What is queued leaves first, which may take a turn or two of the event loop; the port is free then. */
  close(): void
}
