import { once } from 'node:events'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, createServer, developmentCertificate } from '../src/index.ts'
import type { ResponseHead } from '../src/index.ts'
import { createStaticHandler } from '../src/static/static-handler.ts'

const LARGE = Buffer.alloc(3_000_000, 'godwit ')
const base = t.testdir({
  certificate: {},
  site: {
    'index.html': '<h1>index</h1>',
    'data.json': '{}',
    empty: '',
    sub: { 'index.html': 'sub index' },
    bare: {},
  },
})
const root = join(base, 'site')
writeFileSync(join(root, 'large.bin'), LARGE)
writeFileSync(join(root, 'digits'), '0123456789')
symlinkSync('/etc/passwd', join(root, 'passwd'))

const { key, cert, ca } = developmentCertificate({ directory: join(base, 'certificate') })
const handler = await createStaticHandler(root)
const server = createServer({ key, cert }, (request, response) => void handler(request, response))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const session = await connect(`https://127.0.0.1:${server.address()?.port}`, { ca })
t.teardown(async () => {
  session.destroy()
  await server[Symbol.asyncDispose]()
})

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  session.fetch(path, { headers })

t.test('a folder is its index, with a slash', async (t) => {
  const index = await get('/')
  t.equal(await index.text(), '<h1>index</h1>')
  t.equal(index.headers.get('content-type'), 'text/html; charset=utf-8')
  t.equal(index.headers.get('content-length'), '14')
  const moved = await get('/sub?query')
  t.equal(moved.status, 308)
  t.equal(moved.headers.get('location'), '/sub/?query')
  const request = session.request('//sub')
  const [head] = (await once(request, 'response')) as [ResponseHead]
  t.equal(head.headers['location'], '/sub/', 'never another host')
  request.resume()
  t.equal(await (await get('/sub/')).text(), 'sub index')
  t.equal((await get('/bare/')).status, 404)
  t.equal((await get('/digits/')).status, 404)
})

t.test('types by extension', async (t) => {
  t.equal((await get('/data.json')).headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal((await get('/digits')).headers.get('content-type'), 'application/octet-stream')
})

t.test('a large file arrives whole, an empty one too', async (t) => {
  t.ok(Buffer.from(await (await get('/large.bin')).arrayBuffer()).equals(LARGE))
  const empty = await get('/empty')
  t.equal(empty.headers.get('content-length'), '0')
  t.equal(await empty.text(), '')
})

t.test('ranges: 206, suffix, several, 416', async (t) => {
  const part = await get('/digits', { range: 'bytes=2-4' })
  t.equal(part.status, 206)
  t.equal(part.headers.get('content-range'), 'bytes 2-4/10')
  t.equal(await part.text(), '234')
  t.equal(await (await get('/digits', { range: 'bytes=-3' })).text(), '789')
  const several = await get('/digits', { range: 'bytes=0-1,8-' })
  t.equal(several.status, 206)
  const boundary = /boundary=(.*)$/.exec(several.headers.get('content-type') ?? '')?.[1]
  t.equal(
    await several.text(),
    ['0-1', '8-9']
      .map(
        (range) =>
          `\r\n--${boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes ${range}/10\r\n\r\n${range.replace('-', '')}`,
      )
      .join('') + `\r\n--${boundary}--\r\n`,
  )
  const none = await get('/digits', { range: 'bytes=10-' })
  t.equal(none.status, 416)
  t.equal(none.headers.get('content-range'), 'bytes */10')
  t.equal((await get('/digits', { range: 'bytes=x' })).status, 200)
})

t.test('conditional requests: 304 and 412', async (t) => {
  const first = await get('/digits')
  const etag = first.headers.get('etag') ?? ''
  const same = await get('/digits', { 'if-none-match': etag })
  t.equal(same.status, 304)
  t.equal(await same.text(), '')
  const modified = first.headers.get('last-modified') ?? ''
  t.equal((await get('/digits', { 'if-modified-since': modified })).status, 304)
  t.equal((await get('/digits', { 'if-match': '"other"' })).status, 412)
  t.equal((await get('/digits', { range: 'bytes=0-1', 'if-range': etag })).status, 206)
  t.equal((await get('/digits', { range: 'bytes=0-1', 'if-range': '"other"' })).status, 200)
})

t.test('HEAD has the headers only, other methods are refused', async (t) => {
  const head = await session.fetch('/large.bin', { method: 'HEAD' })
  t.equal(head.headers.get('content-length'), String(LARGE.length))
  t.equal(await head.text(), '')
  const post = await session.fetch('/digits', { method: 'POST', body: 'x' })
  t.equal(post.status, 405)
  t.equal(post.headers.get('allow'), 'GET, HEAD')
})

t.test('nothing outside the folder, nothing hidden', async (t) => {
  for (const path of ['/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/.env', '/nothing']) {
    const request = session.request(path)
    const [head] = (await once(request, 'response')) as [ResponseHead]
    t.equal(head.status, 404, path)
    request.resume()
  }
})

t.test('a client that leaves in the middle leaves nothing behind', async (t) => {
  const response = await get('/large.bin')
  await response.body?.cancel()
  t.equal((await get('/digits')).status, 200)
})

t.test('a folder that is not there is an error at start', async (t) => {
  await t.rejects(createStaticHandler(join(root, 'nothing')), { code: 'ENOENT' })
  await t.rejects(createStaticHandler(join(root, 'digits')), /is not a folder/)
})
