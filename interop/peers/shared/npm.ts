// Peers from npm: each package in a folder of its own in the cache, never a dependency of the project.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Chroot, Log } from '../../lib/debian.ts'
import { withLock } from '../../lib/lock.ts'
import { run } from '../../lib/process.ts'

function versionFolder(chroot: Chroot, name: string, version: string): string {
  return join(chroot.share, 'npm', `${name.replace('@', '').replace('/', '+')}@${version}`)
}

/** Where the files of a package are once it is installed. */
export function npmFolder(chroot: Chroot, name: string, version: string): string {
  return join(versionFolder(chroot, name, version), 'node_modules', name)
}

/**
 * Installs a package at exactly this version, without running its scripts. Safe to interrupt; of two
 * runs at once the second waits for the first.
 */
export async function ensureNpm(
  chroot: Chroot,
  name: string,
  version: string,
  log: Log,
): Promise<void> {
  const folder = versionFolder(chroot, name, version)
  if (existsSync(folder)) return
  mkdirSync(dirname(folder), { recursive: true })
  const onWait = (): void => log(`another run installs ${name}: waiting for it`)
  await withLock(`${folder}.lock`, onWait, async () => {
    if (existsSync(folder)) return
    log(`installing ${name}@${version} from npm`)
    await install(folder, `${name}@${version}`)
  })
}

async function install(folder: string, what: string): Promise<void> {
  // Only the rename at the end makes it count.
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  writeFileSync(join(partial, 'package.json'), '{"private":true}\n')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund']
  const argv = ['setpriv', '--pdeathsig', 'KILL', 'npm', 'install', ...options, what]
  const result = await run(argv, { cwd: partial, timeout: 600_000 })
  if (result.status !== 0) {
    const tail = result.stderr.trim().split('\n').slice(-5).join('\n')
    throw new Error(`npm cannot install ${what}\n${tail}`)
  }
  renameSync(partial, folder)
}
