// What each test file runs: once without a mutant, with the coverage of V8, which counts in the same
// offsets as the mutants because types are blanked out and not cut out. Kept until a file that the test
// loads changes.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash } from './mutants.mjs'
import { runTest } from './run-test.mjs'

/** The ranges of a script that never ran, from V8's nested counts: `[start, end, start, end, …]`. */
export function unusedRanges(functions) {
  const ranges = functions.flatMap((one) => one.ranges)
  const length = Math.max(0, ...ranges.map((range) => range.endOffset))
  const used = new Uint8Array(length)
  // A range inside another one is the shorter of the two, and its count is the one that holds.
  ranges.sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset))
  for (const { startOffset, endOffset, count } of ranges) {
    used.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  }
  const unused = []
  for (let at = used.indexOf(0); at >= 0;) {
    const end = used.indexOf(1, at)
    unused.push(at, end < 0 ? length : end)
    at = end < 0 ? -1 : used.indexOf(0, end)
  }
  return unused
}

/** Whether the test behind a report runs what stands at `offset` of the source at `path`. */
export function runs(report, path, offset) {
  const unused = report.unused[path]
  if (unused === undefined) return false
  for (let i = 0; i < unused.length; i += 2) {
    if (unused[i] <= offset && offset < unused[i + 1]) return false
  }
  return true
}

export class Coverage {
  #root
  #folder
  #hashes = new Map()

  /** `root` is the repository, `folder` where reports are kept. */
  constructor(root, folder) {
    this.#root = root
    this.#folder = join(folder, 'coverage')
    mkdirSync(this.#folder, { recursive: true })
  }

  #hashOf(path) {
    let known = this.#hashes.get(path)
    if (known === undefined) {
      const file = join(this.#root, path)
      known = existsSync(file) ? hash(readFileSync(file)) : ''
      this.#hashes.set(path, known)
    }
    return known
  }

  /**
   * The report of the test file at `path`: `{ test, cpu, unused, proof }`, with the seconds of processor time it
   * takes, what it leaves unused of each source it loads, and a hash over its own text and its helpers'.
   */
  async report(path) {
    const file = join(this.#folder, `${hash(path)}.json`)
    if (existsSync(file)) {
      const { loaded, ...kept } = JSON.parse(readFileSync(file, 'utf8'))
      if (Object.entries(loaded).every(([one, was]) => this.#hashOf(one) === was)) {
        return this.#finish(kept, loaded)
      }
    }
    const { loaded, ...made } = await this.#measure(path)
    writeFileSync(file, JSON.stringify({ loaded, ...made }))
    return this.#finish(made, loaded)
  }

  #finish(report, loaded) {
    const texts = Object.keys(loaded).filter(
      (one) => !/^packages\/(?!testkit)[^/]+\/src\//.test(one),
    )
    return {
      ...report,
      proof: hash(
        texts
          .sort()
          .map((one) => loaded[one])
          .join(' '),
      ),
    }
  }

  async #measure(path) {
    const folder = mkdtempSync(join(this.#folder, 'run-'))
    try {
      const meterFile = join(folder, 'meter')
      const cwd = join(this.#root, path.split('/').slice(0, 2).join('/'))
      const { status, output } = await runTest(join(this.#root, path), cwd, {
        coverage: join(folder, 'v8'),
        meterFile,
      })
      if (status !== 'ok') throw new Error(`${path} fails without any mutant:\n${output}`)
      const unused = {}
      const loaded = { [path]: this.#hashOf(path) }
      for (const name of readdirSync(join(folder, 'v8'))) {
        const { result } = JSON.parse(readFileSync(join(folder, 'v8', name), 'utf8'))
        for (const { url, functions } of result) {
          if (!url.startsWith('file:') || !url.endsWith('.ts')) continue
          const full = fileURLToPath(url)
          if (!full.startsWith(this.#root) || full.includes('node_modules')) continue
          const relative = full.slice(this.#root.length)
          loaded[relative] = this.#hashOf(relative)
          if (/^packages\/[^/]+\/src\//.test(relative)) unused[relative] = unusedRanges(functions)
        }
      }
      return { test: path, cpu: Number(readFileSync(meterFile, 'utf8')), unused, loaded }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
