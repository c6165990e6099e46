// Proves the peers without godwit: sets them up and lets them talk to each other over loopback.
//
//   node --import=@godwit/testkit/register --conditions=@godwit/source peers/selftest.ts
//     [--client NAMES] [--server NAMES] [--case NAMES] [--address ::1] [--keep]
//
// Default: one transfer of quic-go with every server and of every client with quic-go, for each
// protocol that both speak. Exits with 1 when a pair fails.

import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { Chroot } from '../lib/debian.ts'
import { openChroot } from '../lib/debian.ts'
import { makeFile, sha256 } from '../lib/files.ts'
import type { Alpn, CaseName, Command, Peer } from '../lib/peer.ts'
import { run, startServer } from '../lib/process.ts'
import type { RunResult, Server } from '../lib/process.ts'
import { temporaryFolder } from '../lib/temporary.ts'
import { peers } from './index.ts'
import { inside } from './shared/build.ts'

const FIRST_PORT = 17_400
const LIMIT = 60_000

interface Pair {
  readonly client: Peer
  readonly server: Peer
  readonly testcase: CaseName
  readonly alpn: Alpn
}

const { values } = parseArgs({
  options: {
    client: { type: 'string' },
    server: { type: 'string' },
    case: { type: 'string' },
    address: { type: 'string', default: '127.0.0.1' },
    keep: { type: 'boolean', default: false },
  },
})

function named(list: string | undefined): readonly Peer[] | null {
  if (list === undefined) return null
  if (list === 'all') return peers
  return list.split(',').map((name) => {
    const peer = peers.find((candidate) => candidate.name === name)
    if (peer === undefined) throw new Error(`no peer is named ${name}`)
    return peer
  })
}

const speaks = (peer: Peer): readonly Alpn[] => peer.protocols ?? ['hq-interop', 'h3']

function pairs(): Pair[] {
  const [clients, servers] = [named(values.client), named(values.server)]
  const cases = values.case?.split(',') ?? ['transfer']
  const list: Pair[] = []
  for (const client of clients ?? peers) {
    for (const server of servers ?? peers) {
      const chosen = clients !== null || servers !== null
      if (!chosen && client.name !== 'quic-go' && server.name !== 'quic-go') continue
      if (client.client === undefined || server.server === undefined) continue
      for (const testcase of cases) {
        for (const alpn of speaks(client).filter((name) => speaks(server).includes(name))) {
          if (testcase !== 'http3' || alpn === 'h3') list.push({ client, server, testcase, alpn })
        }
      }
    }
  }
  return list
}

/** Throws when quic-go, on either side, did not see what the case is about. */
function expectEvidence(pair: Pair, side: 'client' | 'server', output: string, logs: string): void {
  const { testcase } = pair
  const connections = [
    ...output.matchAll(/connected: version=(\S+) suite=(\S+) resumed=(\S+) early=(\S+)/g),
  ]
  const qlogs = readdirSync(join(logs, 'qlog')).map((name) =>
    readFileSync(join(logs, 'qlog', name), 'utf8'),
  )
  const qlog = qlogs.join('\n')
  const last = connections.at(-1)
  const wanted =
    testcase === 'multiconnect' ? 3 : ['resumption', 'zerortt'].includes(testcase) ? 2 : 1
  const seen: readonly (readonly [string, boolean])[] = [
    [`${wanted} connections, not ${connections.length}`, connections.length === wanted],
    ['ChaCha20', testcase !== 'chacha20' || last?.[2] === 'TLS_CHACHA20_POLY1305_SHA256'],
    ['resumption', !['resumption', 'zerortt'].includes(testcase) || last?.[3] === 'true'],
    ['0-RTT', testcase !== 'zerortt' || last?.[4] === 'true'],
    ['Retry', testcase !== 'retry' || side === 'server' || qlog.includes('"packet_type":"retry"')],
    [
      'key update',
      testcase !== 'keyupdate' ||
        qlog.includes(`"trigger":"${side === 'server' ? 'remote' : 'local'}_update"`),
    ],
    [
      'ECT(0) from the peer',
      testcase !== 'ecn' || /packet_received.*"packet_type":"1RTT".*"ecn":"ECT\(0\)"/.test(qlog),
    ],
    // Each attempt has its qlog.
    [
      'a second attempt',
      testcase !== 'versionnegotiation' || side === 'server' || qlogs.length === 2,
    ],
  ]
  for (const [what, right] of seen) {
    if (!right) throw new Error(`quic-go as ${side} did not see: ${what}`)
  }
}

