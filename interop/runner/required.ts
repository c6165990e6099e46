// interop/required.json: the cells that must stay green.

import { readFileSync } from 'node:fs'
import { describe } from './lab.ts'
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

/** Who there is, and what is run. */
export interface Known {
  readonly clients: ReadonlySet<string>
  readonly servers: ReadonlySet<string>
  readonly cases: ReadonlySet<string>
}

/**
 * A line for each required cell that did not pass, or that no run can have since there is no such client,
 * server or case; of a `whole` run also for each that was not run.
 */
export function missed(
  required: ReadonlySet<string>,
  results: readonly CellResult[],
  known: Known,
  whole: boolean,
): string[] {
  const found = new Map(results.map((cell) => [cellName(cell), cell]))
  return [...required].flatMap((name) => {
    const cell = found.get(name)
    if (cell !== undefined) return cell.outcome === 'passed' ? [] : [describe(cell)]
    const [client, server, testcase] = name.split('/')
    if (!known.clients.has(client)) return [`${name} was not run: no client is named ${client}`]
    if (!known.servers.has(server)) return [`${name} was not run: no server is named ${server}`]
    if (!known.cases.has(testcase)) return [`${name} was not run: no case is named ${testcase}`]
    return whole ? [`${name} was not run`] : []
  })
}
