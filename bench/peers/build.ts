// The programs on quic-go and quinn, built in the chroot from Debian's own libraries. They are static.

import { fileURLToPath } from 'node:url'
import type { Chroot, Log } from '../../interop/lib/debian.ts'
import { ensureBuilt } from '../../interop/peers/shared/build.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const QUIC_GO = 'golang-github-lucas-clemente-quic-go-dev'
const crates = [
  'bytes',
  'h3',
  'h3-quinn',
  'http',
  'libc',
  'quinn',
  'rustls',
  'rustls-pemfile',
  'tokio',
]
export const CRATES: readonly string[] = crates.map((crate) => `librust-${crate}-dev`)

export function buildQuinn(chroot: Chroot, log: Log): Promise<string> {
  const build = {
    name: 'bench-quinn',
    folder: here('quinn/'),
    sources: ['Cargo.toml', 'cargo-config.toml', 'src'],
    versions: ['dpkg-query', '-W', 'rustc', ...CRATES],
    script: `
      mkdir -p .cargo
      mv cargo-config.toml .cargo/config.toml
      cargo build --quiet --release --offline --target x86_64-unknown-linux-gnu
      mv target/x86_64-unknown-linux-gnu/release/quinn "$OUT"
      rm -rf target`,
    env: { RUSTFLAGS: '-C target-feature=+crt-static' },
  }
  return ensureBuilt(chroot, build, log)
}

export function buildQuicGo(chroot: Chroot, log: Log): Promise<string> {
  const build = {
    name: 'bench-quic-go',
    folder: here('quic-go/'),
    sources: ['main.go', 'server.go', 'load.go'],
    versions: ['dpkg-query', '-W', 'golang-go', QUIC_GO],
    script: `
      mkdir -p gopath/src/bench
      mv *.go gopath/src/bench/
      cd gopath/src/bench
      GOPATH="$SRC/gopath:/usr/share/gocode" go build -trimpath -o "$OUT" .`,
    env: { GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
  }
  return ensureBuilt(chroot, build, log)
}
