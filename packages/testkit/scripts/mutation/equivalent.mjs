// Mutants that no test can notice, because the program does the same: each with its reason, in equivalent.tsv.
import { readFileSync } from 'node:fs'

const HEAD = 'path\tline\tmutated\treason'

/** Reads the list: `matches(mutant)` says whether it is on it, `unused()` which rows matched nothing so far. */
export function equivalents() {
  const text = readFileSync(new URL('equivalent.tsv', import.meta.url), 'utf8')
  const [head, ...rows] = text.trimEnd().split('\n')
  if (head !== HEAD) throw new Error('equivalent.tsv: the head is not as it should be')
  const unused = new Map()
  const known = new Set()
  for (const row of rows) {
    const cells = row.split('\t')
    if (cells.length !== 4 || cells.includes(''))
      throw new Error(`equivalent.tsv: not a row: ${row}`)
    const key = cells.slice(0, 3).join('\t')
    known.add(key)
    unused.set(key, row)
  }
  return {
    matches({ path, before, after }) {
      const key = `${path}\t${before}\t${after}`
      unused.delete(key)
      return known.has(key)
    },
    unused: () => [...unused.values()],
  }
}
