// Mutation testing: changes the sources in small ways, one at a time and in memory only, and reports the
// changes that no test notices. `npm run mutation -- --help`; docs/mutation.md says how to read it.
import { transformSync } from 'amaro'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Coverage } from './mutation/coverage.mjs'
import { Equivalents } from './mutation/equivalent.mjs'
import { judge, Verdicts } from './mutation/judge.mjs'
import { mutantsOf, parses, shuffled } from './mutation/mutants.mjs'
import { sourcesOf, targetOfFile, TARGETS, testsOf } from './mutation/targets.mjs'

const HELP = `npm run mutation -- [options]

  --package NAME   only this group; may be repeated: ${Object.keys(TARGETS).join(', ')}
  --file PATH      only this source, of any package, from the root of the repository; may be repeated
  --line N         only mutants of this line, with one --file
  --sample N       N mutants of each group instead of all
  --seed S         another sample; 1 when not given
  --jobs N         test processes at a time; the number of processors when not given
  --floor PERCENT  fail when the score over all groups is below
  --json           the verdict of every mutant as JSON
  --list           only list the mutants
  --fresh          judge again what an earlier run judged
  --stale          only list rows of mutation/equivalent.tsv that are no mutant of today, and fail if there are
`

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cache = join(root, 'node_modules/.cache/godwit-mutation')

const OPTIONS = {
  package: { type: 'string', multiple: true },
  file: { type: 'string', multiple: true },
  line: { type: 'string' },
  sample: { type: 'string' },
  seed: { type: 'string', default: '1' },
  jobs: { type: 'string', default: String(availableParallelism()) },
  floor: { type: 'string' },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  stale: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

/** The groups that were asked for, by name. */
function chosenTargets({ package: names, file: files }) {
  if (files !== undefined) {
    const paths = files.map((file) => resolve(root, file).slice(root.length))
    return new Map(paths.map((path) => [path, targetOfFile(path)]))
  }
  const unknown = (names ?? []).filter((name) => TARGETS[name] === undefined)
  if (unknown.length > 0) throw new Error(`no group is named ${unknown.join(', ')}`)
  return new Map((names ?? Object.keys(TARGETS)).map((name) => [name, TARGETS[name]]))
}

function mutantsOfFile(path) {
  const text = readFileSync(join(root, path), 'utf8')
  const source = transformSync(text, { mode: 'strip-only', filename: path }).code
  return mutantsOf(source).map((mutant) => ({ ...mutant, path, source }))
}

/** All mutants of a group, without those that change nothing that can be seen. */
function mutantsOfTarget(target, excluded) {
  const all = sourcesOf(root, target).flatMap((path) => mutantsOfFile(path))
  return all.filter((mutant) => !excluded.has(mutant))
}

/** Runs `work` on each item, `jobs` at a time. */
async function inParallel(items, jobs, work) {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}

function describe({ path, line, column, mutator, before, after }) {
  return `${path}:${line}:${column}  ${mutator}\n    - ${before}\n    + ${after}`
}

async function main() {
  const { values: given } = parseArgs({ options: OPTIONS })
  if (given.help) {
    console.log(HELP)
    return
  }
  const excluded = new Equivalents()
  if (given.stale) {
    const stale = excluded.stale((path) => mutantsOfFile(path))
    for (const row of stale) console.log(row)
    if (stale.length > 0) process.exitCode = 1
    return
  }
  const jobs = Number(given.jobs)
  const coverage = new Coverage(root, cache)
  const verdicts = new Verdicts(cache, given.fresh)
  const tell = given.json ? console.error : console.log
  const all = []
  const lines = []

  for (const [name, target] of chosenTargets(given)) {
    let mutants = shuffled(mutantsOfTarget(target, excluded), given.seed)
    const total = mutants.length
    if (given.line !== undefined) mutants = mutants.filter((one) => one.line === Number(given.line))
    if (given.sample !== undefined) mutants = mutants.slice(0, Number(given.sample))
    if (given.list) {
      for (const mutant of mutants) console.log(describe(mutant))
      continue
    }
    const reports = []
    await inParallel(testsOf(root, target), jobs, async (path) => {
      reports.push(await coverage.report(path))
    })
    const count = { killed: 0, timeout: 0, survived: 0, uncovered: 0 }
    const kills = new Map()
    const missed = []
    await inParallel(mutants, jobs, async (mutant) => {
      const broken =
        mutant.source.slice(0, mutant.start) + mutant.text + mutant.source.slice(mutant.end)
      // No test has to notice what does not even load, so it would only flatter the score.
      if (!parses(broken)) throw new Error(`a mutant that is no JavaScript: ${describe(mutant)}`)
      const { status, test } = await judge(mutant, reports, { root, verdicts, kills })
      count[status]++
      const { source: _, ...rest } = mutant
      all.push({ group: name, status, test, ...rest })
      if (status === 'survived' || status === 'uncovered') missed.push({ status, ...mutant })
    })
    missed.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start))
    for (const mutant of missed) tell(`${mutant.status}  ${describe(mutant)}`)
    const noticed = count.killed + count.timeout
    const share = mutants.length === 0 ? 100 : (100 * noticed) / mutants.length
    lines.push(
      `${name}: ${share.toFixed(1)} % of ${mutants.length} noticed (of ${total} in all; ` +
        `${count.timeout} by time, ${count.survived} survived, ${count.uncovered} run by no test)`,
    )
    console.error(lines.at(-1))
  }

  if (given.list) return
  const noticed = all.filter(({ status }) => status === 'killed' || status === 'timeout').length
  const score = all.length === 0 ? 100 : (100 * noticed) / all.length
  if (given.json) console.log(JSON.stringify({ seed: given.seed, score, mutants: all }, null, 1))
  tell(`\nseed ${String(given.seed)}\n${lines.join('\n')}`)
  tell(`score ${score.toFixed(1)} %: ${noticed} of ${all.length} mutants were noticed`)
  const floor = Number(given.floor ?? 0)
  if (score < floor) {
    console.error(`the score is below ${floor} %`)
    process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${HELP}` : error)
  process.exitCode = 2
}
