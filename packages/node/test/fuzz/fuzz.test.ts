// A short part of the machine's work: what it has found once, and the first seeds of every area.

import t from 'tap'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AREAS, makeCase, shrink, type Case } from './case.ts'
import { DEFECTS } from './defects.ts'
import { FOUND } from './found.ts'
import { CaseWorker } from './pool.ts'

/** Cases of each area. */
const CASES = 40

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

const worker = new CaseWorker()
t.teardown(() => worker.close())

t.test('every case that broke a rule once keeps them all', async (t) => {
  for (const [name, given] of Object.entries(FOUND)) {
    t.strictSame(await worker.runCase(given), [], name)
  }
})

for (const area of AREAS) {
  t.test(`${area}: ${CASES} random cases break no rule`, async (t) => {
    let cases = 0
    await worker.runSeeds(area, 1, CASES, ({ seed, findings }) => {
      cases++
      if (findings.length > 0) {
        t.strictSame(findings, [], `npm run fuzz -- --only ${area} --replay ${seed}`)
      }
    })
    t.equal(cases, CASES)
  })
}

t.test('a case depends on its seed alone, and shrinks to smaller ones', (t) => {
  t.strictSame(makeCase(7, 'server'), makeCase(7, 'server'))
  const given = makeCase(7, 'server')
  const size = JSON.stringify(given).length
  for (const smaller of shrink(given)) {
    t.not(JSON.stringify(smaller), JSON.stringify(given))
    if (smaller.peer.length < given.peer.length) t.ok(JSON.stringify(smaller).length < size)
  }
  t.end()
})

t.test('the faults that the machine proves itself with fit the sources', (t) => {
  for (const { name, edits } of DEFECTS) {
    for (const { file, from } of edits) {
      const parts = readFileSync(`${ROOT}${file}`, 'utf8').split(from)
      t.equal(parts.length, 2, `${name}: ${file} has it once`)
    }
  }
  t.end()
})

t.test('a fault that is put back is found', async (t) => {
  const name = 'STOP_SENDING before the request, and a handler that waits'
  const defect = DEFECTS.find((one) => one.name.startsWith('STOP_SENDING'))
  const blind = new CaseWorker({
    execArgv: [`--import=${new URL('defect-register.mjs', import.meta.url).href}`],
    env: { GODWIT_FUZZ_EDITS: JSON.stringify(defect?.edits) },
  })
  t.teardown(() => blind.close())
  const findings = await blind.runCase(FOUND[name] as Case)
  t.ok(
    findings.some(({ rule }) => defect?.rule.test(rule)),
    `${defect?.name}: the machine is not blind`,
  )
})
