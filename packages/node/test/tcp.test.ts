import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import type { Http3ServerResponse } from '../src/index.ts'
import { readAll, startServer, until } from './support/server.ts'

t.test('alsoTcp: one handler answers HTTP/3, HTTP/2 and HTTP/1.1 on one port', async (t) => {
  const { url, port, ca, connect, server } = await startServer(
    t,
    (request, response) => response.end(`HTTP/${request.httpVersion}`),
    { alsoTcp: true },
  )
  const altSvc = `h3=":${port}"; ma=86400`

  const session = await connect()
  t.equal(await (await session.fetch('/')).text(), 'HTTP/3.0')

  const http2 = connectHttp2(url, { ca })
  const stream = http2.request({ ':path': '/' })
  const [headers] = (await once(stream, 'response')) as [Record<string, string>]
  t.equal(headers['alt-svc'], altSvc)
  t.equal((await readAll(stream)).toString(), 'HTTP/2.0')
  http2.close()

  const request = httpsRequest(url, { ca, agent: false }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  t.equal(response.headers['alt-svc'], altSvc)
  t.equal((await readAll(response)).toString(), 'HTTP/1.1')

  const count = await new Promise<number>((resolve) => {
    server.getConnections((_error, total) => resolve(total))
  })
  t.ok(count >= 1)
})

t.test('close lets requests over TCP end, and closes connections without one', async (t) => {
  let held: Http3ServerResponse | undefined
  const { url, ca, server } = await startServer(
    t,
    (request, response) => {
      if (request.url === '/slow') held = response
      else response.end('quick')
    },
    { alsoTcp: true, closeTimeout: 60_000 },
  )
  const agent = new Agent({ keepAlive: true, ca })
  const quick = httpsRequest(url, { agent }).end()
  const [first] = (await once(quick, 'response')) as [IncomingMessage]
  await readAll(first)
  const http2 = connectHttp2(url, { ca })
  const stream = http2.request({ ':path': '/slow' })
  await until(() => held !== undefined)
  const closed = new Promise((resolve) => server.close(resolve))
  held?.end('the last words')
  t.equal((await readAll(stream)).toString(), 'the last words')
  await closed
  agent.destroy()
  t.equal(server.listening, false)
})
