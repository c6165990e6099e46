// Folders that end with their process, or are removed by the next one if it was killed.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/** `NAME-PID-NUMBER`; former versions had no number. */
const NAME = /^(?:[a-z0-9]+-(\d+)-\d+|(?:lab|selftest)-(\d+))$/

const made = new Set<string>()
let count = 0

function remove(path: string): void {
  made.delete(path)
  // Processes that were killed just now may still write.
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** Makes a folder below `parent`, and removes those of processes that are gone. */
export function temporaryFolder(parent: string, name: string): TemporaryFolder {
  for (const other of readdirSync(parent)) {
    const found = NAME.exec(other)
    const pid = found?.[1] ?? found?.[2]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(join(parent, other))
  }
  if (count === 0) process.on('exit', () => made.forEach(remove))
  const path = join(parent, `${name}-${process.pid}-${count++}`)
  // What is there is of a process that had the same number.
  remove(path)
  mkdirSync(path)
  made.add(path)
  return { path, remove: () => remove(path) }
}
