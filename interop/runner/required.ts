// interop/required.json: the cells that must stay green.

import { readFileSync } from 'node:fs'
import { cellName } from './results.ts'
import type { CellResult } from './results.ts'

/** Names of required cells, `client/server/case`. */
export function readRequired(path: string): Set<string> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as {
    cells: Record<string, readonly string[]>
  }
  return new Set(
    Object.entries(file.cells).flatMap(([pair, cases]) => cases.map((name) => `${pair}/${name}`)),
  )
}

/** Required cells among `results` that did not pass. */
export function missed(
  required: ReadonlySet<string>,
  results: readonly CellResult[],
): CellResult[] {
  return results.filter((cell) => required.has(cellName(cell)) && cell.outcome !== 'passed')
}
