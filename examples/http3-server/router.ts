import type { Http3ServerRequest, Http3ServerResponse } from 'godwit'
import { download } from './routes/download.ts'
import { events } from './routes/events.ts'
import { page } from './routes/page.ts'
import { stats } from './routes/stats.ts'
import { upload } from './routes/upload.ts'

/** Answers a request; `url` has its path and query. */
export type Route = (
  request: Http3ServerRequest,
  response: Http3ServerResponse,
  url: URL,
) => Promise<void> | void

interface Entry {
  readonly methods: readonly string[]
  readonly answer: Route
}

const ROUTES = new Map<string, Entry>([
  ['/stats', { methods: ['GET'], answer: stats }],
  ['/download', { methods: ['GET', 'HEAD'], answer: download }],
  ['/upload', { methods: ['POST', 'PUT'], answer: upload }],
  ['/events', { methods: ['GET'], answer: events }],
])
const PAGE: Entry = { methods: ['GET', 'HEAD'], answer: page }

export async function route(
  request: Http3ServerRequest,
  response: Http3ServerResponse,
): Promise<void> {
  const url = new URL(request.url, 'https://localhost')
  const { methods, answer } = ROUTES.get(url.pathname) ?? PAGE
  if (!methods.includes(request.method)) {
    response.writeHead(405, { allow: methods.join(', ') }).end('Method not allowed\n')
    return
  }
  await answer(request, response, url)
}
