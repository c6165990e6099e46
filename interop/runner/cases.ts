// The test cases of the public QUIC interop runner as data: the network, the files, the time, and what
// must be true of the packets afterwards.

import type { CaseName } from '../lib/peer.ts'
import * as is from './conditions.ts'
import type { Condition } from './conditions.ts'
import * as networks from './networks.ts'
import type { NetworkFactory, Rebinding } from './networks.ts'

const KB = 1024
const MB = 1024 * KB
const MINUTE = 60_000

export interface TestCase {
  readonly name: CaseName
  /** The letters that stand for it in the table. */
  readonly letter: string
  readonly description: string
  /** TESTCASE of the public contract for each role: many cases differ in the network only. */
  readonly testcase: { readonly client: string; readonly server: string }
  /** Sizes of the files to fetch. */
  readonly files: readonly number[]
  /** Length of their names. Default 10. */
  readonly nameLength?: number
  readonly network: NetworkFactory
  readonly rebinding?: Rebinding
  /**
   * No proxy: client and server meet on the loopback, which tcpdump watches. For what a proxy of
   * node:dgram cannot do: ECN marks are neither seen nor set by it, and it does not know of an
   * address that the server names itself.
   */
  readonly direct?: boolean
  /** Default IPv4. */
  readonly ipv6?: boolean
  /** Certificates in the server's chain. Default 1. */
  readonly chain?: number
  /** Time for the client, in ms. */
  readonly limit: number
  /** Each looks at the files or the packets; all must hold. */
  readonly conditions: readonly Condition[]
  /** A measurement: run this many times, alone; the result is in kbit/s. */
  readonly repetitions?: number
}

interface Options extends Partial<Omit<TestCase, 'testcase'>> {
  readonly client?: string
  readonly server?: string
}

function define(
  letter: string,
  name: CaseName,
  description: string,
  files: readonly number[],
  options: Options,
): TestCase {
  const { client = name, server = name, ...rest } = options
  return {
    name,
    letter,
    description,
    testcase: { client, server },
    files,
    network: networks.plain,
    limit: MINUTE,
    conditions: [is.complete, is.version1, is.handshakes(1)],
    ...rest,
  }
}

const TRANSFER = { client: 'transfer', server: 'transfer' }
const MULTICONNECT = { client: 'multiconnect', server: 'multiconnect' }
const ONE_HANDSHAKE: readonly Condition[] = [is.complete, is.version1, is.handshakes(1)]
const MANY = 50

