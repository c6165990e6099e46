import { once } from 'node:events'
import type { Route } from '../router.ts'

const LARGEST = 10_000_000_000
const CHUNK = Buffer.alloc(64 * 1024, 'The bar-tailed godwit flies eleven days without landing.\n')

/** As many bytes as `?bytes=` asks for, at the pace of whoever reads them. */
export const download: Route = async (request, response, url) => {
  const bytes = Number(url.searchParams.get('bytes') ?? 1_000_000)
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > LARGEST) {
    response.writeHead(400).end(`bytes expected 0..${LARGEST}\n`)
    return
  }
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes,
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for (let left = bytes; left > 0 && !gone.signal.aborted; left -= CHUNK.length) {
    const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
    // Backpressure: false means that the client, or the network, does not keep up.
    if (!response.write(chunk)) {
      await once(response, 'drain', { signal: gone.signal }).catch(() => {})
    }
  }
  if (!gone.signal.aborted) response.end()
}
