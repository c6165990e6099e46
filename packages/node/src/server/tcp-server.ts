// The same handler over TCP: HTTP/2 and HTTP/1.1, with the Alt-Svc field that tells browsers of
// HTTP/3 on the same port (RFC 7838, RFC 9114 §3.1.1).

import { constants as http2Constants, createSecureServer } from 'node:http2'
import type { Http2SecureServer, Http2Session, ServerHttp2Stream } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

import type { IdentityOptions } from '../tls/identity.ts'
import { Http2Connection } from './http2-connection.ts'
import { Http2MessageStream } from './http2-message-stream.ts'
import { makeExchange } from './make-exchange.ts'
import type { ResolvedServerOptions } from './options.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerResponse } from './response.ts'

/** How long a browser remembers that there is HTTP/3, in seconds: a day. */
const ALT_SVC_MAX_AGE = 86_400

/** What comes over TCP. */
export interface TcpListener {
  /** Over HTTP/2. */
  onRequest(request: Http3ServerRequest, response: Http3ServerResponse): void
  /** Over HTTP/1.1, in node:http's own objects: they are what every framework was made for. */
  onHttp1Request(request: IncomingMessage, response: ServerResponse): void
}

export class TcpServer {
  readonly #server: Http2SecureServer
  readonly #listener: TcpListener
  readonly #sockets: Set<TLSSocket>
  /** Those with an HTTP/1.1 request in progress. */
  readonly #busy: Set<Socket>
  readonly #sessions: Set<Http2Session>
  #altSvc: string
  #closing: boolean

  constructor(options: ResolvedServerOptions, listener: TcpListener) {
    const { key, cert, passphrase } = options.identity
    const tls = {
      ...options.tcp,
      key: key as string[],
      cert: cert as string[],
      ...(passphrase === undefined ? {} : { passphrase }),
    }
    this.#server = createSecureServer({ ...tls, allowHTTP1: true })
    this.#listener = listener
    this.#sockets = new Set()
    this.#busy = new Set()
    this.#sessions = new Set()
    this.#altSvc = ''
    this.#closing = false
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader('alt-svc', this.#altSvc)
      this.#watch(request.socket, response)
      listener.onHttp1Request(request, response)
    })
    // With the first listener of 'request' Node adds one of 'stream', which makes its own objects for
    // HTTP/2: ours take their place.
    this.#server.removeAllListeners('stream')
    this.#server.on('stream', (stream, _headers, flags, fields: readonly string[] = []) =>
      this.#handleHttp2Stream(stream, flags, fields),
    )
    this.#server.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
    })
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, host }, () => {
        this.#server.off('error', reject)
        const { port: actual } = this.#server.address() as AddressInfo
        this.#altSvc = `h3=":${actual}"; ma=${ALT_SVC_MAX_AGE}`
        resolve()
      })
    })
  }

  /** Resolves when the last connection is gone; those without a request go at once. */
  close(): Promise<void> {
    this.#closing = true
    return new Promise((resolve) => {
      this.#server.close(() => {
        this.#closing = false
        resolve()
      })
      this.closeIdleConnections()
    })
  }

  closeIdleConnections(): void {
    // The streams of HTTP/2 sessions may end first.
    for (const session of this.#sessions) session.close()
    for (const socket of this.#sockets) {
      if (socket.alpnProtocol !== 'h2' && !this.#busy.has(socket)) socket.destroy()
    }
  }

  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  getConnections(callback: (error: Error | null, count: number) => void): void {
    this.#server.getConnections(callback)
  }

  addContext(hostname: string, context: IdentityOptions): void {
    this.#server.addContext(hostname, pemOf(context))
  }

  setSecureContext(context: IdentityOptions): void {
    this.#server.setSecureContext(pemOf(context))
  }

  ref(): void {
    this.#server.ref()
  }

  unref(): void {
    this.#server.unref()
  }

  #handleHttp2Stream(http2: ServerHttp2Stream, flags: number, fields: readonly string[]): void {
    const { session } = http2
    if (session === undefined || session.destroyed) return
    const end = (flags & http2Constants.NGHTTP2_FLAG_END_STREAM) !== 0
    const stream = new Http2MessageStream(http2)
    const made = makeExchange(Http2Connection.of(session), stream, fields, end)
    stream.start(made.exchange, end)
    made.response.setHeader('alt-svc', this.#altSvc)
    this.#listener.onRequest(made.request, made.response)
  }

  #watch(socket: Socket, response: ServerResponse): void {
    this.#busy.add(socket)
    response.once('close', () => {
      this.#busy.delete(socket)
      if (this.#closing) socket.end()
    })
  }
}

function pemOf(context: IdentityOptions): { key: string[]; cert: string[]; passphrase?: string } {
  const texts = (input: IdentityOptions['key']): string[] =>
    (Array.isArray(input) ? input : [input]).map((item: string | Uint8Array) =>
      typeof item === 'string' ? item : Buffer.from(item).toString('latin1'),
    )
  const { key, cert, passphrase } = context
  return {
    key: texts(key),
    cert: texts(cert),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}
