// What applications, middleware and frameworks do to request, response and socket, and what node:http2
// does in each corner.

import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import type { Http3ServerRequest, RequestListener } from '../src/index.ts'
import { EventRecorder } from './support/event-recorder.ts'
import { readAll, startServer, until } from './support/server.ts'

/** Names under which applications and the usual middleware keep what is theirs. */
const THEIRS = [
  'session',
  'sessionID',
  'sessionStore',
  'sessionOptions',
  'cookies',
  'signedCookies',
  'secret',
  'user',
  'auth',
  'login',
  'logout',
  'isAuthenticated',
  'account',
  'flash',
  'csrfToken',
  'body',
  '_body',
  'rawBody',
  'file',
  'files',
  'fields',
  'params',
  'query',
  'path',
  'originalUrl',
  'baseUrl',
  'route',
  'app',
  'next',
  'ip',
  'ips',
  'protocol',
  'secure',
  'hostname',
  'id',
  'log',
  'locals',
  'state',
  'ctx',
  'context',
  'data',
  'raw',
  'server',
  'exchange',
  'peer',
  'host',
  'time',
  'startTime',
  '_startAt',
  '_startTime',
  '_remoteAddress',
  '_parsedUrl',
  'swagger',
  'i18n',
  't',
]

t.test(
  'names of applications are free, on request and response, and of one request alone',
  async (t) => {
    const seen: unknown[] = []
    const { connect } = await startServer(t, (request, response) => {
      const objects = [request, response] as unknown as Record<string, unknown>[]
      for (const object of objects) {
        for (const name of THEIRS) {
          if (name in object) seen.push(name)
          const value = { name }
          object[name] = value
          if (object[name] !== value) seen.push(`${name} is not what was assigned`)
        }
      }
      request.resume().on('end', () => response.end('ok'))
    })
    const session = await connect()
    for (const method of ['GET', 'POST', 'POST']) {
      const body = method === 'POST' ? 'x'.repeat(100_000) : null
      t.equal(await (await session.fetch('/', { method, body })).text(), 'ok')
    }
    t.strictSame(seen, [])
  },
)

t.test(
  'what an application assigns to our own members changes nothing of the exchange',
  async (t) => {
    const { connect } = await startServer(t, (request, response) => {
      const mine = request as unknown as Record<string, unknown>
      for (const name of [
        'method',
        'url',
        'socket',
        'connection',
        'stream',
        'headers',
        'trailers',
      ]) {
        mine[name] = 'mine'
        if (mine[name] !== 'mine') t.fail(`request.${name} cannot be assigned`)
      }
      Object.assign(response, { finished: true, _header: 'mine', socket: null, connection: null })
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        response.setHeader('x-late', 'y')
        response.write('got ')
        response.end(body)
      })
    })
    const session = await connect()
    const response = await session.fetch('/', { method: 'POST', body: 'content' })
    t.equal(response.headers.get('x-late'), 'y')
    t.equal(await response.text(), 'got content')
  },
)

t.test('no member of ours stands in the prototypes beside those of node:http2', async (t) => {
  let request: Http3ServerRequest | undefined
  let response: unknown
  const { connect } = await startServer(t, (req, res) => {
    request = req
    response = res
    res.end()
  })
  await (await (await connect()).fetch('/')).text()
  const membersOf = (object: unknown): string[] =>
    [
      ...Object.getOwnPropertyNames(object),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(object)),
    ]
      // What Node's own streams keep on themselves.
      .filter((name) => !name.startsWith('_') && !['constructor', 'domain'].includes(name))
      .sort()
  t.strictSame(membersOf(request), [
    'aborted',
    'authority',
    'complete',
    'connection',
    'headers',
    'headersDistinct',
    'httpVersion',
    'httpVersionMajor',
    'httpVersionMinor',
    'method',
    'rawHeaders',
    'rawTrailers',
    'res',
    'scheme',
    'setTimeout',
    'socket',
    'stream',
    'trailers',
    'url',
  ])
  t.strictSame(membersOf(response), [
    'addTrailers',
    'appendHeader',
    'connection',
    'end',
    'finished',
    'flushHeaders',
    'getHeader',
    'getHeaderNames',
    'getHeaders',
    'getRawHeaderNames',
    'hasHeader',
    'headersSent',
    'removeHeader',
    'req',
    'sendDate',
    'setDefaultEncoding',
    'setHeader',
    'setHeaders',
    'setTimeout',
    'socket',
    'statusCode',
    'statusMessage',
    'stream',
    'writeContinue',
    'writeEarlyHints',
    'writeHead',
    'writeProcessing',
  ])
})

