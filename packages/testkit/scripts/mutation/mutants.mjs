// The mutants of a file, and a sample of them that is the same for the same seed.
import { parse } from 'acorn'
import { createHash } from 'node:crypto'
import { mutate } from './mutators.mjs'

/** Calls `visit(node, parents, key)` for every node, outermost first. */
function walk(node, parents, key, visit) {
  visit(node, parents, key)
  parents.push(node)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && typeof child.type === 'string') {
        walk(child, parents, name, visit)
      }
    }
  }
  parents.pop()
}

export function parses(source) {
  try {
    parse(source, { ecmaVersion: 'latest', sourceType: 'module' })
    return true
  } catch {
    return false
  }
}

/**
 * The mutants of a source whose types were blanked out, in the order of their positions, each with its line
 * (from 1), that line as it was and as it becomes, and how many up to this one read the same (`nth`).
 */
export function mutantsOf(source) {
  const lineStarts = [0]
  for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) lineStarts.push(i + 1)
  const lineOf = (offset) => {
    let low = 0
    let high = lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (lineStarts[middle] <= offset) low = middle
      else high = middle
    }
    return low
  }

  const found = new Map()
  const count = new Map()
  const tree = parse(source, { ecmaVersion: 'latest', sourceType: 'module' })
  walk(tree, [], '', (node, parents, key) => {
    for (const change of mutate(node, parents, key, source)) {
      const { start, end, text } = change
      if (source.slice(start, end) !== text) found.set(`${start} ${end} ${text}`, change)
    }
  })
  return [...found.values()]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((change) => {
      const line = lineOf(change.start)
      const last = lineOf(change.end)
      const from = lineStarts[line]
      const to = (lineStarts[last + 1] ?? source.length + 1) - 1
      const flat = (text) => text.replace(/\s+/g, ' ').trim()
      const before = flat(source.slice(from, to))
      const after = flat(
        source.slice(from, change.start) + change.text + source.slice(change.end, to),
      )
      const name = `${before}\n${after}`
      const nth = (count.get(name) ?? 0) + 1
      count.set(name, nth)
      return { ...change, line: line + 1, column: change.start - from + 1, before, after, nth }
    })
}

export function hash(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 20)
}

/**
 * All mutants in an order that depends on the seed alone: first one of every line, then a second of those
 * that have more, and so on. Its beginning is the sample: a table of constants weighs no more than code, and
 * a longer sample with the same seed holds the shorter one. What stands elsewhere in the file changes nothing.
 */
export function shuffled(mutants, seed) {
  const keyed = mutants.map((mutant) => {
    const { path, before, after, nth } = mutant
    const rank = hash(`${seed}\n${path}\n${before}\n${after}\n${nth}`)
    return { mutant, rank, round: 0 }
  })
  keyed.sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const taken = new Map()
  for (const entry of keyed) {
    const line = `${entry.mutant.path}:${entry.mutant.line}`
    entry.round = taken.get(line) ?? 0
    taken.set(line, entry.round + 1)
  }
  keyed.sort((a, b) => a.round - b.round)
  return keyed.map((entry) => entry.mutant)
}
