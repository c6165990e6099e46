// interop/required.json: the cells that must stay green.

import { readFileSync } from 'node:fs'
import { Prng } from '@godwit/testkit'
import { CASES } from './cases.ts'
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

/** Peers that a draw adds to those that are run anyway: each has to be installed first. */
const DRAWN_PEERS = 2

/**
 * `count` of the required cells that `pairs` and `cases` do not hold, the same for the same seed: of the
 * peers in `pairs` and of two others that are drawn first. Measurements are not drawn, since they run alone.
 */
export function drawCells(
  required: ReadonlySet<string>,
  seed: number,
  count: number,
  pairs: readonly (readonly [string, string])[],
  cases: readonly string[],
): string[] {
  const prng = new Prng(seed)
  const draw = (from: readonly string[], most: number): string[] => {
    const left = [...from].sort()
    const out: string[] = []
    while (out.length < most && left.length > 0) {
      out.push(...left.splice(prng.below(left.length), 1))
    }
    return out
  }
  const measured = new Set<string>(
    CASES.filter(({ repetitions }) => repetitions !== undefined).map(({ name }) => name),
  )
  const planned = new Set(
    pairs.flatMap(([client, server]) => cases.map((name) => `${client}/${server}/${name}`)),
  )
  const present = new Set(pairs.flat())
  const names = [...required].flatMap((cell) => cell.split('/').slice(0, 2))
  const others = draw([...new Set(names.filter((name) => !present.has(name)))], DRAWN_PEERS)
  for (const name of others) present.add(name)
  const able = [...required].filter((cell) => {
    const [client, server, testcase] = cell.split('/')
    if (planned.has(cell) || measured.has(testcase)) return false
    return present.has(client) && present.has(server)
  })
  return draw(able, count)
}
