// Real peers from Debian's archive: the release that has HTTP/3 in its curl (trixie) is unpacked by
// debootstrap into the cache and entered by chroot, beside whatever Debian this machine runs.
//
// Every command there, and debootstrap itself, gets its own mount and process namespaces, so that no
// mount and no process can stay behind, however the run ends.

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
import { withLock } from './lock.ts'
import { removeFolder } from './mounts.ts'
import { run } from './process.ts'

const RELEASE = 'trixie'
const HOUR = 3_600_000
/** Of a command's own /tmp, which lies in memory. */
const TMP_SIZE = '512m'
const APT_SETTINGS = '/etc/apt/apt.conf.d'
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']

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

/** Runs a step of the set-up, which ends when this process is killed: the next run makes it again. */
async function must(
  argv: readonly string[],
  what: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const result = await run(['setpriv', '--pdeathsig', 'KILL', ...argv], { timeout: HOUR, env })
  if (result.status !== 0) {
    const tail = (result.stdout + result.stderr).trim().split('\n').slice(-8).join('\n')
    throw new Error(`${what} failed (${result.timedOut ? 'time limit' : result.status})\n${tail}`)
  }
}

const noninteractive = (): NodeJS.ProcessEnv => ({
  ...process.env,
  DEBIAN_FRONTEND: 'noninteractive',
})

const insideEnvironment = (): NodeJS.ProcessEnv => ({
  ...noninteractive(),
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
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
  await removeFolder(partial)
  log(`unpacking Debian ${RELEASE} into ${root}`)
  const archive = await archiveAddress()
  const options = ['--variant=minbase', '--include=ca-certificates']
  await must(
    ['unshare', ...NAMESPACES, 'debootstrap', ...options, RELEASE, partial, archive],
    'debootstrap',
  )
  // No daemon is started by the installation of a package.
  writeFileSync(`${partial}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 101\n')
  chmodSync(`${partial}/usr/sbin/policy-rc.d`, 0o755)
  renameSync(partial, root)
}

/** Lets apt in the chroot use the archive, and the way to it, that this machine uses now. */
async function configureApt(root: string): Promise<void> {
  const sources = `deb ${await archiveAddress()} ${RELEASE} main\n`
  writeFileSync(`${root}/etc/apt/sources.list`, sources)
  // The apt client settings of this machine that an administrator added (the numbers from 99 on).
  const added = (folder: string): string[] =>
    readdirSync(folder).filter((name) => name.startsWith('99'))
  for (const name of added(root + APT_SETTINGS)) rmSync(join(root, APT_SETTINGS, name))
  for (const name of added(APT_SETTINGS)) {
    copyFileSync(join(APT_SETTINGS, name), join(root, APT_SETTINGS, name))
  }
  if (existsSync('/etc/apt/auth.conf.d')) {
    cpSync('/etc/apt/auth.conf.d', `${root}/etc/apt/auth.conf.d`, { recursive: true })
  }
}

function enter(root: string, share: string, argv: readonly string[]): string[] {
  const script = [
    'set -e',
    'mount -t proc proc "$1/proc"',
    'mount --rbind /dev "$1/dev"',
    `mount -t tmpfs -o size=${TMP_SIZE} tmpfs "$1/tmp"`,
    'mkdir -p "$1$2"',
    'mount --bind "$2" "$1$2"',
    'cp -L /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true',
    'root=$1; shift 2',
    'exec chroot "$root" "$@"',
  ].join('; ')
  return ['unshare', ...NAMESPACES, 'sh', '-c', script, 'enter', root, share, ...argv]
}

/** Which of `packages` are not installed. */
async function missingOf(
  packages: readonly string[],
  root: string,
  share: string,
): Promise<string[]> {
  const query = ['dpkg-query', '-W', '-f', '${Package} ${Status}\n', ...packages]
  const { stdout } = await run(enter(root, share, query), { env: insideEnvironment() })
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith('ok installed'))
      .map((line) => line.split(' ')[0]),
  )
  return packages.filter((name) => !installed.has(name))
}

async function install(packages: readonly string[], root: string, share: string): Promise<void> {
  const env = insideEnvironment()
  const apt = (...args: string[]): string[] =>
    enter(root, share, ['apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args])
  await configureApt(root)
  // An interrupted installation leaves packages unpacked but not configured.
  await must(enter(root, share, ['dpkg', '--configure', '-a']), 'dpkg --configure', env)
  await must(apt('update', '-qq'), 'apt-get update in the chroot', env)
  await must(
    apt('install', '-y', '-qq', '--no-install-recommends', ...packages),
    'installing the peers',
    env,
  )
}

/**
 * The chroot with `packages` installed; made, completed or found ready. Needs root. Safe to
 * interrupt: what is half-made is made again. Of two runs at once the second waits for the first.
 */
export async function openChroot(packages: readonly string[], log: Log): Promise<Chroot> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('the peers need Linux and root: they run in a chroot of Debian packages')
  }
  const cache = cacheFolder()
  const root = join(cache, RELEASE)
  const share = join(cache, 'share')
  mkdirSync(share, { recursive: true })
  const isReady = async (): Promise<boolean> =>
    existsSync(root) && (await missingOf(packages, root, share)).length === 0
  if (!(await isReady())) {
    const onWait = (): void => log(`another run sets up ${root}: waiting for it`)
    await withLock(join(cache, 'setup.lock'), onWait, async () => {
      if (!existsSync(root)) {
        await ensureDebootstrap(log)
        await bootstrap(root, log)
      }
      const missing = await missingOf(packages, root, share)
      if (missing.length === 0) return
      log(`installing into the chroot: ${missing.join(' ')}`)
      await install(missing, root, share).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        throw new Error(`${why}\nIf this happens again, remove ${root} to start anew.`)
      })
    })
  }
  return { root, share, command: (...argv) => enter(root, share, argv) }
}
