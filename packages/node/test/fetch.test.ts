import t from 'tap'
import { fetch } from '../src/index.ts'
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
