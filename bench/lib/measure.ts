// Interleaved measurement: the cases take turns in slices of a few milliseconds, so that a machine
// whose speed drifts treats them alike, and what counts is the ratio within one run.

import { loadavg } from 'node:os'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

export interface Case {
  readonly name: string
  /** Runs the operation `count` times. Its result keeps the optimiser honest. */
  readonly run: (count: number) => number
}

export interface Figure {
  readonly name: string
  /** Microseconds for one operation: tenth percentile (the quiet machine) and median. */
  readonly p10: number
  readonly median: number
  /** Times as fast as the first case, by medians of slices that ran side by side. */
  readonly ratio: number
}

const SLICE_MS = 4
let sink = 0

function calibrate(run: (count: number) => number): number {
  let count = 16
  for (;;) {
    const start = performance.now()
    sink += run(count)
    const took = performance.now() - start
    if (took >= SLICE_MS / 2) return Math.max(1, Math.round((count * SLICE_MS) / took))
    count *= 2
  }
}

const at = (sorted: readonly number[], p: number): number =>
  sorted[Math.floor((sorted.length - 1) * p)]

/** Measures `cases` side by side over `rounds` slices each, after a warm-up. */
export function measure(cases: readonly Case[], rounds = 150): Figure[] {
  for (const c of cases) for (let i = 0; i < 5; i++) sink += c.run(calibrate(c.run))
  const counts = cases.map((c) => calibrate(c.run))
  const times: number[][] = cases.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < cases.length; i++) {
      const start = performance.now()
      sink += cases[i].run(counts[i])
      times[i].push(((performance.now() - start) * 1000) / counts[i])
    }
  }
  const ratios = times.map((list) =>
    list.map((us, round) => times[0][round] / us).sort((a, b) => a - b),
  )
  return cases.map((c, i) => {
    const sorted = [...times[i]].sort((a, b) => a - b)
    return {
      name: c.name,
      p10: at(sorted, 0.1),
      median: at(sorted, 0.5),
      ratio: at(ratios[i], 0.5),
    }
  })
}

/** What the machine was doing: load, and time that its hypervisor took away, where it says so. */
export function machineNoise(): string {
  const load = loadavg()
    .map((x) => x.toFixed(2))
    .join(' ')
  try {
    const [, , , , , , , , steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/)
    return `load ${load}, steal ${Number(steal) / 100} s since boot`
  } catch {
    return `load ${load}`
  }
}

/** Keeps results alive; printing it once is enough. */
export function consumed(): number {
  return sink
}

/** A table for the terminal. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  const width = Math.max(...figures.map((f) => f.name.length), 10)
  console.log(`\n${title}`)
  console.log(`${'case'.padEnd(width)}  us p10   median   ratio`)
  for (const f of figures) {
    const cells = [
      f.p10.toFixed(3).padStart(6),
      f.median.toFixed(3).padStart(7),
      f.ratio.toFixed(2).padStart(6),
    ]
    console.log(`${f.name.padEnd(width)}  ${cells.join('  ')}`)
  }
}
