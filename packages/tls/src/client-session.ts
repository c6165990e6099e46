import type { ClientSessionOptions } from './options.ts'
import type { ClientSession } from './session.ts'

/** Starts the client's side of a handshake. Throws TypeError or RangeError for a wrong option. */
export function createClientSession(options: ClientSessionOptions): ClientSession {
  throw new TypeError(`not yet: ${options.serverName}`)
}
