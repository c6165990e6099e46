// Where the time of our server goes: its CPU profiler runs while it is under load, and the functions
// that took most of the time are listed. The profiles stay in bench/results for Chromium's DevTools.

import { readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resultFile } from '../lib/results.ts'
import { formatTable, figure } from '../lib/table.ts'
import type { ServerTask } from '../peers/file-servers.ts'
import type { Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { serverMeasures } from './measures.ts'
import { takeSample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials } from './server-process.ts'
import type { RunOptions } from './servers.ts'

const PORT = 17_700
const LINES = 25
/** Or the length of the load itself, if that is less. */
const WARM_UP_SECONDS = 1
const profiler = new URL('profiler.ts', import.meta.url).href
const root = fileURLToPath(new URL('../../', import.meta.url))

interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
  }
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/**
 * Runs each measure against a server of its own and returns the tables. The profiles are kept under the name
 * of the measure with `prefix`.
 */
export async function profileServer(
  loader: Loader,
  credentials: Credentials,
  nodeOptions: readonly string[],
  { seconds, measures }: Pick<RunOptions, 'seconds' | 'measures'>,
  prefix: string = '',
): Promise<string> {
  const tables = []
  for (const { name, load, figures } of serverMeasures(seconds)) {
    // One request at a time is mostly waiting.
    if (!measures.includes(name) || name === 'latency') continue
    const file = resultFile(`${prefix}${name}.cpuprofile`)
    rmSync(file, { force: true })
    const contender = {
      name: 'godwit',
      version: '',
      env: { GODWIT_PROFILE: file },
      server: (task: ServerTask) =>
        godwitServer(process.execPath, task, [`--import=${profiler}`, ...nodeOptions]),
    }
    const server = await startContender(contender, PORT, credentials, loader)
    let sample
    try {
      const warmUp = { ...load, seconds: Math.min(WARM_UP_SECONDS, seconds) }
      await takeSample(server, loader, warmUp, credentials.ca, 0)
      process.kill(server.pid, 'SIGUSR2')
      sample = await takeSample(server, loader, load, credentials.ca, 0)
    } finally {
      await server.stop()
    }
    const text = readFileSync(file, 'utf8')
    const cells = figures.map((f) => `${f.title} ${figure(f.of(sample), f.digits)}`)
    tables.push(
      `${name}: ${cells.join(', ')} (with the profiler on)\n\n${selfTimes(JSON.parse(text) as CpuProfile)}`,
    )
  }
  return tables.join('\n\n')
}

function selfTimes(profile: CpuProfile): string {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const times = new Map<string, number>()
  let total = 0
  for (const [i, id] of profile.samples.entries()) {
    const frame = byId.get(id)?.callFrame
    if (frame === undefined || frame.functionName === '(idle)') continue
    const key = nameOf(frame)
    times.set(key, (times.get(key) ?? 0) + profile.timeDeltas[i])
    total += profile.timeDeltas[i]
  }
  const sorted = [...times].sort((a, b) => b[1] - a[1]).slice(0, LINES)
  return formatTable(
    ['function', 'self %'],
    sorted.map(([key, time]) => [key, figure((time / total) * 100, 1)]),
  )
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
  return `${name} ${file}:${lineNumber + 1}`
}
