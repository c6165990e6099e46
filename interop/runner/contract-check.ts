// --contract: run_endpoint.sh as the image's entry point would run: in a root of its own with the mounts,
// variables and helper scripts of the public runner. No Docker needed.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Prng } from '@godwit/testkit'
import { expect, runChecks } from '../lib/check.ts'
import type { Check, Tally } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { run, start } from '../lib/process.ts'
import { makeCertificates } from './certificates.ts'
import { isUdpPortBound } from './namespace.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const SERVER_PORT = 443
const LIMIT = 30_000
const SERVER4 = '193.167.100.100'
const SERVER6 = 'fd00:cafe:cafe:100::100'

// $1: the root, $2: its folder of mounts, $3: node, $4: the repository; then the command.
const ENTER = [
  'set -e',
  'mount -t tmpfs tmpfs "$1"',
  'cd "$1"',
  'mkdir -p usr etc proc dev tmp node-bin godwit www downloads certs logs',
  'mount --rbind /usr usr',
  'mount -o remount,ro,bind usr',
  // Old systems have folders where new ones have links into /usr.
  'for name in bin sbin lib lib64; do if [ -L "/$name" ]; then cp -a "/$name" .; elif [ -d "/$name" ]; then mkdir "$name"; mount --bind "/$name" "$name"; fi; done',
  'cp /etc/passwd /etc/nsswitch.conf /etc/ld.so.cache etc/ 2>/dev/null || true',
  'cp "$2/hosts" etc/hosts',
  'mount -t proc proc proc',
  'mount --rbind /dev dev',
  'touch node-bin/node; mount --bind "$3" node-bin/node',
  'mount --rbind "$4" godwit',
  'for name in www certs; do mount --bind "$2/$name" "$name"; mount -o remount,ro,bind "$name"; done',
  'for name in downloads logs; do mount --bind "$2/$ROLE-$name" "$name"; done',
  'cp "$2/setup.sh" "$2/wait-for-it.sh" .',
  'root=$1; shift 4',
  'exec chroot "$root" "$@"',
].join('\n')

/** Runs the checks in this network namespace; 0 when all passed. */
export async function checkContract(chroot: Chroot, folder: string): Promise<number> {
  const mounts = join(folder, 'mounts')
  const root = join(folder, 'root')
  for (const name of ['root-server', 'root-client']) mkdirSync(join(folder, name))
  for (const name of ['www', 'certs', 'server-logs', 'server-downloads', 'client-logs']) {
    mkdirSync(join(mounts, name), { recursive: true })
  }
  await makeCertificates(chroot, join(mounts, 'certs'), 1)
  writeFileSync(
    join(mounts, 'hosts'),
    `127.0.0.1 localhost sim\n${SERVER4} server4 server server46\n${SERVER6} server6 server46\n`,
  )
  for (const name of ['setup', 'wait-for-it']) {
    const script = `#!/bin/sh\necho "$*" > /logs/${name}.txt\n`
    writeFileSync(join(mounts, `${name}.sh`), script)
    chmodSync(join(mounts, `${name}.sh`), 0o755)
  }
  for (const [address, ...more] of [[`${SERVER4}/32`], [`${SERVER6}/128`, 'nodad']]) {
    const argv = ['env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'ip', 'address', 'add', address]
    await run(chroot.command(...argv, 'dev', 'lo', ...more))
  }
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  const endpoint = (role: 'server' | 'client'): string[] => {
    const given = [`${root}-${role}`, mounts, process.execPath, repository]
    const command = ['unshare', ...namespaces, 'sh', '-c', ENTER, 'enter', ...given]
    return [...command, '/godwit/interop/run_endpoint.sh']
  }
  // Nothing but what the public runner sets.
  const environment = (role: 'server' | 'client', testcase: string): NodeJS.ProcessEnv => ({
    PATH: '/node-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ROLE: role,
    TESTCASE: testcase,
    SSLKEYLOGFILE: '/logs/keys.log',
    QLOGDIR: '/logs/qlog/',
    ...(role === 'server' ? { SERVER_PARAMS: '' } : { CLIENT_PARAMS: '' }),
  })
  const fresh = (name: string): string => {
    const path = join(mounts, name)
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
    return path
  }

  const fetches = (testcase: string, host: string, sizes: readonly number[]): Check => ({
    name: `${testcase} with ${host}`,
    run: async () => {
      const downloads = fresh('client-downloads')
      const logs = { server: fresh('server-logs'), client: fresh('client-logs') }
      const files = sizes.map((size, i) => {
        const bytes = new Prng(size + i).bytes(size)
        writeFileSync(join(mounts, 'www', `file-${i}`), bytes)
        return bytes
      })
      const server = await start(endpoint('server'), { env: environment('server', testcase) })
      try {
        const deadline = Date.now() + LIMIT
        while (!isUdpPortBound(SERVER_PORT) && server.exitCode() === null) {
          expect(Date.now() < deadline, `the server does not listen: ${server.output()}`)
          await new Promise((resolve) => {
            setTimeout(resolve, 50)
          })
        }
        const urls = files.map((_, i) => `https://${host}:443/file-${i}`)
        const client = await run(endpoint('client'), {
          env: { ...environment('client', testcase), REQUESTS: urls.join(' ') },
          timeout: LIMIT,
        })
        expect(client.status === 0, `the client ended with ${client.status}: ${client.stderr}`)
        for (const [i, bytes] of files.entries()) {
          expect(readFileSync(join(downloads, `file-${i}`)).equals(bytes), `file-${i} differs`)
        }
        for (const [role, path] of Object.entries(logs)) {
          const keys = readFileSync(join(path, 'keys.log'), 'utf8')
          expect(/^SERVER_HANDSHAKE_TRAFFIC_SECRET /m.test(keys), `no secrets of the ${role}`)
          expect(existsSync(join(path, 'setup.txt')), `the ${role} did not run /setup.sh`)
        }
        const waited = readFileSync(join(logs.client, 'wait-for-it.txt'), 'utf8').trim()
        expect(waited === 'sim:57832 -s -t 30', `/wait-for-it.sh was given ${waited}`)
      } finally {
        await server.stop()
      }
    },
  })
  const refuses = (role: 'server' | 'client'): Check => ({
    name: `an unknown TESTCASE ends the ${role} with 127`,
    run: async () => {
      fresh('client-downloads')
      const env = { ...environment(role, 'ahjgvbdlxq'), REQUESTS: 'https://server4:443/x' }
      const { status, stderr } = await run(endpoint(role), { env, timeout: LIMIT })
      expect(status === 127, `it ended with ${status}: ${stderr}`)
    },
  })

  const tally: Tally = { passed: 0, failed: 0 }
  const checks = [
    refuses('server'),
    refuses('client'),
    fetches('handshake', 'server4', [1024]),
    fetches('transfer', 'server46', [2_000_000, 1000]),
    fetches('transfer', 'server6', [5000, 10_000]),
    fetches('chacha20', 'server4', [100_000]),
    fetches('multiconnect', 'server4', [1024, 1025, 1026]),
    fetches('http3', 'server4', [5000, 10_000, 500_000]),
  ]
  await runChecks('the contract of quic-interop-runner', checks, tally)
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
  return tally.failed === 0 ? 0 : 1
}
