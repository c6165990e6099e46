// serve({ fetch }): a server of web standard requests and responses.

import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

import type { ConnectionStats } from '@godwit/quic'
import { aFunction, anObject, aPort, aString, parseOptions } from '../options.ts'
import { createServer, type Http3Server } from './server.ts'
import type { Http3ServerOptions } from './options.ts'
import type { Http3ServerRequest } from './request.ts'
import type { Http3ServerResponse } from './response.ts'

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
  /** Answers a request. What it throws becomes a 500, or goes to `error`. */
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
    void answer(request, response, handler, own.error)
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

async function answer(
  request: Http3ServerRequest,
  response: Http3ServerResponse,
  handler: ServeOptions['fetch'],
  onError: ServeOptions['error'],
): Promise<void> {
  const abort = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) abort.abort()
  })
  try {
    let answered: Response
    const asked = webRequestOf(request, abort.signal)
    if (asked === null) {
      response.writeHead(400).end()
      return
    }
    try {
      answered = await handler(asked, infoOf(request))
      if (!(answered instanceof Response)) {
        throw new TypeError(`"fetch" expected to return a Response, got ${typeof answered}`)
      }
    } catch (error) {
      if (abort.signal.aborted) return
      if (onError === undefined) throw error
      answered = await onError(error)
    }
    await send(answered, response)
  } catch (error) {
    if (abort.signal.aborted) return
    // The programmer must see it, the client must not.
    process.emitWarning(error instanceof Error ? error : String(error))
    if (response.headersSent) {
      response.destroy()
    } else {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error')
    }
  }
}

/** The web's form of a request; null for one that it has no form for, such as TRACE. */
function webRequestOf(request: Http3ServerRequest, signal: AbortSignal): Request | null {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const item of Array.isArray(value) ? value : [value]) headers.append(name, item)
  }
  const authority = request.authority || String(request.headers['host'] ?? 'localhost')
  const method = request.method
  const init: RequestInit = { method, headers, signal }
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = Readable.toWeb(request) as NodeReadableStream<Uint8Array> as NonNullable<
      RequestInit['body']
    >
    init.duplex = 'half'
  }
  // Put together and not resolved: a path that begins with two slashes is a path.
  const path = request.url.startsWith('/') ? request.url : `/${request.url}`
  try {
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
    stats: () => request.session?.stats ?? null,
  }
}

/** Writes a web response, at the client's pace. */
async function send(from: Response, to: Http3ServerResponse): Promise<void> {
  to.statusCode = from.status
  for (const [name, value] of from.headers) {
    if (name !== 'set-cookie') to.setHeader(name, value)
  }
  const cookies = from.headers.getSetCookie()
  if (cookies.length > 0) to.setHeader('set-cookie', cookies)
  if (from.body === null || to.req.method === 'HEAD') {
    await from.body?.cancel()
    to.end()
    return
  }
  const reader = from.body.getReader()
  const stop = (): void => void reader.cancel().catch(() => {})
  to.once('close', stop)
  for (;;) {
    const { done, value } = await reader.read()
    if (to.destroyed) return
    if (done) break
    if (!to.write(value)) await roomIn(to)
  }
  to.off('close', stop)
  to.end()
}

/** Resolves when the client keeps up again, or is gone. */
function roomIn(response: Http3ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}
