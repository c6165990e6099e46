import { readFile } from 'node:fs/promises'
import type { Route } from '../router.ts'

const FILES = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/style.css', ['style.css', 'text/css; charset=utf-8']],
  ['/favicon.svg', ['favicon.svg', 'image/svg+xml']],
  ...['main', 'connection', 'download', 'upload', 'events', 'format'].map(
    (name): [string, [string, string]] => [
      `/${name}.js`,
      [`${name}.js`, 'text/javascript; charset=utf-8'],
    ],
  ),
])

/** The files of the page. They are few and named one by one: no path comes from the request. */
export const page: Route = async (request, response, url) => {
  const [name, type] = FILES.get(url.pathname) ?? []
  if (name === undefined || type === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n')
    return
  }
  const body = await readFile(new URL(`../page/${name}`, import.meta.url))
  response.setHeader('content-type', type)
  response.setHeader('content-length', body.length)
  response.setHeader('cache-control', 'no-cache')
  response.setHeader('content-security-policy', "default-src 'self'")
  response.end(request.method === 'HEAD' ? undefined : body)
}
