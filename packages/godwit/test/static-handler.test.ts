import { once } from 'node:events'
import { symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
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
    'ééé.txt': 'accents',
    ü: { 'index.html': 'umlaut' },
    '.well-known': { 'security.txt': 'contact', '.hidden': 'h' },
    bare: {},
  },
})
const root = join(base, 'site')
writeFileSync(join(root, 'large.bin'), LARGE)
writeFileSync(join(root, 'digits'), '0123456789')
symlinkSync('/etc/passwd', join(root, 'passwd'))

const { key, cert, ca } = developmentCertificate({ directory: join(base, 'certificate') })
const handler = await createStaticHandler(root)
const server = createServer({ key, cert, alsoTcp: true }, handler)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `https://127.0.0.1:${server.address()?.port}`
const session = await connect(url, { ca })
t.teardown(async () => {
  session.destroy()
  await server[Symbol.asyncDispose]()
})

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  session.fetch(path, { headers })

/** The head of the response to a request line and fields, sent as they are. */
async function rawHttp1(head: string): Promise<string> {
  const socket = connectTls({ port: server.address()?.port ?? 0, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  socket.write(Buffer.from(`${head}\r\nhost: localhost\r\nconnection: close\r\n\r\n`, 'latin1'))
  let answer = ''
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')))
  await once(socket, 'end')
  socket.destroy()
  return answer.slice(0, answer.indexOf('\r\n\r\n'))
}

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
  const none = await get('/digits', { range: 'bytes=10-' })
  t.equal(none.status, 416)
  t.equal(none.headers.get('content-range'), 'bytes */10')
  t.equal((await get('/digits', { range: 'bytes=x' })).status, 200)
})

t.test('RFC 9110 §14.6: several ranges come as parts, in the order asked for', async (t) => {
  const size = LARGE.length
  const ranges = [
    [2_999_990, 2_999_999],
    [0, 6],
    [1000, 1099],
  ] as const
  const header = `bytes=${ranges.map(([start, end]) => `${start}-${end}`).join(',')}`
  const several = await get('/large.bin', { range: header })
  t.equal(several.status, 206)
  const boundary = /boundary=(.*)$/.exec(several.headers.get('content-type') ?? '')?.[1]
  const head = `\r\n--${boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes`
  const parts = ranges.map(
    ([start, end]) =>
      `${head} ${start}-${end}/${size}\r\n\r\n${LARGE.toString('latin1', start, end + 1)}`,
  )
  const body = await several.text()
  t.equal(body, `${parts.join('')}\r\n--${boundary}--\r\n`)
  t.equal(several.headers.get('content-length'), String(body.length))
})

t.test('RFC 9110 §14.2: ranges that overlap bring no byte twice', async (t) => {
  for (const [header, status, length] of [
    [Array.from({ length: 16 }, () => '0-'), 206, LARGE.length],
    [Array.from({ length: 16 }, (_, i) => `${i * 10}-`), 206, LARGE.length],
    [Array.from({ length: 17 }, () => '0-'), 200, LARGE.length],
    [['0-10', '5-20', '15-30'], 206, 31],
  ] as const) {
    const response = await get('/large.bin', { range: `bytes=${header.join(',')}` })
    t.equal(response.status, status, header.join())
    t.equal((await response.arrayBuffer()).byteLength, length)
  }
})

t.test('paths in raw bytes are those in UTF-8; Location has none', async (t) => {
  const raw = (text: string): string => Buffer.from(text).toString('latin1')
  const over = {
    'HTTP/3': async (path: string) => {
      const request = session.request(path)
      const [head] = (await once(request, 'response')) as [ResponseHead]
      request.resume()
      return { status: head.status, location: head.headers['location'] }
    },
    'HTTP/2': async (path: string) => {
      const http2 = connectHttp2(url, { ca })
      const [head] = (await once(http2.request({ ':path': path }), 'response')) as [
        Record<string, unknown>,
      ]
      http2.destroy()
      return { status: head[':status'], location: head['location'] }
    },
  }
  for (const [protocol, ask] of Object.entries(over)) {
    t.match(await ask('/%C3%A9%C3%A9%C3%A9.txt'), { status: 200 }, protocol)
    t.match(await ask(raw('/ééé.txt')), { status: 200 }, `${protocol}: raw UTF-8`)
    t.match(
      await ask('/\xe9\xe9\xe9.txt'),
      { status: 404 },
      `${protocol}: bytes that are not UTF-8`,
    )
    t.match(await ask(raw('/ü?ä=1')), { status: 308, location: '/%C3%BC/?%C3%A4=1' })
  }
})

t.test('RFC 8615: /.well-known/ is served, at the top and no more than it', async (t) => {
  t.equal(await (await get('/.well-known/security.txt')).text(), 'contact')
  t.equal((await get('/.well-known/.hidden')).status, 404)
  t.equal((await get('/sub/.well-known/')).status, 404)
})

t.test('RFC 9110 §8.6: no content-length with 304, over any protocol', async (t) => {
  const etag = (await get('/digits')).headers.get('etag') ?? ''
  const request = session.request('/digits', { headers: { 'if-none-match': etag } })
  const [head] = (await once(request, 'response')) as [ResponseHead]
  request.resume()
  t.equal(head.status, 304)
  t.equal(head.headers['content-length'], undefined)
  const text = await rawHttp1(`GET /digits HTTP/1.1\r\nif-none-match: ${etag}`)
  t.match(text, /^HTTP\/1.1 304/)
  t.notMatch(text, /content-length/i)
  const http2 = connectHttp2(url, { ca })
  const stream = http2.request({ ':path': '/digits', 'if-none-match': etag })
  const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
  http2.destroy()
  t.equal(fields[':status'], 304)
  t.equal(fields['content-length'], undefined)
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
