// Puts known faults back, one at a time, and counts how long it takes to find each.

import { DEFECTS, type Defect } from './defects.ts'
import { CaseWorker } from './pool.ts'

/** A fault that takes longer, in ms of CPU time, was not found. */
const LIMIT = 60_000

const REGISTER = new URL('defect-register.mjs', import.meta.url).href

/** Whether every fault was found within the limit. */
export async function prove(first: number): Promise<boolean> {
  let all = true
  for (const defect of DEFECTS) all = (await find(defect, first)) && all
  return all
}

async function find(defect: Defect, first: number): Promise<boolean> {
  const worker = new CaseWorker({
    execArgv: [`--import=${REGISTER}`],
    env: { GODWIT_FUZZ_EDITS: JSON.stringify(defect.edits) },
  })
  const begin = performance.now()
  let cases = 0
  const found: string[] = []
  while (found.length === 0 && worker.cpu < LIMIT) {
    await worker.runSeeds(defect.area, first + cases, 10, ({ findings }) => {
      if (found.length === 0) cases++
      for (const { rule } of findings) if (defect.rule.test(rule)) found.push(rule)
    })
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const cpu = (worker.cpu / 1000).toFixed(1)
  worker.close()
  console.log(
    `${found.length > 0 ? 'found' : 'NOT FOUND'} after ${cases} cases, ${seconds} s (${cpu} s of CPU): ${defect.name}`,
  )
  return found.length > 0
}
