// What was run so far: a line for each target and session. The file is part of the repository, so
// that the hours add up over sessions and machines.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../ledger.tsv', import.meta.url))
const HEADER = [
  'date',
  'node',
  'commit',
  'target',
  'seed',
  'executions',
  'cpu seconds',
  'edges',
  'features',
  'corpus',
  'failures',
]

export interface LedgerLine {
  /** ISO 8601, to the minute. */
  readonly date: string
  readonly node: string
  readonly commit: string
  readonly target: string
  readonly seed: number
  readonly executions: number
  readonly cpuSeconds: number
  readonly edges: number
  readonly features: number
  readonly corpus: number
  readonly failures: number
}

export function appendLedger(line: LedgerLine): void {
  if (!existsSync(FILE)) writeFileSync(FILE, `${HEADER.join('\t')}\n`)
  const { cpuSeconds, ...rest } = line
  const { date, node, commit, target, seed, executions, edges, features, corpus, failures } = rest
  const fields = [date, node, commit, target, seed, executions, cpuSeconds.toFixed(1)]
  fields.push(edges, features, corpus, failures)
  appendFileSync(FILE, `${fields.join('\t')}\n`)
}

/** Sums by target, and by version of Node, as text. */
export function summarizeLedger(): string {
  const lines = existsSync(FILE) ? readFileSync(FILE, 'utf8').split('\n') : []
  const targets = new Map<
    string,
    [executions: number, seconds: number, edges: number, bad: number]
  >()
  const nodes = new Map<string, number>()
  for (const line of lines.slice(1)) {
    if (line === '') continue
    const [, node, , target, , executions, seconds, edges, , , failures] = line.split('\t')
    const sum = targets.get(target) ?? [0, 0, 0, 0]
    sum[0] += Number(executions)
    sum[1] += Number(seconds)
    sum[2] = Math.max(sum[2], Number(edges))
    sum[3] += Number(failures)
    targets.set(target, sum)
    const major = `Node ${node.split('.')[0]}`
    nodes.set(major, (nodes.get(major) ?? 0) + Number(seconds))
  }
  const out = [row('target', 'executions', 'CPU s', 'edges', 'failures')]
  let [executions, seconds, failures] = [0, 0, 0]
  for (const [target, sum] of [...targets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.push(row(target, sum[0], sum[1].toFixed(0), sum[2], sum[3]))
    executions += sum[0]
    seconds += sum[1]
    failures += sum[3]
  }
  out.push(row('all', executions, seconds.toFixed(0), '', failures))
  for (const [node, spent] of nodes) out.push(`${node}: ${(spent / 60).toFixed(1)} CPU minutes`)
  return out.join('\n')
}

function row(name: string, ...columns: readonly (string | number)[]): string {
  return name.padEnd(22) + columns.map((column) => String(column).padStart(12)).join('')
}
