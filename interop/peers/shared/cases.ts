// What an endpoint does in each case. The public runner gives many cases the same TESTCASE, since
// they differ in the network only; both spellings are understood here.

import type { Alpn, CaseName, ClientTask, Peer } from '../../lib/peer.ts'

const PLAIN = 'transfer'

const SAME: ReadonlyMap<CaseName, CaseName> = new Map([
  ['longrtt', 'handshake'],
  ['multiplexing', PLAIN],
  ['blackhole', PLAIN],
  ['amplificationlimit', PLAIN],
  ['transferloss', PLAIN],
  ['transfercorruption', PLAIN],
  ['ipv6', PLAIN],
  ['rebind-port', PLAIN],
  ['rebind-addr', PLAIN],
  ['goodput', PLAIN],
  ['crosstraffic', PLAIN],
  ['handshakeloss', 'multiconnect'],
  ['handshakecorruption', 'multiconnect'],
])

const KNOWN: ReadonlySet<CaseName> = new Set([
  'handshake',
  PLAIN,
  'chacha20',
  'retry',
  'resumption',
  'zerortt',
  'http3',
  'keyupdate',
  'ecn',
  'multiconnect',
  'v2',
  'connectionmigration',
  'versionnegotiation',
])

/** The TESTCASE of a case, or null for one that nobody here knows (WebTransport's, made-up names). */
export function behaviour(testcase: CaseName): CaseName | null {
  const name = SAME.get(testcase) ?? testcase
  return KNOWN.has(name) ? name : null
}

/** What a client speaks in a task. */
export function alpnOf(task: ClientTask, protocols: Peer['protocols']): Alpn {
  if (task.testcase === 'http3') return 'h3'
  return task.alpn ?? protocols?.[0] ?? 'hq-interop'
}

/** `address:port` as URLs and configuration files write it. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
