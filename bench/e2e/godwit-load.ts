// Load by our client, with the options, modes and report of the programs on quinn and quic-go:
// `godwit-load.ts MODE --port PORT --path PATH --ca FILE [--seconds S] [--connections C] [--streams M]`.

import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { connect } from 'godwit'
import type { Http3ClientSession } from 'godwit'
import { percentile } from '../lib/statistics.ts'
import { parseLoadArguments } from './options.ts'
import type { LoadReport } from './options.ts'
import { ZEROS } from './sizes.ts'

/** Handshakes under way at a time while many connections are opened. */
const OPENING = 16

const options = parseLoadArguments(process.argv.slice(2))
const ca = readFileSync(options.ca)
const latencies: number[] = []
let start = performance.now()
let elapsed = 0
let bytes = 0
let errors = 0
let firstError = ''

function addBytes(count: number): void {
  bytes += count
  elapsed = performance.now() - start
}

function done(since: number): void {
  latencies.push((performance.now() - since) * 1000)
  elapsed = performance.now() - start
}

function fail(error: unknown): void {
  errors++
  if (firstError === '') firstError = error instanceof Error ? error.message : String(error)
}

function open(): Promise<Http3ClientSession> {
  return connect(`https://localhost:${options.port}`, { ca, family: 4 })
}

/** Reads the answer until it ends or `end` has passed. */
function get(session: Http3ClientSession, end: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = session.request(options.path)
    request.on('response', ({ status }) => {
      if (status !== 200) request.destroy(new Error(`status ${status}`))
    })
    request.on('data', (chunk: Uint8Array) => {
      addBytes(chunk.length)
      if (performance.now() < end) return
      request.destroy()
      resolve()
    })
    request.on('end', resolve)
    request.on('error', reject)
  })
}

async function bulk(): Promise<void> {
  const session = await open()
  start = performance.now()
  const end = start + options.seconds * 1000
  const late = setTimeout(() => session.destroy(), options.seconds * 1000 + 50)
  while (performance.now() < end) {
    try {
      await get(session, end)
      done(start)
    } catch (error) {
      if (performance.now() < end) fail(error)
      break
    }
  }
  clearTimeout(late)
  session.destroy()
}

async function upload(): Promise<void> {
  const session = await open()
  start = performance.now()
  const end = start + options.seconds * 1000
  const request = session.request(options.path, { method: 'POST' })
  let sent = 0
  let answer = ''
  const write = (): void => {
    while (performance.now() < end) {
      sent += ZEROS.length
      if (!request.write(ZEROS)) {
        request.once('drain', write)
        return
      }
    }
    request.end()
  }
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    request.on('end', resolve)
    request.on('error', reject)
    write()
  })
  addBytes(sent)
  if (answer === String(sent)) done(start)
  else fail(`sent ${sent} bytes, the answer is ${answer}`)
  session.destroy()
}

async function openAll(): Promise<Http3ClientSession[]> {
  const sessions: Http3ClientSession[] = []
  let left = options.connections
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      try {
        sessions.push(await open())
      } catch (error) {
        fail(error)
      }
    }
  }
  await Promise.all(Array.from({ length: OPENING }, one))
  return sessions
}

async function requests(): Promise<void> {
  const sessions = await openAll()
  start = performance.now()
  const end = start + options.seconds * 1000
  const one = async (session: Http3ClientSession): Promise<void> => {
    try {
      while (performance.now() < end) {
        const since = performance.now()
        await get(session, Infinity)
        done(since)
      }
    } catch (error) {
      fail(error)
    }
  }
  const streams = Array.from({ length: options.streams })
  await Promise.all(sessions.flatMap((session) => streams.map(() => one(session))))
  for (const session of sessions) session.destroy()
}

async function handshakes(): Promise<void> {
  start = performance.now()
  const end = start + options.seconds * 1000
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const since = performance.now()
      try {
        const session = await open()
        await get(session, Infinity)
        session.destroy()
        done(since)
      } catch (error) {
        fail(error)
      }
    }
  }
  await Promise.all(Array.from({ length: options.connections }, one))
}

async function idle(): Promise<void> {
  const sessions = await openAll()
  for (const session of sessions) {
    const since = performance.now()
    await get(session, Infinity).then(() => done(since), fail)
  }
  console.log(JSON.stringify({ held: sessions.length }))
  await new Promise((resolve) => {
    setTimeout(resolve, options.seconds * 1000)
  })
  for (const session of sessions) session.destroy()
}

const modes = { bulk, upload, requests, handshakes, idle }
await modes[options.mode]().catch(fail)
const { user, system } = process.cpuUsage()
const report: LoadReport = {
  seconds: elapsed / 1000,
  bytes,
  count: latencies.length,
  errors,
  error: firstError,
  p50: latencies.length === 0 ? 0 : Math.round(percentile(latencies, 0.5)),
  p99: latencies.length === 0 ? 0 : Math.round(percentile(latencies, 0.99)),
  cpu: (user + system) / 1e6,
}
console.log(JSON.stringify(report))
// Connections that drain need nobody to wait for them.
setTimeout(() => process.exit(0), 20)
