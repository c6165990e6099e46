// Mutants that no test can notice, because the program does the same: each with its reason, in equivalent.tsv.
// A row names the file, its line as it is and as it becomes, so that it moves with the line.
import { readFileSync } from 'node:fs'

const HEAD = 'path\tline\tmutated\treason'

export class Equivalents {
  #rows = new Set()

  constructor() {
    const text = readFileSync(new URL('equivalent.tsv', import.meta.url), 'utf8')
    const [head, ...rows] = text.trimEnd().split('\n')
    if (head !== HEAD) throw new Error('equivalent.tsv: the head is not as it should be')
    for (const row of rows) {
      const cells = row.split('\t')
      const whole = cells.length === 4 && !cells.includes('')
      if (!whole) throw new Error(`equivalent.tsv: not a row: ${row}`)
      this.#rows.add(cells.slice(0, 3).join('\t'))
    }
  }

  has({ path, before, after }) {
    return this.#rows.has(`${path}\t${before}\t${after}`)
  }

  /** Rows that are no mutant of their file, whose mutants `mutantsOf` gives. */
  stale(mutantsOf) {
    const left = new Set(this.#rows)
    for (const path of new Set([...left].map((row) => row.split('\t')[0]))) {
      for (const { before, after } of mutantsOf(path)) left.delete(`${path}\t${before}\t${after}`)
    }
    return [...left]
  }
}
