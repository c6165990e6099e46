import { createSocket } from 'node:dgram'
import t from 'tap'
import type { Test } from 'tap'
import { connect, serve } from '../../src/index.ts'
import { makeIdentity } from '../support/identity.ts'
import { startServer } from '../support/server.ts'
import type { Running } from '../support/server.ts'
import { controlStream, get, headers, rawClient, until } from './raw-peer.ts'

/** What every attack ends with: somebody else is served. */
async function stillServes(t: Test, running: Running): Promise<void> {
  const session = await running.connect()
  const response = await session.fetch('/')
  t.equal(response.status, 200)
  await response.text()
}

/** Long enough for what was sent on loopback to have arrived. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
}

t.test(
  'a client that accepts no fields at all gets a reset, and the handler no exception',
  async (t) => {
    const thrown: unknown[] = []
    const running = await startServer(t, (_, res) => {
      try {
        res.setHeader('x', 'y')
        res.end('hello')
      } catch (error) {
        thrown.push(error)
      }
    })
    const peer = await rawClient(t, running.port)
    peer.send('uni', controlStream(0x06, 1))
    await settled()
    const stream = peer.send('bidi', get(), true)
    await until(() => peer.resetCode(stream.id) !== null || peer.has('closed'))
    t.same(thrown, [])
    await stillServes(t, running)
  },
)

t.test('a client that accepts no fields and expects 100-continue breaks nothing', async (t) => {
  const running = await startServer(t, (_, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    res.addTrailers({ sum: '1' })
    res.end('hello')
  })
  const peer = await rawClient(t, running.port)
  peer.send('uni', controlStream(0x06, 1))
  await settled()
  const request = get('/', 'expect', '100-continue')
  const stream = peer.send('bidi', request, true)
  await until(() => peer.resetCode(stream.id) !== null || peer.has('closed'))
  await stillServes(t, running)
})

t.test(
  'header values with spaces around them, such as reflected input, do not throw',
  async (t) => {
    const running = await startServer(t, (req, res) => {
      res.setHeader('x-echo', decodeURIComponent(req.url))
      res.setHeader('x-list', [' a', 'b\t'])
      res.writeHead(200, { 'x-more': ' c ' })
      res.end()
    })
    const session = await running.connect()
    const response = await session.fetch('/a%20')
    t.equal(response.headers.get('x-echo'), '/a')
    t.equal(response.headers.get('x-list'), 'a, b')
    t.equal(response.headers.get('x-more'), 'c')
  },
)

t.test('CONNECT does not reach the handler of requests', async (t) => {
  const methods: string[] = []
  const running = await startServer(t, (req, res) => {
    methods.push(req.method)
    res.end()
  })
  const peer = await rawClient(t, running.port)
  const stream = peer.send('bidi', headers(':method', 'CONNECT', ':authority', 'localhost:1'))
  await until(() => peer.received.get(stream.id) !== undefined || peer.has('closed'))
  t.same(methods, [])
  await stillServes(t, running)
})

t.test('a path of two slashes is no other host to serve()', async (t) => {
  const seen: string[] = []
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => {
    warnings.push(warning)
  }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const identity = makeIdentity()
  const server = await serve({
    port: 0,
    hostname: '127.0.0.1',
    key: identity.key,
    cert: identity.cert,
    closeTimeout: 100,
    fetch: (request) => {
      seen.push(request.url)
      return new Response('ok')
    },
  })
  t.teardown(() => server[Symbol.asyncDispose]())
  const { port } = server.address()!
  const peer = await rawClient(t, port)
  const ask = async (...fields: string[]): Promise<string> => {
    const stream = peer.send('bidi', headers(...fields), true)
    await until(() => peer.received.has(stream.id) || peer.resetCode(stream.id) !== null)
    return peer.received.get(stream.id)?.toString('latin1') ?? ''
  }
  const base = [':scheme', 'https', ':authority', 'localhost']
  await ask(':method', 'GET', ...base, ':path', '//elsewhere.example/secret')
  await ask(':method', 'GET', ...base, ':path', '/\\elsewhere.example/secret')
  await ask(':method', 'OPTIONS', ...base, ':path', '*')
  t.same(seen, [
    'https://localhost//elsewhere.example/secret',
    'https://localhost//elsewhere.example/secret',
    'https://localhost/*',
  ])
  // What no URL or Request can be made of is the client's fault, not a warning for the programmer.
  await ask(':method', 'GET', ':scheme', 'https', ':authority', 'a:b:c', ':path', '/')
  await ask(':method', 'GET', ':scheme', 'https', ':authority', '[', ':path', '/')
  await ask(':method', 'TRACE', ...base, ':path', '/')
  t.equal(seen.length, 3)
  t.same(warnings, [])
})

t.test('attack 43: streams that begin a request, upload or download, and go silent', async (t) => {
  const aborted: string[] = []
  const running = await startServer(
    t,
    (req, res) => {
      res.once('close', () => {
        if (!res.writableFinished) aborted.push(req.url)
      })
      if (req.url === '/upload') {
        req.resume()
        req.once('end', () => res.end())
      } else if (req.url === '/download') {
        res.end(Buffer.alloc(4_000_000))
      } else {
        res.end('hello')
      }
    },
    { streamIdleTimeout: 100 },
  )
  const peer = await rawClient(t, running.port)
  peer.autoRead = false
  const head = peer.send('bidi', get('/').subarray(0, 5))
  const upload = peer.send('bidi', get('/upload'))
  const download = peer.send('bidi', get('/download'), true)
  await until(() => aborted.length === 2 && peer.resetCode(head.id) !== null)
  t.same(aborted.sort(), ['/download', '/upload'])
  await until(() => peer.resetCode(upload.id) !== null && peer.resetCode(download.id) !== null)
  const [session] = running.server.sessions
  await until(() => session.activeRequests === 0)
  t.equal(peer.closeCode, null, 'the connection goes on')
  await stillServes(t, running)
})

t.test('a long response to a slow client does not gather listeners', async (t) => {
  const warnings: string[] = []
  const onWarning = (warning: Error): void => {
    warnings.push(warning.message)
  }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const { key, cert, ca } = makeIdentity()
  const server = await serve({
    port: 0,
    hostname: '127.0.0.1',
    key,
    cert,
    closeTimeout: 100,
    fetch: () => {
      let left = 100
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (left-- > 0) controller.enqueue(new Uint8Array(100_000))
            else controller.close()
          },
        }),
      )
    },
  })
  t.teardown(() => server[Symbol.asyncDispose]())
  const session = await connect(`https://127.0.0.1:${server.address()!.port}`, { ca })
  const body = await (await session.fetch('/')).arrayBuffer()
  t.equal(body.byteLength, 10_000_000)
  t.same(warnings, [])
  session.destroy()
})

t.test('datagrams that are empty, or larger than announced, are counted and dropped', async (t) => {
  const { server, port } = await startServer(t)
  const sender = createSocket('udp4')
  t.teardown(() => sender.close())
  const sizes = [0, 2032, 2033, 9000, 65507]
  for (const size of sizes) sender.send(Buffer.alloc(size), port, '127.0.0.1')
  await until(() => server.stats?.datagramsReceived === sizes.length)
  const { stats } = server
  t.equal(stats?.bytesReceived, 0 + 2032 + 2033 + 9000 + 65507)
  t.equal(stats?.dropped.malformed, 1, 'the empty one')
  t.equal(stats?.dropped.unknownConnection, 1, 'the largest that fits')
  t.equal(stats?.dropped.tooLarge, 3)
})
