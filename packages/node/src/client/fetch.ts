// fetch() over HTTP/3: the shape of the global one, with the options of a connection beside those
// of a request. Nothing is cached and no cookies are kept; content-encoding is the caller's.

import { errorCodeOf } from '../errors.ts'
import { MAX_REDIRECTS } from '../limits.ts'
import { CONNECT_OPTION_NAMES, type ConnectOptions } from './options.ts'
import { cancelRequestBody, fetchOver } from './fetch-over.ts'
import { forgetSession, pooledSession } from './pool.ts'

/** Options of `fetch`: those of the web's, and those of `connect`. */
export type FetchOptions = RequestInit & ConnectOptions

/** The server did not process these: another connection may carry them. */
const RETRIABLE = new Set([
  'ERR_HTTP3_REQUEST_REJECTED',
  'ERR_HTTP3_SESSION_CLOSING',
  'ERR_HTTP3_GOAWAY',
])

/** A kept connection may end just as it is used: these may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Fetches over HTTP/3, on a connection that later calls share. Rejects with TypeError 'fetch
 * failed' whose `code` and `cause` say why, or with the signal's reason.
 */
export async function fetch(
  input: string | URL | Request,
  init: FetchOptions = {},
): Promise<Response> {
  const connectOptions: Record<string, unknown> = {}
  const requestInit: Record<string, unknown> = {}
  const connectNames: readonly string[] = CONNECT_OPTION_NAMES
  for (const [name, value] of Object.entries(init)) {
    if (connectNames.includes(name)) connectOptions[name] = value
    else requestInit[name] = value
  }
  return follow(new Request(input, requestInit), init.body ?? null, connectOptions)
}

async function follow(
  first: Request,
  firstBody: unknown,
  options: ConnectOptions,
): Promise<Response> {
  let request = first
  let body = firstBody
  for (let redirects = 0; ; redirects++) {
    const response = await attempt(request, body, options)
    const location = response.headers.get('location')
    if (!isRedirect(response.status) || location === null || first.redirect === 'manual') {
      if (redirects > 0) Object.defineProperty(response, 'redirected', { value: true })
      return response
    }
    await response.body?.cancel()
    if (first.redirect === 'error') throw new TypeError('fetch failed: unexpected redirect')
    if (redirects === MAX_REDIRECTS) throw new TypeError('fetch failed: too many redirects')
    const next = redirected(request, body, response.status, new URL(location, request.url))
    if (next.body === null) body = null
    request = next
  }
}

/** The next request of a redirect, by the fetch standard's HTTP-redirect fetch. */
function redirected(request: Request, body: unknown, status: number, url: URL): Request {
  if (url.protocol !== 'https:') {
    throw new TypeError(`fetch failed: redirect to ${url.protocol}, which is not HTTP/3`)
  }
  const headers = new Headers(request.headers)
  let method = request.method
  let replayed: unknown = body
  const dropsBody =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  if (dropsBody) {
    method = 'GET'
    replayed = null
    for (const name of ['content-encoding', 'content-language', 'content-location']) {
      headers.delete(name)
    }
    headers.delete('content-type')
    headers.delete('content-length')
  } else if (request.body !== null && !isReplayable(body)) {
    throw new TypeError('fetch failed: a streamed body cannot be sent again')
  }
  if (url.origin !== new URL(request.url).origin) {
    for (const name of ['authorization', 'proxy-authorization', 'cookie', 'host']) {
      headers.delete(name)
    }
  }
  const init: RequestInit = { method, headers, signal: request.signal }
  if (replayed !== null && replayed !== undefined)
    init.body = replayed as NonNullable<RequestInit['body']>
  return new Request(url, init)
}

async function attempt(
  request: Request,
  body: unknown,
  options: ConnectOptions,
): Promise<Response> {
  const url = new URL(request.url)
  if (url.protocol !== 'https:') {
    throw new TypeError(`"input" expected an https: URL, got ${url.protocol}`)
  }
  const { signal } = request
  // A body that can be made again may be sent again; a stream is used up.
  const spare = isReplayable(body) ? request.clone() : null
  let reused = false
  for (let tries = 1; ; tries++) {
    try {
      signal.throwIfAborted()
      const session = await unlessAborted(pooledSession(url.origin, options), signal)
      reused = session.requestsStarted > 0
      const current = tries === 1 || spare === null ? request : spare
      const maySendAgain = tries === 1 && spare !== null && IDEMPOTENT.has(request.method)
      if (!reused || !maySendAgain) return await fetchOver(session, current, body)
      return await fetchOver(session, current, body, () => forgetSession(session))
    } catch (error) {
      if (signal.aborted) {
        cancelRequestBody(request)
        throw signal.reason
      }
      const code = errorCodeOf(error)
      const lost = reused && code === 'ERR_HTTP3_SESSION_CLOSED' && IDEMPOTENT.has(request.method)
      if (tries === 1 && spare !== null && (lost || RETRIABLE.has(code))) continue
      cancelRequestBody(request)
      if (isMisuse(error)) throw error
      throw Object.assign(new TypeError('fetch failed', { cause: error }), { code })
    }
  }
}

/** Wrong options are reported as they are. */
function isMisuse(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && errorCodeOf(error) === ''
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

function isReplayable(body: unknown): boolean {
  return !(body instanceof ReadableStream) && !isAsyncIterable(body)
}

function isAsyncIterable(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
