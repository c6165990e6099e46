// Writes docs/conformance.md: which test proves which requirement of the RFCs, and what nothing
// proves. `node conformance.mjs`; with `--check` it writes nothing and fails when the page is stale.
// Either way it fails on a citation of an id or section that does not exist, and on an id in a test that
// is neither in a title nor in the message of an assertion.
// Another root of the repository may be given as an argument.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { saidBy } from './said.mjs'

const RFCS = ['rfc8899', 'rfc8999', 'rfc9000', 'rfc9001', 'rfc9002', 'rfc9114', 'rfc9204']
const KINDS = ['unbuilt', 'others', 'deviates']
const LEVELS = ['MUST', 'SHOULD']
const SENTENCE_LENGTH = 120
const ID = /\b(?:rfc\d{4}|h3spec)#[0-9A-Z][0-9A-Zc.]*(?:-\d+)?\b/g

const [root = fileURLToPath(new URL('../../../', import.meta.url))] = process.argv
  .slice(2)
  .filter((argument) => argument !== '--check')
const check = process.argv.includes('--check')
const stored = `${root}/packages/testkit/requirements/`
const problems = []

/** Rows of a table with a head, as objects. */
function readTable(name) {
  const [head, ...rows] = readFileSync(`${stored}${name}.tsv`, 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return rows.map((row) => {
    const cells = row.split('\t')
    if (cells.length !== columns.length) problems.push(`${name}.tsv: not a row: ${row}`)
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
  })
}

const requirements = new Map()
for (const rfc of [...RFCS, 'h3spec']) {
  for (const row of readTable(rfc)) {
    requirements.set(row.id, { ...row, rfc, tests: new Set(), exception: null })
  }
}
const sections = new Map(
  readTable('sections').map((row) => [row.rfc, new Set(row.sections.split(' '))]),
)

// --- citations in the sources

const sources = ['packages', 'interop', 'bench', 'examples']
  .filter((folder) => existsSync(`${root}/${folder}`))
  .flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/(^|\/)(node_modules|dist|\.tap)\//.test(path))
      .map((path) => `${folder}/${path}`),
  )
  .sort()
/** Files of the code that cite a section, by `rfc9000 4.6`. */
const codeOfSection = new Map()

for (const path of sources) {
  const text = readFileSync(`${root}/${path}`, 'utf8')
  const [, name, kind, rest] = /^packages\/([^/]+)\/(src|test)\/(.*)\.ts$/.exec(path) ?? []
  // The suites of testkit run in the packages that call them.
  const isTest = kind === 'test' || path.startsWith('packages/testkit/src/contracts/')
  const short = name === undefined ? path : `${name}/${rest.replace(/\.test$/, '')}`
  const ids = new Set(text.match(ID))
  const said = new Set(
    isTest && ids.size > 0 ? saidBy(text).flatMap((said) => said.match(ID) ?? []) : [],
  )
  for (const id of ids) {
    const requirement = requirements.get(id)
    if (requirement === undefined) problems.push(`${path}: no requirement has the id ${id}`)
    else if (said.has(id)) requirement.tests.add(short)
    else if (isTest) problems.push(`${path}: ${id} is in no title and no message of an assertion`)
  }
  const citations = /\bRFC (\d{4})((?:(?:,? and|,? or| to|,)? §[0-9A-Z][0-9A-Z.]*)+)/g
  for (const [, rfc, list] of text.matchAll(citations)) {
    for (const [, cited] of list.matchAll(/§([0-9A-Z.]+)/g)) {
      const section = cited.replace(/\.$/, '')
      const known = sections.get(`rfc${rfc}`)
      if (known !== undefined && !known.has(section)) {
        problems.push(`${path}: RFC ${rfc} has no §${section}`)
      }
      const key = `rfc${rfc} ${section}`
      if (kind === 'src' && !isTest) {
        codeOfSection.set(key, (codeOfSection.get(key) ?? new Set()).add(short))
      }
    }
  }
}

// --- exceptions

for (const { id, kind, reason } of readTable('exceptions')) {
  if (!KINDS.includes(kind)) problems.push(`exceptions.tsv: ${id} is of no kind: ${kind}`)
  const prefix = id.endsWith('*') ? id.slice(0, -1) : null
  const meant = [...requirements.values()].filter((requirement) =>
    prefix === null ? requirement.id === id : requirement.id.startsWith(prefix),
  )
  if (meant.length === 0) problems.push(`exceptions.tsv: no requirement has the id ${id}`)
  for (const requirement of meant) {
    if (requirement.tests.size === 0) requirement.exception ??= { kind, reason }
    else if (prefix === null) problems.push(`exceptions.tsv: ${id} is proven, remove it`)
  }
}

