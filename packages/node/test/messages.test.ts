import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import type { Http3ServerRequest } from '../src/index.ts'
import { readAll, startServer } from './support/server.ts'

t.test('GET: request and response have the shape of node:http2', async (t) => {
  let seen: Http3ServerRequest | undefined
  const { url, connect, port } = await startServer(t, (request, response) => {
    seen = request
    t.equal(response.headersSent, false)
    response.setHeader('Content-Type', 'text/plain')
    response.setHeader('Set-Cookie', ['a=1', 'b=2'])
    response.setHeader('connection', 'keep-alive')
    response.end('hello')
    t.equal(response.headersSent, true)
    t.equal(response.writableEnded, true)
    t.equal(response.finished, true)
  })
  const session = await connect()
  const response = await session.fetch('/path?query=1', { headers: { 'X-Test': 'yes' } })
  t.equal(response.status, 200)
  t.equal(response.url, `${url}/path?query=1`)
  t.equal(await response.text(), 'hello')
  t.equal(response.headers.get('content-type'), 'text/plain')
  t.equal(response.headers.get('content-length'), '5')
  t.match(response.headers.get('date'), /GMT$/)
  t.strictSame(response.headers.getSetCookie(), ['a=1', 'b=2'])
  t.equal(response.headers.has('connection'), false)

  t.equal(seen?.method, 'GET')
  t.equal(seen?.url, '/path?query=1')
  t.equal(seen?.httpVersion, '3.0')
  t.equal(seen?.httpVersionMajor, 3)
  t.equal(seen?.scheme, 'https')
  t.equal(seen?.authority, `127.0.0.1:${port}`)
  t.equal(seen?.headers['host'], `127.0.0.1:${port}`)
  t.equal(seen?.headers['x-test'], 'yes')
  t.strictSame(seen?.headersDistinct['x-test'], ['yes'])
  t.equal(seen?.complete, true)
  t.equal(seen?.socket.encrypted, true)
  t.match(seen?.socket.remoteAddress, /127\.0\.0\.1$/)
  t.type(seen?.socket.remotePort, 'number')
  t.equal(seen?.socket.alpnProtocol, 'h3')
  t.ok((seen?.socket.stats?.packetsReceived ?? 0) > 0)
  t.ok((seen?.socket.stats?.congestionWindow ?? 0) > 0)
})

t.test('POST: the body arrives, and an echo streams back', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    response.writeHead(201, { 'content-type': request.headers['content-type'] as string })
    request.pipe(response)
  })
  const session = await connect()
  const response = await session.fetch('/', {
    method: 'POST',
    body: 'käse',
    headers: { 'content-type': 'text/plain' },
  })
  t.equal(response.status, 201)
  t.equal(await response.text(), 'käse')
})

t.test('HEAD, 204 and 304 have no body', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    response.statusCode = request.method === 'HEAD' ? 200 : Number(request.url.slice(1))
    if (request.method === 'HEAD') response.setHeader('content-length', 1000)
    response.write('must not be sent')
    response.end('nor this')
  })
  const session = await connect()
  const head = await session.fetch('/', { method: 'HEAD' })
  t.equal(head.headers.get('content-length'), '1000')
  t.equal(await head.text(), '')
  for (const status of [204, 304]) {
    const response = await session.fetch(`/${status}`)
    t.equal(response.status, status)
    t.equal(await response.text(), '')
  }
})

t.test('trailers travel behind the body', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.setHeader('trailer', 'x-sum')
    response.write('body')
    response.addTrailers({ 'X-Sum': '42' })
    response.end()
  })
  const session = await connect()
  const request = session.request('/')
  t.equal((await readAll(request)).toString(), 'body')
  t.equal(request.trailers['x-sum'], '42')
})

