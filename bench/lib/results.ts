// Where results are kept: bench/results, which git ignores.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { machineName } from './machine.ts'

const folder = fileURLToPath(new URL('../results/', import.meta.url))

/** Writes a result as JSON, beside what it was measured on; returns its path. */
export function saveResult(name: string, result: unknown): string {
  const record = { date: new Date().toISOString(), machine: machineName(), result }
  return saveText(
    `${name}-node${process.versions.node.split('.')[0]}.json`,
    JSON.stringify(record, null, 1),
  )
}

export function saveText(name: string, text: string): string {
  const path = resultFile(name)
  writeFileSync(path, text)
  return path
}

/** The path of a result with this name. */
export function resultFile(name: string): string {
  mkdirSync(folder, { recursive: true })
  return join(folder, name)
}
