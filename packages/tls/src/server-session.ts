import type { ServerSessionOptions } from './options.ts'
import type { ServerSession } from './session.ts'

/** Starts the server's side of a handshake. Throws TypeError or RangeError for a wrong option. */
export function createServerSession(options: ServerSessionOptions): ServerSession {
  throw new TypeError(`not yet: ${options.alpnProtocols.length}`)
}
