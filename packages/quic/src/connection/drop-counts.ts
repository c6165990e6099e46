// Why datagrams and packets are dropped. None of these is an error of a connection: anyone can send
// anything to a UDP port. Counted per endpoint.

/** Counts by reason. */
export class DropCounts {
  /** Not even a header. */
  malformed: number
  /** More than the `max_udp_payload_size` that we announce, RFC 9000 §18.2. */
  tooLarge: number
  /** A connection ID that nobody here has. */
  unknownConnection: number
  /** A version that we do not speak, not answered. */
  unknownVersion: number
  /** A client's Initial in a datagram of less than 1200 bytes, RFC 9000 §14.1. */
  initialTooSmall: number
  /** Too many connections, handshakes or answers already. */
  saturated: number
  /** From the port of a service that would answer an answer. */
  reflection: number
  /** From an address that is not the connection's, RFC 9000 §9. */
  wrongPath: number
  /** A coalesced packet with another Destination Connection ID, RFC 9000 §12.2. */
  mismatchedConnectionId: number
  /** Its keys are not there yet and there is no room to keep it, or they are gone. */
  noKeys: number
  /** It does not open. */
  notAuthentic: number
  /** Its number was seen before. */
  duplicate: number
  /** A type that this endpoint does not take now: 0-RTT, Retry, Version Negotiation. */
  unexpectedType: number
  /** The connection is closing or draining. */
  closed: number

  constructor() {
    this.malformed = 0
    this.tooLarge = 0
    this.unknownConnection = 0
    this.unknownVersion = 0
    this.initialTooSmall = 0
    this.saturated = 0
    this.reflection = 0
    this.wrongPath = 0
    this.mismatchedConnectionId = 0
    this.noKeys = 0
    this.notAuthentic = 0
    this.duplicate = 0
    this.unexpectedType = 0
    this.closed = 0
  }
}
