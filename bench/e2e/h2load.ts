// The same measures of a server of HTTP/2 over TCP, by h2load of nghttp2. It prints for people, not for
// programs; latencies come from its log of requests. No handshakes, no idle connections.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../interop/lib/process.ts'
import { temporaryFolder } from '../../interop/lib/temporary.ts'
import { cpuSeconds, machineTime, memoryOf, resetPeak } from '../lib/machine.ts'
import { percentile } from '../lib/statistics.ts'
import { shareFiles } from '../peers/file-servers.ts'
import type { Lab } from './contenders.ts'
import type { Load, Sample } from './sample.ts'
import { clientArgv } from './server-process.ts'
import type { RunningServer } from './server-process.ts'

const UPLOAD = { name: '4m', size: 2 ** 22 }

/** Null: h2load cannot do it. */
export async function takeH2Sample(
  server: RunningServer,
  lab: Lab,
  load: Load,
): Promise<Sample | null> {
  if (load.mode === 'handshakes' || load.mode === 'idle') return null
  const folder = temporaryFolder(lab.chroot.share, 'h2load')
  try {
    return await take(server, lab, load, join(folder.path, 'requests.log'))
  } finally {
    folder.remove()
  }
}

async function take(server: RunningServer, lab: Lab, load: Load, log: string): Promise<Sample> {
  const url = `https://127.0.0.1:${server.port}${load.path}`
  const seconds = Math.ceil(load.seconds)
  const options = ['-D', seconds, '-c', load.connections, '-m', load.streams].map(String)
  const windows = ['-w', '23', '-W', '24', `--log-file=${log}`]
  const upload = load.mode === 'upload'
  const body = upload ? ['-d', join(shareFiles(lab.chroot), UPLOAD.name)] : []
  resetPeak(server.pid)
  const cpuBefore = cpuSeconds(server.pid)
  const machineBefore = machineTime()
  const { stdout } = await run(clientArgv([...lab.h2load, ...options, ...windows, ...body, url]), {
    timeout: seconds * 1000 + 30_000,
  })
  const machineAfter = machineTime()
  const serverCpu = cpuSeconds(server.pid) - cpuBefore
  // "traffic: 1.23GB (1324534) total, ... (data)"; a request is a line of start, status, microseconds.
  const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
  const lines = text.trim().split('\n').filter(Boolean)
  const latencies = lines.map((line) => Number(line.split('\t')[2]))
  const downloaded = Number(/\((\d+)\) data/.exec(stdout)?.[1] ?? 0)
  const bytes = upload ? lines.length * UPLOAD.size : downloaded
  const busy = machineAfter.busy - machineBefore.busy
  const failed = bytes === 0
  return {
    seconds,
    bytes,
    count: latencies.length,
    errors: failed ? 1 : 0,
    error: failed ? stdout.slice(-200) : '',
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    // h2load does not tell its own: it is taken for a full processor, so that `other` is never too high.
    cpu: seconds,
    serverCpu,
    peak: memoryOf(server.pid).peak,
    heldGrowth: Number.NaN,
    other: Math.max(0, busy - serverCpu - seconds) / seconds,
    stolen: (machineAfter.stolen - machineBefore.stolen) / seconds,
  }
}
