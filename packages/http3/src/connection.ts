// An HTTP/3 connection over a QUIC port, RFC 9114.

import type { ConnectionEvent, QuicPort } from '@godwit/quic'
import type { Http3Event } from './event.ts'
import type { RequestStream } from './request-stream.ts'
import type { PeerSettings } from './settings.ts'

export interface Http3ConnectionOptions {
  /**
   * Largest header or trailer section to accept, in bytes as RFC 9114 §4.2.2 counts them: name,
   * value and 32 for each line. Default 65536.
   */
  readonly maxFieldSectionSize?: number
}

export class Http3Connection {
  readonly port: QuicPort

  constructor(port: QuicPort, options: Http3ConnectionOptions = {}) {
    void options
    this.port = port
  }

  // --- commands

  /**
   * Client: sends a request; `end`: without content. Null when the peer's stream limit is reached
   * (try again after the port's 'streams-available').
   *
   * @throws TypeError when the fields do not make a request that RFC 9114 §4.2-§4.4 permits.
   * @throws Http3Error `ERR_HTTP3_GOAWAY` after GOAWAY; `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`.
   */
  request(fields: readonly string[], end: boolean): RequestStream | null {
    void [fields, end]
    return null
  }

  /**
   * Takes no new requests (server) or makes none (client), and tells the peer with GOAWAY (RFC 9114
   * §5.2). Requests in progress go on; close the port when `openRequests` is 0.
   */
  shutdown(): void {}

  // --- input

  /** Takes an event of the port. Never throws for what the peer did: it closes the port. */
  handleEvent(event: ConnectionEvent): void {
    void event
  }

  // --- output

  pollEvent(): Http3Event | null {
    return null
  }

  // --- reads

  /** The peer's settings, or null before they arrived. */
  get peerSettings(): PeerSettings | null {
    return null
  }

  /** Exchanges in which something is still to be received, or to be acknowledged by the peer. */
  get openRequests(): number {
    return 0
  }

  /** True after GOAWAY of either side, or the end: no new requests. */
  get closing(): boolean {
    return false
  }
}
