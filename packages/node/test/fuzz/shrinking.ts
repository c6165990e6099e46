// Makes a failing case as small as it gets while it breaks the same rule.

import { shrink, type Case } from './case.ts'
import type { CaseWorker } from './pool.ts'

/** Cases that are tried for one failure: most are small after some fifty. */
const MAX_TRIES = 400

export async function shrinkCase(given: Case, rule: string, worker: CaseWorker): Promise<Case> {
  let smallest = given
  let tries = 0
  for (let found = true; found && tries < MAX_TRIES;) {
    found = false
    for (const candidate of shrink(smallest)) {
      if (++tries > MAX_TRIES) break
      const findings = await worker.runCase(candidate)
      if (!findings.some((finding) => finding.rule === rule)) continue
      smallest = candidate
      found = true
      break
    }
  }
  return smallest
}

/** A case as source text, for a test. */
export function printCase(given: Case): string {
  const { peer, user, ...rest } = given
  const lines = (items: readonly object[]): string =>
    items.map((item) => `    ${JSON.stringify(item)},\n`).join('')
  const users = user.map((steps) => `    [\n${lines(steps).replaceAll('    {', '      {')}    ],\n`)
  return [
    '{',
    `  ...${JSON.stringify(rest)},`,
    `  peer: [\n${lines(peer)}  ],`,
    `  user: [\n${users.join('')}  ],`,
    '}',
  ].join('\n')
}
