// ngtcp2 (GnuTLS, nghttp3): its client against `godwit serve`, its server against `godwit get`.

import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { sha256 } from '../lib/files.ts'
import { run, startServer } from '../lib/process.ts'

export interface Ngtcp2Target {
  readonly chroot: Chroot
  /** Folder that the server at `port` serves; the chroot sees it. */
  readonly site: string
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** The `godwit` command. */
  readonly godwit: readonly string[]
}

/** A port that nobody listens on: the peers' servers cannot choose one and tell. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

const QUIET = ['-q', '--no-quic-dump', '--no-http-dump']

export function ngtcp2Checks(target: Ngtcp2Target): Check[] {
  const { chroot, site, port, ca, cert, key, godwit } = target
  const downloads = join(chroot.share, 'ngtcp2')

  const same = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const [got, wanted] = [await sha256(join(downloads, name)), await sha256(join(site, name))]
      expect(got === wanted, `${name}: SHA-256 is ${got}, expected ${wanted}`)
    }
  }
  const empty = (): void => {
    rmSync(downloads, { recursive: true, force: true })
    mkdirSync(downloads, { recursive: true })
  }

  const client = (title: string, names: readonly string[], ...options: string[]): Check => ({
    name: `gtlsclient gets ${title} from godwit`,
    run: async () => {
      empty()
      const urls = names.map((name) => `https://localhost:${port}/${name}`)
      const argv = [...QUIET, '--exit-on-all-streams-close', '--download', downloads, ...options]
      const result = await run(
        chroot.command('gtlsclient', ...argv, '127.0.0.1', String(port), ...urls),
        { timeout: 120_000 },
      )
      expect(result.status === 0, `ended with ${result.status}: ${result.stderr.slice(-500)}`)
      await same(names)
    },
  })

  const server = (title: string, names: readonly string[], ...options: string[]): Check => ({
    name: `godwit gets ${title} from gtlsserver`,
    run: async () => {
      empty()
      const peerPort = await freePort()
      const argv = [...QUIET, '--max-streams-bidi=1000', '-d', site, ...options]
      const peer = await startServer(
        // The server prints nothing when it is ready; the shell says when it starts.
        chroot.command(
          'sh',
          '-c',
          'echo starting; exec "$@"',
          'sh',
          'gtlsserver',
          ...argv,
          '127.0.0.1',
          String(peerPort),
          key,
          cert,
        ),
        /starting/,
      )
      try {
        await new Promise((resolve) => setTimeout(resolve, 300))
        for (const name of names) {
          const url = `https://127.0.0.1:${peerPort}/${name}`
          const argv = [...godwit, 'get', url, '-o', join(downloads, name), '--cacert', ca]
          const result = await run(argv, { timeout: 120_000 })
          expect(result.status === 0, `ended with ${result.status}: ${result.stderr.slice(-500)}`)
        }
        await same(names)
      } finally {
        await peer.stop()
      }
    },
  })

  return [
    client('three files', ['small', 'medium', 'index.html']),
    client('100 MB', ['large']),
    client('a file with 5 % loss both ways', ['medium'], '-t', '0.05', '-r', '0.05'),
    client(
      'a file with AES-256-GCM',
      ['medium'],
      '--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM',
    ),
    client(
      'a file with ChaCha20-Poly1305',
      ['medium'],
      '--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305',
    ),
    client(
      'a file over P-256 after a HelloRetryRequest or not',
      ['small'],
      '--groups=-GROUP-ALL:+GROUP-SECP256R1',
    ),
    {
      // The client offers one version only, so being told ours is where it ends (RFC 9000 §6.2).
      name: 'gtlsclient with an unknown version is answered by Version Negotiation',
      run: async () => {
        const url = `https://localhost:${port}/small`
        const argv = [
          'gtlsclient',
          '--no-quic-dump',
          '--version=0x1a2a3a4a',
          '127.0.0.1',
          String(port),
          url,
        ]
        const { stderr, stdout } = await run(chroot.command(...argv), { timeout: 20_000 })
        expect(/VN v=0x00000001/.test(stderr + stdout), (stderr + stdout).slice(-500))
        expect(/ERR_RECV_VERSION_NEGOTIATION/.test(stderr + stdout), (stderr + stdout).slice(-500))
      },
    },
    client('a file while it updates keys', ['medium'], '--key-update=2ms'),
    server('three files', ['small', 'medium', 'index.html']),
    server('100 MB', ['large']),
    server('a file with 5 % loss both ways', ['medium'], '-t', '0.05', '-r', '0.05'),
  ]
}
