// Caddy, which uses quic-go.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Command, Peer, ServerTask } from '../../lib/peer.ts'
import { inside, packageVersion } from '../shared/build.ts'
import { behaviour } from '../shared/cases.ts'

// No setting for Retry. Not in quic-go: version 2, preferred addresses. Caddy wraps the socket in a
// type that keeps quic-go from ECN.
const LACKS = ['retry', 'v2', 'ecn', 'connectionmigration']

function configuration(task: ServerTask): string {
  return `{
  admin off
  auto_https off
  servers {
    protocols h1 h2 h3
  }
}
https://:${task.port} {
  bind ${task.address}
  tls ${task.cert} ${task.key}
  root * ${task.www}
  file_server
}
`
}

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || LACKS.includes(testcase)) return null
  const folder = join(task.logs, 'caddy')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'Caddyfile')
  writeFileSync(file, configuration(task))
  return {
    argv: chroot.command('/usr/bin/caddy', 'run', '--adapter', 'caddyfile', '--config', file),
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  }
}

export const caddy: Peer = {
  name: 'caddy',
  packages: ['caddy'],
  protocols: ['h3'],
  setup: () => Promise.resolve(),
  async version(chroot) {
    const text = await inside(chroot, ['/usr/bin/caddy', 'build-info'])
    const quicGo = /quic-go\/quic-go\s+v?(\S+)/.exec(text)
    const own = await packageVersion(chroot, 'caddy')
    return quicGo === null ? own : `${own}, quic-go ${quicGo[1]}`
  },
  server,
}