// --- the page

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '\\<')

function shorten(sentence) {
  const text = sentence.replace(/^\* /, '')
  if (text.length <= SENTENCE_LENGTH) return text
  return `${text.slice(0, text.lastIndexOf(' ', SENTENCE_LENGTH))} …`
}

function stateOf(requirement) {
  if (requirement.tests.size > 0) return 'proven'
  return requirement.exception?.kind ?? 'missing'
}

function proofOf(requirement) {
  if (requirement.tests.size > 0) return [...requirement.tests].join(', ')
  if (requirement.exception === null) return '**missing**'
  return `_${requirement.exception.kind}: ${cell(requirement.exception.reason)}_`
}

const of = (rfc, level) =>
  [...requirements.values()].filter(
    (requirement) =>
      requirement.rfc === rfc && (level === undefined || requirement.level === level),
  )
const STATES = ['proven', ...KINDS, 'missing']
const counts = (list) =>
  STATES.map((state) => list.filter((requirement) => stateOf(requirement) === state).length)
const table = (head, rows) => [
  '<!-- prettier-ignore -->',
  `| ${head.join(' | ')} |`,
  `|${' --- |'.repeat(head.length)}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  '',
]
const title = (rfc) => (rfc === 'h3spec' ? 'h3spec' : `RFC ${rfc.slice(3)}`)

const totals = RFCS.flatMap((rfc) =>
  LEVELS.map((level) => [title(rfc), level, ...counts(of(rfc, level)), of(rfc, level).length]),
).filter((row) => row.at(-1) > 0)
const sums = LEVELS.map((level) => {
  const all = RFCS.flatMap((rfc) => of(rfc, level))
  return ['**all**', level, ...counts(all), all.length]
})
const h3spec = of('h3spec')
totals.push(...sums, ['h3spec', '', ...counts(h3spec), h3spec.length])

const page = [
  '<!-- Written by packages/testkit/scripts/conformance.mjs. Edit tests and exceptions, not this. -->',
  '',
  '# Conformance',
  '',
  'Every MUST and SHOULD of the RFCs that godwit implements, and the tests that prove it. A test proves a',
  'requirement by naming its id (`rfc9000#4.1-3`) in its title or in the message of an assertion that fails',
  'when it is not kept; comments do not count. `quic/scenario/close` is',
  'packages/quic/test/scenario/close.test.ts. Beside the title of a section stands the code that cites it.',
  'Sentences are shortened; packages/testkit/requirements/ has them whole.',
  '',
  '- **proven**: at least one test names it as what it proves.',
  '- **unbuilt**: belongs to a feature that godwit does not have yet.',
  '- **others**: asks something of others: applications, proxies, operators, IANA, authors of RFCs.',
  '- **deviates**: a SHOULD that godwit knowingly does not follow, or follows in another way.',
  '- **missing**: no test names it. The code may well obey it; nothing proves so.',
  '',
  ...table(['RFC', 'level', ...STATES, 'all'], totals),
]
for (const rfc of RFCS) {
  page.push(`## ${title(rfc)}`, '')
  const rows = []
  let section = ''
  for (const requirement of of(rfc)) {
    if (!LEVELS.includes(requirement.level)) continue
    const [, id] = requirement.id.split('#')
    const number = id.slice(0, id.lastIndexOf('-'))
    if (number !== section) {
      section = number
      const code = [...(codeOfSection.get(`${rfc} ${number}`) ?? [])]
      rows.push([`**§${number}**`, '', `**${cell(requirement.section)}**`, code.join(', ')])
    }
    rows.push([id, requirement.level, cell(shorten(requirement.sentence)), proofOf(requirement)])
  }
  page.push(...table(['id', 'level', 'requirement', 'proof'], rows))
}
page.push(
  '## h3spec',
  '',
  'The cases of h3spec against a server, and mirrored against a client (ids that end in `c`). Each ends by',
  'showing that a new connection still works.',
  '',
  ...table(
    ['case', 'against', 'what the peer does', 'RFC', 'proof'],
    h3spec.map((row) => [
      row.id.slice(7),
      row.level,
      cell(row.sentence),
      row.section,
      proofOf(row),
    ]),
  ),
)

const text = page.join('\n')
const file = `${root}/docs/conformance.md`
if (!check) writeFileSync(file, text)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  problems.push('docs/conformance.md is stale: node packages/testkit/scripts/conformance.mjs')
}
for (const problem of problems) console.error(problem)
if (!check) for (const row of totals) console.log(row.join('\t'))
process.exit(problems.length === 0 ? 0 : 1)
