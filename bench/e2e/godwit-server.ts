// Our server as a contender: `godwit-server.ts PORT CERT KEY`. GET /1k, /64m, /1g: that many bytes of
// zeros; POST /up: how many bytes came; GET /heap: process.memoryUsage() after garbage collection (with
// --expose-gc). GODWIT_CRYPTO chooses the cryptography.

import { readFileSync } from 'node:fs'
import { createServer } from 'godwit'
import type { Http3ServerRequest, Http3ServerResponse } from 'godwit'
import { parseSize, ZEROS } from './sizes.ts'

function download(response: Http3ServerResponse, size: number): void {
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('content-length', size)
  if (size <= ZEROS.length) {
    response.end(ZEROS.subarray(0, size))
    return
  }
  let left = size
  const write = (): void => {
    while (left > 0) {
      const length = Math.min(left, ZEROS.length)
      left -= length
      if (!response.write(length === ZEROS.length ? ZEROS : ZEROS.subarray(0, length))) {
        response.once('drain', write)
        return
      }
    }
    response.end()
  }
  // The client cuts off what it has no time for.
  response.on('error', () => {})
  write()
}

function upload(request: Http3ServerRequest, response: Http3ServerResponse): void {
  let received = 0
  request.on('data', (chunk: Uint8Array) => {
    received += chunk.length
  })
  request.on('end', () => response.end(String(received)))
  request.on('error', () => {})
}

function heap(response: Http3ServerResponse): void {
  // What the first one finds to be free may be the last that holds a buffer.
  globalThis.gc?.()
  globalThis.gc?.()
  response.end(JSON.stringify(process.memoryUsage()))
}

const [port, cert, key] = process.argv.slice(2)
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (req, res) => {
  const path = req.url ?? ''
  if (path === '/up') return upload(req, res)
  if (path === '/heap') return heap(res)
  const size = parseSize(path)
  if (size >= 0) return download(res, size)
  res.writeHead(404).end()
})
server.listen(Number(port), '127.0.0.1', () => console.log('listening'))
// A profile (--cpu-prof) is written when the process ends by itself.
process.on('SIGTERM', () => process.exit(0))