/** Whether a process listens on a UDP port here. */
function bound(port: number): boolean {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/udp', '/proc/net/udp6'].some((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .some((line) => line.trim().split(/\s+/)[1]?.endsWith(hex)),
  )
}

async function certificates(chroot: Chroot, folder: string): Promise<void> {
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
  const usage = 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth'
  writeFileSync(
    join(folder, 'leaf.ext'),
    `${names}\nbasicConstraints=critical,CA:FALSE\n${usage}\n`,
  )
  const script = `set -e; cd "$1"
    new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
    $new -x509 -keyout ca.key -out ca.pem -days 30 -subj '/CN=selftest CA' \
      -addext keyUsage=critical,keyCertSign
    $new -keyout leaf.key -out leaf.csr -subj /CN=localhost
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 30 -extfile leaf.ext -out leaf.crt
    cat leaf.crt ca.pem > leaf.pem`
  await inside(chroot, ['sh', '-c', script, 'sh', folder])
}

const environment = (command: Command): NodeJS.ProcessEnv => ({ ...process.env, ...command.env })

async function start(command: Command, port: number): Promise<Server> {
  const argv = ['sh', '-c', 'echo starting; exec "$@"', 'sh', ...command.argv]
  const server = await startServer(argv, /starting/, { env: environment(command) })
  for (let i = 0; i < 200; i++) {
    if (command.ready === undefined ? bound(port) : command.ready.test(server.output()))
      return server
    if (server.exitCode() !== null) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await server.stop()
  throw new Error(`the server did not start\n${server.output().slice(-1500)}`)
}

const NAMES: ReadonlyMap<CaseName, readonly string[]> = new Map([
  ['transfer', ['200k', '300k', '500k']],
  ['http3', ['5k', '200k', '500k']],
  ['resumption', ['5k', '10k']],
  ['zerortt', ['5k', '10k', '200k']],
  ['multiconnect', ['5k', '10k', '200k']],
  ['keyupdate', ['3m']],
  ['chacha20', ['3m']],
  ['ecn', ['200k']],
  ['connectionmigration', ['2m']],
  ['multiplexing', Array.from({ length: 600 }, (_, i) => `n${i}`)],
])

async function talk(
  chroot: Chroot,
  pair: Pair,
  folder: string,
  port: number,
): Promise<string | null> {
  const logs = (role: string): string => {
    const path = join(
      folder,
      'logs',
      `${pair.client.name}-${pair.server.name}-${pair.testcase}-${pair.alpn}`,
      role,
    )
    mkdirSync(path, { recursive: true })
    return path
  }
  const downloads = join(folder, 'downloads')
  rmSync(downloads, { recursive: true, force: true })
  mkdirSync(downloads)
  const { testcase, alpn } = pair
  const common = { testcase, address: values.address, port }
  const www = join(folder, 'www')
  const [cert, key, ca] = ['leaf.pem', 'leaf.key', 'ca.pem'].map((name) => join(folder, name))
  const names = NAMES.get(testcase) ?? ['10k']
  const urls = names.map((name) => `https://localhost:${port}/${name}`)
  const serverCommand = pair.server.server?.(chroot, {
    ...common,
    www,
    cert,
    key,
    logs: logs('server'),
  })
  const clientCommand = pair.client.client?.(chroot, {
    ...common,
    alpn,
    urls,
    downloads,
    ca,
    logs: logs('client'),
  })
  if (!serverCommand || !clientCommand) return null

  const server = await start(serverCommand, port)
  let result: RunResult
  try {
    result = await run(clientCommand.argv, {
      env: environment(clientCommand),
      timeout: LIMIT,
    })
    writeFileSync(join(logs('client'), 'output.txt'), result.stdout + result.stderr)
    if (result.status !== 0) {
      const why = result.timedOut ? 'time limit' : `status ${result.status}`
      throw new Error(`${why}\n${(result.stdout + result.stderr).slice(-1500)}`)
    }
    for (const name of names) {
      const same = (await sha256(join(downloads, name))) === (await sha256(join(www, name)))
      if (!same) throw new Error(`${name} differs`)
    }
  } finally {
    await server.stop()
    writeFileSync(join(logs('server'), 'output.txt'), server.output())
  }
  const kept = [logs('client'), logs('server')].map(
    (path) => readdirSync(path, { recursive: true }) as string[],
  )
  const keys = kept.map((files) => (files.includes('keys.log') ? 'keys' : '-'))
  const qlogs = kept.map((files) => (files.some((file) => /^qlog\/./.test(file)) ? 'qlog' : '-'))
  if (pair.client.name === 'quic-go') expectEvidence(pair, 'client', result.stderr, logs('client'))
  if (pair.server.name === 'quic-go')
    expectEvidence(pair, 'server', server.output(), logs('server'))
  return `client ${keys[0]} ${qlogs[0]}, server ${keys[1]} ${qlogs[1]}`
}

async function main(): Promise<void> {
  const wanted = pairs()
  const involved = peers.filter((peer) =>
    wanted.some(({ client, server }) => client === peer || server === peer),
  )
  const log = (line: string): void => console.log(`   ${line}`)
  const chroot = await openChroot([...new Set(involved.flatMap((peer) => peer.packages))], log)
  const absent = new Set<Peer>()
  for (const peer of involved) {
    try {
      await peer.setup(chroot, log)
      console.log(`${peer.name.padEnd(14)} ${await peer.version(chroot)}`)
    } catch (error) {
      absent.add(peer)
      console.log(
        `${peer.name.padEnd(14)} cannot be had: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  const kept = join(chroot.share, 'peers-selftest')
  rmSync(kept, { recursive: true, force: true })
  const temporary = temporaryFolder(chroot.share, 'selftest')
  const folder = temporary.path
  mkdirSync(join(folder, 'www'), { recursive: true })
  await certificates(chroot, folder)
  const sizes = {
    '5k': 5e3,
    '10k': 1e4,
    '200k': 2e5,
    '300k': 3e5,
    '500k': 5e5,
    '2m': 2e6,
    '3m': 3e6,
  }
  for (const [name, size] of Object.entries(sizes)) makeFile(join(folder, 'www', name), size, size)
  for (let i = 0; i < 600; i++) makeFile(join(folder, 'www', `n${i}`), 32, i)

  let port = FIRST_PORT + (process.pid % 1000) * 10
  let failed = 0
  for (const pair of wanted.filter(
    ({ client, server }) => !absent.has(client) && !absent.has(server),
  )) {
    const title = `${pair.client.name} -> ${pair.server.name} ${pair.testcase} ${pair.alpn}`
    const begin = performance.now()
    try {
      const note = await talk(chroot, pair, folder, (port += 2))
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      console.log(
        note === null ? `unsupported  ${title}` : `ok           ${title} (${seconds} s) ${note}`,
      )
    } catch (error) {
      failed++
      console.log(
        `not ok       ${title}\n${String(error instanceof Error ? error.message : error).replaceAll(/^/gm, '    ')}`,
      )
    }
  }
  if (values.keep) {
    renameSync(folder, kept)
    console.log(`kept in ${kept}`)
  }
  temporary.remove()
  process.exitCode = failed === 0 ? 0 : 1
}

await main()
