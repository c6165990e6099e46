// The record of what was run: one line for each run and area, checked in, so that hours add up.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AREAS, type Area } from './case.ts'

const FILE = fileURLToPath(new URL('ledger.tsv', import.meta.url))
const COLUMNS = ['date', 'node', 'commit', 'area', 'first', 'cases', 'cpu', 'wall', 'failures']

export interface Entry {
  readonly date: string
  readonly node: string
  readonly commit: string
  readonly area: Area
  /** First seed; the others follow it. */
  readonly first: number
  readonly cases: number
  /** Seconds. */
  readonly cpu: number
  readonly wall: number
  /** Cases in which a rule was broken. */
  readonly failures: number
}

export function readLedger(): Entry[] {
  if (!existsSync(FILE)) return []
  const lines = readFileSync(FILE, 'utf8').split('\n').slice(1)
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [date, node, commit, area, ...numbers] = line.split('\t') as [
        string,
        string,
        string,
        Area,
      ]
      const [first, cases, cpu, wall, failures] = (numbers as string[]).map(Number) as number[]
      return { date, node, commit, area, first, cases, cpu, wall, failures } as Entry
    })
}

/** Adds a line for a run that has just ended. */
export function record(
  run: Pick<Entry, 'area' | 'first' | 'cases' | 'cpu' | 'wall' | 'failures'>,
): void {
  if (!existsSync(FILE)) appendFileSync(FILE, `${COLUMNS.join('\t')}\n`)
  const { area, first, cases, failures } = run
  const line = [
    new Date().toISOString().slice(0, 10),
    process.versions.node,
    commit(),
    area,
    first,
    cases,
    run.cpu.toFixed(1),
    run.wall.toFixed(1),
    failures,
  ]
  appendFileSync(FILE, `${line.join('\t')}\n`)
}

/** The first seed that no run on this release of Node.js has had. */
export function nextSeed(area: Area): number {
  let next = 1
  for (const entry of readLedger()) {
    if (entry.area !== area || majorOf(entry.node) !== majorOf(process.versions.node)) continue
    next = Math.max(next, entry.first + entry.cases)
  }
  return next
}

/** Sums by release of Node.js and area. */
export function summary(): string {
  const entries = readLedger()
  const majors = [...new Set(entries.map((entry) => majorOf(entry.node)))].sort()
  const lines = ['node  area      cases  failures  CPU min  wall min']
  for (const major of majors) {
    for (const area of [...AREAS, 'all'] as const) {
      const of = entries.filter(
        (entry) => majorOf(entry.node) === major && (area === 'all' || entry.area === area),
      )
      if (of.length === 0) continue
      const sum = (name: 'cases' | 'cpu' | 'wall' | 'failures'): number =>
        of.reduce((total, entry) => total + entry[name], 0)
      lines.push(
        [
          major.padEnd(5),
          area.padEnd(7),
          String(sum('cases')).padStart(7),
          String(sum('failures')).padStart(9),
          (sum('cpu') / 60).toFixed(1).padStart(8),
          (sum('wall') / 60).toFixed(1).padStart(9),
        ].join(' '),
      )
    }
  }
  return lines.join('\n')
}

function majorOf(version: string): string {
  return version.split('.')[0] as string
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
    })
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/packages/*/src')
    return git('rev-parse', '--short=10', 'HEAD').trim() + (changed === '' ? '' : '+')
  } catch {
    return 'unknown'
  }
}
