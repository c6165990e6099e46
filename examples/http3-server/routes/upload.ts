import { createHash } from 'node:crypto'
import type { Route } from '../router.ts'

/** Reads the body and reports its length and SHA-256. A body that is cut off throws. */
export const upload: Route = async (request, response) => {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  response.setHeader('content-type', 'application/json')
  response.end(
    `${JSON.stringify({ bytes, sha256: hash.digest('hex'), httpVersion: request.httpVersion })}\n`,
  )
}
