// What is measured of a server, and how a sample becomes figures.

import { median } from '../lib/statistics.ts'
import type { Load, Sample } from './sample.ts'

export interface Measure {
  readonly name: string
  readonly load: Load
  /** Columns of the table. */
  readonly figures: readonly FigureOf[]
}

export interface FigureOf {
  readonly title: string
  readonly digits?: number
  /** NaN where the sample does not tell. */
  readonly of: (sample: Sample) => number
}

const load = (
  mode: Load['mode'],
  path: string,
  seconds: number,
  connections = 1,
  streams = 1,
): Load => ({ mode, path, seconds, connections, streams })

const gigabits: FigureOf['of'] = ({ bytes, seconds }) => (bytes * 8) / seconds / 1e9
const cpuPerGigabyte: FigureOf['of'] = ({ serverCpu, bytes }) => serverCpu / (bytes / 1e9)
const perSecond: FigureOf['of'] = ({ count, seconds }) => count / seconds
const p50: FigureOf['of'] = (sample) => sample.p50 / 1000
const p99: FigureOf['of'] = (sample) => sample.p99 / 1000

/** Names of the measures. */
export const MEASURES: readonly string[] = [
  'bulk',
  'upload',
  'latency',
  'requests',
  'handshakes',
  'idle',
]

/** The measures of a server, each for `seconds`. */
export function serverMeasures(seconds: number): Measure[] {
  return [
    {
      name: 'bulk',
      load: load('bulk', '/1g', seconds),
      figures: [
        { title: 'download Gbit/s', digits: 2, of: gigabits },
        { title: 'CPU s/GB', digits: 2, of: cpuPerGigabyte },
        { title: 'peak MB', digits: 0, of: ({ peak }) => peak },
      ],
    },
    {
      name: 'upload',
      load: load('upload', '/up', seconds),
      figures: [
        { title: 'upload Gbit/s', digits: 2, of: gigabits },
        { title: 'CPU s/GB', digits: 2, of: cpuPerGigabyte },
      ],
    },
    {
      name: 'latency',
      load: load('requests', '/1k', seconds),
      figures: [{ title: '1x1 p50 ms', digits: 3, of: p50 }],
    },
    {
      name: 'requests',
      load: load('requests', '/1k', seconds, 4, 8),
      figures: [
        { title: '4x8 req/s', digits: 0, of: perSecond },
        {
          title: 'CPU us/req',
          digits: 0,
          of: ({ serverCpu, count }) => (serverCpu / count) * 1e6,
        },
        { title: 'p50 ms', digits: 2, of: p50 },
        { title: 'p99 ms', digits: 2, of: p99 },
      ],
    },
    {
      name: 'handshakes',
      load: load('handshakes', '/1k', seconds, 4),
      figures: [
        { title: 'handshakes/s', digits: 0, of: perSecond },
        { title: 'CPU ms', digits: 2, of: ({ serverCpu, count }) => (serverCpu / count) * 1000 },
      ],
    },
  ]
}

/** Memory that 1,000 idle connections take. */
export const idleMeasure: Measure = {
  name: 'idle',
  load: load('idle', '/1k', 1, 1000),
  figures: [
    {
      title: 'kB/idle conn',
      digits: 0,
      of: ({ heldGrowth, count }) => (heldGrowth * 1024) / count,
    },
  ],
}

/** The median of a figure over samples without failure; NaN when there is none. */
export function medianOf(figure: FigureOf, samples: readonly Sample[]): number {
  return median(samples.filter(isGood).map(figure.of).filter(Number.isFinite))
}

/** The median of the ratios of samples taken in the same round; NaN when there is no such pair. */
export function ratioOf(
  figure: FigureOf,
  samples: readonly Sample[],
  reference: readonly Sample[],
): number {
  const ratios = []
  for (let round = 0; round < Math.min(samples.length, reference.length); round++) {
    if (!isGood(samples[round]) || !isGood(reference[round])) continue
    ratios.push(figure.of(samples[round]) / figure.of(reference[round]))
  }
  return median(ratios.filter(Number.isFinite))
}

const isGood = ({ errors, count, bytes }: Sample): boolean => errors === 0 && count + bytes > 0
