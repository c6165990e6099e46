// Servers that know nothing but files: nginx, and the example server of ngtcp2.

import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../interop/lib/debian.ts'

/** What a server is started with; both files are PEM. */
export interface ServerTask {
  readonly port: number
  readonly cert: string
  readonly key: string
}

const SIZES: Readonly<Record<string, number>> = { '': 0, k: 10, m: 20, g: 30 }
const NAMES = ['1k', '16k', '256k', '4m', '64m', '1g']

/** Copies the certificate and its key to where they are visible inside. */
export function shareCredentials(chroot: Chroot, task: ServerTask): ServerTask {
  const folder = join(chroot.share, 'bench')
  mkdirSync(folder, { recursive: true })
  const cert = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  copyFileSync(task.cert, cert)
  copyFileSync(task.key, key)
  return { port: task.port, cert, key }
}

/** A folder with sparse files that are named by their size. */
export function shareFiles(chroot: Chroot): string {
  const www = join(chroot.share, 'bench', 'www')
  mkdirSync(www, { recursive: true })
  for (const name of NAMES) {
    const [, digits, unit] = /^(\d+)([kmg]?)$/.exec(name) ?? []
    const file = join(www, name)
    writeFileSync(file, '', { flag: 'a' })
    truncateSync(file, Number(digits) * 2 ** SIZES[unit])
  }
  return www
}

export function nginxServer(chroot: Chroot, task: ServerTask): string[] {
  const { cert, key } = shareCredentials(chroot, task)
  const www = shareFiles(chroot)
  const folder = join(chroot.share, 'bench', 'nginx')
  mkdirSync(folder, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const file = join(folder, 'nginx.conf')
  const text = `user root;
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 65536; }
worker_rlimit_nofile 65536;
http {
  access_log off;
  sendfile on;
  open_file_cache max=100 inactive=60s;
  default_type application/octet-stream;
  keepalive_requests 1000000000;
  ${temporary.map((name) => `${name}_temp_path ${folder};`).join('\n  ')}
  quic_gso on;
  http3_max_concurrent_streams 1000;
  ssl_certificate ${cert};
  ssl_certificate_key ${key};
  ssl_protocols TLSv1.3;
  ssl_ecdh_curve X25519;
  server {
    listen 127.0.0.1:${task.port} quic;
    root ${www};
  }
}
`
  writeFileSync(file, text)
  return chroot.command('/usr/sbin/nginx', '-e', 'stderr', '-c', file)
}

export function ngtcp2Server(chroot: Chroot, task: ServerTask): string[] {
  const { cert, key } = shareCredentials(chroot, task)
  const www = shareFiles(chroot)
  return chroot.command(
    '/usr/sbin/gtlsserver',
    '--quiet',
    '--no-quic-dump',
    '--no-http-dump',
    '--mime-types-file=/dev/null',
    '--max-streams-bidi=1000',
    `--htdocs=${www}`,
    '127.0.0.1',
    String(task.port),
    key,
    cert,
  )
}
