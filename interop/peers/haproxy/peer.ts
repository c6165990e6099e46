// HAProxy, on OpenSSL without its QUIC interface (`limited-quic`: no 0-RTT). It serves no files: nginx
// behind it does, over a local socket without TLS.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Command, Peer, ServerTask } from '../../lib/peer.ts'
import { packageVersion } from '../shared/build.ts'
import { behaviour, hostPort } from '../shared/cases.ts'
import { endingOnTerm } from '../shared/shell.ts'

// Not in it: 0-RTT (see above), version 2 as a server's choice, ECN, preferred addresses.
const LACKS = ['zerortt', 'v2', 'ecn', 'connectionmigration']

function frontend(task: ServerTask, socket: string, pem: string): string {
  const family = task.address.includes(':') ? 'quic6' : 'quic4'
  const retry = task.testcase === 'retry' ? ' quic-force-retry' : ''
  return `global
  limited-quic
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend quic
  bind ${family}@${hostPort(task.address, task.port)} ssl crt ${pem} alpn h3${retry}
  default_backend files
backend files
  server nginx unix@${socket}
`
}

function backend(task: ServerTask, folder: string, socket: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `user root;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  default_type application/octet-stream;
  ${temporary.map((name) => `${name}_temp_path ${folder};`).join('\n  ')}
  server {
    listen unix:${socket};
    root ${task.www};
  }
}
`
}

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || LACKS.includes(testcase)) return null
  const folder = join(task.logs, 'haproxy')
  mkdirSync(folder, { recursive: true })
  const [pem, proxy, files] = ['cert.pem', 'haproxy.cfg', 'nginx.conf'].map((name) =>
    join(folder, name),
  )
  // The path of a socket may have 107 bytes only; /tmp is the command's own.
  const socket = '/tmp/files'
  writeFileSync(pem, `${readFileSync(task.cert, 'utf8')}\n${readFileSync(task.key, 'utf8')}`)
  writeFileSync(proxy, frontend(task, socket, pem))
  writeFileSync(files, backend(task, folder, socket))
  // nginx goes to the background and ends with the command's process namespace.
  const script = '/usr/sbin/nginx -e stderr -c "$1" && /usr/sbin/haproxy -db -f "$2"'
  return { argv: endingOnTerm(chroot, ['sh', '-c', script, 'sh', files, proxy]) }
}

export const haproxy: Peer = {
  name: 'haproxy',
  packages: ['haproxy', 'nginx'],
  protocols: ['h3'],
  setup: () => Promise.resolve(),
  version: (chroot) => packageVersion(chroot, 'haproxy'),
  server,
}
