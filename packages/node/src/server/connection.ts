// The connection that a request came on, as request and response see it, whatever its protocol.

import type { Http3Session } from '../http3-session.ts'
import type { ConnectionInfo } from '../session-socket.ts'

export interface ServerConnection extends ConnectionInfo {
  readonly httpVersion: '3.0' | '2.0'
  /** The HTTP/3 connection; null over TCP. */
  readonly http3Session: Http3Session | null
  /** Commands were given: they take effect in the next turn. */
  wake(): void
  /** The exchange on stream `id` needs to hear no more. */
  removeExchange(id: number): void
}
