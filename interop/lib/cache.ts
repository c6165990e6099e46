// Where peers are unpacked: outside the repository, kept between runs.

import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The cache folder: $GODWIT_CACHE, else $XDG_CACHE_HOME/godwit, else ~/.cache/godwit. */
export function cacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME']
  const folder =
    process.env['GODWIT_CACHE'] ??
    join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'godwit')
  mkdirSync(folder, { recursive: true })
  return folder
}
