// Does a server that answered a million requests hold more than one that answered a few?

import { connect } from 'godwit'
import { readFileSync } from 'node:fs'
import type { Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { takeSample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials, RunningServer } from './server-process.ts'

const PORT = 17_800
const REQUESTS = 1_000_000
const SECONDS = 5

export interface HeapResult {
  readonly requests: number
  /** MB of live JavaScript after garbage collection, and MB resident. */
  readonly before: { heap: number; resident: number }
  readonly after: { heap: number; resident: number }
  readonly text: string
}

async function heapOf(server: RunningServer, credentials: Credentials): Promise<number> {
  const ca = readFileSync(credentials.ca)
  const session = await connect(`https://localhost:${server.port}`, { ca, family: 4 })
  const response = await session.fetch('/heap')
  const bytes = Number(await response.text())
  session.destroy()
  return bytes / 1e6
}

export async function measureRequestsHeap(
  loader: Loader,
  credentials: Credentials,
  log: (line: string) => void,
): Promise<HeapResult> {
  const contender = {
    name: 'godwit',
    version: '',
    server: (task: { port: number; cert: string; key: string }) =>
      godwitServer(process.execPath, task, ['--expose-gc']),
  }
  const server = await startContender(contender, PORT, credentials, loader)
  try {
    const load = {
      mode: 'requests',
      path: '/1k',
      seconds: SECONDS,
      connections: 4,
      streams: 8,
    } as const
    const shot = async (): Promise<{ count: number; resident: number }> => {
      const sample = await takeSample(server, loader, load, credentials.ca, 0)
      if (sample.errors > 0) throw new Error(sample.error)
      return { count: sample.count, resident: sample.peak }
    }
    const { resident } = await shot()
    const before = { heap: await heapOf(server, credentials), resident }
    let requests = 0
    let last = before.resident
    while (requests < REQUESTS) {
      const { count, resident: now } = await shot()
      requests += count
      last = now
      log(`${requests} requests`)
    }
    const after = { heap: await heapOf(server, credentials), resident: last }
    const text = `heap after ${requests} requests: ${after.heap.toFixed(1)} MB, before ${before.heap.toFixed(1)} MB; resident ${last.toFixed(0)} MB, before ${before.resident.toFixed(0)} MB`
    return { requests, before, after, text }
  } finally {
    await server.stop()
  }
}
