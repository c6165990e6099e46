// aioquic, QUIC and HTTP/3 in Python, by small Python programs.

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from '../../lib/peer.ts'
import { packageVersion, peerFolder, sourceFolder } from '../shared/build.ts'
import { driver } from '../shared/driver.ts'

/** Not in the library: ECN, preferred addresses. */
const { server, client } = driver({
  argv: (chroot) =>
    chroot.command('/usr/bin/python3', join(peerFolder(chroot, 'aioquic'), 'peer.py')),
  serverLacks: ['ecn', 'connectionmigration'],
  clientLacks: ['ecn', 'connectionmigration'],
})

export const aioquic: Peer = {
  name: 'aioquic',
  packages: ['python3-aioquic'],
  protocols: ['hq-interop', 'h3'],
  setup(chroot) {
    const folder = peerFolder(chroot, 'aioquic')
    mkdirSync(folder, { recursive: true })
    for (const name of ['peer.py', 'common.py', 'server.py', 'client.py']) {
      cpSync(join(sourceFolder('aioquic'), name), join(folder, name))
    }
    return Promise.resolve()
  },
  version: (chroot) => packageVersion(chroot, 'python3-aioquic'),
  server,
  client,
}
