// Deno, whose QUIC is quinn. It has no HTTP/3 to serve files with, and its fetch speaks none: both
// roles are our HTTP/0.9 on Deno.QuicEndpoint.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Peer } from '../../lib/peer.ts'
import { run } from '../../lib/process.ts'
import { peerFolder, sourceFolder } from '../shared/build.ts'
import { driver } from '../shared/driver.ts'
import { ensureNpm, npmFolder } from '../shared/npm.ts'

const PACKAGE = `@deno/linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}-glibc`
const VERSION = '2.9.6'

const program = (chroot: Chroot): string => join(npmFolder(chroot, PACKAGE, VERSION), 'deno')

/**
 * No settings for cipher suites, Retry, versions and key updates; its client keeps no sessions. Not in
 * quinn: see there.
 */
const { server, client } = driver({
  protocols: ['hq-interop'],
  argv: (chroot) => [
    program(chroot),
    'run',
    '--allow-all',
    '--no-config',
    '--unstable-net',
    join(sourceFolder('deno'), 'peer.js'),
  ],
  serverLacks: ['retry', 'v2', 'connectionmigration'],
  clientLacks: [
    'chacha20',
    'resumption',
    'zerortt',
    'keyupdate',
    'v2',
    'versionnegotiation',
    'connectionmigration',
  ],
  env: { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
})

export const deno: Peer = {
  name: 'deno',
  packages: [],
  protocols: ['hq-interop'],
  shortChains: true,
  async setup(chroot, log) {
    await ensureNpm(chroot, PACKAGE, VERSION, log)
    if (!existsSync(program(chroot))) throw new Error(`${PACKAGE} holds no program`)
  },
  async version(chroot) {
    const env = { ...process.env, DENO_DIR: peerFolder(chroot, 'deno') }
    const { stdout } = await run([program(chroot), '--version'], { env })
    return /^deno (\S+)/.exec(stdout)?.[1] ?? 'unknown'
  },
  server,
  client,
}
