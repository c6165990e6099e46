// Inputs that are worth keeping, in text files: one a line, in base64, so that a change of a corpus
// can be seen and merged.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = new URL('../corpus/', import.meta.url)

/** Bytes of a corpus file. All together stay below 1.5 MB. */
const MAX_FILE = 60_000

function read(name: string): Uint8Array[] {
  const file = fileURLToPath(new URL(name, FOLDER))
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Uint8Array.from(Buffer.from(line.split(' ')[0], 'base64')))
}

/** What was found to reach something that nothing else reaches. */
export function readCorpus(target: string): Uint8Array[] {
  return read(`${target}.txt`)
}

/** What once failed: base64, a space and a word of explanation. Never thinned out. */
export function readRegressions(target: string): Uint8Array[] {
  return read(`${target}.regressions.txt`)
}

/** Writes the inputs that fit, shortest first. Returns how many. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): number {
  const lines = inputs
    .map((input) => Buffer.from(input).toString('base64'))
    .filter((line) => line !== '')
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const kept: string[] = []
  let size = 0
  for (const line of lines) {
    size += line.length + 1
    if (size > MAX_FILE) break
    kept.push(line)
  }
  writeFileSync(fileURLToPath(new URL(`${target}.txt`, FOLDER)), `${kept.join('\n')}\n`)
  return kept.length
}
