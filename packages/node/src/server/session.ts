// The server's side of an HTTP/3 connection: makes request and response of each stream.

import type { Http3ConnectionOptions, RequestStream } from '@godwit/http3'
import type { Connection } from '@godwit/quic'
import type { BagMember } from '@godwit/wire'
import type { EndpointHost } from '../endpoint-host.ts'
import { Http3HostError } from '../errors.ts'
import type { ExchangeHandler } from '../exchange.ts'
import { Http3Session } from '../http3-session.ts'
import { Http3ServerRequest } from './request.ts'
import { Http3ServerResponse } from './response.ts'

/** What a session tells its server. */
export interface SessionListener {
  onSession(session: Http3ServerSession): void
  onRequest(request: Http3ServerRequest, response: Http3ServerResponse): void
  onSessionClosed(session: Http3ServerSession, error: Error | null): void
}

export class Http3ServerSession extends Http3Session implements BagMember {
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

  protected override onConnected(): void {
    this.#listener.onSession(this)
  }

  protected override onRequest(
    stream: RequestStream,
    fields: readonly string[],
    end: boolean,
  ): void {
    const request = new Http3ServerRequest(this, stream, fields, end)
    const response = new Http3ServerResponse(this, stream, request)
    this.addExchange(stream, new ServerExchange(request, response))
    this.#listener.onRequest(request, response)
  }

  /** Request or response are destroyed: when both are over, nobody needs the stream's events. */
  settleExchange(stream: RequestStream): void {
    const exchange = stream.context
    if (exchange instanceof ServerExchange && exchange.over) this.removeExchange(stream.id)
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

/** Joins a stream's events with its request and response. */
class ServerExchange implements ExchangeHandler {
  readonly #request: Http3ServerRequest
  readonly #response: Http3ServerResponse

  constructor(request: Http3ServerRequest, response: Http3ServerResponse) {
    this.#request = request
    this.#response = response
  }

  get over(): boolean {
    return this.#response.destroyed && (this.#request.destroyed || this.#request.complete)
  }

  onData(): void {
    this.#request.handleData()
  }

  onTrailers(fields: readonly string[]): void {
    this.#request.handleTrailers(fields)
  }

  onEnd(): void {
    this.#request.handleEnd()
  }

  onWritable(): void {
    this.#response.handleWritable()
  }

  onReset(error: Error): void {
    this.#request.handleAborted(error)
  }

  onStopSending(errorCode: number): void {
    const message = 'the client reads no more'
    const error = new Http3HostError('ERR_HTTP3_STREAM_RESET', message, { errorCode })
    this.#response.handleAborted(error)
  }

  onSessionClosed(error: Error): void {
    this.#request.handleAborted(error)
    this.#response.handleAborted(error)
  }

  onResponse(): void {
    // A client sends none: http3 has refused it.
  }

  onInformational(): void {
    // As above.
  }
}
