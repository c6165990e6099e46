// serve({ fetch }): a server of web standard requests and responses.

import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

import type { ConnectionStats } from '@godwit/quic'
import { errorCodeOf } from '../errors.ts'
import { aFunction, anObject, aPort, aString, parseOptions } from '../options.ts'
import { throwLater, warn } from '../user-code.ts'
import { createServer, type Http3Server } from './server.ts'
import type { Http3ServerOptions } from './options.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerResponse } from './response.ts'
import { cancelBody, checkSendable, sendResponse } from './send-response.ts'

/** What a fetch handler may know beside the request. */
export interface RequestInfo {
  readonly remoteAddress: string
  readonly remotePort: number
  /** '3.0'; over TCP '2.0' or '1.1'. */
  readonly httpVersion: string
  /** Figures of the HTTP/3 connection; null over TCP. */
  stats(): ConnectionStats | null
}

export interface ServeOptions extends Http3ServerOptions {
  /** Default 443. */
  readonly port?: number
  /** Name or address to listen on. Default: every address. */
  readonly hostname?: string
  /**
   * Answers a request. What it throws becomes a 500, or goes to `error`. The request's `signal` is
   * aborted, and the body of the response cancelled, when the client goes away before the end.
   */
  readonly fetch: (request: Request, info: RequestInfo) => Response | Promise<Response>
  /** Makes the response of a request whose `fetch` threw. */
  readonly error?: (error: unknown) => Response | Promise<Response>
}

/** Starts a server; resolves when it listens, rejects when it cannot. */
export function serve(options: ServeOptions): Promise<Http3Server> {
  const { port, hostname, fetch, error, ...serverOptions } = anObject<ServeOptions>(
    'options',
    options,
  )
  const own = parseOptions(
    { port, hostname, fetch: fetch ?? null, error },
    {
      port: aPort,
      hostname: aString,
      fetch: aFunction<ServeOptions['fetch']>,
      error: aFunction<NonNullable<ServeOptions['error']>>,
    },
  )
  const handler = own.fetch as ServeOptions['fetch']
  const server = createServer(serverOptions, (request, response) => {
    new Answer(request, response, handler, own.error).run().catch(throwLater)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(
      { port: own.port ?? 443, ...(hostname === undefined ? {} : { host: hostname }) },
      () => {
        server.off('error', reject)
        resolve(server)
      },
    )
  })
}

/** One request, from the handler's call to the end of its response. */
class Answer {
  readonly #request: Http3ServerRequest
  readonly #response: Http3ServerResponse
  readonly #handler: ServeOptions['fetch']
  readonly #onError: ServeOptions['error']
  readonly #abort: AbortController

  constructor(
    request: Http3ServerRequest,
    response: Http3ServerResponse,
    handler: ServeOptions['fetch'],
    onError: ServeOptions['error'],
  ) {
    this.#request = request
    this.#response = response
    this.#handler = handler
    this.#onError = onError
    this.#abort = new AbortController()
    response.once('close', () => {
      // Without 'finish' the client is gone, or the response was cut off.
      if (!response.writableFinished) this.#abort.abort()
    })
    // 'close' follows. That a client is gone, or takes no fields, is no news.
    response.on('error', (error) => {
      if (errorCodeOf(error) === 'ERR_HTTP3_CONTENT_LENGTH_MISMATCH') warn(error)
    })
  }

  async run(): Promise<void> {
    const asked = webRequestOf(this.#request, this.#abort.signal)
    if (asked === null) {
      this.#response.writeHead(400).end()
      return
    }
    let answered: Response | null = null
    try {
      answered = await this.#ask(asked)
      checkSendable(answered)
      await sendResponse(answered, this.#response)
    } catch (error) {
      if (answered !== null) cancelBody(answered, error)
      this.#fail(error)
    }
  }

  async #ask(asked: Request): Promise<Response> {
    try {
      return aResponse('fetch', await this.#handler(asked, infoOf(this.#request)))
    } catch (error) {
      if (this.#onError === undefined || this.#abort.signal.aborted) throw error
      return aResponse('error', await this.#onError(error))
    }
  }

  /** Nothing, or no more, can be sent of what the application answers. */
  #fail(error: unknown): void {
    const response = this.#response
    // What a handler throws because its client went away is no news.
    if (this.#abort.signal.aborted) return
    // The programmer must see it, the client must not.
    warn(error)
    if (response.headersSent) {
      response.destroy()
      return
    }
    // Whatever made the first answer impossible must not be in this one.
    for (const name of response.getHeaderNames()) {
      if (name !== 'alt-svc') response.removeHeader(name)
    }
    response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error')
  }
}

function aResponse(name: string, value: unknown): Response {
  if (value instanceof Response) return value
  throw new TypeError(`"${name}" expected to return a Response, got ${typeof value}`)
}

/** The web's form of a request; null for one that it has no form for, such as TRACE. */
function webRequestOf(request: Http3ServerRequest, signal: AbortSignal): Request | null {
  const authority = request.authority || String(request.headers['host'] ?? 'localhost')
  const { method } = request
  // Put together and not resolved: a path that begins with two slashes is a path.
  const path = request.url.startsWith('/') ? request.url : `/${request.url}`
  try {
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) {
      if (value === undefined || name.startsWith(':')) continue
      for (const item of Array.isArray(value) ? value : [value]) headers.append(name, item)
    }
    const init: RequestInit = { method, headers, signal }
    if (method !== 'GET' && method !== 'HEAD') {
      init.body = Readable.toWeb(request) as NodeReadableStream<Uint8Array> as NonNullable<
        RequestInit['body']
      >
      init.duplex = 'half'
    }
    return new Request(`https://${authority}${path}`, init)
  } catch {
    return null
  }
}

function infoOf(request: Http3ServerRequest): RequestInfo {
  const { socket, httpVersion } = request
  return {
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    httpVersion,
    // Sockets over TCP have none.
    stats: () => socket.stats ?? null,
  }
}
