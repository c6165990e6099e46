// The server's side of an HTTP/3 connection: makes request and response of each stream.

import type { Http3ConnectionOptions, RequestStream } from '@godwit/http3'
import type { Connection } from '@godwit/quic'
import type { BagMember } from '@godwit/wire'
import type { EndpointHost } from '../endpoint-host.ts'
import { Http3Session } from '../http3-session.ts'
import type { ServerConnection } from './connection.ts'
import { makeExchange } from './make-exchange.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerResponse } from './response.ts'

/** What a session tells its server. */
export interface SessionListener {
  onSession(session: Http3ServerSession): void
  onRequest(request: Http3ServerRequest, response: Http3ServerResponse): void
  onSessionClosed(session: Http3ServerSession, error: Error | null): void
}

export class Http3ServerSession extends Http3Session implements BagMember, ServerConnection {
  readonly httpVersion = '3.0'
  /** The server's own. @internal */
  bagIndex: number
  readonly #listener: SessionListener

  constructor(
    host: EndpointHost,
    connection: Connection,
    options: Http3ConnectionOptions,
    listener: SessionListener,
  ) {
    super(host, connection, options)
    this.bagIndex = -1
    this.#listener = listener
  }

  /** Itself. @internal */
  get http3Session(): Http3Session {
    return this
  }

  protected override onConnected(): void {
    this.#listener.onSession(this)
  }

  protected override onRequest(
    stream: RequestStream,
    fields: readonly string[],
    end: boolean,
  ): void {
    const { exchange, request, response } = makeExchange(this, stream, fields, end)
    this.addExchange(stream, exchange)
    this.#listener.onRequest(request, response)
  }

  protected override onStreamsAvailable(): void {
    // A server opens no request streams.
  }

  protected override readyToClose(): boolean {
    return true
  }

  protected override onIdle(): void {
    // The transport's idle timeout ends connections that nobody uses.
  }

  protected override onClosed(error: Error | null): void {
    this.#listener.onSessionClosed(this, error)
  }
}
