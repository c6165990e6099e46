// curl with the HTTP/3 of OpenSSL's QUIC and nghttp3.

import type { Chroot } from '../../lib/debian.ts'
import type { ClientTask, Command, Peer } from '../../lib/peer.ts'
import { inside } from '../shared/build.ts'
import { behaviour } from '../shared/cases.ts'
import { logEnvironment } from '../shared/driver.ts'
import { oncePerUrl } from '../shared/shell.ts'

// Not in it: resumption and 0-RTT over OpenSSL's QUIC, version 2, starting a key update, ECN, another
// version at the start, following a preferred address.
const CASES = ['handshake', 'transfer', 'chacha20', 'retry', 'http3', 'multiconnect']

function client(chroot: Chroot, task: ClientTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || !CASES.includes(testcase)) return null
  const { hostname, port } = new URL(task.urls[0])
  const connectTo = `${hostname}:${port}:${task.address.includes(':') ? `[${task.address}]` : task.address}:${task.port}`
  const common = [
    '/usr/bin/curl',
    '--http3-only',
    '--fail',
    '--silent',
    '--show-error',
    '--verbose',
    '--cacert',
    task.ca,
    '--connect-to',
    connectTo,
    '--output-dir',
    task.downloads,
    ...(testcase === 'chacha20' ? ['--tls13-ciphers', 'TLS_CHACHA20_POLY1305_SHA256'] : []),
  ]
  const env = logEnvironment(task.logs)
  if (testcase === 'multiconnect') {
    const loop = oncePerUrl([...common, '--remote-name'], task.urls)
    return { argv: chroot.command(...loop.argv), env: { ...env, ...loop.env } }
  }
  // Above what a server permits at the moment it does not wait but opens another connection; and a
  // server permits a new stream when it knows that the answer on an old one arrived, a round trip later.
  const parallel = ['--parallel', '--parallel-max', '50', '--remote-name-all']
  return { argv: chroot.command(...common, ...parallel, ...task.urls), env }
}

export const curl: Peer = {
  name: 'curl',
  packages: ['curl'],
  protocols: ['h3'],
  async setup(chroot) {
    const text = await inside(chroot, ['/usr/bin/curl', '--version'])
    if (!/\bHTTP3\b/.test(text)) throw new Error('this curl is built without HTTP/3')
  },
  async version(chroot) {
    const text = await inside(chroot, ['/usr/bin/curl', '--version'])
    const found = /curl (\S+).*?(OpenSSL\/\S+).*?(nghttp3\/\S+)/.exec(text)
    return found === null ? 'unknown' : `${found[1]}, ${found[2]}, ${found[3]}`
  },
  client,
}
