// godwit itself, as one of the implementations of the matrix: the endpoints of interop/server and
// interop/client under the contract of the public runner.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClientTask, Command, Peer, ServerTask } from '../lib/peer.ts'
import { run } from '../lib/process.ts'
import { CASES } from './cases.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const node = (role: 'server' | 'client'): string[] => [
  process.execPath,
  // INTEROP_NODE_FLAGS=--conditions=@godwit/source runs the sources instead of what was built.
  ...(process.env['INTEROP_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== ''),
  '--import=@godwit/testkit/register',
  join(root, 'interop', role, 'main.ts'),
]

/** The endpoint decides itself what it supports: it ends with 127. */
function environment(
  role: 'server' | 'client',
  name: string,
  logs: string,
): Record<string, string> {
  const qlog = join(logs, 'qlog')
  mkdirSync(qlog, { recursive: true })
  const testcase = CASES.find((known) => known.name === name)?.testcase[role] ?? name
  return {
    ROLE: role,
    TESTCASE: testcase,
    // The contract has one TESTCASE for many cases; this one says which it is.
    INTEROP_CASE: name,
    SSLKEYLOGFILE: join(logs, 'keys.log'),
    QLOGDIR: qlog,
  }
}

function server(_chroot: unknown, task: ServerTask): Command {
  return {
    argv: node('server'),
    env: {
      ...environment('server', task.testcase, task.logs),
      WWW: task.www,
      CERT: task.cert,
      KEY: task.key,
      ADDRESS: task.address,
      PORT: String(task.port),
    },
    ready: /^listening/m,
  }
}

function client(_chroot: unknown, task: ClientTask): Command {
  return {
    argv: node('client'),
    env: {
      ...environment('client', task.testcase, task.logs),
      REQUESTS: task.urls.join(' '),
      DOWNLOADS: task.downloads,
      CA: task.ca,
      CONNECT_ADDRESS: task.address,
      ...(task.alpn === undefined ? {} : { ALPN: task.alpn }),
    },
  }
}

export const godwit: Peer = {
  name: 'godwit',
  packages: [],
  protocols: ['hq-interop', 'h3'],
  setup: () => Promise.resolve(),
  async version() {
    const manifest = readFileSync(join(root, 'packages/godwit/package.json'), 'utf8')
    const { version } = JSON.parse(manifest) as { version: string }
    const commit = await run(['git', '-C', root, 'rev-parse', '--short', 'HEAD']).catch(() => null)
    return commit?.status === 0 ? `${version} (${commit.stdout.trim()})` : version
  },
  server,
  client,
}
