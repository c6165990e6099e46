import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
  const cite = (rfc: number, rest: string): string => `t.test('rfc${rfc}#${rest}')\n`
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

t.test('an id proves in titles and messages, and nowhere else', (t) => {
  const root = t.testdir()
  const copy = `${root}/packages/testkit/requirements`
  mkdirSync(copy, { recursive: true })
  mkdirSync(`${root}/packages/quic/test`, { recursive: true })
  mkdirSync(`${root}/docs`)
  cpSync(requirements, copy, { recursive: true })
  // `@4.1-1` stands for an id here: this file is searched for ids too.
  const source = `
    import t from 'tap'
    interface Row { readonly title: string; readonly other: string }
    const ROWS: readonly Row[] = [{ title: 'a (@4.1-1)', other: 'b' }]
    const LISTS = [...[['c @4.1-2', 1]].map(([c, n]): [string, number] => [\`\${c}!\`, n as number])]
    const helper = (what: string, holds: boolean): void => t.ok(holds, \`x: \${what}\`)
    function inTurn(title: string) {
      t.test(\`here: \${title}\`, (t) => t.end())
    }
    for (const { title } of ROWS) t.test(\`\${title}, once\`, (t) => t.end())
    for (const [title] of LISTS) t.test(title, (t) => t.end())
    helper('d @4.1-3', true)
    const BY_NAME = { one: 'h @4.5-1', two: { message: 'i @4.5-2' } }
    for (const says of Object.values(BY_NAME)) t.ok(true, typeof says === 'string' ? says : says.message)
    for (const [name] of Object.entries({ 'j @4.5-3': 1 })) t.ok(true, name)
    inTurn('e' + ' @4.1-4')
    t.test('f', (t) => {
      const says = '@4.4-1'
      t.equal(1, 1, says)
      t.throws(() => { throw new Error('g') }, { message: 'g' }, '@4.2-2')
      t.end()
    })
  `
  const nowhere = `
    import t from 'tap'
    // @4.5-1
    /* @4.5-2 */
    const ROWS = [{ title: 'a', other: '@4.5-3' }]
    for (const { title } of ROWS) t.test(title, (t) => t.end())
    t.test('b', (t) => {
      t.equal('@4.5-4', '@4.5-4')
      t.pass('@4.6-3')
      t.comment('@4.6-1')
      t.fail('@4.6-2')
      t.end()
    })
  `
  const write = (name: string, text: string): void =>
    writeFileSync(`${root}/packages/quic/test/${name}.test.ts`, text.replaceAll('@', 'rfc9000#'))
  write('here', source)
  write('nowhere', nowhere)
  writeFileSync(`${copy}/exceptions.tsv`, 'id\tkind\treason\n')
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  t.equal(status, 1)
  t.same(
    stderr.trimEnd().split('\n'),
    ['4.5-1', '4.5-2', '4.5-3', '4.5-4', '4.6-3', '4.6-1', '4.6-2'].map(
      (id) =>
        `packages/quic/test/nowhere.test.ts: rfc9000#${id} is in no title and no message of an assertion`,
    ),
  )
  const page = readFileSync(`${root}/docs/conformance.md`, 'utf8')
  const proven = [...page.matchAll(/^\| ([\d.]+-\d+) \|.*\| quic\/here \|$/gm)].map(([, id]) => id)
  const expected = ['4.1-1', '4.1-2', '4.1-3', '4.1-4', '4.2-2', '4.4-1', '4.5-1', '4.5-2', '4.5-3']
  t.same(proven, expected)
  t.notMatch(page, /quic\/nowhere/)
  t.end()
})
