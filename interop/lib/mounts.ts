// Removing folders that something may still be mounted in.

import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { run } from './process.ts'

/** What is mounted below `folder` in this namespace, the deepest first. */
export function mountsBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const beginning = `${realpathSync(folder)}/`
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) =>
      // Spaces and the like are written in octal.
      path.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    )
    .filter((path) => path.startsWith(beginning))
    .reverse()
}

/** Removes a folder with everything in it, but nothing of what is mounted there. */
export async function removeFolder(folder: string): Promise<void> {
  // Lazy: a process that was left behind may still use it.
  for (const path of mountsBelow(folder)) await run(['umount', '--lazy', path])
  const left = mountsBelow(folder)
  if (left.length > 0) throw new Error(`still mounted, and so not removed: ${left.join(', ')}`)
  rmSync(folder, { recursive: true, force: true })
}
