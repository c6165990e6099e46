// The command lines of our own programs around a library (quic-go, quinn, aioquic, Deno):
//
//   PROGRAM server ADDRESS PORT CERT KEY WWW
//   PROGRAM client ADDRESS PORT CA DOWNLOADS URL...
//
// with TESTCASE, ALPN (client), SSLKEYLOGFILE and QLOGDIR in the environment.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Alpn, CaseName, ClientTask, Command, Peer, ServerTask } from '../../lib/peer.ts'
import { alpnOf, behaviour } from './cases.ts'

export interface Driver {
  /** The program. */
  argv(chroot: Chroot): readonly string[]
  readonly protocols?: readonly Alpn[]
  /** TESTCASEs that the library cannot do. */
  readonly serverLacks: readonly CaseName[]
  readonly clientLacks: readonly CaseName[]
  readonly env?: Readonly<Record<string, string>>
}

/** Where an endpoint of a cell logs its secrets and qlogs; makes the folders. */
export function logEnvironment(logs: string): Record<string, string> {
  const qlog = join(logs, 'qlog')
  mkdirSync(qlog, { recursive: true })
  return { SSLKEYLOGFILE: join(logs, 'keys.log'), QLOGDIR: qlog }
}

/** The two roles of a peer that is driven by a program of ours. */
export function driver(options: Driver): Required<Pick<Peer, 'server' | 'client'>> {
  const protocols = options.protocols ?? ['hq-interop', 'h3']
  return {
    server(chroot: Chroot, task: ServerTask): Command | null {
      const testcase = behaviour(task.testcase)
      if (testcase === null || options.serverLacks.includes(testcase)) return null
      if (testcase === 'http3' && !protocols.includes('h3')) return null
      const preferred = task.preferred ?? { address: task.address, port: task.port + 1 }
      return {
        argv: [
          ...options.argv(chroot),
          'server',
          task.address,
          String(task.port),
          task.cert,
          task.key,
          task.www,
        ],
        env: {
          ...options.env,
          ...logEnvironment(task.logs),
          TESTCASE: testcase,
          PREFERRED: `${preferred.address} ${preferred.port}`,
        },
      }
    },
    client(chroot: Chroot, task: ClientTask): Command | null {
      const testcase = behaviour(task.testcase)
      if (testcase === null || options.clientLacks.includes(testcase)) return null
      const alpn = alpnOf(task, protocols)
      if (!protocols.includes(alpn)) return null
      return {
        argv: [
          ...options.argv(chroot),
          'client',
          task.address,
          String(task.port),
          task.ca,
          task.downloads,
          ...task.urls,
        ],
        env: { ...options.env, ...logEnvironment(task.logs), TESTCASE: testcase, ALPN: alpn },
      }
    },
  }
}
