// SETTINGS, RFC 9114 §7.2.4 and RFC 9204 §5.

/** What the peer announced, with the RFC's defaults for what it left out. */
export interface PeerSettings {
  /** Largest field section that the peer accepts, in bytes (RFC 9114 §4.2.2). Infinity: no limit. */
  readonly maxFieldSectionSize: number
  /** QPACK dynamic table that the peer's decoder offers, in bytes. Not used yet. */
  readonly qpackMaxTableCapacity: number
  readonly qpackBlockedStreams: number
  /** The peer, a server, takes extended CONNECT (RFC 9220 §3). */
  readonly enableConnectProtocol: boolean
  /** The peer takes HTTP datagrams (RFC 9297 §2.1.1). */
  readonly h3Datagram: boolean
}