t.test('socket.destroy() ends the one request, and tells so', async (t) => {
  const recorders: EventRecorder[] = []
  let socketIsOne = false
  const { connect } = await startServer(t, (request, response) => {
    if (request.url === '/other') {
      setTimeout(() => response.end('whole'), 50)
      return
    }
    socketIsOne = request.socket === response.socket && request.connection === request.socket
    recorders.push(
      new EventRecorder(request),
      new EventRecorder(response),
      new EventRecorder(request.socket),
    )
    if (request.url === '/behind-head') response.write('some')
    setTimeout(() => request.socket.destroy(), 10)
  })
  const session = await connect()
  const other = session.fetch('/other').then((response) => response.text())
  for (const path of ['/', '/behind-head']) {
    await t.rejects(
      session.fetch(path).then((response) => response.text()),
      path,
    )
  }
  t.equal(await other, 'whole')
  t.equal(session.closed, false)
  t.equal(socketIsOne, true)
  await until(() => recorders.every(({ closed }) => closed))
  t.strictSame(
    recorders.map(({ fault }) => fault),
    [null, null, null, null, null, null],
  )
})

t.test(
  "'aborted' tells that the client went before its answer, whether or not there is a body",
  async (t) => {
    const lives: Record<string, EventRecorder> = {}
    const requests: Http3ServerRequest[] = []
    const { connect } = await startServer(t, (request) => {
      lives[request.url] = new EventRecorder(request)
      requests.push(request)
      if (request.url !== '/unread') request.resume()
    })
    const session = await connect()
    const ask = (path: string, method: string): (() => void) => {
      const request = session.request(path, { method })
      request.on('error', () => {})
      request.end(method === 'POST' ? 'content' : undefined)
      return () => request.destroy()
    }
    const leave = [ask('/get', 'GET'), ask('/unread', 'GET'), ask('/post', 'POST')]
    await until(() => requests.length === 3)
    await until(() => lives['/post']?.events.includes('end') ?? false)
    for (const go of leave) go()
    await until(() => Object.values(lives).every(({ closed }) => closed))
    t.strictSame(lives['/get']?.events, ['end', 'aborted', 'close'])
    t.strictSame(lives['/unread']?.events, ['aborted', 'close'])
    t.strictSame(lives['/post']?.events, ['end', 'aborted', 'close'])
    t.strictSame(
      requests.map(({ aborted }) => aborted),
      [true, true, true],
    )
  },
)

t.test('a pipeline from a request ends before the response does', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    const answer = async (): Promise<void> => {
      const body = await readAll(request)
      response.end(`got ${body.length}`)
    }
    answer().catch((error: unknown) => t.fail('the request was read', { error }))
  })
  const session = await connect()
  const response = await session.fetch('/', { method: 'POST', body: 'x'.repeat(10) })
  t.equal(await response.text(), 'got 10')
})

