// matrix.md, docs/interop.md and matrix.html from the results.

import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CASES, UNSUPPORTED_CASES } from './cases.ts'
import { cellName } from './results.ts'
import type { CellResult, Matrix } from './results.ts'
import { alignedTable, gridOf, letterOf, markdownTable } from './table.ts'

/** The table with its date and versions, in Markdown. */
export function markdownReport(matrix: Matrix): string {
  const dates = matrix.cells.map(({ date }) => date.slice(0, 10)).sort()
  const when = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`
  const failures = matrix.cells.filter(({ outcome }) => outcome === 'failed')
  const count = (outcome: string): number =>
    matrix.cells.filter((cell) => cell.outcome === outcome).length
  return [
    `${when}: ${count('passed')} passed, ${count('failed')} failed, ${count('unsupported')} unsupported, ${count('unavailable')} unavailable.`,
    '',
    ...markdownTable(matrix),
    '',
    'Measurements in kbit/s.',
    '',
    ...alignedTable(
      ['implementation', 'version'],
      Object.entries(matrix.versions).map(([name, version]) => [name, oneLine(version)]),
    ),
    '',
    ...(failures.length === 0
      ? []
      : [
          ...alignedTable(
            ['failed', 'why'],
            failures.map((cell) => [cellName(cell), oneLine(cell.reason)]),
          ),
          '',
        ]),
    ...alignedTable(
      ['letter', 'case', 'what happens'],
      CASES.map(({ letter, name, description }) => [letter, name, description]),
    ),
    '',
    `Spoken by nobody here: ${UNSUPPORTED_CASES.join(', ')}.`,
    '',
  ].join('\n')
}

const oneLine = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 240)

const BEGIN = '<!-- matrix: written by npm run interop -- --docs -->'
const END = '<!-- end of matrix -->'

/** Puts the report between the markers of a document; the rest stays. */
export function updateDocument(path: string, matrix: Matrix): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# Interop\n\n${BEGIN}\n${END}\n`
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${path} lacks the line ${BEGIN} or ${END}`)
  const head = text.slice(0, from + BEGIN.length)
  writeFileSync(path, `${head}\n\n${markdownReport(matrix)}\n${text.slice(to)}`)
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** What the page shows of a text file itself; the rest is behind its link. */
const EXCERPT = 3000

/** Links to the files of a cell, and the ends of its texts. */
function filesOf(cell: CellResult, results: string): string {
  if (cell.folder === null) return ''
  const folder = join(results, cell.folder)
  if (!existsSync(folder)) return ''
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
  const links = files.map((name) => {
    const href = encodeURI(`${cell.folder}/${name}`)
    return `<a href="${escape(href)}">${escape(name)}</a> ${statSync(join(folder, name)).size} B`
  })
  const texts = files
    .filter((name) => cell.outcome === 'failed' && name.endsWith('output.txt'))
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8').slice(-EXCERPT)
      return `<h4>${escape(name)}</h4><pre>${escape(text)}</pre>`
    })
  return `<p class="files">${links.join(' · ')}</p>${texts.join('')}`
}

function detail(cell: CellResult, results: string): string {
  const value =
    cell.measured === undefined
      ? ''
      : ` · ${cell.measured.mean.toFixed(0)} ± ${cell.measured.deviation.toFixed(0)} kbit/s`
  return [
    `<section id="${escape(cellName(cell))}" class="${cell.outcome}">`,
    `<h3>${escape(cell.client)} → ${escape(cell.server)}: ${escape(cell.case)}</h3>`,
    `<p><b>${cell.outcome}</b>${value} · ${cell.seconds} s · seed ${cell.seed} · ${cell.date}</p>`,
    cell.reason === '' ? '' : `<pre>${escape(cell.reason)}</pre>`,
    filesOf(cell, results),
    '</section>',
  ].join('')
}

const STYLE = `
body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}
table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:4px 6px;vertical-align:top}
th{background:#f4f4f4}td{max-width:14em}
td a{display:inline-block;margin:1px;padding:0 4px;border-radius:3px;text-decoration:none;color:#fff}
a.passed{background:#2a7f3f}a.failed{background:#c0392b}a.unsupported,a.unavailable{background:#999}
section{display:none;border-left:4px solid #999;padding:.5em 1em;margin:1em 0;background:#fafafa}
section:target{display:block}section.passed{border-color:#2a7f3f}section.failed{border-color:#c0392b}
pre{white-space:pre-wrap;background:#eee;padding:.5em}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}th{background:#282828}th,td{border-color:#444}section{background:#222}pre{background:#2a2a2a}a{color:#8bf}}`

/** A page without anything from elsewhere; its links go to the files beside it. */
export function htmlReport(matrix: Matrix, results: string): string {
  const grid = gridOf(matrix)
  const link = (cell: CellResult): string => {
    const value = cell.measured === undefined ? '' : ` ${cell.measured.mean.toFixed(0)}`
    const title = cell.reason === '' ? cell.case : `${cell.case}: ${oneLine(cell.reason)}`
    return `<a class="${cell.outcome}" href="#${escape(cellName(cell))}" title="${escape(title)}">${escape(letterOf(cell.case))}${value}</a>`
  }
  const rows = grid.clients.map((client) => {
    const cells = grid.servers.map(
      (server) => `<td>${grid.of(client, server).map(link).join('')}</td>`,
    )
    return `<tr><th>${escape(client)}</th>${cells.join('')}</tr>`
  })
  const versions = Object.entries(matrix.versions).map(
    ([name, version]) => `<li><b>${escape(name)}</b> ${escape(oneLine(version))}</li>`,
  )
  const legend = CASES.map(
    ({ letter, name, description }) =>
      `<li><b>${escape(letter)}</b> ${escape(name)}: ${escape(description)}</li>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>godwit interop</title><style>${STYLE}</style>
<h1>godwit: interop</h1><p>Clients down, servers across. Green passed, red failed, grey: one of the two does not do it, or cannot be had. Each letter opens its cell.</p>
<table><tr><th>client ↓ server →</th>${grid.servers.map((name) => `<th>${escape(name)}</th>`).join('')}</tr>
${rows.join('\n')}</table>
${matrix.cells.map((cell) => detail(cell, results)).join('\n')}
<h2>Versions</h2><ul>${versions.join('')}</ul><h2>Cases</h2><ul>${legend.join('')}</ul></html>
`
}
