// Real peers from Debian's archive: the release that has HTTP/3 in its curl (trixie) is unpacked by
// debootstrap into the cache and entered by chroot, beside whatever Debian this machine runs.
//
// Every command there gets its own mount and process namespaces, so that no mount and no process
// can stay behind, however the run ends.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { run } from './process.ts'

const RELEASE = 'trixie'
const HOUR = 3_600_000

export type Log = (line: string) => void

/** An unpacked Debian that commands can run in. */
export interface Chroot {
  readonly root: string
  /** A folder that is visible inside at the same path: for certificates, files and downloads. */
  readonly share: string
  /** The argument vector that runs `argv` inside. */
  command(...argv: readonly string[]): string[]
}

/** The archive that this machine's own apt configuration names for its own release. */
async function archiveAddress(): Promise<string> {
  const format = '$(REPO_URI)|$(COMPONENT)|$(ORIGIN)|$(RELEASE)'
  const { stdout } = await run([
    'apt-get',
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ])
  const rows = stdout.split('\n').map((line) => line.split('|'))
  const release = /VERSION_CODENAME=(\S+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const found = rows.find(([, component, , name]) => component === 'main' && name === release)
  if (found === undefined) {
    throw new Error(
      'no Debian archive in the apt configuration of this machine: the peers need one',
    )
  }
  return found[0]
}

async function must(argv: readonly string[], what: string, env?: NodeJS.ProcessEnv): Promise<void> {
  const result = await run(argv, { timeout: HOUR, ...(env === undefined ? {} : { env }) })
  if (result.status !== 0) {
    const tail = (result.stdout + result.stderr).trim().split('\n').slice(-8).join('\n')
    throw new Error(`${what} failed (${result.timedOut ? 'time limit' : result.status})\n${tail}`)
  }
}

const noninteractive = (): NodeJS.ProcessEnv => ({
  ...process.env,
  DEBIAN_FRONTEND: 'noninteractive',
})

async function ensureDebootstrap(log: Log): Promise<void> {
  const found = await run(['sh', '-c', 'command -v debootstrap && command -v unshare'])
  if (found.status === 0) return
  log('installing debootstrap')
  await must(['apt-get', 'update', '-qq'], 'apt-get update', noninteractive())
  await must(
    ['apt-get', 'install', '-y', '-qq', 'debootstrap', 'util-linux'],
    'installing debootstrap',
    noninteractive(),
  )
}

async function bootstrap(root: string, log: Log): Promise<void> {
  // A half-made one is thrown away: only the rename at the end makes it count.
  const partial = `${root}.partial`
  rmSync(partial, { recursive: true, force: true })
  log(`unpacking Debian ${RELEASE} into ${root}`)
  const archive = await archiveAddress()
  await must(
    ['debootstrap', '--variant=minbase', '--include=ca-certificates', RELEASE, partial, archive],
    'debootstrap',
  )
  // The apt client settings of this machine that an administrator added (the numbers from 99 on).
  for (const file of readdirSync('/etc/apt/apt.conf.d').filter((name) => name.startsWith('99'))) {
    copyFileSync(`/etc/apt/apt.conf.d/${file}`, `${partial}/etc/apt/apt.conf.d/${file}`)
  }
  if (existsSync('/etc/apt/auth.conf.d')) {
    cpSync('/etc/apt/auth.conf.d', `${partial}/etc/apt/auth.conf.d`, { recursive: true })
  }
  // No daemon is started by the installation of a package.
  writeFileSync(`${partial}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 101\n')
  chmodSync(`${partial}/usr/sbin/policy-rc.d`, 0o755)
  renameSync(partial, root)
}

function enter(root: string, share: string, argv: readonly string[]): string[] {
  const script = [
    'set -e',
    'mount -t proc proc "$1/proc"',
    'mount --rbind /dev "$1/dev"',
    'mount -t tmpfs tmpfs "$1/tmp"',
    'mkdir -p "$1$2"',
    'mount --bind "$2" "$1$2"',
    'cp -L /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true',
    'root=$1; shift 2',
    'exec chroot "$root" "$@"',
  ].join('; ')
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  return ['unshare', ...namespaces, 'sh', '-c', script, 'enter', root, share, ...argv]
}

/**
 * The chroot with `packages` installed; made, completed or found ready. Needs root. Safe to
 * interrupt: what is half-made is made again.
 */
export async function openChroot(packages: readonly string[], log: Log): Promise<Chroot> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('the peers need Linux and root: they run in a chroot of Debian packages')
  }
  const cache = cacheFolder()
  const root = join(cache, RELEASE)
  const share = join(cache, 'share')
  mkdirSync(share, { recursive: true })
  await ensureDebootstrap(log)
  if (!existsSync(root)) await bootstrap(root, log)

  const env = { ...noninteractive(), PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  const query = enter(root, share, [
    'dpkg-query',
    '-W',
    '-f',
    '${Package} ${Status}\n',
    ...packages,
  ])
  const { stdout } = await run(query, { env })
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith('ok installed'))
      .map((line) => line.split(' ')[0]),
  )
  const missing = packages.filter((name) => !installed.has(name))
  if (missing.length > 0) {
    log(`installing into the chroot: ${missing.join(' ')}`)
    const apt = (...args: string[]): string[] =>
      enter(root, share, ['apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args])
    // An interrupted installation leaves packages unpacked but not configured.
    await must(enter(root, share, ['dpkg', '--configure', '-a']), 'dpkg --configure', env)
    await must(apt('update', '-qq'), 'apt-get update in the chroot', env)
    await must(
      apt('install', '-y', '-qq', '--no-install-recommends', ...missing),
      'installing the peers',
      env,
    )
  }
  return { root, share, command: (...argv) => enter(root, share, argv) }
}
