import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { readAll, startServer } from './support/server.ts'

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