t.test('100, 102 and 103 come before the response', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.writeProcessing()
    response.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'], x: 'y' })
    response.end('done')
  })
  const session = await connect()
  const request = session.request('/', {
    method: 'POST',
    headers: { expect: '100-continue' },
  })
  const interim: [number, unknown][] = []
  request.on('informational', ({ status, headers }) => interim.push([status, headers['link']]))
  request.end()
  t.equal((await readAll(request)).toString(), 'done')
  t.strictSame(interim, [
    [100, undefined],
    [102, undefined],
    [103, '</a.css>; rel=preload, </b.js>; rel=preload'],
  ])
})

t.test('headers cannot change after they are sent', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.writeHead(200, { a: '1' })
    t.throws(() => response.setHeader('b', '2'), { code: 'ERR_HTTP_HEADERS_SENT' })
    t.throws(() => response.writeHead(404), { code: 'ERR_HTTP_HEADERS_SENT' })
    t.equal(response.writeContinue(), false, 'too late, as in node:http2')
    response.end()
  })
  const session = await connect()
  t.equal((await session.fetch('/')).headers.get('a'), '1')
})

t.test('a status code outside 100..999 is an error of the caller', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    t.throws(() => response.writeHead(99), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
    response.statusCode = 200
    response.end('ok')
  })
  const session = await connect()
  t.equal(await (await session.fetch('/')).text(), 'ok')
})

t.test('a server without a handler answers 404', async (t) => {
  const { connect } = await startServer(t)
  const session = await connect()
  t.equal((await session.fetch('/')).status, 404)
})

t.test('a response shorter than its content-length is cut off, never ended', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.setHeader('content-length', 10)
    response.once('error', (error: NodeJS.ErrnoException) => {
      t.equal(error.code, 'ERR_HTTP3_CONTENT_LENGTH_MISMATCH')
    })
    response.end('short')
  })
  const session = await connect()
  await t.rejects(session.fetch('/').then((response) => response.text()))
})

t.test('a handler that destroys the response resets the stream', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    response.write('some')
    setImmediate(() => response.destroy())
  })
  const session = await connect()
  const request = session.request('/')
  const [error] = (await once(request.resume(), 'error')) as [NodeJS.ErrnoException]
  t.match(error.code, /^ERR_HTTP3_/)
  t.equal(session.closed, false, 'only the one stream')
})

t.test('request and response emit finish, end and close like those of node:http', async (t) => {
  const events: string[] = []
  const { connect } = await startServer(t, (request, response) => {
    request.on('end', () => events.push('request end'))
    request.on('close', () => events.push('request close'))
    response.on('finish', () => events.push('response finish'))
    response.on('close', () => events.push('response close'))
    request.resume().on('end', () => response.end('x'))
  })
  const session = await connect()
  await (await session.fetch('/', { method: 'POST', body: 'x' })).text()
  t.strictSame(events.sort(), ['request close', 'request end', 'response close', 'response finish'])
})

t.test('request and response survive what Express does: the prototypes of node:http', async (t) => {
  const requestPrototype = Object.create(IncomingMessage.prototype, {
    framework: { get: () => 'request' },
  }) as object
  const responsePrototype = Object.create(ServerResponse.prototype, {
    framework: { get: () => 'response' },
  }) as object
  const { connect } = await startServer(t, (request, response) => {
    Object.assign(request, { res: response })
    response.req = request
    Object.setPrototypeOf(request, requestPrototype)
    Object.setPrototypeOf(response, responsePrototype)
    t.match(request, { framework: 'request', method: 'POST', url: '/path' })
    t.match(response, { framework: 'response', headersSent: false, writableEnded: false })
    t.equal(request.headers['x'], 'y')
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      response.setHeader('x-body', body)
      response.writeHead(201)
      t.equal(response.headersSent, true)
      response.write('one ')
      response.end('two')
      t.equal(response.writableEnded, true)
    })
  })
  const session = await connect()
  const response = await session.fetch('/path', {
    method: 'POST',
    body: 'body',
    headers: { x: 'y' },
  })
  t.equal(response.status, 201)
  t.equal(response.headers.get('x-body'), 'body')
  t.equal(await response.text(), 'one two')
})
