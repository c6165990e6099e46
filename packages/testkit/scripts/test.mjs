// Runs the tests of every package, or of those named: `npm test`, `npm test -- quic tls`.
// Its last line is `N passed, N failed`, and the exit status is non-zero unless all passed.
import { existsSync, readFileSync, readdirSync, rmSync, mkdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const setup = spawnSync(
  process.execPath,
  [`${root}packages/testkit/scripts/setup.mjs`, '--build'],
  { stdio: ['ignore', 'inherit', 'inherit'] },
)
if (setup.status !== 0) process.exit(setup.status ?? 1)

const named = process.argv.slice(2)
const packages = readdirSync(`${root}packages`)
  .filter((name) => existsSync(`${root}packages/${name}/test`))
  .filter((name) => named.length === 0 || named.includes(name))
const unknown = named.filter((name) => !packages.includes(name))
if (unknown.length > 0) {
  console.error(
    `no package with tests is named ${unknown.join(', ')}; there are ${packages.join(', ')}`,
  )
  process.exit(2)
}

/** Failed assertions of a TAP stream, each with the lines that explain it. */
function printFailures(tap) {
  const lines = tap.split('\n')
  for (let i = 0; i < lines.length; i++) {
    if (!/^\s*not ok /.test(lines[i])) continue
    const end = lines.findIndex((line, at) => at > i && /^\s*\.\.\.\s*$/.test(line))
    console.log(lines.slice(i, end < 0 || end > i + 60 ? i + 20 : end).join('\n'))
  }
}

let passed = 0
let failed = 0
const results = `${root}node_modules/.cache/godwit-test/`
mkdirSync(results, { recursive: true })
for (const name of packages) {
  const file = `${results}${name}.tap`
  rmSync(file, { force: true })
  console.log(`\n== ${name}`)
  const args = [`${root}node_modules/tap/dist/esm/run.mjs`, `--output-file=${file}`]
  // Where nobody watches, only failures are worth printing.
  args.push(`--reporter=${process.stdout.isTTY ? 'base' : 'silent'}`)
  const run = spawnSync(process.execPath, args, {
    cwd: `${root}packages/${name}`,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // tap closes with `# { total: 10, pass: 9, fail: 1 }`.
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const summary = /^# \{ total: \d+.*\}$/m.exec(text)?.[0] ?? ''
  const count = (what) => Number(new RegExp(`${what}: (\\d+)`).exec(summary)?.[1] ?? 0)
  const bad = count('fail')
  passed += count('pass')
  if (!process.stdout.isTTY && run.status !== 0) printFailures(text)
  // A runner that died, or found nothing to run, is a failure although nothing was counted.
  failed += run.status === 0 || bad > 0 ? bad : 1
  console.log(
    `== ${name}: ${count('pass')} passed, ${bad} failed${run.status === 0 ? '' : ` (exit ${run.status})`}`,
  )
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
