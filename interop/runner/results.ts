// Results of cells, kept from run to run in interop/results/matrix.json: a narrow run renews its own.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CaseName } from '../lib/peer.ts'

/**
 * - `unsupported`: one of the two does not do this case, and says so;
 * - `unavailable`: one of the two cannot be had on this machine.
 */
export type Outcome = 'passed' | 'failed' | 'unsupported' | 'unavailable'

export interface CellResult {
  readonly client: string
  readonly server: string
  readonly case: CaseName
  readonly outcome: Outcome
  /** Why, unless it passed. */
  readonly reason: string
  /** Of a measurement, in kbit/s: mean and standard deviation. */
  readonly measured?: { readonly mean: number; readonly deviation: number }
  readonly alpn?: string
  readonly seconds: number
  readonly seed: number
  /** When it ended, ISO 8601. */
  readonly date: string
  /** Folder with logs, capture and keys, beside matrix.json. */
  readonly folder: string | null
}

export interface Matrix {
  /** Version of each implementation, or why it cannot be had. */
  readonly versions: Record<string, string>
  readonly cells: CellResult[]
}

/** `client/server/case`: what required.json and progress lines call a cell. */
export const cellName = (cell: Pick<CellResult, 'client' | 'server' | 'case'>): string =>
  `${cell.client}/${cell.server}/${cell.case}`

/** The results of former runs; none when there is no such file or it cannot be read. */
export function readMatrix(path: string): Matrix {
  if (existsSync(path)) {
    try {
      const matrix = JSON.parse(readFileSync(path, 'utf8')) as Matrix
      if (Array.isArray(matrix.cells)) return matrix
    } catch {
      console.warn(`${path} is damaged: starting anew`)
    }
  }
  return { versions: {}, cells: [] }
}

export function writeMatrix(path: string, matrix: Matrix): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, JSON.stringify(matrix, null, 1))
  renameSync(`${path}.new`, path)
}

/** Puts new results in the place of older ones of the same cells. */
export function merge(matrix: Matrix, results: readonly CellResult[]): Matrix {
  const renewed = new Set(results.map(cellName))
  return {
    versions: matrix.versions,
    cells: [...matrix.cells.filter((cell) => !renewed.has(cellName(cell))), ...results],
  }
}
