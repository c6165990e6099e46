// Types are blanked out, never rewritten: every line and column stays where the author put it, so
// stack traces, breakpoints and coverage name the true source without source maps. Results are
// cached by content. Node 22.18 strips types by itself; this file goes when Node 20 does.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const CACHE = new URL('../../../node_modules/.cache/godwit-ts/', import.meta.url)
const VERSION = 'amaro-1.2.1'

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  const key = createHash('sha1').update(VERSION).update(text).digest('hex')
  const cached = new URL(`${key}.js`, CACHE)
  let source
  try {
    source = await readFile(cached, 'utf8')
  } catch {
    const { transformSync } = await import('amaro')
    source = transformSync(text, { mode: 'strip-only', filename: fileURLToPath(url) }).code
    await mkdir(CACHE, { recursive: true })
    const partial = new URL(`${key}.${process.pid}.tmp`, CACHE)
    await writeFile(partial, source)
    await rename(partial, cached)
  }
  return { format: 'module', source, shortCircuit: true }
}
