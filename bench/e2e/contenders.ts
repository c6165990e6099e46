// Who is measured, by a server of the same kind: GET /1k, /64m, /1g answer so many bytes, POST /up the
// number of bytes that came. Programs answer from memory; nginx and ngtcp2's server, which only serve
// files, from sparse files in the page cache. Peers come from Debian's archive and npm, as in the
// interop lab.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chroot, Log } from '../../interop/lib/debian.ts'
import { openChroot } from '../../interop/lib/debian.ts'
import { run } from '../../interop/lib/process.ts'
import { packageVersion } from '../../interop/peers/shared/build.ts'
import { ensureNpm, npmFolder } from '../../interop/peers/shared/npm.ts'
import { buildQuicGo, buildQuinn, CRATES, QUIC_GO } from '../peers/build.ts'
import { nginxServer, ngtcp2Server, shareCredentials, shareFiles } from '../peers/file-servers.ts'
import type { ServerTask } from '../peers/file-servers.ts'

export interface Contender {
  readonly name: string
  /** What runs, with its version. */
  readonly version: string
  /** HTTP/3 unless told: `h2` is HTTP/2 over TCP, for comparison. */
  readonly protocol?: 'h2'
  /** Uploads go nowhere in a server of files. */
  readonly noUpload?: true
  readonly env?: Readonly<Record<string, string>>
  server(task: ServerTask): readonly string[]
}

/** A program that makes load: `argv MODE --port PORT ...`. */
export interface Loader {
  readonly name: string
  readonly argv: readonly string[]
}

export interface Lab {
  readonly contenders: readonly Contender[]
  readonly quinn: Loader
  readonly quicGo: Loader
  /** h2load of nghttp2, for HTTP/2 over TCP. */
  readonly h2load: readonly string[]
  /** ngtcp2's server, for our own client. */
  readonly chroot: Chroot
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const register = here('../../packages/testkit/loader/register.mjs')
const BUN = { name: '@oven/bun-linux-x64', version: '1.4.5' }
const BUILDING = ['cargo', 'rustc', 'gcc', 'libc6-dev', 'golang-go']
const PEERS = ['python3-aioquic', 'nginx', 'ngtcp2-server', 'nghttp2-client']
const PACKAGES = [...BUILDING, ...CRATES, QUIC_GO, ...PEERS]

/** What docs/performance.md recommends where there is one processor: no collector beside the program. */
const ONE_THREAD = ['--single-threaded-gc']
/** What it says of sends in batches. */
const BATCHED = ['--test-udp-no-try-send']
/** Options of Node.js by the name of a contender. */
export const NODE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'godwit-one-thread': ONE_THREAD,
  'godwit-batched': BATCHED,
  'godwit-batched-node26': BATCHED,
}

/** Names of contenders, whether or not they can be had here. */
export const CONTENDERS: readonly string[] = [
  'godwit',
  'godwit-node26',
  'godwit-one-thread',
  'godwit-batched',
  'godwit-batched-node26',
  'godwit-node-crypto',
  'quic-go',
  'quic-go-files',
  'quinn',
  'ngtcp2',
  'nginx',
  'bun',
  'aioquic',
  'http2-node20',
  'http2-node26',
]

/** The path of the current Node.js, which is fetched when it is not there. */
export async function currentNode(): Promise<string> {
  const script = here('../../packages/testkit/scripts/current-node.mjs')
  const { status, stdout } = await run([process.execPath, script, '-p', 'process.execPath'], {
    timeout: 300_000,
  })
  if (status !== 0) throw new Error('the current Node.js cannot be had')
  return stdout.trim()
}

/** The argument vector of our server with the Node.js `node`. Needs nothing but this repository. */
export function godwitServer(
  node: string,
  task: ServerTask,
  nodeOptions: readonly string[] = [],
): string[] {
  const { port, cert, key } = task
  const file = here('godwit-server.ts')
  return [node, `--import=${register}`, ...nodeOptions, file, String(port), cert, key]
}

