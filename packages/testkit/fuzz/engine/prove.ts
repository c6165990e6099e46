// How long a known defect hides from the fuzzer.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { DEFECTS } from './defects.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/**
 * Fuzzes with each defect for at most `seconds`, in a process of its own. The corpora, which know
 * the ways to the defect, are used as they are, as every run uses them. True: all were found.
 */
export function prove(seconds: number, seed: number): boolean {
  let found = 0
  for (const { name, target } of DEFECTS) {
    const args = [...process.execArgv, MAIN, '--seconds', String(seconds), '--seed', String(seed)]
    const run = spawnSync(process.execPath, [...args, '--target', target, '--defect', name], {
      encoding: 'utf8',
    })
    const [, after, cpu] = /FAILED \S+ after (\d+) runs, ([\d.]+) s/.exec(run.stdout) ?? []
    if (after !== undefined) found++
    const result = after === undefined ? 'NOT FOUND' : `after ${after} runs, ${cpu} CPU seconds`
    console.log(`${name.padEnd(26)} ${target.padEnd(16)} ${result}`)
    if (after === undefined) console.log(run.stdout, run.stderr)
  }
  console.log(`\n${found} passed, ${DEFECTS.length - found} failed`)
  return found === DEFECTS.length
}
