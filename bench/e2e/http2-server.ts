// What Node's users have today, for comparison: node:http2 over TLS and TCP, with its windows opened
// as wide as those of the others. `http2-server.ts PORT CERT KEY`.

import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { parseSize, ZEROS } from './sizes.ts'

function download(stream: ServerHttp2Stream, size: number): void {
  stream.respond({ ':status': 200, 'content-length': size })
  if (size <= ZEROS.length) {
    stream.end(ZEROS.subarray(0, size))
    return
  }
  let left = size
  const write = (): void => {
    while (left > 0) {
      const length = Math.min(left, ZEROS.length)
      left -= length
      if (!stream.write(length === ZEROS.length ? ZEROS : ZEROS.subarray(0, length))) {
        stream.once('drain', write)
        return
      }
    }
    stream.end()
  }
  write()
}

const [port, cert, key] = process.argv.slice(2)
const server = createSecureServer({
  cert: readFileSync(cert),
  key: readFileSync(key),
  settings: { initialWindowSize: 6 << 20, maxConcurrentStreams: 1000 },
})
server.on('session', (session) => {
  session.on('error', () => {})
  session.once('connect', () => session.setLocalWindowSize(15 << 20))
})
server.on('stream', (stream, headers) => {
  stream.on('error', () => {})
  const path = headers[':path'] ?? ''
  if (path === '/up') {
    let received = 0
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end(String(received))
    })
    return
  }
  const size = parseSize(path)
  if (size >= 0) download(stream, size)
  else stream.respond({ ':status': 404 }, { endStream: true })
})
server.listen(Number(port), '127.0.0.1', () => console.log('listening'))
process.on('SIGTERM', () => process.exit(0))