/** Builds and fetches what is needed for the contenders of these names. */
export async function openLab(wanted: readonly string[], log: Log): Promise<Lab> {
  const chroot = await openChroot(PACKAGES, log)
  const quinn = await buildQuinn(chroot, log)
  const quicGo = await buildQuicGo(chroot, log)
  const contenders = []
  for (const name of wanted) contenders.push(await contender(name, chroot, quinn, quicGo, log))
  return {
    contenders,
    quinn: { name: 'quinn', argv: [quinn, 'load'] },
    quicGo: { name: 'quic-go', argv: [quicGo, 'load'] },
    h2load: chroot.command('/usr/bin/h2load'),
    chroot,
  }
}

async function contender(
  name: string,
  chroot: Chroot,
  quinn: string,
  quicGo: string,
  log: Log,
): Promise<Contender> {
  const arguments_ = ({ port, cert, key }: ServerTask): string[] => [String(port), cert, key]
  const versionOf = (source: string): Promise<string> => packageVersion(chroot, source)
  switch (name) {
    case 'godwit':
    case 'godwit-node26':
    case 'godwit-one-thread':
    case 'godwit-batched':
    case 'godwit-batched-node26':
    case 'godwit-node-crypto': {
      const node = name.endsWith('node26') ? await currentNode() : process.execPath
      return {
        name,
        version: `Node ${await nodeVersion(node)}`,
        ...(name === 'godwit-node-crypto' ? { env: { GODWIT_CRYPTO: 'node' } } : {}),
        server: (task) => godwitServer(node, task, NODE_OPTIONS[name]),
      }
    }
    case 'quic-go':
    case 'quic-go-files': {
      const version = `${await versionOf(QUIC_GO)}, Go ${await versionOf('golang-go')}`
      const folder = name === 'quic-go' ? [] : [shareFiles(chroot)]
      return { name, version, server: (task) => [quicGo, 'server', ...arguments_(task), ...folder] }
    }
    case 'quinn': {
      const version = `${await versionOf('librust-quinn-dev')}, h3 ${await versionOf('librust-h3-dev')}`
      return { name, version, server: (task) => [quinn, 'server', ...arguments_(task)] }
    }
    case 'ngtcp2':
      return {
        name,
        version: `${await versionOf('ngtcp2-server')}, GnuTLS`,
        noUpload: true,
        server: (task) => ngtcp2Server(chroot, task),
      }
    case 'nginx':
      return {
        name,
        version: await versionOf('nginx'),
        noUpload: true,
        server: (task) => nginxServer(chroot, task),
      }
    case 'bun': {
      await ensureNpm(chroot, BUN.name, BUN.version, log)
      const program = join(npmFolder(chroot, BUN.name, BUN.version), 'bin', 'bun')
      const file = here('../peers/bun/server.ts')
      return { name, version: BUN.version, server: (task) => [program, file, ...arguments_(task)] }
    }
    case 'aioquic': {
      const file = join(chroot.share, 'bench', 'aioquic-server.py')
      return {
        name,
        version: await versionOf('python3-aioquic'),
        server: (task) => {
          const shared = shareCredentials(chroot, task)
          copyFileSync(here('../peers/aioquic/server.py'), file)
          return chroot.command('/usr/bin/python3', file, ...arguments_(shared))
        },
      }
    }
    case 'http2-node20':
    case 'http2-node26': {
      const node = name === 'http2-node26' ? await currentNode() : process.execPath
      return {
        name,
        version: `node:http2 over TCP, Node ${await nodeVersion(node)}`,
        protocol: 'h2',
        server: (task) => [
          node,
          `--import=${register}`,
          here('http2-server.ts'),
          ...arguments_(task),
        ],
      }
    }
    default:
      throw new Error(`no contender is named ${name}; there are ${CONTENDERS.join(', ')}`)
  }
}

/** The version of the Node.js at this path. */
export async function nodeVersion(node: string): Promise<string> {
  return (await run([node, '-p', 'process.versions.node'])).stdout.trim()
}
