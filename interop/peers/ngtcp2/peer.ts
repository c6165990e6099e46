// ngtcp2 and nghttp3 with GnuTLS: their own example client and server, which speak HTTP/3 only. The
// client does not verify certificates.

import type { Chroot } from '../../lib/debian.ts'
import type { CaseName, ClientTask, Command, Peer, ServerTask } from '../../lib/peer.ts'
import { packageVersion } from '../shared/build.ts'
import { behaviour, hostPort } from '../shared/cases.ts'
import { logEnvironment } from '../shared/driver.ts'
import { countingFiles, endingOnTerm, oncePerUrl } from '../shared/shell.ts'

const QUIET = ['--quiet', '--no-quic-dump', '--no-http-dump']
/** Against the default of 30 s, which is five attempts at a first flight: some handshakes need more. */
const PATIENT = '--timeout=180s'
const ONLY_CHACHA20 = '--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305'

const SERVER_OPTIONS: ReadonlyMap<CaseName, readonly string[]> = new Map([
  ['chacha20', [ONLY_CHACHA20]],
  ['retry', ['--validate-addr']],
  ['v2', ['--preferred-versions=v2,v1']],
])

const CLIENT_OPTIONS: ReadonlyMap<CaseName, readonly string[]> = new Map([
  ['chacha20', [ONLY_CHACHA20]],
  ['keyupdate', ['--key-update=1ms']],
  ['v2', ['--version=v1', '--available-versions=v2,v1']],
  ['versionnegotiation', ['--version=0x1a2a3a4a', '--preferred-versions=v1']],
])

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null) return null
  const options = [...(SERVER_OPTIONS.get(testcase) ?? [])]
  if (testcase === 'connectionmigration') {
    const { address, port } = task.preferred ?? { address: task.address, port: task.port + 1 }
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    options.push(`--preferred-${family}-addr=${hostPort(address, port)}`)
  }
  const env = logEnvironment(task.logs)
  const argv = endingOnTerm(chroot, [
    '/usr/sbin/gtlsserver',
    ...QUIET,
    PATIENT,
    '--mime-types-file=/dev/null',
    `--htdocs=${task.www}`,
    `--qlog-dir=${env['QLOGDIR']}`,
    ...options,
    task.address,
    String(task.port),
    task.key,
    task.cert,
  ])
  return { argv, env }
}

function client(chroot: Chroot, task: ClientTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null) return null
  const env = logEnvironment(task.logs)
  const common = [
    '/usr/bin/gtlsclient',
    ...QUIET,
    PATIENT,
    `--qlog-dir=${env['QLOGDIR']}`,
    `--download=${task.downloads}`,
    `--sni=${new URL(task.urls[0]).hostname}`,
    '--exit-on-all-streams-close',
    ...(CLIENT_OPTIONS.get(testcase) ?? []),
  ]
  const target = [task.address, String(task.port)]
  let command: Command
  if (testcase === 'multiconnect') {
    command = oncePerUrl([...common, ...target], task.urls)
  } else if (testcase === 'resumption' || testcase === 'zerortt') {
    const session = [`--session-file=${task.logs}/session`, `--tp-file=${task.logs}/parameters`]
    const late = testcase === 'resumption' ? ['--disable-early-data'] : []
    const [first, ...rest] = task.urls
    const script =
      'first=$1; shift; $COMMON --wait-for-ticket $TARGET "$first" && $COMMON $LATE $TARGET "$@"'
    command = {
      argv: ['sh', '-c', script, 'sh', first, ...rest],
      env: {
        COMMON: [...common, ...session].join(' '),
        TARGET: target.join(' '),
        LATE: late.join(' '),
      },
    }
  } else {
    command = { argv: [...common, ...target, ...task.urls] }
  }
  const checked = countingFiles(command, task)
  return { argv: chroot.command(...checked.argv), env: { ...env, ...checked.env } }
}

export const ngtcp2: Peer = {
  name: 'ngtcp2',
  packages: ['ngtcp2-client', 'ngtcp2-server'],
  protocols: ['h3'],
  setup: () => Promise.resolve(),
  version: (chroot) => packageVersion(chroot, 'ngtcp2-server'),
  server,
  client,
}
