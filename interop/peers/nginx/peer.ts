// nginx as Debian builds it, on OpenSSL without its QUIC interface: nginx's compatibility layer, which
// has no 0-RTT.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Command, Peer, ServerTask } from '../../lib/peer.ts'
import { packageVersion } from '../shared/build.ts'
import { behaviour, hostPort } from '../shared/cases.ts'

// Not in it: 0-RTT (see above), version 2, ECN, preferred addresses.
const LACKS = ['zerortt', 'v2', 'ecn', 'connectionmigration']

function configuration(task: ServerTask, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `user root;
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log stderr info;
events { worker_connections 1024; }
http {
  access_log off;
  default_type application/octet-stream;
  ${temporary.map((name) => `${name}_temp_path ${folder};`).join('\n  ')}
  # It takes a new connection ID of the client for each path, and two (the default) last for one move.
  quic_active_connection_id_limit 8;
  quic_retry ${task.testcase === 'retry' ? 'on' : 'off'};
  server {
    listen ${hostPort(task.address, task.port)} quic reuseport;
    ssl_certificate ${task.cert};
    ssl_certificate_key ${task.key};
    ssl_protocols TLSv1.3;
    root ${task.www};
    # Without this it sends GOAWAY after 1,000 requests.
    keepalive_requests 10000;
  }
}
`
}

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || LACKS.includes(testcase)) return null
  const folder = join(task.logs, 'nginx')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(task, folder))
  return { argv: chroot.command('/usr/sbin/nginx', '-e', 'stderr', '-c', file) }
}

export const nginx: Peer = {
  name: 'nginx',
  packages: ['nginx'],
  protocols: ['h3'],
  setup: () => Promise.resolve(),
  version: (chroot) => packageVersion(chroot, 'nginx'),
  server,
}
