// Module hooks of the fuzzer, behind those that strip the types: the sources of the packages get
// counters, and, to see what the fuzzer is worth, one of them may get a defect (defects.mjs).

import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { instrument } from './instrument.mjs'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const WATCHED = /^packages\/(?:wire|protection|x509|tls|quic|qpack|http3|node|godwit)\/src\//

let defect = null

/** @param {{ defect: { file: string, find: string, replace: string } | null }} data */
export function initialize(data) {
  defect = data.defect
}

export async function load(url, context, next) {
  const loaded = await next(url, context)
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return loaded
  const name = relative(ROOT, fileURLToPath(url)).split(sep).join('/')
  if (!WATCHED.test(name)) return loaded
  let source = String(loaded.source)
  if (defect !== null && defect.file === name) {
    const parts = source.split(defect.find)
    if (parts.length !== 2) {
      throw new Error(`"${defect.find}" expected once in ${name}, found ${parts.length - 1} times`)
    }
    source = parts.join(defect.replace)
  }
  return { ...loaded, source: instrument(source, name) }
}
