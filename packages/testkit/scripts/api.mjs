// Writes packages/*/api.d.ts: what each package exports, as the build declares it, sorted by name and
// without comments. A change of one is a change of the API, for review. Needs a current build.
// `node api.mjs`; with `--check` it writes nothing and fails when a file is stale.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as prettier from 'prettier'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const check = process.argv.includes('--check')

/** The statements of a declaration file: each begins at the start of a line. */
function statementsOf(path) {
  return readFileSync(path, 'utf8')
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\n\s*\n/g, '\n')
    .split(/\n(?=[a-z])/)
    .map((statement) => statement.trim())
}

/** Declarations by exported name, following `export { a } from './b.ts'`. */
function exportsOf(path) {
  const found = new Map()
  for (const statement of statementsOf(path)) {
    const list = /^export (?:type )?\{([^}]*)\}(?: from '(.*)')?;?$/.exec(statement)
    const star = /^export \* from '(.*)';?$/.exec(statement)
    const own =
      /^export (?:declare )?(?:abstract )?(?:class|interface|function|const|let|type) (\w+)/.exec(
        statement,
      )
    if (own !== null) {
      const [, name] = own
      // A function has a statement for each of its overloads.
      found.set(name, found.has(name) ? `${found.get(name)}\n${statement}` : statement)
    } else if (star !== null) {
      for (const [name, text] of exportsOf(resolve(path, star[1]))) found.set(name, text)
    } else if (list !== null && list[1].trim() !== '') {
      const [, names, from] = list
      const outside = from !== undefined && !from.startsWith('.')
      const there = from === undefined || outside ? null : exportsOf(resolve(path, from))
      for (const item of names.split(',').filter((part) => part.trim() !== '')) {
        const [name, alias = name] = item
          .replace(/^\s*type /, '')
          .trim()
          .split(/ as /)
        const text = there === null ? `export { ${name} } from '${from}'` : there.get(name)
        if (text === undefined) throw new Error(`${path}: ${name} is not in ${from}`)
        found.set(alias, alias === name ? text : `// as ${alias}\n${text}`)
      }
    }
  }
  return found
}

function resolve(path, specifier) {
  return posix.join(posix.dirname(path), specifier.replace(/\.[tj]s$/, '.d.ts'))
}

let failed = false
for (const folder of readdirSync(packages).sort()) {
  const manifest = `${packages}${folder}/package.json`
  if (folder === 'testkit' || !existsSync(manifest)) continue
  const { name, exports = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
  const parts = [
    '/* oxlint-disable -- a text to compare, not a program */',
    `// What ${name} exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.`,
  ]
  for (const [entry, target] of Object.entries(exports)) {
    if (typeof target !== 'object' || target.types === undefined) continue
    parts.push(`// --- ${posix.join(name, entry)}`)
    const found = exportsOf(posix.join(packages, folder, target.types))
    const byName = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [, text] of byName) parts.push(text)
  }
  const file = `${packages}${folder}/api.d.ts`
  const style = await prettier.resolveConfig(file)
  const text = await prettier.format(parts.join('\n\n'), { ...style, filepath: file })
  if (!check) writeFileSync(file, text)
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`packages/${folder}/api.d.ts is stale: build, then api.mjs (${name})`)
    failed = true
  }
}
process.exit(failed ? 1 : 0)
