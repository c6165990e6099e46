import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { Http3ServerRequest } from '../src/index.ts'
import { readAll, startServer, until } from './support/server.ts'

const SIZE = 20_000_000
const PIECE = randomBytes(1_000_003)

function* pieces(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= PIECE.length) {
    yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE
  }
}

function sha256(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

t.test('20 MB each way, byte for byte', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    pipeline(request, response).catch((error: unknown) => t.fail('the server pipeline', { error }))
  })
  const session = await connect()
  const request = session.request('/', { method: 'POST' })
  const hash = createHash('sha256')
  request.on('data', (chunk: Buffer) => hash.update(chunk))
  await Promise.all([pipeline(Readable.from(pieces(SIZE)), request), once(request, 'end')])
  t.equal(hash.digest('hex'), sha256(pieces(SIZE)))
})

t.test('fetch streams a request body that it is given as a stream', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () => response.end(hash.digest('hex')))
  })
  const session = await connect()
  const iterator = pieces(5_000_000)
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
  const response = await session.fetch('/', { method: 'POST', body, duplex: 'half' })
  t.equal(await response.text(), sha256(pieces(5_000_000)))
})

t.test('a reader that stops, stops the sender', async (t) => {
  let written = 0
  let stalled = false
  const { connect } = await startServer(t, (_request, response) => {
    const writeMore = (): void => {
      while (!response.destroyed) {
        written += PIECE.length
        if (!response.write(PIECE)) {
          stalled = true
          response.once('drain', () => {
            stalled = false
            writeMore()
          })
          return
        }
      }
    }
    writeMore()
  })
  const session = await connect()
  const request = session.request('/')
  await once(request, 'response')
  await until(() => stalled)
  let before = -1
  while (before !== written) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.ok(written < 32 * 1024 * 1024, `stopped at ${written} bytes`)
  request.once('data', () => {})
  request.resume()
  await until(() => written > before)
  request.on('error', () => {})
  request.destroy()
})

t.test('a handler that does not read, stops the client', async (t) => {
  const requests: Http3ServerRequest[] = []
  const { connect } = await startServer(t, (request) => {
    requests.push(request)
  })
  const session = await connect()
  const request = session.request('/', { method: 'POST' })
  request.on('error', () => {})
  let written = 0
  while (request.write(PIECE)) written += PIECE.length
  let stalled = true
  request.on('drain', () => {
    stalled = false
  })
  await until(() => requests.length === 1)
  const deadline = 20
  for (let round = 0; round < deadline; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    while (!stalled && written < 64 * 1024 * 1024) {
      written += PIECE.length
      stalled = !request.write(PIECE)
    }
  }
  t.ok(written < 32 * 1024 * 1024, `stopped at ${written} bytes`)
  request.destroy()
  await until(() => requests.at(0)?.aborted ?? false)
})

t.test('a truncated request is an error, not an end', async (t) => {
  const failures: string[] = []
  const { connect } = await startServer(t, (request) => {
    request.on('aborted', () => failures.push('aborted'))
    request.on('end', () => failures.push('end'))
    request.on('error', (error: NodeJS.ErrnoException) => failures.push(error.code ?? ''))
    request.on('close', () => failures.push('close'))
    request.resume()
  })
  const session = await connect()
  const request = session.request('/', { method: 'POST' })
  request.on('error', () => {})
  request.write('some')
  await once(session, 'close', { signal: AbortSignal.timeout(50) }).catch(() => {})
  request.destroy()
  await until(() => failures.includes('close'))
  t.strictSame(failures, ['aborted', 'ERR_HTTP3_STREAM_RESET', 'close'])
})

t.test('a request body that nobody reads is stopped when the response ends', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.statusCode = 413
    response.end('too large')
  })
  const session = await connect()
  let pulled = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += PIECE.length
      controller.enqueue(PIECE)
    },
  })
  const response = await session.fetch('/', { method: 'POST', body, duplex: 'half' })
  t.equal(response.status, 413)
  t.equal(await response.text(), 'too large')
  const stopped = pulled
  await session.fetch('/')
  t.ok(pulled - stopped <= PIECE.length, 'the client sends no more')
  await until(() => session.activeRequests === 0)
})

t.test('a buffer may be reused once its write has called back', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    const buffer = Buffer.alloc(50_000)
    let count = 0
    const next = (): void => {
      if (count === 100) {
        response.end()
        return
      }
      buffer.fill(count++)
      response.write(buffer, next)
    }
    next()
  })
  const session = await connect()
  const body = await readAll(session.request('/'))
  t.equal(body.length, 5_000_000)
  t.ok(
    body.every((byte, at) => byte === Math.floor(at / 50_000)),
    'every chunk as it was when it was written',
  )
})