t.test('statuses: wrong ones throw where they are set, and the next answer is sent', async (t) => {
  const { connect } = await startServer(t, (_request, response) => {
    for (const status of [99, 100, 103, 199, 1000, -1, NaN]) {
      t.throws(() => response.writeHead(status), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
      t.throws(() => (response.statusCode = status), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
    }
    t.equal(response.headersSent, false)
    t.equal(response.statusCode, 200)
    response.end('sent')
  })
  const response = await (await connect()).fetch('/')
  t.equal(response.status, 200)
  t.equal(await response.text(), 'sent')
})

t.test('RFC 9110 §8.6: what a status forbids is not sent', async (t) => {
  const { connect } = await startServer(t, (request, response) => {
    response.setHeader('content-length', 5)
    response.addTrailers({ sum: '1' })
    response.statusCode = Number(request.url.slice(1))
    response.write('12')
    response.end('345')
  })
  const session = await connect()
  for (const status of [204, 205, 304]) {
    const request = session.request(`/${status}`)
    const [head] = (await once(request, 'response')) as [{ headers: Record<string, unknown> }]
    t.equal(head.headers['content-length'], undefined, `${status} without a length`)
    t.equal((await readAll(request)).length, 0)
  }
})

/** As Express does: the prototypes of node:http in the place of ours. */
const likeExpress: RequestListener = (request, response) => {
  Object.assign(request, { res: response })
  response.req = request
  Object.setPrototypeOf(request, Object.create(IncomingMessage.prototype) as object)
  Object.setPrototypeOf(response, Object.create(ServerResponse.prototype) as object)
  request.resume().on('end', () => {
    response.statusCode = 201
    response.setHeader('x-version', request.httpVersion)
    response.write('in ')
    response.end('two')
  })
}

t.test(
  'objects over HTTP/2 survive other prototypes, in whatever form the handler is given',
  async (t) => {
    const forms: Record<string, RequestListener | undefined> = {
      callback: likeExpress,
      wrapped: (request, response) => likeExpress(request, response),
      listener: undefined,
    }
    for (const [form, handler] of Object.entries(forms)) {
      const { url, ca, server } = await startServer(t, handler, { alsoTcp: true })
      if (handler === undefined) server.on('request', likeExpress)
      const http2 = connectHttp2(url, { ca })
      const stream = http2.request({ ':path': '/', ':method': 'POST' })
      stream.end('content')
      const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
      t.equal(fields[':status'], 201, form)
      t.equal(fields['x-version'], '2.0')
      t.equal(String(await readAll(stream)), 'in two')
      http2.close()
    }
  },
)

t.test('HTTP/2: bodies, trailers, interim responses and addresses as over HTTP/3', async (t) => {
  const { url, ca } = await startServer(
    t,
    (request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.setHeader('x-peer', `${request.socket.remoteAddress} ${request.socket.alpnProtocol}`)
      response.setHeader('x-stats', request.socket.stats === null ? 'none' : 'some')
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      let length = 0
      request.on('data', (chunk: Buffer) => (length += chunk.length))
      request.on('end', () => {
        response.write(`${length} ${String(request.trailers['sum'])}`)
        response.addTrailers({ total: '2' })
        response.end()
      })
    },
    { alsoTcp: true },
  )
  const http2 = connectHttp2(url, { ca })
  const stream = http2.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ sum: '1' }))
  const interim: unknown[] = []
  stream.on('headers', (fields: Record<string, unknown>) => interim.push(fields[':status']))
  let trailers: Record<string, unknown> = {}
  stream.on('trailers', (fields: Record<string, unknown>) => (trailers = fields))
  stream.end(Buffer.alloc(1_000_000))
  const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
  t.strictSame(interim, [103])
  t.equal(fields['x-peer'], '127.0.0.1 h2')
  t.equal(fields['x-stats'], 'none')
  t.strictSame(fields['set-cookie'], ['a=1', 'b=2'])
  t.equal(String(await readAll(stream)), '1000000 1')
  t.equal(trailers['total'], '2')
  http2.close()
})

t.test('HTTP/2: a body that nobody reads does not hold the stream', async (t) => {
  const recorders: EventRecorder[] = []
  const { url, ca } = await startServer(
    t,
    (request, response) => {
      recorders.push(new EventRecorder(request), new EventRecorder(response))
      response.statusCode = 413
      response.end('too large')
    },
    { alsoTcp: true },
  )
  const http2 = connectHttp2(url, { ca })
  const stream = http2.request({ ':path': '/', ':method': 'POST' })
  stream.on('error', () => {})
  const closed = once(stream, 'close')
  stream.write(Buffer.alloc(200_000))
  const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
  t.equal(fields[':status'], 413)
  stream.resume()
  await closed
  t.equal(stream.rstCode, 0, 'RFC 9113 §8.1: without an error')
  await until(() => recorders.every(({ closed }) => closed))
  t.strictSame(
    recorders.map(({ fault }) => fault),
    [null, null],
  )
  http2.close()
})
