// Whether a test notices a mutant: the tests that run its line, the quickest first, until one fails.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runs } from './coverage.mjs'
import { CHANGED } from './hook.mjs'
import { hash } from './mutants.mjs'
import { runTest } from './run-test.mjs'

/** Seconds of processor time that a test gets beyond three times what it takes without a mutant. */
const GRACE = 3

/**
 * Verdicts of earlier runs. One that a test noticed stays so while its file and that test are the same; one that
 * survived while its file and all tests that run its line are. Changes of other sources are not looked at:
 * `--fresh` judges again.
 */
export class Verdicts {
  #file
  #known = new Map()

  constructor(folder, fresh) {
    mkdirSync(folder, { recursive: true })
    this.#file = join(folder, 'verdicts.jsonl')
    if (fresh || !existsSync(this.#file)) return
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      // The last line is cut short where a run was killed.
      if (!line.endsWith('}')) continue
      const verdict = JSON.parse(line)
      this.#known.set(verdict.key, verdict)
    }
  }

  find(key, reports) {
    const verdict = this.#known.get(key)
    if (verdict === undefined) return undefined
    const { status, test, proof } = verdict
    const holds =
      test === undefined
        ? proof === proofOf(reports)
        : reports.some((report) => report.test === test && report.proof === proof)
    return holds ? { status, test } : undefined
  }

  keep(key, { status, test }, reports) {
    const proof =
      test === undefined ? proofOf(reports) : reports.find((report) => report.test === test).proof
    const verdict = { key, status, test, proof }
    this.#known.set(key, verdict)
    appendFileSync(this.#file, `${JSON.stringify(verdict)}\n`)
  }
}

function proofOf(reports) {
  return hash(
    reports
      .map((report) => `${report.test} ${report.proof}`)
      .sort()
      .join('\n'),
  )
}

/**
 * Judges one mutant `{ path, source, start, end, text }` by the tests behind `reports`, and resolves to
 * `{ status, test, cached }`: `killed` or `timeout` with the test that noticed, `survived`, or `uncovered` where no
 * test runs the line. `kills` counts, per source and test, what was noticed before: those tests go first.
 */
export async function judge(mutant, reports, { root, verdicts, kills }) {
  const { path, source, start, end, text } = mutant
  const able = reports.filter((report) => runs(report, path, start))
  if (able.length === 0) return { status: 'uncovered', cached: false }
  const key = hash(`${path}\n${hash(source)}\n${start} ${end} ${text}`)
  const cost = (report) => report.cpu / (1 + (kills.get(`${path} ${report.test}`) ?? 0))
  able.sort((a, b) => cost(a) - cost(b))
  const noticed = (test) => {
    const name = `${path} ${test}`
    kills.set(name, (kills.get(name) ?? 0) + 1)
  }
  const known = verdicts.find(key, able)
  if (known !== undefined) {
    if (known.test !== undefined) noticed(known.test)
    return { ...known, cached: true }
  }
  const change = {
    url: pathToFileURL(join(root, path)).href,
    start,
    end,
    original: source.slice(start, end),
    text,
  }
  for (const { test, cpu } of able) {
    const cwd = join(root, test.split('/').slice(0, 2).join('/'))
    const cpuLimit = GRACE + 3 * cpu
    const { status, output } = await runTest(join(root, test), cwd, { mutant: change, cpuLimit })
    if (status === 'ok') continue
    if (output.includes(CHANGED)) throw new Error(`${path} was changed during the run`)
    noticed(test)
    const verdict = { status: status === 'timeout' ? 'timeout' : 'killed', test }
    verdicts.keep(key, verdict, able)
    return { ...verdict, cached: false }
  }
  verdicts.keep(key, { status: 'survived' }, able)
  return { status: 'survived', cached: false }
}
