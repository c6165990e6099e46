// A check is a sentence and a function that throws when the sentence is not true.

import { performance } from 'node:perf_hooks'

export interface Check {
  readonly name: string
  readonly run: () => Promise<string | void>
}

export interface Tally {
  passed: number
  failed: number
}

/** Throws unless `condition`; `detail` says what was seen. */
export function expect(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new Error(detail)
}

/** Runs checks one after another and prints a line for each. */
export async function runChecks(
  title: string,
  checks: readonly Check[],
  tally: Tally,
): Promise<void> {
  console.log(`\n== ${title}`)
  for (const check of checks) {
    const start = performance.now()
    try {
      const note = await check.run()
      tally.passed++
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.log(`ok      ${check.name} (${seconds} s)${note ? ` ${note}` : ''}`)
    } catch (error) {
      tally.failed++
      console.log(
        `not ok  ${check.name}\n        ${String(error instanceof Error ? error.message : error).replaceAll('\n', '\n        ')}`,
      )
    }
  }
}
