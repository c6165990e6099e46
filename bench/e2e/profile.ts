// Where the time of our server goes: it runs under --cpu-prof with one load, and the functions that
// took most of it are listed. The profiles stay in bench/results for Chromium's DevTools.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saveText } from '../lib/results.ts'
import { formatTable, figure } from '../lib/table.ts'
import type { Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { serverMeasures } from './measures.ts'
import { takeSample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials } from './server-process.ts'

const PORT = 17_700
const LINES = 25
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

/** Runs each measure against a server of its own and returns the tables. */
export async function profileServer(
  loader: Loader,
  credentials: Credentials,
  seconds: number,
  names: readonly string[] = ['bulk', 'upload', 'requests', 'handshakes'],
): Promise<string> {
  const tables = []
  for (const { name, load, figures } of serverMeasures(seconds)) {
    if (!names.includes(name)) continue
    const folder = mkdtempSync(join(tmpdir(), 'godwit-profile-'))
    const contender = {
      name: 'godwit',
      version: '',
      server: (task: { port: number; cert: string; key: string }) =>
        godwitServer(process.execPath, task, [
          '--cpu-prof',
          '--cpu-prof-interval=200',
          `--cpu-prof-dir=${folder}`,
        ]),
    }
    const server = await startContender(contender, PORT, credentials, loader)
    const sample = await takeSample(server, loader, load, credentials.ca, 0)
    await server.stop()
    const file = readdirSync(folder).find((entry) => entry.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('the server wrote no profile')
    const text = readFileSync(join(folder, file), 'utf8')
    saveText(`${name}.cpuprofile`, text)
    rmSync(folder, { recursive: true })
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
