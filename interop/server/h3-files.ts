// The server's side of HTTP/3 for the interop runner: files of a folder.

import { createReadStream, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream'
import type { Http3ServerRequest, Http3ServerResponse } from '@godwit/node'

/** Answers a request with the file that its path names, or with 404. */
export function answerWithFile(
  www: string,
  request: Http3ServerRequest,
  response: Http3ServerResponse,
): void {
  let path: string
  let size: number
  try {
    const root = realpathSync(www)
    const { pathname } = new URL(request.url ?? '/', 'https://localhost')
    path = realpathSync(join(root, decodeURIComponent(pathname)))
    const stats = statSync(path)
    if (!path.startsWith(root + sep) || !stats.isFile()) throw new Error('not a file')
    size = stats.size
  } catch {
    response.writeHead(404)
    response.end()
    return
  }
  response.writeHead(200, {
    'content-length': String(size),
    'content-type': 'application/octet-stream',
  })
  pipeline(createReadStream(path), response, () => {
    // A client that went away needs no answer.
  })
}
