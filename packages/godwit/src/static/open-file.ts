// Opens files of a served folder, and nothing else that may stand there: the open of a FIFO waits for
// its writer in one of the four threads that Node has for files, and that of a device does things.

import { constants } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'

// O_NONBLOCK for a FIFO, O_NOFOLLOW for a link, O_NOCTTY for a terminal that took the place of the file
// after `lstat`. Windows has none of the three.
const FLAGS =
  constants.O_RDONLY |
  ((constants.O_NONBLOCK as number | undefined) ?? 0) |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NOCTTY as number | undefined) ?? 0)

/** Not there any more, not for us, or not a file. */
const REFUSALS = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENXIO', 'EISDIR', 'ELOOP'])

/** Opens the regular file at `path`, a real path. Null for what is none, is gone, or may not be read. */
export async function openFile(path: string): Promise<FileHandle | null> {
  try {
    if (!(await lstat(path)).isFile()) return null
    const handle = await open(path, FLAGS)
    let regular = false
    try {
      // It may be another than that of `lstat`.
      regular = (await handle.stat()).isFile()
    } finally {
      if (!regular) await handle.close()
    }
    return regular ? handle : null
  } catch (error) {
    if (REFUSALS.has((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
