// The matrix as text: clients down, servers across, letters of cases in each cell, as the public runner
// shows it.

import { CASES } from './cases.ts'
import type { CellResult, Matrix, Outcome } from './results.ts'

const SIGNS: Readonly<Record<Outcome, string>> = {
  passed: '✓',
  failed: '✕',
  unsupported: '?',
  unavailable: '–',
}
const OUTCOMES: readonly Outcome[] = ['passed', 'failed', 'unsupported', 'unavailable']
const COLORS: Readonly<Record<Outcome, string>> = {
  passed: '\u001b[32m',
  failed: '\u001b[31m',
  unsupported: '\u001b[90m',
  unavailable: '\u001b[90m',
}
const RESET = '\u001b[0m'

const ORDER = new Map(CASES.map(({ name }, index) => [name, index]))
const LETTERS = new Map(CASES.map(({ name, letter }) => [name, letter]))

export const letterOf = (name: string): string => LETTERS.get(name) ?? name

export interface Grid {
  readonly clients: readonly string[]
  readonly servers: readonly string[]
  /** Results of a pair in the order of the cases. */
  of(client: string, server: string): readonly CellResult[]
}

/** The matrix by rows and columns; godwit first, the others as they come. */
export function gridOf(matrix: Pick<Matrix, 'cells'>): Grid {
  const names = (role: 'client' | 'server'): string[] =>
    [...new Set(matrix.cells.map((cell) => cell[role]))].sort((a, b) =>
      a === 'godwit' ? -1 : b === 'godwit' ? 1 : a.localeCompare(b),
    )
  const byPair = new Map<string, CellResult[]>()
  for (const cell of matrix.cells) {
    const pair = `${cell.client} ${cell.server}`
    byPair.set(pair, [...(byPair.get(pair) ?? []), cell])
  }
  for (const cells of byPair.values()) {
    cells.sort((a, b) => (ORDER.get(a.case) ?? 0) - (ORDER.get(b.case) ?? 0))
  }
  return {
    clients: names('client'),
    servers: names('server'),
    of: (client, server) => byPair.get(`${client} ${server}`) ?? [],
  }
}

/** The letters of a pair's cases with one outcome; measurements show their value. */
function lettersOf(cells: readonly CellResult[], outcome: Outcome): string {
  return cells
    .filter((cell) => cell.outcome === outcome)
    .map(({ case: name, measured }) =>
      measured === undefined ? letterOf(name) : `${letterOf(name)}:${measured.mean.toFixed(0)}`,
    )
    .join(',')
}

/** For a terminal: one line for each pair and outcome, coloured if wanted. */
export function terminalTable(cells: readonly CellResult[], color: boolean): string {
  const grid = gridOf({ cells: [...cells] })
  const lines: string[] = []
  for (const client of grid.clients) {
    for (const server of grid.servers) {
      const found = grid.of(client, server)
      if (found.length === 0) continue
      const parts = OUTCOMES.flatMap((outcome) => {
        const letters = lettersOf(found, outcome)
        if (letters === '') return []
        const text = `${SIGNS[outcome]}(${letters})`
        return [color ? COLORS[outcome] + text + RESET : text]
      })
      lines.push(`${client.padStart(12)} > ${server.padEnd(12)} ${parts.join(' ')}`)
    }
  }
  return lines.join('\n')
}

/** A Markdown table with columns of one width each, as the formatter would make it. */
export function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column].length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

const MEASUREMENTS = ['goodput', 'crosstraffic']

/** The matrix in Markdown, a row for each pair: most peers meet nobody but godwit. */
export function markdownTable(matrix: Pick<Matrix, 'cells'>): readonly string[] {
  const grid = gridOf(matrix)
  const rows: string[][] = []
  for (const client of grid.clients) {
    for (const server of grid.servers) {
      const cells = grid.of(client, server)
      if (cells.length === 0) continue
      const cases = cells.filter(({ measured }) => measured === undefined)
      const value = (name: string): string =>
        cells.find((cell) => cell.case === name)?.measured?.mean.toFixed(0) ?? ''
      rows.push([
        client,
        server,
        ...OUTCOMES.map((outcome) => lettersOf(cases, outcome)),
        ...MEASUREMENTS.map(value),
      ])
    }
  }
  return alignedTable(['client', 'server', ...OUTCOMES, ...MEASUREMENTS], rows)
}

/** What the letters mean. */
export function legend(): string {
  return CASES.map(({ letter, name, description }) => `${letter} ${name}: ${description}`).join(
    '\n',
  )
}
