// Programs that are compiled: sources from the repository are copied into the chroot's shared folder
// and built there, again only when a source or the toolchain changed.

import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chroot, Log } from '../../lib/debian.ts'
import { withLock } from '../../lib/lock.ts'
import { run } from '../../lib/process.ts'

const HALF_AN_HOUR = 1_800_000

/** The folder in the repository that holds the programs of a peer. */
export function sourceFolder(name: string): string {
  return fileURLToPath(new URL(`../${name}/`, import.meta.url))
}

/** Where a peer keeps what it builds: visible inside the chroot at the same path. */
export function peerFolder(chroot: Chroot, name: string): string {
  return join(chroot.share, 'peers', name)
}

/** Runs a command in the chroot and returns its output. Rejects when it fails. */
export async function inside(
  chroot: Chroot,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 60_000,
): Promise<string> {
  const result = await run(chroot.command(...argv), {
    timeout,
    env: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  })
  if (result.status !== 0) {
    const tail = (result.stdout + result.stderr).trim().split('\n').slice(-8).join('\n')
    const why = result.timedOut ? 'time limit' : `status ${result.status}`
    throw new Error(`${argv.slice(0, 3).join(' ')} failed (${why})\n${tail}`)
  }
  return result.stdout + result.stderr
}

/** The version of an installed Debian package, without Debian's own part. */
export async function packageVersion(chroot: Chroot, name: string): Promise<string> {
  const full = await inside(chroot, ['dpkg-query', '-W', '-f', '${Version}', name])
  return full
    .replace(/^\d+:/, '')
    .replace(/[+~]dfsg\d*|[+~]ds\d*/, '')
    .replace(/-[^-]*$/, '')
}

export interface Build {
  readonly name: string
  /** Where its sources are. Default: the folder of the peer with this name. */
  readonly folder?: string
  /** Files and folders of the source folder. */
  readonly sources: readonly string[]
  /** Prints the version of the toolchain and of the libraries. */
  readonly versions: readonly string[]
  /** Runs in the build folder, `$OUT` is where the program goes. */
  readonly script: string
  readonly env?: Readonly<Record<string, string>>
}

function digest(folder: string, names: readonly string[], hash = createHash('sha256')): string {
  for (const name of names) {
    const path = join(folder, name)
    hash.update(name)
    if (statSync(path).isDirectory()) digest(path, readdirSync(path).sort(), hash)
    else hash.update(readFileSync(path))
  }
  return hash.copy().digest('hex')
}

/**
 * Builds the program of a peer unless that is done; returns its path. Safe to interrupt; of two runs at
 * once the second waits for the first.
 */
export async function ensureBuilt(chroot: Chroot, build: Build, log: Log): Promise<string> {
  const from = build.folder ?? sourceFolder(build.name)
  const to = peerFolder(chroot, build.name)
  const out = join(to, build.name)
  const stampFile = join(to, 'stamp')
  const versions = await inside(chroot, build.versions)
  const stamp = createHash('sha256')
    .update(digest(from, build.sources) + versions + build.script)
    .digest('hex')
  const isBuilt = (): boolean =>
    existsSync(out) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp
  if (isBuilt()) return out

  mkdirSync(to, { recursive: true })
  const onWait = (): void => log(`another run builds ${build.name}: waiting for it`)
  await withLock(join(to, 'lock'), onWait, async () => {
    if (isBuilt()) return
    log(`building ${build.name}`)
    const [folder, tmp] = [join(to, 'src'), join(to, 'tmp')]
    rmSync(stampFile, { force: true })
    for (const path of [folder, tmp]) {
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path)
    }
    for (const name of build.sources) {
      cpSync(join(from, name), join(folder, name), { recursive: true })
    }
    const script = `set -e; cd "$SRC"; ${build.script}`
    // The chroot's own /tmp is small.
    const env = { ...build.env, SRC: folder, OUT: out, HOME: to, TMPDIR: tmp }
    await inside(chroot, ['nice', 'sh', '-c', script], env, HALF_AN_HOUR)
    rmSync(tmp, { recursive: true, force: true })
    // Only the stamp at the end makes it count.
    writeFileSync(stampFile, stamp)
  })
  return out
}
