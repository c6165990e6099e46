// One measurement: a client pinned to its processor makes load on a server; CPU, memory and the
// machine's noise are read around it. A noisy sample is taken again, twice at most, and the quietest counts.

import { run } from '../../interop/lib/process.ts'
import { cpuSeconds, machineTime, memoryOf, resetPeak } from '../lib/machine.ts'
import type { Loader } from './contenders.ts'
import type { LoadOptions, LoadReport } from './options.ts'
import { loadArguments } from './options.ts'
import { clientArgv } from './server-process.ts'
import type { RunningServer } from './server-process.ts'

/** Share of one processor that others may use, or the hypervisor may take, in a good sample. */
const NOISE_LIMIT = 0.15
const RETRIES = 2
/** Beyond its own time a client may need for handshakes, and to finish what is under way. */
const CLIENT_SLACK = 60_000

export interface Sample extends LoadReport {
  /** CPU seconds of the server with all its processes. */
  readonly serverCpu: number
  /** MB, the most during the sample. */
  readonly peak: number
  /** MB that the server grew by when the connections of `idle` were held. */
  readonly heldGrowth: number
  /** Processors, on average, that others used and that the hypervisor took. */
  readonly other: number
  readonly stolen: number
}

export type Load = Omit<LoadOptions, 'port' | 'ca'>

export async function takeSample(
  server: RunningServer,
  loader: Loader,
  load: Load,
  ca: string,
  retries: number = RETRIES,
): Promise<Sample> {
  let best = await takeOnce(server, loader, load, ca)
  for (let i = 0; i < retries && isNoisy(best) && server.alive(); i++) {
    const again = await takeOnce(server, loader, load, ca)
    if (noise(again) < noise(best)) best = again
  }
  return best
}

const noise = (sample: Sample): number => sample.other + sample.stolen

export const isNoisy = (sample: Sample): boolean =>
  sample.other > NOISE_LIMIT || sample.stolen > NOISE_LIMIT

async function takeOnce(
  server: RunningServer,
  loader: Loader,
  load: Load,
  ca: string,
): Promise<Sample> {
  const argv = clientArgv([...loader.argv, ...loadArguments({ ...load, ca, port: server.port })])
  resetPeak(server.pid)
  const residentBefore = memoryOf(server.pid).resident
  let heldGrowth = 0
  const cpuBefore = cpuSeconds(server.pid)
  const machineBefore = machineTime()
  const start = performance.now()
  const { stdout, stderr } = await run(argv, {
    timeout: load.seconds * 1000 + CLIENT_SLACK,
    onOutput: (text) => {
      if (text.includes('"held"')) heldGrowth = memoryOf(server.pid).resident - residentBefore
    },
  })
  const seconds = (performance.now() - start) / 1000
  const machineAfter = machineTime()
  const serverCpu = cpuSeconds(server.pid) - cpuBefore
  const report = parseReport(stdout, stderr)
  const busy = machineAfter.busy - machineBefore.busy
  return {
    ...report,
    serverCpu,
    peak: memoryOf(server.pid).peak,
    heldGrowth,
    other: Math.max(0, busy - serverCpu - report.cpu) / seconds,
    stolen: (machineAfter.stolen - machineBefore.stolen) / seconds,
  }
}

/** The report that a load program printed. */
export function parseReport(stdout: string, stderr: string): LoadReport {
  const line = stdout.trim().split('\n').at(-1) ?? ''
  if (line.startsWith('{')) return JSON.parse(line) as LoadReport
  const error = `no report: ${(stderr.trim() || line).slice(-200)}`
  return { seconds: 0, bytes: 0, count: 0, errors: 1, error, p50: 0, p99: 0, cpu: 0 }
}
