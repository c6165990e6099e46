// npm run fuzz: runs random cases of peers and user code, and says which rules break.
//
//   npm run fuzz -- --seconds 300            every area in turn, from the first seed not yet run
//   npm run fuzz -- --only serve --seed 7    one area, from a seed
//   npm run fuzz -- --only serve --replay 7  one case, in full
//   npm run fuzz -- --ledger                 what was run so far
//   npm run fuzz -- --prove                  puts known faults back, one at a time, and finds them

import { parseArgs } from 'node:util'
import { AREAS, makeCase, type Area, type Case } from './case.ts'
import { nextSeed, record, summary } from './ledger.ts'
import { CaseWorker } from './pool.ts'
import { prove } from './prove.ts'
import { printCase, shrinkCase } from './shrinking.ts'
import type { Finding } from './watch.ts'

/** Cases of an area before the next one has its turn. */
const BATCH = 50

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    only: { type: 'string' },
    replay: { type: 'string' },
    ledger: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
    prove: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
})

if (values.only !== undefined && !(AREAS as readonly string[]).includes(values.only)) {
  console.error(`--only expected one of ${AREAS.join(', ')}, got ${values.only}`)
  process.exit(2)
}
const areas: readonly Area[] = values.only === undefined ? AREAS : [values.only as Area]

if (values.ledger) {
  console.log(summary())
} else if (values.prove) {
  process.exitCode = (await prove(Number(values.seed ?? 1))) ? 0 : 1
} else if (values.replay !== undefined) {
  process.exitCode = await replay(Number(values.replay))
} else {
  process.exitCode = await explore()
}

/** Runs one seed and prints everything about it. */
async function replay(seed: number): Promise<number> {
  const worker = new CaseWorker()
  let failed = 0
  for (const area of areas) {
    const given = makeCase(seed, area)
    console.log(printCase(given))
    const findings = await worker.runCase(given)
    for (const { rule, detail } of findings) console.log(`${area}: ${rule}\n  ${detail}`)
    if (findings.length === 0) console.log(`${area}: no rule is broken`)
    else failed = 1
  }
  worker.close()
  return failed
}

async function explore(): Promise<number> {
  const worker = new CaseWorker()
  const begin = performance.now()
  const deadline = begin + Number(values.seconds) * 1000
  const known = new Set<string>()
  const runs = areas.map((area) => {
    const first = values.seed === undefined ? nextSeed(area) : Number(values.seed)
    return { area, first, cases: 0, cpu: 0, wall: 0, failures: 0 }
  })
  const stop = { asked: false }
  process.once('SIGINT', () => (stop.asked = true))
  process.once('SIGTERM', () => (stop.asked = true))
  while (performance.now() < deadline && !stop.asked) {
    for (const run of runs) {
      const failures: { given: Case; finding: Finding }[] = []
      const before = { cpu: worker.cpu, wall: performance.now() }
      await worker.runSeeds(run.area, run.first + run.cases, BATCH, ({ seed, findings }) => {
        run.cases++
        if (findings.length > 0) run.failures++
        for (const finding of findings) {
          const key = `${run.area}: ${finding.rule}`
          if (known.has(key)) continue
          known.add(key)
          failures.push({ given: makeCase(seed, run.area), finding })
        }
      })
      run.cpu += (worker.cpu - before.cpu) / 1000
      run.wall += (performance.now() - before.wall) / 1000
      for (const { given, finding } of failures) await tell(given, finding, worker)
      if (performance.now() >= deadline || stop.asked) break
    }
  }
  worker.close()
  let failures = 0
  for (const run of runs) {
    if (run.cases === 0) continue
    failures += run.failures
    console.log(
      `${run.area}: ${run.cases} cases from seed ${run.first}, ${run.failures} failures, ` +
        `${run.cpu.toFixed(1)} s of CPU`,
    )
    if (!values['no-record']) record(run)
  }
  return failures === 0 ? 0 : 1
}

async function tell(given: Case, finding: Finding, worker: CaseWorker): Promise<void> {
  console.log(`\n${given.area}, seed ${given.seed}: ${finding.rule}`)
  if (values['no-shrink']) return
  const smallest = await shrinkCase(given, finding.rule, worker)
  const [last] = (await worker.runCase(smallest)).filter(({ rule }) => rule === finding.rule)
  console.log(last?.detail ?? finding.detail)
  console.log(printCase(smallest))
}
