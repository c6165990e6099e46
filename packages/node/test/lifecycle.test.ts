import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { connect, createServer } from '../src/index.ts'
import type { Http3ServerResponse } from '../src/index.ts'
import { IPV6_SKIPPED } from './support/has-ipv6.ts'
import { makeIdentity } from './support/identity.ts'
import { readAll, startServer, until } from './support/server.ts'

t.test('10,000 requests one after another on one connection', async (t) => {
  const { server, connect } = await startServer(t, (_request, response) => response.end('ok'))
  const session = await connect()
  for (let count = 0; count < 10_000; count++) {
    const response = await session.fetch('/')
    if ((await response.text()) !== 'ok') t.fail(`request ${count}`)
  }
  t.equal(server.sessions.size, 1)
  await until(() => session.activeRequests === 0)
  t.ok(session.stats.openStreams < 10, 'streams are forgotten')
})

t.test('2,000 requests at once on one connection', async (t) => {
  const { server, connect } = await startServer(t, (request, response) => {
    setImmediate(() => response.end(request.url))
  })
  const session = await connect()
  const answers = await Promise.all(
    Array.from({ length: 2000 }, async (_, i) => (await session.fetch(`/${i}`)).text()),
  )
  t.strictSame(
    answers,
    Array.from({ length: 2000 }, (_, i) => `/${i}`),
  )
  t.equal(server.sessions.size, 1)
})

t.test('an answer may take longer than the idle timeout', async (t) => {
  const { connect } = await startServer(
    t,
    (_request, response) => {
      setTimeout(() => response.end('at last'), 1500)
    },
    { transport: { maxIdleTimeout: 500 } },
  )
  const session = await connect()
  t.equal((await readAll(session.request('/'))).toString(), 'at last')
})

