// quinn with h3, the QUIC and HTTP/3 libraries most used in Rust, by a small Rust program.

import type { Peer } from '../../lib/peer.ts'
import { ensureBuilt, packageVersion, peerFolder } from '../shared/build.ts'
import { driver } from '../shared/driver.ts'

const CRATES = [
  'librust-anyhow-dev',
  'librust-bytes-dev',
  'librust-h3-dev',
  'librust-h3-quinn-dev',
  'librust-http-dev',
  'librust-quinn-dev',
  'librust-rustls-dev',
  'librust-rustls-pemfile-dev',
  'librust-tokio-dev',
]

// The program is static: it runs anywhere.
const BUILD = `
mkdir -p .cargo
mv cargo-config.toml .cargo/config.toml
cargo build --quiet --release --offline --target x86_64-unknown-linux-gnu
mv target/x86_64-unknown-linux-gnu/release/quinn "$OUT"
rm -rf target
`

/**
 * Not in the library: version 2, a client that goes on after Version Negotiation, and following a
 * preferred address. A server has one socket, so it cannot listen on a preferred address either.
 */
const { server, client } = driver({
  argv: (chroot) => [`${peerFolder(chroot, 'quinn')}/quinn`],
  serverLacks: ['v2', 'connectionmigration'],
  clientLacks: ['v2', 'versionnegotiation', 'connectionmigration'],
})

export const quinn: Peer = {
  name: 'quinn',
  packages: ['cargo', 'rustc', 'gcc', 'libc6-dev', ...CRATES],
  protocols: ['hq-interop', 'h3'],
  shortChains: true,
  async setup(chroot, log) {
    if (process.arch !== 'x64') throw new Error('the build is written for x86-64')
    const build = {
      name: 'quinn',
      sources: ['Cargo.toml', 'cargo-config.toml', 'src'],
      versions: ['dpkg-query', '-W', 'rustc', ...CRATES],
      script: BUILD,
      env: { RUSTFLAGS: '-C target-feature=+crt-static' },
    }
    await ensureBuilt(chroot, build, log)
  },
  async version(chroot) {
    const h3 = await packageVersion(chroot, 'librust-h3-dev')
    return `${await packageVersion(chroot, 'librust-quinn-dev')}, h3 ${h3}`
  },
  server,
  client,
}
