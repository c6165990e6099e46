// Memory of our server, on one Node.js after another: after a million requests (does it hold more than
// after a few?), for each idle connection, and at most during one download from a server just started.

import { connect } from 'godwit'
import { readFileSync } from 'node:fs'
import { run } from '../../interop/lib/process.ts'
import { memoryOf } from '../lib/machine.ts'
import { median } from '../lib/statistics.ts'
import { figure, formatTable } from '../lib/table.ts'
import type { ServerTask } from '../peers/file-servers.ts'
import type { Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { loadArguments } from './options.ts'
import { parseReport, takeSample } from './sample.ts'
import type { Load } from './sample.ts'
import { clientArgv, startContender } from './server-process.ts'
import type { Credentials, RunningServer } from './server-process.ts'

const PORT = 17_800
/** As in lib/machine.ts. */
const MB: number = 1024 * 1024
/** What connecting, and giving up the connections, may take beside the time that they are held, in ms. */
const HOLD_SLACK = 300_000

/** How much is done; a smoke test does less. */
export interface MemorySizes {
  readonly requests: number
  /** Length of a load of requests, of which `requests` are made up. */
  readonly seconds: number
  readonly connections: number
  /** How long they are held. */
  readonly holdSeconds: number
  readonly download: string
  /** Downloads, each from a server of its own; the median counts. */
  readonly downloads: number
}

export const MEMORY_SIZES: Omit<MemorySizes, 'downloads'> = {
  requests: 1_000_000,
  seconds: 5,
  connections: 4000,
  holdSeconds: 10,
  download: '/1g',
}

/** Of a server after garbage collection, in MB. */
interface Memory {
  readonly heap: number
  /** What objects hold outside of the heap: buffers, most of all. */
  readonly buffers: number
  readonly resident: number
}

export interface MemoryResult {
  readonly node: string
  readonly requests: number
  readonly before: Memory
  readonly after: Memory
  readonly connections: number
  readonly none: Memory
  readonly held: Memory
  /** MB resident at most, of each download. */
  readonly peaks: readonly number[]
}

export interface NodeVersion {
  readonly path: string
  readonly version: string
}

export async function measureMemory(
  nodes: readonly NodeVersion[],
  loader: Loader,
  credentials: Credentials,
  sizes: MemorySizes,
  log: (line: string) => void,
): Promise<MemoryResult[]> {
  const results = []
  for (const { path, version } of nodes) {
    const start = (options: readonly string[] = []): Promise<RunningServer> => {
      const server = (task: ServerTask): string[] => godwitServer(path, task, options)
      return startContender({ name: 'godwit', version, server }, PORT, credentials, loader)
    }
    const say = (line: string): void => log(`Node.js ${version}: ${line}`)
    const context = { start, loader, credentials, sizes, say }
    results.push({
      node: version,
      ...(await measureRequests(context)),
      ...(await measureIdle(context)),
      peaks: await measureDownloads(context),
    })
  }
  return results
}

interface Context {
  readonly start: (options?: readonly string[]) => Promise<RunningServer>
  readonly loader: Loader
  readonly credentials: Credentials
  readonly sizes: MemorySizes
  readonly say: (line: string) => void
}

/** Runs `work` against a server just started. */
async function withServer<T>(
  { start }: Context,
  options: readonly string[],
  work: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const server = await start(options)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

async function memoryNow(server: RunningServer, { ca }: Credentials): Promise<Memory> {
  const session = await connect(`https://localhost:${server.port}`, {
    ca: readFileSync(ca),
    family: 4,
  })
  const response = await session.fetch('/heap')
  const { heapUsed, external } = (await response.json()) as NodeJS.MemoryUsage
  session.destroy()
  const { resident } = memoryOf(server.pid)
  return { heap: heapUsed / MB, buffers: external / MB, resident }
}

function measureRequests(
  context: Context,
): Promise<Pick<MemoryResult, 'requests' | 'before' | 'after'>> {
  const { loader, credentials, sizes, say } = context
  return withServer(context, ['--expose-gc'], async (server) => {
    const { seconds } = sizes
    const load: Load = { mode: 'requests', path: '/1k', seconds, connections: 4, streams: 8 }
    const shot = async (): Promise<number> => {
      const { error, errors, count } = await takeSample(server, loader, load, credentials.ca, 0)
      if (errors > 0 || count === 0) throw new Error(`requests: ${error}`)
      return count
    }
    await shot()
    const before = await memoryNow(server, credentials)
    let requests = 0
    while (requests < sizes.requests) {
      requests += await shot()
      say(`${requests} requests`)
    }
    return { requests, before, after: await memoryNow(server, credentials) }
  })
}

function measureIdle(
  context: Context,
): Promise<Pick<MemoryResult, 'connections' | 'none' | 'held'>> {
  const { loader, credentials, sizes, say } = context
  return withServer(context, ['--expose-gc'], async (server) => {
    const { connections, holdSeconds: seconds } = sizes
    const load: Load = { mode: 'idle', path: '/1k', seconds, connections, streams: 1 }
    const { ca } = credentials
    const argv = clientArgv([...loader.argv, ...loadArguments({ ...load, ca, port: server.port })])
    const none = await memoryNow(server, credentials)
    let measured: Promise<Memory> | undefined
    const { stdout, stderr } = await run(argv, {
      timeout: seconds * 1000 + HOLD_SLACK,
      onOutput: (text) => {
        if (text.includes('"held"')) measured ??= memoryNow(server, credentials)
      },
    })
    const { count, error, errors } = parseReport(stdout, stderr)
    if (measured === undefined || errors > 0) throw new Error(`idle connections: ${error}`)
    say(`${count} idle connections`)
    return { connections: count, none, held: await measured }
  })
}

async function measureDownloads(context: Context): Promise<number[]> {
  const { loader, credentials, sizes, say } = context
  const peaks = []
  for (let i = 0; i < sizes.downloads; i++) {
    peaks.push(
      await withServer(context, [], async (server) => {
        // Requests that are under way are finished: this is one.
        const load: Load = {
          mode: 'requests',
          path: sizes.download,
          seconds: 0.001,
          connections: 1,
          streams: 1,
        }
        const sample = await takeSample(server, loader, load, credentials.ca, 0)
        if (sample.errors > 0 || sample.count !== 1) throw new Error(`download: ${sample.error}`)
        say(`${figure(sample.bytes / 1e6)} MB downloaded, peak ${figure(sample.peak)} MB`)
        return sample.peak
      }),
    )
  }
  return peaks
}

/** Figures by row, a column for each Node.js. */
export function memoryTable(results: readonly MemoryResult[], { download }: MemorySizes): string {
  const kilobytes = (what: keyof Memory, { connections, none, held }: MemoryResult): string =>
    figure(((held[what] - none[what]) * 1024) / connections, 1)
  const row = (title: string, of: (result: MemoryResult) => string): string[] => [
    title,
    ...results.map(of),
  ]
  const rows = [
    row('requests', ({ requests }) => String(requests)),
    row('heap MB before', ({ before }) => figure(before.heap, 1)),
    row('heap MB after', ({ after }) => figure(after.heap, 1)),
    row('resident MB before', ({ before }) => figure(before.resident, 0)),
    row('resident MB after', ({ after }) => figure(after.resident, 0)),
    row('idle connections', ({ connections }) => String(connections)),
    row('heap kB for each', (result) => kilobytes('heap', result)),
    row('buffers kB for each', (result) => kilobytes('buffers', result)),
    row('resident kB for each', (result) => kilobytes('resident', result)),
    row('resident MB without', ({ none }) => figure(none.resident, 0)),
    row('resident MB with all', ({ held }) => figure(held.resident, 0)),
    row(`peak MB, one ${download.slice(1)}`, ({ peaks }) => figure(median(peaks), 0)),
  ]
  const head = ['memory of our server', ...results.map(({ node }) => `Node.js ${node}`)]
  return formatTable(head, rows)
}
