// From the path of a request to a file below the root, or to nothing.

import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/**
 * The real path of what `urlPath` names below `root` (a real path itself). Null for what is not
 * there, lies outside (by dots, encoded or not, or by a symbolic link), or is hidden (a dotfile, but for
 * `/.well-known/`).
 */
export async function resolvePath(root: string, urlPath: string): Promise<string | null> {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath)
  } catch {
    return null
  }
  // After decoding once: what is still encoded is a file name with a percent sign.
  if (decoded.includes('\0') || decoded.includes('\\')) return null
  const segments = decoded.split('/').filter((segment) => segment !== '')
  // Also covers '.' and '..'.
  if (segments.some(isHidden)) return null
  let real: string
  try {
    real = await realpath(join(root, ...segments))
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
  const inside = real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)
  if (!inside) return null
  const below = real.slice(root.endsWith(sep) ? root.length : root.length + 1).split(sep)
  return below.some(isHidden) ? null : real
}

/** Dotfiles are for whoever looks after the folder; RFC 8615 puts its own at the top, for everybody. */
function isHidden(segment: string, depth: number): boolean {
  return segment.startsWith('.') && !(depth === 0 && segment === '.well-known')
}

function isAbsence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG'
}