t.test('a client that is killed leaves nothing after the idle timeout', async (t) => {
  const { server, url, ca } = await startServer(
    t,
    (_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', write)
      write()
    },
    { transport: { maxIdleTimeout: 300 } },
  )
  const client = spawn(
    process.execPath,
    [
      ...process.execArgv,
      fileURLToPath(new URL('support/endless-client.ts', import.meta.url)),
      url,
      ca,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(client.stdout, 'data')
  t.equal(server.sessions.size, 1)
  client.kill('SIGKILL')
  await until(() => server.sessions.size === 0)
  const open = await new Promise<number>((resolve) => {
    server.getConnections((_error, count) => resolve(count))
  })
  t.equal(open, 0)
})

t.test('a port in use is an error event with the code of node', async (t) => {
  const { port } = await startServer(t)
  const { key, cert } = makeIdentity()
  const second = createServer({ key, cert })
  second.listen(port, '127.0.0.1')
  const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException]
  t.match(error, { code: 'EADDRINUSE', syscall: 'bind', port })
  t.equal(second.listening, false)
  t.equal(second.address(), null)
})

t.test('listen twice, close before listen', async (t) => {
  const { server } = await startServer(t)
  t.equal(server.listening, true)
  t.throws(() => server.listen(0), { code: 'ERR_SERVER_ALREADY_LISTEN' })
  const { key, cert } = makeIdentity()
  const idle = createServer({ key, cert })
  const error = await new Promise((resolve) => idle.close(resolve))
  t.match(error, { code: 'ERR_SERVER_NOT_RUNNING' })
})

t.test('RFC 9114 §5.2: close lets requests in progress end and refuses new ones', async (t) => {
  let held: Http3ServerResponse | undefined
  const { server, connect } = await startServer(
    t,
    (_request, response) => {
      held = response
    },
    { closeTimeout: 5000 },
  )
  const session = await connect()
  const slow = session.fetch('/')
  await until(() => held !== undefined)
  const goaway = once(session, 'goaway')
  const closed = once(server, 'close')
  server.close()
  await goaway
  await t.rejects(session.fetch('/'), /no new requests|GOAWAY/i)
  held?.end('the last words')
  t.equal(await (await slow).text(), 'the last words')
  await closed
  t.equal(server.listening, false)
})

t.test('close cuts off what takes longer than closeTimeout', async (t) => {
  const { server, connect } = await startServer(t, () => {}, { closeTimeout: 50 })
  const session = await connect()
  const hanging = session.fetch('/')
  hanging.catch(() => {})
  await until(() => [...server.sessions][0]?.activeRequests === 1)
  await server[Symbol.asyncDispose]()
  await t.rejects(hanging, { code: 'ERR_HTTP3_SESSION_CLOSED' })
})

t.test('a closed server can listen again', async (t) => {
  const { server, ca } = await startServer(t, (_request, response) => response.end('again'))
  await server[Symbol.asyncDispose]()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = await connect(`https://127.0.0.1:${server.address()?.port}`, { ca })
  t.equal(await (await session.fetch('/')).text(), 'again')
  session.destroy()
})

t.test('IPv6', { skip: IPV6_SKIPPED }, async (t) => {
  const { connect, server } = await startServer(
    t,
    (request, response) => response.end(request.socket.remoteAddress),
    {
      host: '::1',
    },
  )
  const session = await connect()
  t.equal(await (await session.fetch('/')).text(), '::1')
  t.equal(server.address()?.family, 'IPv6')
})

t.test('without a host both families reach the server', async (t) => {
  const { key, cert, ca } = makeIdentity()
  const server = createServer({ key, cert }, (request, response) =>
    response.end(request.socket.remoteAddress),
  )
  server.listen(0)
  await once(server, 'listening')
  t.teardown(() => server[Symbol.asyncDispose]())
  const port = server.address()?.port
  for (const url of [`https://127.0.0.1:${port}`, `https://localhost:${port}`]) {
    const session = await connect(url, { ca })
    t.match(await (await session.fetch('/')).text(), /127\.0\.0\.1$|::1$/)
    session.destroy()
  }
})

t.test('an AbortSignal cancels a request, and the server hears of it', async (t) => {
  let closed = false
  const { connect } = await startServer(t, (_request, response) => {
    response.write('first')
    response.on('close', () => {
      closed = true
    })
  })
  const session = await connect()
  const controller = new AbortController()
  const response = await session.fetch('/', { signal: controller.signal })
  const reason = new Error('enough')
  const text = response.text()
  controller.abort(reason)
  await t.rejects(text, reason)
  await until(() => closed)
  t.equal(session.closed, false)
  await t.rejects(session.fetch('/', { signal: AbortSignal.abort(reason) }), reason)
  const request = session.request('/', { signal: AbortSignal.abort(reason) })
  const [error] = (await once(request, 'error')) as [Error]
  t.equal(error, reason)
})

t.test('an AbortSignal and connectTimeout end a connection attempt', async (t) => {
  const silent = createSocket('udp4')
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const url = `https://127.0.0.1:${silent.address().port}`
  await t.rejects(connect(url, { connectTimeout: 50 }), { code: 'ERR_HTTP3_CONNECT_TIMEOUT' })
  const reason = new Error('enough')
  const controller = new AbortController()
  const attempt = connect(url, { signal: controller.signal })
  controller.abort(reason)
  await t.rejects(attempt, reason)
})

t.test('the next address is tried when the first does not answer', async (t) => {
  const { port, ca } = await startServer(t, (_request, response) => response.end('found'))
  const session = await connect(`https://localhost:${port}`, {
    ca,
    lookup: (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.9', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
  })
  t.equal(session.remoteAddress, '127.0.0.1')
  t.equal((await readAll(session.request('/'))).toString(), 'found')
  session.destroy()
  await t.rejects(
    connect(`https://nowhere.invalid:${port}`, {
      ca,
      lookup: (_name, _options, callback) =>
        callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []),
    }),
    { code: 'ENOTFOUND' },
  )
})
