import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const script = fileURLToPath(new URL('../scripts/conformance.mjs', import.meta.url))
const requirements = fileURLToPath(new URL('../requirements', import.meta.url))

function check(...args: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [script, '--check', ...args], { encoding: 'utf8' })
}

t.test('every id and section that is cited exists, and docs/conformance.md is current', (t) => {
  const { status, stderr } = check()
  t.equal(stderr, '')
  t.equal(status, 0)
  t.end()
})

t.test('what does not exist, a stale page and a needless exception are named', (t) => {
  const root = t.testdir()
  const copy = `${root}/packages/testkit/requirements`
  mkdirSync(copy, { recursive: true })
  mkdirSync(`${root}/packages/quic/test`, { recursive: true })
  cpSync(requirements, copy, { recursive: true })
  // The ids are put together here: this file is searched for citations too.
  const cite = (rfc: number, rest: string): string => `// rfc${rfc}#${rest}\n`
  const section = (rfc: number, rest: string): string => `// RFC ${rfc} ${rest}\n`
  writeFileSync(
    `${root}/packages/quic/test/a.test.ts`,
    cite(9000, '4.1-99') +
      cite(9000, '4.1-1') +
      section(9000, '§4.99 and §4.1, §77.') +
      section(9000, '§4.6.'),
  )
  writeFileSync(
    `${copy}/exceptions.tsv`,
    'id\tkind\treason\nrfc9000#4.1-1\tunbuilt\tx\nrfc9000#4.77*\tunbuilt\tx\nrfc9000#4.1-2\tlazy\tx\n',
  )
  const { status, stderr } = check(root)
  const rfc = 'rfc9000'
  t.equal(status, 1)
  t.same(stderr.trimEnd().split('\n'), [
    `packages/quic/test/a.test.ts: no requirement has the id ${rfc}#4.1-99`,
    'packages/quic/test/a.test.ts: RFC 9000 has no §4.99',
    'packages/quic/test/a.test.ts: RFC 9000 has no §77',
    `exceptions.tsv: ${rfc}#4.1-1 is proven, remove it`,
    `exceptions.tsv: no requirement has the id ${rfc}#4.77*`,
    `exceptions.tsv: ${rfc}#4.1-2 is of no kind: lazy`,
    'docs/conformance.md is stale: node packages/testkit/scripts/conformance.mjs',
  ])
  t.end()
})
