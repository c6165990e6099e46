// Mutants that no test can notice, because the program does the same: each with its reason, in equivalent.tsv.
// A row names the file, its line as it is and as it becomes, and which of those that read so: the first is 1,
// `*` are all. So it moves with the line.
import { readFileSync } from 'node:fs'

const HEAD = 'path\tline\tmutated\tnth\treason'

export class Equivalents {
  #rows = new Set()

  constructor() {
    const text = readFileSync(new URL('equivalent.tsv', import.meta.url), 'utf8')
    const [head, ...rows] = text.trimEnd().split('\n')
    if (head !== HEAD) throw new Error('equivalent.tsv: the head is not as it should be')
    for (const row of rows) {
      const cells = row.split('\t')
      const whole = cells.length === 5 && !cells.includes('')
      if (!whole) throw new Error(`equivalent.tsv: not a row: ${row}`)
      this.#rows.add(cells.slice(0, 4).join('\t'))
    }
  }

  has(mutant) {
    return namesOf(mutant).some((name) => this.#rows.has(name))
  }

  /** Rows that are no mutant of their file, whose mutants `mutantsOf` gives. */
  stale(mutantsOf) {
    const left = new Set(this.#rows)
    for (const path of new Set([...left].map((row) => row.split('\t')[0]))) {
      for (const mutant of mutantsOf(path)) {
        for (const name of namesOf(mutant)) left.delete(name)
      }
    }
    return [...left]
  }
}

function namesOf({ path, before, after, nth }) {
  const name = `${path}\t${before}\t${after}`
  return [`${name}\t${nth}`, `${name}\t*`]
}
