// The matrix as text: clients down, servers across, letters of cases in each cell, as the public runner
// shows it; and as a table with a row for each pair.

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

/** One line for each pair, for where the grid is too wide. */
function pairLines(grid: Grid, paint: Paint): string[] {
  return grid.clients.flatMap((client) =>
    grid.servers.flatMap((server) => {
      const found = grid.of(client, server)
      if (found.length === 0) return []
      const parts = OUTCOMES.flatMap((outcome) => {
        const letters = lettersOf(found, outcome)
        return letters === '' ? [] : [paint(`${SIGNS[outcome]}(${letters})`, outcome)]
      })
      return [`${client.padStart(12)} > ${server.padEnd(12)} ${parts.join(' ')}`]
    }),
  )
}

type Paint = (text: string, outcome: Outcome) => string

/** A column below this shows a letter or two a line. */
const MIN_COLUMN = 12

/** Breaks `✓(A,B,C)` behind commas into lines of at most `width`, unless a letter is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const part of text.split(/(?<=,)/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length > width) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines
}

/** Widths of columns that want `wanted` and have `space` together: the narrow ones get all they want. */
function widthsOf(wanted: readonly number[], space: number): readonly number[] {
  const widths = [...wanted]
  const byWidth = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b])
  let left = space
  for (const [done, i] of byWidth.entries()) {
    widths[i] = Math.min(wanted[i], Math.floor(left / (wanted.length - done)))
    left -= widths[i]
  }
  return widths
}

/**
 * For a terminal: a row for each client and a column for each server, coloured if wanted, in lines of at
 * most `width`; where that is too narrow, a line for each pair.
 */
export function terminalTable(cells: readonly CellResult[], color: boolean, width: number): string {
  const grid = gridOf({ cells: [...cells] })
  const { clients, servers } = grid
  const paint: Paint = (text, outcome) => (color ? COLORS[outcome] + text + RESET : text)
  const corner = 'client ↓ server →'
  const first = Math.max(...[corner, ...clients].map(({ length }) => length))
  const texts = (client: string, server: string): (readonly [string, Outcome])[] =>
    OUTCOMES.flatMap((outcome) => {
      const letters = lettersOf(grid.of(client, server), outcome)
      return letters === '' ? [] : [[`${SIGNS[outcome]}(${letters})`, outcome] as const]
    })
  const wanted = servers.map((server) =>
    Math.max(
      MIN_COLUMN,
      server.length,
      ...clients.flatMap((client) => texts(client, server).map(([text]) => text.length)),
    ),
  )
  const bar = ' │ '
  const widths = widthsOf(wanted, width - first - servers.length * bar.length)
  if (widths.some((one, i) => one < Math.max(MIN_COLUMN, servers[i].length))) {
    return pairLines(grid, paint).join('\n')
  }
  const rule = [first, ...widths].map((one) => '─'.repeat(one)).join('─┼─')
  const head = [corner.padEnd(first), ...servers.map((name, i) => name.padEnd(widths[i]))]
  const rows = clients.flatMap((client) => {
    const columns = servers.map((server, i) =>
      texts(client, server).flatMap(([text, outcome]) =>
        wrap(text, widths[i]).map(
          (line) => paint(line, outcome) + ' '.repeat(Math.max(0, widths[i] - line.length)),
        ),
      ),
    )
    const height = Math.max(...columns.map(({ length }) => length))
    const lines = Array.from({ length: height }, (_, y) =>
      [
        (y === 0 ? client : '').padEnd(first),
        ...columns.map((column, i) => column[y] ?? ' '.repeat(widths[i])),
      ].join(bar),
    )
    return [rule, ...lines]
  })
  return [head.join(bar), ...rows].map((line) => line.trimEnd()).join('\n')
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
