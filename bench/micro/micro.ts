// A micro benchmark: one operation, measured by mitata in nanoseconds, with the heap that it takes.

import { getHeapStatistics } from 'node:v8'
import { measure } from 'mitata'
import { figure, formatTable } from '../lib/table.ts'

export interface Micro {
  readonly name: string
  /** The operation. What it returns keeps the optimiser honest. */
  readonly run: () => unknown
  /** Operations in one call of `run`. Default 1. */
  readonly count?: number
}

export interface MicroResult {
  readonly name: string
  /** Nanoseconds for one operation. */
  readonly p50: number
  readonly p99: number
  /** Bytes of JavaScript heap for one operation. */
  readonly heap: number
}

const MIN_CPU_TIME = 250e6

/** Measures one after the other; `smoke`: only as long as it takes to see that it runs. */
export async function measureMicros(
  micros: readonly Micro[],
  smoke: boolean,
): Promise<MicroResult[]> {
  const results = []
  for (const { name, run, count = 1 } of micros) {
    const stats = await measure(run, {
      heap: () => getHeapStatistics().used_heap_size,
      inner_gc: false,
      min_cpu_time: smoke ? 1e6 : MIN_CPU_TIME,
      ...(smoke ? { min_samples: 2 } : {}),
    })
    results.push({
      name,
      p50: stats.p50 / count,
      p99: stats.p99 / count,
      heap: (stats.heap?.avg ?? Number.NaN) / count,
    })
  }
  return results
}

export function microTable(results: readonly MicroResult[]): string {
  const rows = results.map(({ name, p50, p99, heap }) => [
    name,
    figure(p50),
    figure(p99),
    Number.isFinite(heap) && heap >= 0.5 ? Math.round(heap).toString() : '0',
  ])
  return formatTable(['operation', 'ns p50', 'ns p99', 'heap bytes'], rows)
}
