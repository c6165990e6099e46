// Clients that go at every point of a response, over every protocol. What the server does then is looked
// at from outside: the process lives, says nothing, closes its files, and ends when it is asked to.

import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { connect } from '../src/index.ts'
import { startServing, type Serving } from './support/serving.ts'

/** When the client goes: with its request, when the response has begun, or after so many bytes of it. */
type Moment = 'at once' | 'soon' | 'at the head' | number
const MOMENTS: readonly Moment[] = ['at once', 'soon', 'at the head', 1, 3_000_000]
const RANGES = [undefined, 'bytes=10-20000000', 'bytes=0-9000000,10000000-19000000,30000000-']

type Depart = (serving: Serving, range: string | undefined, moment: Moment) => Promise<void>

const headers = (range: string | undefined): Record<string, string> =>
  range === undefined ? {} : { range }

/** What one response is to this client: something that emits, and that it can go from. */
interface Response {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
}

/** Not `once` of node:events, which rejects on 'error'. */
const closeOf = (emitter: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    emitter.on('error', () => {})
    emitter.once('close', resolve)
  })

function leaveAt(moment: Moment, response: Response, leave: () => unknown): void {
  if (moment === 'at the head') leave()
  if (typeof moment !== 'number') return
  let received = 0
  response.on('data', (chunk) => {
    received += chunk.length
    if (received >= moment) leave()
  })
}

const overHttp3: Depart = async (serving, range, moment) => {
  const session = await connect(serving.url, { ca: serving.ca })
  const request = session.request('/large.bin', { headers: headers(range) })
  const closed = closeOf(request)
  const leave = (): unknown => request.destroy()
  if (moment === 'at once') leave()
  if (moment === 'soon') setImmediate(leave)
  request.on('response', () => leaveAt(moment, request, leave))
  await closed
  session.destroy()
}

const overHttp2: Depart = async (serving, range, moment) => {
  const session = connectHttp2(serving.url, { ca: serving.ca })
  session.on('error', () => {})
  await once(session, 'connect')
  const request = session.request({ ':path': '/large.bin', ...headers(range) })
  const closed = closeOf(request)
  const leave = (): unknown => request.close(8)
  if (moment === 'at once') leave()
  if (moment === 'soon') setImmediate(leave)
  request.on('response', () => leaveAt(moment, request, leave))
  await closed
  session.destroy()
}

const overHttp1: Depart = async (serving, range, moment) => {
  const options = { ca: serving.ca, agent: false as const, headers: headers(range) }
  const request = requestHttps(`${serving.url}large.bin`, options)
  const closed = closeOf(request)
  const leave = (): unknown => request.destroy()
  request.end()
  if (moment === 'at once') request.once('finish', leave)
  if (moment === 'soon') request.once('finish', () => setImmediate(leave))
  request.once('response', (response) => {
    response.on('error', () => {})
    leaveAt(moment, response, leave)
  })
  await closed
}

/** Descriptors of the process that name the large file; null where there is no /proc. */
function openFiles(pid: number): number | null {
  const folder = `/proc/${pid}/fd`
  if (!existsSync(folder)) return null
  let count = 0
  for (const fd of readdirSync(folder)) {
    try {
      if (readlinkSync(join(folder, fd)).endsWith('large.bin')) count++
    } catch {
      // Closed since it was listed.
    }
  }
  return count
}

for (const [protocol, depart] of [
  ['HTTP/3', overHttp3],
  ['HTTP/2', overHttp2],
  ['HTTP/1.1', overHttp1],
] as const) {
  t.test(`clients that go at any moment, over ${protocol}`, async (t) => {
    const folder = t.testdir({ site: { small: 'still here' }, cache: {} })
    const large = join(folder, 'site', 'large.bin')
    writeFileSync(large, '')
    truncateSync(large, 50_000_000)
    const serving = await startServing(t, join(folder, 'site'), join(folder, 'cache'))
    for (const range of RANGES) {
      for (const moment of MOMENTS) {
        await Promise.all([0, 1].map(() => depart(serving, range, moment)))
        t.equal(serving.child.exitCode, null, `${range ?? 'the whole'}, ${moment}`)
      }
    }
    const session = await connect(serving.url, { ca: serving.ca })
    t.equal(await (await session.fetch('/small')).text(), 'still here')
    const deadline = Date.now() + 20_000
    while ((openFiles(serving.child.pid as number) ?? 0) > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const open = openFiles(serving.child.pid as number)
    if (open === null) t.comment('no /proc: open files were not counted')
    else t.equal(open, 0, 'every file was closed')
    session.destroy()
    t.equal(await serving.stop(), 0)
    t.equal(serving.stderr(), '')
  })
}
