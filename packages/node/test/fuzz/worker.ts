// The process that runs cases. Its parent sends cases one by one and watches the clock: a case that
// never comes back hangs the process, which is a finding, too.

import { makeCase, type Area, type Case } from './case.ts'
import { runCase } from './run-case.ts'
import type { Finding } from './watch.ts'

export type Order =
  | { readonly type: 'seeds'; readonly area: Area; readonly first: number; readonly count: number }
  | { readonly type: 'case'; readonly given: Case }

export interface Report {
  readonly seed: number
  readonly findings: readonly Finding[]
  /** CPU time of the process so far, in ms. */
  readonly cpu: number
}

async function runOne(given: Case): Promise<void> {
  const findings = await runCase(given)
  const { user, system } = process.cpuUsage()
  const report: Report = { seed: given.seed, findings, cpu: (user + system) / 1000 }
  process.send?.(report)
}

async function obey(order: Order): Promise<void> {
  if (order.type === 'case') return runOne(order.given)
  for (let i = 0; i < order.count; i++) await runOne(makeCase(order.first + i, order.area))
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    console.error(error)
    process.exit(3)
  })
})
