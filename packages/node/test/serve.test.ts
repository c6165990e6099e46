import t, { type Test } from 'tap'
import { connect, serve } from '../src/index.ts'
import type { Http3ClientSession, ServeOptions } from '../src/index.ts'
import { makeIdentity } from './support/identity.ts'
import { until } from './support/server.ts'

const { key, cert, ca } = makeIdentity()

async function start(t: Test, options: Partial<ServeOptions>): Promise<Http3ClientSession> {
  const server = await serve({
    key,
    cert,
    port: 0,
    hostname: '127.0.0.1',
    closeTimeout: 100,
    fetch: () => new Response('default'),
    ...options,
  })
  const session = await connect(`https://127.0.0.1:${server.address()?.port}`, { ca })
  t.teardown(async () => {
    session.destroy()
    await server[Symbol.asyncDispose]()
  })
  return session
}

t.test('serve: a web Request in, a web Response out', async (t) => {
  const session = await start(t, {
    async fetch(request, info) {
      t.match(new URL(request.url).pathname, '/path')
      t.equal(request.headers.get('x-test'), 'yes')
      t.equal(info.httpVersion, '3.0')
      t.ok((info.stats()?.packetsReceived ?? 0) > 0)
      return Response.json({ method: request.method, body: await request.text() }, { status: 201 })
    },
  })
  const response = await session.fetch('/path', {
    method: 'PUT',
    body: 'text',
    headers: { 'x-test': 'yes' },
  })
  t.equal(response.status, 201)
  t.strictSame(await response.json(), { method: 'PUT', body: 'text' })
})

t.test('serve: bodies stream both ways', async (t) => {
  const session = await start(t, { fetch: (request) => new Response(request.body) })
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const pending = session.fetch('/', { method: 'POST', body: readable, duplex: 'half' })
  const first = writer.write(Buffer.from('one'))
  const response = await pending
  const reader = response.body?.getReader()
  t.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'one')
  const second = writer.write(Buffer.from('two'))
  t.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'two')
  const end = writer.close()
  t.equal((await reader?.read())?.done, true)
  await Promise.all([first, second, end])
})

t.test('serve: what fetch throws becomes a 500 or goes to error', async (t) => {
  const warnings: string[] = []
  const listen = (warning: Error): void => {
    warnings.push(warning.message)
  }
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const failing = (): Response => {
    throw new Error('secret')
  }
  const plain = await start(t, { fetch: failing })
  const response = await plain.fetch('/')
  t.equal(response.status, 500)
  t.notMatch(await response.text(), /secret/)
  await until(() => warnings.includes('secret'))
  const handled = await start(t, {
    fetch: failing,
    error: () => new Response('handled', { status: 503 }),
  })
  t.equal((await handled.fetch('/')).status, 503)
})

t.test('serve: a client that leaves aborts the signal and cancels the body', async (t) => {
  let aborted = false
  let cancelled = false
  const session = await start(t, {
    fetch: (request) => {
      request.signal.addEventListener('abort', () => {
        aborted = true
      })
      return new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1000)),
          cancel: () => {
            cancelled = true
          },
        }),
      )
    },
  })
  const response = await session.fetch('/')
  await response.body?.cancel()
  await until(() => aborted && cancelled)
})

t.test('serve: wrong options and a port in use reject', async (t) => {
  // @ts-expect-error -- what a JavaScript caller may do
  await t.rejects(async () => serve({ key, cert, port: 0 }), /"fetch" expected function/)
})
