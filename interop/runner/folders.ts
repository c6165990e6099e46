// Folders of cells. What endpoints write there comes and goes while they run, may be of any kind, and may
// have any size.

import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { Dirent } from 'node:fs'
import { join } from 'node:path'

/** A passed cell keeps files up to this; it is also what a failed one keeps of those that are too large. */
const FILE_LIMIT = 2 * 1024 * 1024
/** A failed cell keeps this in all. */
const FOLDER_LIMIT = 128 * 1024 * 1024
/** What an entry takes, however small it is. */
const BLOCK = 4096

interface Found {
  readonly path: string
  readonly size: number
  readonly isFile: boolean
}

/** Everything below a folder. What vanishes meanwhile is not there. */
function* walk(folder: string): Generator<Found> {
  const waiting = [folder]
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const entry of list(parent)) {
      const path = join(parent, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      const isFile = entry.isFile()
      const size = isFile ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0
      yield { path, size, isFile }
    }
  }
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/** Bytes of all files below a folder, and a block for each entry. */
export function folderSize(folder: string): number {
  let size = 0
  for (const found of walk(folder)) size += found.size + BLOCK
  return size
}

/** Whether there is a file: nothing else that has a name can be read to its end. */
export function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Writes a file, whatever had its name, and makes its folder, if that is gone. */
export function writeAnew(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true })
  rmSync(join(folder, name), { recursive: true, force: true })
  writeFileSync(join(folder, name), text)
}

/** Removes large files of a cell that passed, and says so. */
export function removeLarge(folder: string): void {
  const removed: string[] = []
  for (const { path, size, isFile: isOne } of walk(folder)) {
    if (!isOne || size <= FILE_LIMIT) continue
    rmSync(path)
    removed.push(path.slice(folder.length + 1))
  }
  if (removed.length === 0) return
  const note = `Too large to keep for a cell that passed (--keep keeps them): ${removed.join(', ')}\n`
  writeAnew(folder, 'removed.txt', note)
}

/** Cuts files of a cell that failed, the largest first, until all fit into `limit`, and says so. */
export function cutLarge(folder: string, limit = FOLDER_LIMIT): void {
  let total = folderSize(folder)
  if (total <= limit) return
  const notes: string[] = []
  const files = [...walk(folder)].filter((found) => found.isFile)
  files.sort((a, b) => b.size - a.size)
  for (const { path, size } of files) {
    if (total <= limit) break
    if (size > FILE_LIMIT) truncateSync(path, FILE_LIMIT)
    else rmSync(path)
    total -= size > FILE_LIMIT ? size - FILE_LIMIT : size + BLOCK
    if (size > FILE_LIMIT) notes.push(`${path.slice(folder.length + 1)}: cut, it had ${size} bytes`)
  }
  notes.push('Too large to keep all (--keep does); of many small files some may be gone.', '')
  writeAnew(folder, 'removed.txt', notes.join('\n'))
}

/** Copies the files of a folder: no sockets, pipes and links. */
export function copyFiles(from: string, to: string): void {
  const filter = (source: string): boolean => {
    const stat = lstatSync(source)
    return stat.isFile() || stat.isDirectory()
  }
  cpSync(from, to, { recursive: true, filter })
}
