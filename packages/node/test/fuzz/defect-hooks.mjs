// Puts a fault into a source file as it is loaded: see defects.ts.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

let edits = []

export function initialize(given) {
  edits = given
}

export async function load(url, context, next) {
  const mine = edits.filter(({ file }) => url.startsWith('file:') && url.endsWith(`/${file}`))
  if (mine.length === 0) return next(url, context)
  let text = await readFile(fileURLToPath(url), 'utf8')
  for (const { file, from, to } of mine) {
    if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`)
    text = text.replace(from, () => to)
  }
  const { transformSync } = await import('amaro')
  const { code } = transformSync(text, { mode: 'strip-only', filename: fileURLToPath(url) })
  return { format: 'module', source: code, shortCircuit: true }
}
