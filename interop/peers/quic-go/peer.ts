// quic-go, the QUIC and HTTP/3 library of Caddy, Traefik and others, by a small Go program.

import type { Peer } from '../../lib/peer.ts'
import { ensureBuilt, packageVersion, peerFolder } from '../shared/build.ts'
import { driver } from '../shared/driver.ts'

const SOURCE = 'golang-github-lucas-clemente-quic-go-dev'

// Packages of Debian lie in a GOPATH of their own. The program is static: it runs anywhere.
const BUILD = `
mkdir -p gopath/src/peer
mv *.go gopath/src/peer/
cd gopath/src/peer
GOPATH="$SRC/gopath:/usr/share/gocode" go build -trimpath -o "$OUT" .
`

/**
 * Not in the library: compatible version negotiation (v2), a preferred address of the server, and
 * following one as a client.
 */
const { server, client } = driver({
  argv: (chroot) => [`${peerFolder(chroot, 'quic-go')}/quic-go`],
  serverLacks: ['v2', 'connectionmigration'],
  clientLacks: ['v2', 'connectionmigration'],
})

export const quicGo: Peer = {
  name: 'quic-go',
  packages: ['golang-go', SOURCE],
  protocols: ['hq-interop', 'h3'],
  async setup(chroot, log) {
    const build = {
      name: 'quic-go',
      sources: ['main.go', 'server.go', 'client.go', 'tune.go'],
      versions: ['dpkg-query', '-W', 'golang-go', SOURCE],
      script: BUILD,
      env: { GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    }
    await ensureBuilt(chroot, build, log)
  },
  version: (chroot) => packageVersion(chroot, SOURCE),
  server,
  client,
}
