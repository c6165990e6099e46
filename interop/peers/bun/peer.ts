// Bun, whose HTTP/3 is lsquic. Its client verifies the certificate against the address it connects
// to: over HTTP/3 it takes no other name.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { ClientTask, Command, Peer, ServerTask } from '../../lib/peer.ts'
import { run } from '../../lib/process.ts'
import { sourceFolder } from '../shared/build.ts'
import { behaviour } from '../shared/cases.ts'
import { logEnvironment } from '../shared/driver.ts'
import { ensureNpm, npmFolder } from '../shared/npm.ts'
import { oncePerUrl } from '../shared/shell.ts'

const PACKAGE = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`
const VERSION = '1.4.5'

// No settings for Retry, 0-RTT, version 2, ECN or preferred addresses.
const SERVER_CASES = [
  'handshake',
  'transfer',
  'chacha20',
  'resumption',
  'http3',
  'keyupdate',
  'multiconnect',
  'versionnegotiation',
]
// No settings for anything: what is left are the cases in which the server or the network does the work.
const CLIENT_CASES = ['handshake', 'transfer', 'retry', 'http3', 'multiconnect']

const program = (chroot: Chroot): string => join(npmFolder(chroot, PACKAGE, VERSION), 'bin', 'bun')
const source = (name: string): string => join(sourceFolder('bun'), name)

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || !SERVER_CASES.includes(testcase)) return null
  const { address, port, cert, key, www } = task
  const argv = [program(chroot), source('server.ts'), address, String(port), cert, key, www]
  return { argv, env: logEnvironment(task.logs) }
}

function client(chroot: Chroot, task: ClientTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || !CLIENT_CASES.includes(testcase)) return null
  const argv = [
    program(chroot),
    source('client.ts'),
    task.address,
    String(task.port),
    task.downloads,
  ]
  const env = { ...logEnvironment(task.logs), NODE_EXTRA_CA_CERTS: task.ca }
  if (testcase !== 'multiconnect') return { argv: [...argv, ...task.urls], env }
  const loop = oncePerUrl(argv, task.urls)
  return { argv: loop.argv, env: { ...env, ...loop.env } }
}

export const bun: Peer = {
  name: 'bun',
  packages: [],
  protocols: ['h3'],
  async setup(chroot, log) {
    await ensureNpm(chroot, PACKAGE, VERSION, log)
    if (!existsSync(program(chroot))) throw new Error(`${PACKAGE} holds no program`)
    const result = await run([program(chroot), '--version'])
    if (result.status !== 0) throw new Error(`bun does not run here: ${result.stderr.trim()}`)
  },
  async version(chroot) {
    return (await run([program(chroot), '--version'])).stdout.trim()
  },
  server,
  client,
}
