// How cost grows: with connections, with streams, with the size of what is fetched.

import { plot } from '../lib/svg.ts'
import type { Series } from '../lib/svg.ts'
import { formatTable, figure } from '../lib/table.ts'
import type { Contender, Loader } from './contenders.ts'
import { takeSample } from './sample.ts'
import type { Load, Sample } from './sample.ts'
import { pathOfSize } from './sizes.ts'
import { startContender } from './server-process.ts'
import type { Credentials, RunningServer } from './server-process.ts'
import type { RunOptions } from './servers.ts'

const FIRST_PORT = 17_500

export interface Axis {
  readonly name: 'connections' | 'streams' | 'size'
  readonly values: readonly number[]
  load(value: number, seconds: number): Load
}

const request = (path: string, seconds: number, connections: number, streams: number): Load => ({
  mode: 'requests',
  path,
  seconds,
  connections,
  streams,
})

export const AXES: readonly Axis[] = [
  {
    name: 'connections',
    values: [1, 10, 100, 1000, 10_000],
    load: (value, seconds) => request('/1k', seconds, value, 1),
  },
  {
    name: 'streams',
    values: [1, 10, 100, 1000, 10_000],
    load: (value, seconds) => request('/1k', seconds, 1, value),
  },
  {
    name: 'size',
    values: [2 ** 10, 2 ** 14, 2 ** 18, 2 ** 22, 2 ** 26, 2 ** 30],
    load: (value, seconds) => request(pathOfSize(value), seconds, 1, 1),
  },
]

export interface ScaleResult {
  readonly axis: Axis['name']
  readonly server: string
  readonly points: { value: number; sample: Sample }[]
}

export async function measureScale(
  servers: readonly Contender[],
  probe: Loader,
  loader: Loader,
  credentials: Credentials,
  options: RunOptions,
  axes: readonly Axis[] = AXES,
): Promise<ScaleResult[]> {
  const results: ScaleResult[] = []
  let port = FIRST_PORT
  for (const axis of axes) {
    const running: RunningServer[] = []
    try {
      // New ones for each axis: what thousands of connections left behind is no part of the next.
      for (const contender of servers) {
        running.push(await startContender(contender, port++, credentials, probe))
        results.push({ axis: axis.name, server: contender.name, points: [] })
      }
      for (const value of axis.values) {
        for (const [i, server] of running.entries()) {
          if (!server.alive()) continue
          const load = axis.load(value, options.seconds)
          const sample = await takeSample(server, loader, load, credentials.ca, 1)
          results[results.length - running.length + i].points.push({ value, sample })
          const error = sample.error === '' ? '' : `; ${sample.errors} errors: ${sample.error}`
          options.log(
            `${axis.name} ${value}, ${server.contender.name}: ${figure(sample.count / sample.seconds)}/s, p50 ${figure(sample.p50 / 1000)} ms, server CPU ${figure(sample.serverCpu)} s${error}`,
          )
        }
      }
    } finally {
      for (const server of running) await server.stop()
    }
  }
  return results
}

const unit = (axis: Axis['name'], value: number): string =>
  axis === 'size' ? pathOfSize(value).slice(1) : String(value)

export function scaleTables(results: readonly ScaleResult[]): string {
  const tables = []
  for (const { name, values } of AXES) {
    const own = results.filter(({ axis }) => axis === name)
    if (own.length === 0) continue
    const what = name === 'size' ? 'Gbit/s' : 'req/s'
    const head = [
      name,
      ...own.flatMap(({ server }) => [`${server} ${what}`, 'p50 ms', 'p99 ms', 'CPU us']),
    ]
    const rows = values.map((value) => [
      unit(name, value),
      ...own.flatMap(({ points }) => {
        const sample = points.find((point) => point.value === value)?.sample
        if (sample === undefined || sample.count === 0) return ['-', '-', '-', '-']
        const { bytes, seconds, count, serverCpu } = sample
        const rate =
          name === 'size' ? figure((bytes * 8) / seconds / 1e9, 3) : figure(count / seconds, 0)
        const mark = sample.errors > 0 ? ` (${sample.errors} failed)` : ''
        // With many connections most of it went into their handshakes.
        const cpu = name === 'connections' ? '-' : figure((serverCpu / count) * 1e6, 0)
        return [rate + mark, figure(sample.p50 / 1000), figure(sample.p99 / 1000), cpu]
      }),
    ])
    tables.push(formatTable(head, rows))
  }
  return tables.join('\n\n')
}

/** Plots by the names of their files. */
export function scalePlots(results: readonly ScaleResult[]): Map<string, string> {
  const plots = new Map<string, string>()
  for (const { name } of AXES) {
    const own = results.filter(({ axis }) => axis === name)
    if (own.length === 0) continue
    const series = (of: (sample: Sample) => number): Series[] =>
      own.map(({ server, points }) => ({
        name: server,
        points: points.map(({ value, sample }) => [value, of(sample)] as const),
      }))
    const x = name === 'size' ? 'bytes of the response' : name
    const rate =
      name === 'size'
        ? plot(
            series((s) => (s.bytes * 8) / s.seconds / 1e9),
            { title: 'Throughput of one request at a time', x, y: 'Gbit/s' },
          )
        : plot(
            series((s) => s.count / s.seconds),
            { title: `Requests for 1 kB against ${name}`, x, y: 'requests/s' },
          )
    const latency = plot(
      series((s) => s.p50 / 1000),
      { title: `Latency against ${name}`, x, y: 'p50 ms', logY: true },
    )
    plots.set(`throughput-${name}.svg`, rate).set(`latency-${name}.svg`, latency)
  }
  return plots
}