/** In the order of the public runner. */
export const CASES: readonly TestCase[] = [
  define('H', 'handshake', 'a handshake completes', [KB], {
    conditions: [...ONE_HANDSHAKE, is.withoutRetry],
  }),
  define('DC', 'transfer', 'three files at a time', [2 * MB, 3 * MB, 5 * MB], {}),
  define('LR', 'longrtt', 'a handshake over a path of 1.5 s', [KB], {
    client: 'handshake',
    server: 'handshake',
    network: networks.longDelay,
    conditions: [...ONE_HANDSHAKE, is.clientHellos(2)],
  }),
  define('C20', 'chacha20', 'only ChaCha20-Poly1305 is offered', [3 * MB], {
    conditions: [...ONE_HANDSHAKE, is.onlyCipherSuite('0x1303')],
  }),
  define('M', 'multiplexing', '1,999 streams, at most 1,000 at first', fill(1999, 32), {
    ...TRANSFER,
    conditions: [...ONE_HANDSHAKE, is.firstStreamLimit(1000)],
  }),
  define('S', 'retry', 'the server sends a Retry', [10 * KB], {
    conditions: [...ONE_HANDSHAKE, is.retryFollowed],
  }),
  define('R', 'resumption', 'the second connection resumes the session', [5 * KB, 10 * KB], {
    conditions: [is.complete, is.version1, is.handshakes(2), is.secondWithoutCertificate],
  }),
  define('Z', 'zerortt', 'requests in 0-RTT packets', fill(40, 32), {
    nameLength: 250,
    conditions: [is.complete, is.version1, is.handshakes(2), is.requestsInZeroRtt(40 * 250)],
  }),
  define('3', 'http3', 'three files at a time over HTTP/3', [5 * KB, 10 * KB, 500 * KB], {}),
  define('B', 'blackhole', 'the network is gone for 2 s, 5 s into the transfer', [10 * MB], {
    ...TRANSFER,
    network: networks.blackouts,
  }),
  define('U', 'keyupdate', 'both sides send in the second key phase', [3 * MB], {
    server: 'transfer',
    conditions: [...ONE_HANDSHAKE, is.bothKeyPhases],
  }),
  define('E', 'ecn', 'both sides mark packets and report marks', [100 * KB], {
    direct: true,
    conditions: [...ONE_HANDSHAKE, is.withoutRetry, is.ecnMarked],
  }),
  define('A', 'amplificationlimit', 'no more than three times what the client sent', [5 * KB], {
    ...TRANSFER,
    network: networks.initialsLost,
    chain: 9,
    conditions: [...ONE_HANDSHAKE, is.largeHandshake(7500), is.withinAmplificationLimit],
  }),
  define('L1', 'handshakeloss', '50 handshakes, 30 % loss both ways', fill(MANY, KB), {
    ...MULTICONNECT,
    network: networks.loss(0.3),
    limit: 5 * MINUTE,
    conditions: [is.complete, is.version1, is.handshakes(MANY)],
  }),
  define('L2', 'transferloss', '2 % loss both ways', [2 * MB], {
    ...TRANSFER,
    network: networks.loss(0.02),
  }),
  define('C1', 'handshakecorruption', '50 handshakes, 30 % corrupted', fill(MANY, KB), {
    ...MULTICONNECT,
    network: networks.corruption(0.3),
    limit: 5 * MINUTE,
    conditions: [is.complete, is.version1, is.handshakes(MANY)],
  }),
  define('C2', 'transfercorruption', '2 % corrupted both ways', [2 * MB], {
    ...TRANSFER,
    network: networks.corruption(0.02),
  }),
  // The public runner looks for IPv4 packets afterwards. Here both the proxy, which alone is told to the
  // client, and its way to the server have ::1 alone: a file that arrived came over IPv6.
  define('6', 'ipv6', 'over IPv6', [5 * KB, 10 * KB], { ...TRANSFER, ipv6: true }),
  define('V2', 'v2', 'compatible negotiation of version 2', [KB], {
    conditions: [is.complete, is.negotiatedVersion2],
  }),
  define('BP', 'rebind-port', "the client's port changes on the way", [10 * MB], {
    ...TRANSFER,
    rebinding: { first: 1000, every: 5000, address: false },
    conditions: [...ONE_HANDSHAKE, is.pathsValidatedAtOnce],
  }),
  define('BA', 'rebind-addr', "the client's address changes on the way", [10 * MB], {
    ...TRANSFER,
    rebinding: { first: 1000, every: 5000, address: true },
    conditions: [...ONE_HANDSHAKE, is.clientAddressesChanged, is.pathsValidatedAtOnce],
  }),
  define('CM', 'connectionmigration', "the client moves to the server's address", [2 * MB], {
    client: 'transfer',
    direct: true,
    conditions: [...ONE_HANDSHAKE, is.pathsValidated, is.newConnectionIdOnNewPath],
  }),
  define('V', 'versionnegotiation', 'the client starts with an unknown version', [KB], {
    conditions: [is.versionNegotiated],
  }),
  define('G', 'goodput', '10 MB over 10 Mbit/s', [10 * MB], { ...TRANSFER, repetitions: 5 }),
  define('C', 'crosstraffic', '25 MB over 10 Mbit/s, beside a TCP connection', [25 * MB], {
    ...TRANSFER,
    network: networks.besideTcp,
    limit: 3 * MINUTE,
    repetitions: 5,
  }),
]

/** Cases of the public runner that nobody here speaks. Listed, never run. */
export const UNSUPPORTED_CASES: readonly string[] = [
  'webtransport-handshake',
  'webtransport-transfer-unidirectional-receive',
  'webtransport-transfer-unidirectional-send',
  'webtransport-transfer-bidirectional-receive',
  'webtransport-transfer-bidirectional-send',
  'webtransport-transfer-datagram-receive',
  'webtransport-transfer-datagram-send',
]

function fill(count: number, size: number): readonly number[] {
  return Array.from({ length: count }, () => size)
}
