// Whatever a handler does wrong, over every protocol: nothing of ours throws, nobody waits for ever, and
// the process goes on answering. In a child process, whose exit code is watched, without any listener
// of 'error'.

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { get as httpsGet } from 'node:https'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { connect } from '../src/index.ts'
import type { Http3ClientSession } from '../src/index.ts'
import { BOOM, NODE_HANDLERS, WEB_HANDLERS } from './support/faulty-handlers.ts'
import { makeIdentity } from './support/identity.ts'
import { until } from './support/until.ts'

const { key, cert, ca } = makeIdentity()
const script = fileURLToPath(new URL('support/faulty-server.ts', import.meta.url))
const HANG = 20_000

/** What a client saw: `STATUS BODY`, 'failed', or 'hang'. Leaves by itself on paths of '/gone-...'. */
type Ask = (path: string) => Promise<string>

function overHttp3(session: Http3ClientSession): Ask {
  return (path) =>
    outcome((done) => {
      const request = session.request(path)
      let body = ''
      let status = 0
      request.on('response', (head) => (status = head.status))
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
        if (path === '/gone-amid') request.destroy()
      })
      request.on('error', () => done('failed'))
      request.on('end', () => done(`${status} ${body}`))
      request.on('close', () => done('failed'))
      if (path === '/gone-before') setTimeout(() => request.destroy(), 30)
    })
}

function overHttp2(session: ClientHttp2Session): Ask {
  return (path) =>
    outcome((done) => {
      const stream = session.request({ ':path': path })
      let body = ''
      let status = 0
      stream.on('response', (fields) => (status = Number(fields[':status'])))
      stream.on('data', (chunk: Buffer) => {
        body += chunk.toString()
        if (path === '/gone-amid') stream.close(8)
      })
      stream.on('error', () => done('failed'))
      stream.on('close', () => done(stream.rstCode === 0 ? `${status} ${body}` : 'failed'))
      if (path === '/gone-before') setTimeout(() => stream.close(8), 30)
    })
}

function overHttp1(port: number): Ask {
  return (path) =>
    outcome((done) => {
      const request = httpsGet(`https://127.0.0.1:${port}${path}`, { ca, agent: false })
      request.on('error', () => done('failed'))
      request.on('response', (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
          if (path === '/gone-amid') request.destroy()
        })
        response.on('error', () => done('failed'))
        response.on('aborted', () => done('failed'))
        response.on('end', () => done(`${response.statusCode} ${body}`))
      })
      if (path === '/gone-before') setTimeout(() => request.destroy(), 30)
    })
}

function outcome(ask: (done: (what: string) => void) => void): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('hang'), HANG)
    ask((what) => {
      clearTimeout(timer)
      resolve(what)
    })
  })
}

/** What a client must see, over each protocol where that differs. null: whatever Node does. */
type Right = string | { readonly h3: string; readonly h2: string; readonly h1: string | null }

const FAILS_BUT_NODE: Right = { h3: 'failed', h2: 'failed', h1: null }

// Without an answer the client waits, as with node:http: these are asked with no hope.
const UNANSWERED = new Set(['/throws'])

const NODE_RIGHT: Record<string, Right> = {
  '/ok': '200 ok',
  '/throws-behind-head': 'failed',
  '/bad-name': '200 recovered',
  '/bad-value': '200 recovered',
  '/bad-status': '200 recovered',
  '/late-head': '200 recovered',
  '/connection-fields': '200 recovered',
  '/no-content': '204 ',
  '/not-modified': '304 ',
  '/long-pipe': FAILS_BUT_NODE,
  '/long-end': FAILS_BUT_NODE,
  '/short': FAILS_BUT_NODE,
  '/source-fails': 'failed',
  '/destroyed': 'failed',
  '/socket-destroyed': 'failed',
  '/gone-before': 'failed',
  '/gone-amid': 'failed',
}

const WEB_RIGHT: Record<string, Right> = {
  '/ok': '200 ok',
  '/throws': '500 Internal Server Error',
  '/rejects': '500 Internal Server Error',
  '/nothing': '500 Internal Server Error',
  '/network-error': '500 Internal Server Error',
  '/connection': '200 recovered',
  '/transfer-encoding': '200 recovered',
  '/transfer-encoding-gzip': '200 recovered',
  '/upgrade': '200 recovered',
  '/bad-length': { h3: '500 Internal Server Error', h2: '500 Internal Server Error', h1: null },
  '/long': 'failed',
  '/short': 'failed',
  '/no-content': '204 ',
  '/not-modified': '304 ',
  '/source-fails': 'failed',
  '/gone-before': 'failed',
  '/gone-amid': 'failed',
}

t.equal(
  Object.keys(NODE_RIGHT).length + UNANSWERED.size,
  Object.keys(NODE_HANDLERS).length,
  'every fault of node:http is expected',
)
t.strictSame(Object.keys(WEB_RIGHT), Object.keys(WEB_HANDLERS), 'and every fault of serve')

interface Child {
  readonly process: ChildProcess
  readonly port: number
  readonly uncaught: string[]
}

async function start(t: Test, shape: string): Promise<Child> {
  const env = { ...process.env, KEY: key, CERT: cert }
  const child = fork(script, [shape], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const uncaught: string[] = []
  let port = 0
  child.on('message', (message: { port?: number; uncaught?: string }) => {
    if (message.port !== undefined) port = message.port
    if (message.uncaught !== undefined) uncaught.push(message.uncaught)
  })
  await until(() => port !== 0)
  return { process: child, port, uncaught }
}

for (const shape of ['callback', 'async callback', 'listener', 'serve']) {
  t.test(`faults of a handler: ${shape}`, async (t) => {
    const child = await start(t, shape)
    const url = `https://127.0.0.1:${child.port}`
    const session = await connect(url, { ca })
    const http2 = connectHttp2(url, { ca })
    const protocols: Record<'h3' | 'h2' | 'h1', Ask> = {
      h3: overHttp3(session),
      h2: overHttp2(http2),
      h1: overHttp1(child.port),
    }
    let exited = false
    child.process.once('exit', () => {
      exited = true
    })
    const table = shape === 'serve' ? WEB_RIGHT : NODE_RIGHT
    for (const [path, right] of Object.entries(table)) {
      for (const protocol of ['h3', 'h2', 'h1'] as const) {
        const wanted = typeof right === 'string' ? right : right[protocol]
        // What is Node's own is not waited for: its clients may.
        const asked = protocols[protocol](path)
        if (wanted !== null) t.equal(await asked, wanted, `${path} over ${protocol}`)
        t.equal(await protocols[protocol]('/ok'), '200 ok', `after ${path} over ${protocol}`)
      }
    }
    if (shape !== 'serve') {
      for (const ask of Object.values(protocols)) ask('/throws').catch(() => {})
      await until(() => child.uncaught.filter((text) => text.includes(BOOM)).length >= 6)
      for (const ask of Object.values(protocols)) t.equal(await ask('/ok'), '200 ok')
    }
    // An exception of the application is its process's affair, as with node:http; there is no other.
    const origin = shape === 'async callback' ? 'unhandledRejection' : 'uncaughtException'
    const own = child.uncaught.filter((text) => text !== `${origin}: Error: ${BOOM}`)
    t.strictSame(own, [], 'no error but what handlers threw')
    t.equal(child.uncaught.length, shape === 'serve' ? 0 : 6, 'each of them once')
    t.equal(exited, false, 'the process lives')
    const exit = once(child.process, 'exit')
    session.destroy()
    http2.destroy()
    child.process.send('close')
    t.strictSame(await exit, [0, null], 'and ends by itself when it is asked to')
  })
}
