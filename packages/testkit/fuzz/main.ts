// `npm run fuzz:bytes`: see README.md. The targets are loaded only when the counters are ready.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Prng } from '../src/prng.ts'
import { readCorpus, readRegressions, writeCorpus } from './engine/corpus.ts'
import { installCoverage } from './engine/coverage.ts'
import { findDefect } from './engine/defects.ts'
import { appendLedger, summarizeLedger } from './engine/ledger.ts'
import { minimizeCorpus } from './engine/minimize.ts'
import { prove } from './engine/prove.ts'
import { Session } from './engine/session.ts'
import type { Failure } from './engine/session.ts'
import type { Target } from './engine/target.ts'
import { startWatchdog } from './engine/watchdog.ts'

const USAGE = `npm run fuzz:bytes -- [options]
  --seconds N      CPU time in all, shared by the targets (default 60)
  --target A,B     only these targets
  --seed S         random numbers from this seed, and nothing is written but failures
  --runs N         at most so many runs for each target
  --list           names the targets
  --missed         prints the lines that no run of the targets reached
  --replay FILE    runs the inputs of a file of failures, with --target
  --ledger         sums up what was run so far
  --prove          puts defects into the sources, one at a time, and looks how long each hides`

const FAILURES = fileURLToPath(new URL('./failures/', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const START = cpuSeconds()

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string' },
    runs: { type: 'string', default: 'Infinity' },
    list: { type: 'boolean', default: false },
    missed: { type: 'boolean', default: false },
    replay: { type: 'string' },
    ledger: { type: 'boolean', default: false },
    prove: { type: 'boolean', default: false },
    defect: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(USAGE)
} else if (options.ledger) {
  console.log(summarizeLedger())
} else if (options.prove) {
  process.exitCode = prove(Number(options.seconds), Number(options.seed ?? 1)) ? 0 : 1
} else {
  process.exitCode = await main()
}

async function main(): Promise<number> {
  installCoverage()
  register('./engine/hooks.mjs', import.meta.url, { data: { defect: findDefect(options.defect) } })
  const { TARGETS } = await import('./targets/index.ts')
  const wanted = options.target?.split(',') ?? TARGETS.map(({ name }) => name)
  const unknown = wanted.filter((name) => !TARGETS.some((target) => target.name === name))
  if (unknown.length > 0 || options.list) {
    for (const { name, about } of TARGETS) console.log(`${name.padEnd(20)} ${about}`)
    if (unknown.length > 0) console.error(`no target ${unknown.join(', ')}`)
    return unknown.length > 0 ? 2 : 0
  }
  const targets = TARGETS.filter(({ name }) => wanted.includes(name))
  if (options.replay !== undefined) return replay(targets[0], options.replay)
  return fuzz(targets)
}

function fuzz(targets: readonly Target[]): number {
  const keeps = options.seed === undefined && options.defect === undefined
  const seed = Number(options.seed ?? Date.now() % 2 ** 32)
  const watchdog = startWatchdog(FAILURES)
  let failed = 0
  let clean = 0
  console.log(`seed ${seed}`)
  targets.forEach((target, i) => {
    const began = cpuSeconds()
    // What a target does not use of its share goes to those behind it.
    const share = (Number(options.seconds) - spent()) / (targets.length - i)
    const session = new Session(target, new Prng(seed ^ hash(target.name)), watchdog, cpuSeconds)
    session.seed([...target.seeds(), ...readCorpus(target.name), ...readRegressions(target.name)])
    const known = session.corpus.length
    // A defect that was put in need be found only once.
    const most = options.defect === undefined ? undefined : 1
    session.fuzz(began + share, Number(options.runs), most)
    const seconds = cpuSeconds() - began
    const { coverage, corpus, failures, executions } = session
    console.log(
      `${target.name.padEnd(20)} ${String(executions).padStart(9)} runs` +
        ` ${String(Math.round(executions / seconds)).padStart(7)}/s` +
        ` ${String(coverage.edges).padStart(5)} edges ${String(coverage.features).padStart(6)} features` +
        ` ${corpus.length} inputs (${corpus.length - known} new)`,
    )
    for (const failure of failures) report(failure, seed)
    failed += failures.length
    if (failures.length === 0) clean++
    if (options.missed) {
      for (const [name, lines] of coverage.missed()) console.log(`  ${name}: ${lines.join(' ')}`)
    }
    if (keeps) keep(target, session, seed, seconds)
  })
  watchdog.end()
  console.log(`\n${clean} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function spent(): number {
  return cpuSeconds() - START
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function keep(target: Target, session: Session, seed: number, seconds: number): void {
  const again = new Session(target, new Prng(0), { begin: () => {} })
  const kept = minimizeCorpus(session.corpus, (input) => {
    const before = again.corpus.length
    again.seed([input])
    return again.corpus.length > before
  })
  const written = writeCorpus(target.name, kept)
  appendLedger({
    date: new Date().toISOString().slice(0, 16),
    node: process.versions.node,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT }).toString().trim(),
    target: target.name,
    seed,
    executions: session.executions,
    cpuSeconds: seconds,
    edges: session.coverage.edges,
    features: session.coverage.features,
    corpus: written,
    failures: session.failures.length,
  })
}

function report({ target, input, error, executions, seconds, key }: Failure, seed: number): void {
  mkdirSync(FAILURES, { recursive: true })
  const base64 = Buffer.from(input).toString('base64')
  const file = join(FAILURES, `${target}-${hash(key).toString(16)}.txt`)
  writeFileSync(file, `${base64} ${error.message.split('\n')[0]}\n`)
  console.log(
    `\nFAILED ${target} after ${executions} runs, ${seconds.toFixed(1)} s, seed ${seed}\n` +
      `  input, ${input.length} bytes: ${Buffer.from(input).toString('hex')}\n` +
      `  in ${file}\n${error.stack ?? error.message}\n`,
  )
}

function replay(target: Target, file: string): number {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line !== '') target.run(Uint8Array.from(Buffer.from(line.split(' ')[0], 'base64')))
  }
  console.log('1 passed, 0 failed')
  return 0
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0
  }
  return value
}
