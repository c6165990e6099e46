// Where datagrams go to and come from, and what the endpoint hands to the host to send.

/**
 * The peer's end of a path. The host passes any object that has these two fields (node:dgram's
 * `rinfo` fits); it is kept by reference, so it must not be changed later. Compared by value.
 * Local addresses join it when migration to another interface does (RFC 9000 §9).
 */
export interface NetworkPath {
  readonly address: string
  readonly port: number
}

/** True when both name the same remote address and port. */
export function samePath(a: NetworkPath, b: NetworkPath): boolean {
  return a === b || (a.port === b.port && a.address === b.address)
}

/** True for an address that never leaves its host. */
export function isLoopback({ address }: NetworkPath): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(address)
}

/** Who asks whether a datagram leaves in one piece. */
export interface FragmentListener {
  /**
   * The operating system sent a datagram of `size` bytes as fragments, which RFC 9000 §14 forbids. To be
   * called for datagrams of `Transmit.watch` only, as soon as it is known.
   */
  handleFragmented(size: number): void
}

/** What `pollTransmit` wrote. The record is reused: read it before the next call. */
export interface Transmit {
  /** Bytes written at the offset that was given. */
  readonly size: number
  /**
   * Length of each datagram in it; the last one may be shorter. Equal to `size` when there is one
   * datagram. A host with segmentation offload sends all of them by one call, others by one each.
   */
  readonly segmentSize: number
  readonly path: NetworkPath
  /** ECN codepoint for the IP header, RFC 9000 §13.4: 0 is Not-ECT. */
  readonly ecn: number
  /**
   * Not null: a probe of a larger size, or one of the largest datagrams that has its turn to be looked at.
   * A host that can tell that its operating system cut the datagram in fragments says so there.
   */
  readonly watch: FragmentListener | null
}
