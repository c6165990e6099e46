// curl's HTTP/3 (OpenSSL's QUIC and nghttp3) against `godwit serve` and the example server.

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../lib/debian.ts'
import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import { sha256 } from '../lib/files.ts'
import { run } from '../lib/process.ts'
import type { RunResult } from '../lib/process.ts'

export interface CurlTarget {
  readonly chroot: Chroot
  /** Folder that `files` serves. */
  readonly site: string
  /** `https://localhost:PORT` of `godwit serve`. */
  readonly files: string
  /** `https://localhost:PORT` of the example server. */
  readonly example: string
  /** CA certificate, at a path that the chroot sees. */
  readonly ca: string
}

const WRITE_OUT = '%{http_code} %{http_version} %{num_connects} %{errormsg}\\n'

/** The checks; `downloads` lie in the chroot's shared folder. */
export function curlChecks(target: CurlTarget): Check[] {
  const { chroot, site, files, example, ca } = target
  const downloads = join(chroot.share, 'downloads')
  rmSync(downloads, { recursive: true, force: true })
  mkdirSync(downloads, { recursive: true })

  const curl = async (...args: readonly string[]): Promise<RunResult> => {
    const common = ['curl', '--http3-only', '--cacert', ca, '-sS', '--max-time', '120']
    const result = await run(chroot.command(...common, ...args), { timeout: 130_000 })
    expect(result.status === 0, `curl ended with ${result.status}: ${result.stderr.trim()}`)
    return result
  }

  const get = (name: string): Check => ({
    name: `curl --http3-only gets /${name} unchanged`,
    run: async () => {
      const out = join(downloads, name)
      const { stdout } = await curl('-o', out, '-w', WRITE_OUT, `${files}/${name}`)
      expect(stdout.startsWith('200 3 '), `expected "200 3", got "${stdout.trim()}"`)
      const [got, wanted] = [await sha256(out), await sha256(join(site, name))]
      expect(got === wanted, `SHA-256 is ${got}, expected ${wanted}`)
    },
  })

  return [
    get('small'),
    get('medium'),
    get('large'),
    {
      name: 'curl -Z: 50 parallel transfers on one connection, all unchanged',
      run: async () => {
        const list = Array.from({ length: 50 }, (_, i) => [
          '-o',
          join(downloads, `n${i}`),
          `${files}/n/${i}`,
        ])
        const { stdout } = await curl('-Z', '--parallel-max', '50', '-w', WRITE_OUT, ...list.flat())
        const rows = stdout.trim().split('\n')
        expect(rows.length === 50 && rows.every((row) => row.startsWith('200 3 ')), stdout)
        const connections = rows.reduce((sum, row) => sum + Number(row.split(' ')[2]), 0)
        expect(connections === 1, `${connections} connections instead of 1`)
        for (let i = 0; i < 50; i++) {
          const same = readFileSync(join(downloads, `n${i}`)).equals(
            readFileSync(join(site, 'n', String(i))),
          )
          expect(same, `file ${i} differs`)
        }
      },
    },
    {
      name: 'curl posts 100 MB and the server reports the same SHA-256',
      run: async () => {
        const body = join(chroot.share, 'upload')
        await run(['cp', join(site, 'large'), body])
        const { stdout } = await curl(
          '--data-binary',
          `@${body}`,
          '-H',
          'expect:',
          `${example}/upload`,
        )
        const wanted = await sha256(body)
        rmSync(body)
        expect(stdout.includes(wanted), `expected ${wanted} in "${stdout.slice(0, 200)}"`)
      },
    },
    {
      name: 'curl HEAD: the length without a body',
      run: async () => {
        const { stdout } = await curl('--head', `${files}/medium`)
        expect(stdout.startsWith('HTTP/3 200'), stdout)
        expect(/^content-length: 1000000\r?$/im.test(stdout), stdout)
      },
    },
    {
      name: 'curl gets 404 for what is not there',
      run: async () => {
        const { stdout } = await curl('-o', '/dev/null', '-w', WRITE_OUT, `${files}/nothing`)
        expect(stdout.startsWith('404 3 '), stdout)
      },
    },
    {
      name: 'curl --range gets the middle of a file',
      run: async () => {
        const out = join(downloads, 'range')
        const { stdout } = await curl(
          '-r',
          '5000-14999',
          '-o',
          out,
          '-w',
          WRITE_OUT,
          `${files}/medium`,
        )
        expect(stdout.startsWith('206 3 '), stdout)
        const wanted = readFileSync(join(site, 'medium')).subarray(5000, 15000)
        expect(readFileSync(out).equals(wanted), 'the bytes differ')
      },
    },
    {
      name: 'curl refuses the server without --cacert',
      run: async () => {
        const url = `${files.replace('localhost', '127.0.0.1')}/small`
        const argv = ['curl', '--http3-only', '-sS', '--max-time', '20', url]
        const result = await run(chroot.command(...argv))
        expect(
          result.status === 60,
          `expected exit status 60, got ${result.status}: ${result.stderr}`,
        )
      },
    },
  ]
}
