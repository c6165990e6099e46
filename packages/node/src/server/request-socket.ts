// `request.socket`: of one request alone, as with node:http2. What a library does to it touches no
// other request of the connection.

import { ConnectionSocket, type ConnectionInfo } from '../session-socket.ts'
import { emitSafely } from '../user-code.ts'

/** What the socket can do to its request. */
interface RequestOwner {
  readonly over: boolean
  destroy(error?: Error): void
}

/** Emits 'close' when request and response are over. */
export class RequestSocket extends ConnectionSocket {
  readonly #owner: RequestOwner
  #closed: boolean

  /** @internal */
  constructor(info: ConnectionInfo, owner: RequestOwner) {
    super(info)
    this.#owner = owner
    this.#closed = false
  }

  get destroyed(): boolean {
    return this.#owner.over
  }

  /** Ends the request and its response; others of the connection go on. */
  destroy(error?: Error): this {
    this.#owner.destroy(error)
    return this
  }

  /** @internal */
  handleOver(): void {
    if (this.#closed) return
    this.#closed = true
    // After the 'close' of request and response, which are on their way.
    process.nextTick(emitSafely, this, 'close')
  }
}
