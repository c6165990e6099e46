// `request.stream`: the stream of a request and its response, as with node:http2.

import { H3_NO_ERROR } from '@godwit/http3'
import type { Http3Session } from '../http3-session.ts'

/** What the stream needs of its exchange. */
interface StreamOwner {
  readonly stream: { readonly id: number }
  readonly connection: { readonly http3Session: Http3Session | null }
  readonly aborted: boolean
  readonly over: boolean
  destroy(error?: Error, errorCode?: number): void
}

/** Identity and end of an exchange. Content goes through request and response. */
export class Http3ServerStream {
  readonly #owner: StreamOwner

  /** @internal */
  constructor(owner: StreamOwner) {
    this.#owner = owner
  }

  /** RFC 9000 §2.1 stream ID; over TCP that of HTTP/2. */
  get id(): number {
    return this.#owner.stream.id
  }

  /** The HTTP/3 connection, which other requests share; null over TCP. */
  get session(): Http3Session | null {
    return this.#owner.connection.http3Session
  }

  /** True when the client went away before the end. */
  get aborted(): boolean {
    return this.#owner.aborted
  }

  /** True when request and response are over. */
  get destroyed(): boolean {
    return this.#owner.over
  }

  /** Ends both messages. `errorCode` is RFC 9114 §8.1's; default H3_NO_ERROR. */
  close(errorCode: number = H3_NO_ERROR): void {
    this.#owner.destroy(undefined, errorCode)
  }

  /** Ends both messages as failed, with `error` for those who listen. */
  destroy(error?: Error): this {
    this.#owner.destroy(error)
    return this
  }
}
