// What may stand in a served folder beside files, and what a server does without descriptors.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer as createUnixServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { connect, type Http3ClientSession, type ResponseHead } from '../src/index.ts'
import { openFile } from '../src/static/open-file.ts'
import { startServing } from './support/serving.ts'

const posix = process.platform !== 'win32'

t.test('only files are opened', { skip: !posix }, async (t) => {
  const folder = t.testdir({ file: 'text', sub: {} })
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  symlinkSync(join(folder, 'file'), join(folder, 'link'))
  const socket = createUnixServer().listen(join(folder, 'socket'))
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  for (const name of ['fifo', 'sub', 'socket', 'link', 'nothing', 'file/below']) {
    t.equal(await openFile(join(folder, name)), null, name)
  }
  t.equal(await openFile('/dev/null'), null, 'a device')
  const handle = await openFile(join(folder, 'file'))
  t.equal(await handle?.readFile('latin1'), 'text')
  await handle?.close()
})

t.test('requests for FIFOs do not take the threads of files', { skip: !posix }, async (t) => {
  const folder = t.testdir({ site: { file: 'text' }, cache: {} })
  const site = join(folder, 'site')
  execFileSync('mkfifo', [join(site, 'fifo')])
  symlinkSync(join(site, 'fifo'), join(site, 'link'))
  execFileSync('mkfifo', [join(site, 'index.html')])
  const serving = await startServing(t, site, join(folder, 'cache'))
  const session = await connect(serving.url, { ca: serving.ca })
  const paths = Array.from({ length: 12 }, (_, i) => ['/fifo', '/link', '/'][i % 3] as string)
  const statuses = await Promise.all(
    paths.map(async (path) => {
      const response = await session.fetch(path, { signal: AbortSignal.timeout(20_000) })
      await response.text()
      return response.status
    }),
  )
  t.strictSame(
    statuses,
    paths.map(() => 404),
  )
  t.equal(await (await session.fetch('/file')).text(), 'text')
  session.destroy()
  t.equal(await serving.stop(), 0, 'SIGTERM ends the process')
})

t.test('without descriptors: 503, one line, and on it goes', { skip: !posix }, async (t) => {
  const folder = t.testdir({ site: { file: 'text' }, cache: {} })
  const large = join(folder, 'site', 'large.bin')
  writeFileSync(large, '')
  truncateSync(large, 500_000_000)
  const serving = await startServing(t, join(folder, 'site'), join(folder, 'cache'), 64)
  // Downloads that nobody takes hold a file each. Not too many on one connection: its window fills up.
  const sessions: Http3ClientSession[] = []
  const statuses: number[] = []
  for (let i = 0; i < 80; i++) {
    if (i % 2 === 0) sessions.push(await connect(serving.url, { ca: serving.ca }))
    const request = (sessions.at(-1) as Http3ClientSession).request('/large.bin')
    request.on('error', () => {})
    const [head] = (await once(request, 'response')) as [ResponseHead]
    statuses.push(head.status)
    if (head.status === 503) t.equal(head.headers['retry-after'], '1')
  }
  t.equal(statuses[0], 200)
  t.ok(statuses.filter((status) => status === 503).length >= 10, 'many were refused')
  t.ok(
    statuses.every((status) => status === 200 || status === 503),
    statuses.join(' '),
  )
  const lines = serving
    .stderr()
    .split('\n')
    .filter((line) => line.includes('EMFILE'))
  t.equal(lines.length, 1, serving.stderr())
  for (const session of sessions) session.destroy()
  const session = await connect(serving.url, { ca: serving.ca })
  let status = 0
  for (const deadline = Date.now() + 20_000; status !== 200 && Date.now() < deadline;) {
    const response = await session.fetch('/file')
    await response.text()
    status = response.status
  }
  t.equal(status, 200, 'files are served again')
  session.destroy()
  t.equal(await serving.stop(), 0)
})
