import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { closeIdleConnections, fetch } from '../src/index.ts'
import type { Http3ClientRequest } from '../src/index.ts'
import { makeIdentity } from './support/identity.ts'
import { startServer, until } from './support/server.ts'

t.test('fetch keeps a connection for the next request', async (t) => {
  const { url, ca, server } = await startServer(t, (request, response) => {
    response.end(String(request.stream.id))
  })
  t.equal(await (await fetch(url, { ca })).text(), '0')
  t.equal(await (await fetch(`${url}/again`, { ca })).text(), '4')
  await Promise.all([fetch(url, { ca }), fetch(url, { ca })])
  t.equal(server.sessions.size, 1)
})

t.test('fetch connects anew when the kept connection is gone', async (t) => {
  const { url, ca, server } = await startServer(t, (_request, response) => response.end('ok'))
  await fetch(url, { ca })
  server.closeAllConnections()
  await until(() => server.sessions.size === 0)
  t.equal((await fetch(url, { ca })).status, 200)
})

t.test('redirects are followed as by the global fetch', async (t) => {
  const { url, ca } = await startServer(t, (request, response) => {
    const [, status] = /^\/(\d+)/.exec(request.url) ?? []
    if (status !== undefined) {
      response.writeHead(Number(status), { location: '/target' }).end()
      return
    }
    if (request.url === '/loop') {
      response.writeHead(302, { location: '/loop' }).end()
      return
    }
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => response.end(`${request.method} ${body}`))
  })
  const post = { method: 'POST', body: 'data', ca }
  const found = await fetch(`${url}/302`, post)
  t.equal(await found.text(), 'GET ')
  t.equal(found.redirected, true)
  t.equal(found.url, `${url}/target`)
  t.equal(await (await fetch(`${url}/303`, post)).text(), 'GET ')
  t.equal(await (await fetch(`${url}/307`, post)).text(), 'POST data')
  t.equal(await (await fetch(`${url}/308`, post)).text(), 'POST data')
  const manual = await fetch(`${url}/302`, { ca, redirect: 'manual' })
  t.equal(manual.status, 302)
  await t.rejects(fetch(`${url}/302`, { ca, redirect: 'error' }), { name: 'TypeError' })
  await t.rejects(fetch(`${url}/loop`, { ca }), /too many redirects/)
})

t.test('wrong arguments and wrong protocols', async (t) => {
  await t.rejects(fetch('http://localhost/'), /https/)
  await t.rejects(fetch('nonsense'), { name: 'TypeError' })
  // @ts-expect-error -- what a JavaScript caller may do
  await t.rejects(fetch('https://localhost/', { ca: 5 }), /"ca" expected PEM/)
})

t.test('a response that is not read to its end can be cancelled', async (t) => {
  let closed = false
  const { url, ca } = await startServer(t, (_request, response) => {
    response.on('close', () => {
      closed = true
    })
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', write)
    write()
  })
  const response = await fetch(url, { ca })
  await response.body?.cancel()
  await until(() => closed)
})

t.test(
  'RFC 9110 §9.2.2: a POST lost on a kept connection is not sent again, a GET is',
  async (t) => {
    const handled: string[] = []
    const { url, ca } = await startServer(t, (request, response) => {
      if (request.url !== '/lose') {
        response.end('kept')
        return
      }
      handled.push(request.method)
      const isFirst = handled.filter((method) => method === request.method).length === 1
      if (isFirst) request.stream.session?.destroy()
      else response.end('at the second attempt')
    })
    const keep = async (): Promise<string> => (await fetch(url, { ca })).text()
    t.equal(await keep(), 'kept')
    const post = fetch(`${url}/lose`, { method: 'POST', body: 'x', ca })
    await t.rejects(post, { name: 'TypeError', code: 'ERR_HTTP3_SESSION_CLOSED' })
    t.equal(await keep(), 'kept')
    t.equal(await (await fetch(`${url}/lose`, { ca })).text(), 'at the second attempt')
    t.strictSame(handled, ['POST', 'GET', 'GET'])
    await closeIdleConnections()
  },
)

t.test('a kept connection whose server is gone without a word is not waited for', async (t) => {
  const { key, cert, ca } = makeIdentity()
  const script = fileURLToPath(new URL('support/answering-server.ts', import.meta.url))
  const start = async (port: number, answer: string): Promise<[ChildProcess, number]> => {
    const args = [String(port), answer]
    const child = fork(script, args, { env: { ...process.env, KEY: key, CERT: cert } })
    t.teardown(() => child.kill('SIGKILL'))
    const [listening] = (await once(child, 'message')) as [number]
    return [child, listening]
  }
  const [first, port] = await start(0, 'first')
  const url = `https://127.0.0.1:${port}`
  t.equal(await (await fetch(url, { ca })).text(), 'first')
  first.kill('SIGKILL')
  await once(first, 'exit')
  await start(port, 'second')
  // Without the watch this waits for the idle timeout of 30 seconds, and rejects.
  t.equal(await (await fetch(url, { ca })).text(), 'second')
  await closeIdleConnections()
})

t.test('a redirect drops what belongs to the body, and to the origin', async (t) => {
  const seen: Record<string, unknown>[] = []
  const other = await startServer(t, (request, response) => {
    seen.push({ ...request.headers })
    response.end()
  })
  const { url, ca } = await startServer(t, (request, response) => {
    if (request.url === '/away') {
      response.writeHead(302, { location: `${other.url}/` }).end()
    } else if (request.url === '/here') {
      response.writeHead(303, { location: '/target' }).end()
    } else {
      seen.push({ ...request.headers })
      response.end()
    }
  })
  const headers = {
    'content-type': 'application/x-own',
    'content-language': 'en',
    'proxy-authorization': 'Basic secret',
    authorization: 'Bearer secret',
    'x-own': 'stays',
  }
  await fetch(`${url}/here`, { method: 'POST', body: 'x', headers, ca })
  t.strictSame(
    [
      'content-type',
      'content-language',
      'content-length',
      'proxy-authorization',
      'authorization',
    ].map((name) => seen[0]?.[name]),
    [undefined, undefined, undefined, 'Basic secret', 'Bearer secret'],
  )
  t.equal(seen[0]?.['x-own'], 'stays')
  await fetch(`${url}/away`, { headers, ca })
  t.strictSame(
    ['proxy-authorization', 'authorization', 'x-own'].map((name) => seen[1]?.[name]),
    [undefined, undefined, 'stays'],
  )
  await closeIdleConnections()
})

t.test('RFC 9114 §4.1: a whole response does not end the request that it answers', async (t) => {
  const received: string[] = []
  const { connect } = await startServer(t, (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => received.push(body))
    response.end('answered early')
  })
  const session = await connect()

  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const init = { method: 'POST', body: readable, duplex: 'half' } as const
  const begun = writer.write(Buffer.from('begin '))
  const response = await session.fetch('/', init)
  t.equal(await response.text(), 'answered early')
  await begun
  await writer.write(Buffer.from('end'))
  await writer.close()
  await until(() => received.length === 1)

  const request = session.request('/', { method: 'POST' })
  request.write('begin ')
  t.equal(await textOf(request), 'answered early')
  request.end('end')
  await until(() => received.length === 2)
  t.strictSame(received, ['begin end', 'begin end'])
  await until(() => session.activeRequests === 0)
})

/** Not by iterating: that destroys the other half as well. */
async function textOf(request: Http3ClientRequest): Promise<string> {
  let text = ''
  request.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(request, 'end')
  return text
}
