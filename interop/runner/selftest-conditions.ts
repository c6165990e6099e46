// Every condition holds for packets that keep it and refuses packets that break it. The packets are made up,
// and those that have to be opened are opened by tshark, as in a cell.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '../lib/check.ts'
import type { Check } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { Capture } from './capture.ts'
import type { Direction, SocketAddress } from './capture.ts'
import * as conditions from './conditions.ts'
import type { Condition } from './conditions.ts'
import { Evidence } from './evidence.ts'
import * as made from './made-packets.ts'
import { bare, bareShort, MadeConnection } from './made-packets.ts'
import { VERSION_2 } from './packets.ts'

interface Ends {
  readonly ecn?: number
  readonly client?: SocketAddress
  readonly server?: SocketAddress
}
type Datagram = readonly [Direction, Uint8Array, Ends?]
/** A datagram of the client, and one of the server. */
const up = (bytes: Uint8Array, ends: Ends = {}): Datagram => ['to-server', bytes, ends]
const down = (bytes: Uint8Array, ends: Ends = {}): Datagram => ['to-client', bytes, ends]
const UP = 'to-server'
const DOWN = 'to-client'

interface Scene {
  readonly packets?: readonly Datagram[]
  readonly connections?: readonly MadeConnection[]
  /** Contents of the file that was to be fetched, and of the one that was; null: none was. */
  readonly file?: readonly [string, string | null]
}

interface Proof {
  readonly condition: Condition
  readonly holds: readonly Scene[]
  readonly breaks: readonly (readonly [Scene, RegExp])[]
}

const SERVER = { address: '127.0.0.1', port: 10_000 }
const CLIENT = { address: '127.0.0.1', port: 40_000 }
const MOVED = { client: { address: '127.0.0.3', port: 40_001 } }
const PREFERRED = { server: { address: '127.0.0.2', port: 10_001 } }
const ECT0 = 2
const CE = 3

const packets = (...list: Datagram[]): Scene => ({ packets: list })

/** A connection that is established, and what is sent on it. */
function session(more: (it: MadeConnection) => readonly Datagram[], ...flight: Buffer[]): Scene {
  const it = new MadeConnection(10)
  return { packets: [...it.established(...flight), ...more(it)], connections: [it] }
}

const hello = bare('initial', 1, 2, 1200)
const answer = bare('initial', 2, 3, 1200)

function offering(...suites: number[]): Scene {
  const it = new MadeConnection(10)
  return packets(up(it.initial(UP, 0, [made.crypto(0, it.clientHello(suites))])))
}

function streamLimit(limit: number | undefined): Scene {
  const it = new MadeConnection(10)
  const flight = made.crypto(0, made.encryptedExtensions(limit))
  const [first, second] = it.established()
  return { packets: [first, second, down(it.handshake(DOWN, 0, [flight]))], connections: [it] }
}

/** An Initial, a Retry with `token`, and an Initial with `used` and `number`. */
function retried(token: string, used: string, number: number): Scene {
  const it = new MadeConnection(10)
  const start = [made.crypto(0, it.clientHello())]
  const before = up(it.initial(UP, 5, start))
  const retry = down(it.retry(90, token))
  const after = up(it.initial(UP, number, start, used))
  return { packets: [before, retry, after], connections: [it] }
}

function twice(first: readonly Buffer[], second: readonly Buffer[]): Scene {
  const [one, two] = [new MadeConnection(10), new MadeConnection(20)]
  // Another connection comes from another port.
  const later = two
    .established(...second)
    .map(([direction, bytes]): Datagram => [direction, bytes, MOVED])
  return { packets: [...one.established(...first), ...later], connections: [one, two] }
}

function ecn(ends: { up: number; down: number }, acks: readonly [Buffer, Buffer]): Scene {
  return session((it) => [
    up(it.oneRtt(UP, 0, [acks[0]]), { ecn: ends.up }),
    down(it.oneRtt(DOWN, 0, [acks[1]]), { ecn: ends.down }),
  ])
}

/** The client moves; then these frames of the server, and these of the client. */
const moving = (ofServer: readonly Buffer[], ofClient: readonly Buffer[]): Scene =>
  session((it) => [
    up(it.oneRtt(UP, 0, [made.ping])),
    down(it.oneRtt(DOWN, 0, [made.ping])),
    up(it.oneRtt(UP, 1, [made.ping]), MOVED),
    ...ofServer.map((frame, i) => down(it.oneRtt(DOWN, 1 + i, [frame]), MOVED)),
    ...ofClient.map((frame, i) => up(it.oneRtt(UP, 2 + i, [frame]), MOVED)),
  ])

const toPreferred = (destination: Buffer): Scene =>
  session((it) => [
    down(it.oneRtt(DOWN, 0, [made.newConnectionId(1, made.id(77))])),
    up(it.oneRtt(UP, 0, [made.ping])),
    up(it.oneRtt(UP, 1, [made.ping], { destination }), PREFERRED),
  ])

const version2 = (first: number, answered: number, later: number): Scene =>
  packets(
    up(bare('initial', 1, 2, 1200, first)),
    down(bare('initial', 2, 3, 1200, answered)),
    down(bare('handshake', 2, 3, 100, VERSION_2)),
    up(bare('handshake', 3, 2, 100, later)),
  )

const { ping, pathChallenge, pathResponse } = made

/** By the names in conditions.ts. */
const PROOFS: Readonly<Record<keyof typeof conditions, Proof>> = {
  complete: {
    condition: conditions.complete,
    holds: [{ file: ['same', 'same'] }],
    breaks: [
      [{ file: ['same', null] }, /1 of 1 files did not arrive/],
      [{ file: ['same', 'some'] }, /file differs/],
      [{ file: ['same', 'sam'] }, /3 bytes, expected 4/],
    ],
  },
  version1: {
    condition: conditions.version1,
    holds: [packets(up(bare('initial', 1, 2, 50, VERSION_2)), down(answer))],
    breaks: [
      [packets(down(answer), down(bare('initial', 2, 3, 50, VERSION_2))), /versions 0x1, 0x6b/],
      [packets(up(hello)), /versions $/],
    ],
  },
  handshakes: {
    condition: conditions.handshakes(2),
    holds: [packets(up(hello), down(answer), down(answer), down(bare('initial', 2, 4, 50)))],
    breaks: [
      [packets(up(hello), down(answer)), /1 handshakes, expected 2/],
      [packets(...[3, 4, 5].map((id) => down(bare('initial', 2, id, 50)))), /3 handshakes/],
    ],
  },
  withoutRetry: {
    condition: conditions.withoutRetry,
    holds: [packets(up(hello), down(answer))],
    breaks: [[retried('aabb', 'aabb', 6), /sent a Retry/]],
  },
  clientHellos: {
    condition: conditions.clientHellos(2),
    holds: [session((it) => [up(it.initial(UP, 1, [made.crypto(0, it.clientHello())]))])],
    // The server's first CRYPTO frames do not count.
    breaks: [[session(() => []), /1 ClientHellos, expected 2/]],
  },
  onlyCipherSuite: {
    condition: conditions.onlyCipherSuite('0x1303'),
    holds: [offering(0x1303), offering(0x1303, 0x00ff)],
    breaks: [
      [offering(0x1303, 0x1301), /offers 0x1303 0x1301/],
      [offering(0x1301), /offers 0x1301/],
      [packets(up(hello)), /no ClientHello/],
    ],
  },
  firstStreamLimit: {
    condition: conditions.firstStreamLimit(1000),
    holds: [streamLimit(1000)],
    breaks: [
      [streamLimit(1001), /permits 1001 streams/],
      [streamLimit(undefined), /was not found/],
    ],
  },
  retryFollowed: {
    condition: conditions.retryFollowed,
    holds: [retried('aabb', 'aabb', 6)],
    breaks: [
      [retried('aabb', 'aabb', 5), /packet number 5 after the Retry, 5 before/],
      [retried('aabb', 'aacc', 6), /no Initial packet has the token/],
      [retried('aabb', '', 6), /no Initial packet has the token/],
      [retried('', '', 6), /a Retry has no token/],
      [session(() => []), /no Retry was sent/],
    ],
  },
  secondWithoutCertificate: {
    condition: conditions.secondWithoutCertificate,
    holds: [twice([made.certificate], [])],
    breaks: [
      [twice([made.certificate], [made.certificate]), /not resumed/],
      [twice([], []), /the first handshake has no Certificate/],
    ],
  },
  requestsInZeroRtt: {
    condition: conditions.requestsInZeroRtt(1000),
    // Nine bytes of a short header are its connection ID and packet number.
    holds: [packets(down(answer), up(bare('0-rtt', 3, 2, 900)), up(bareShort(509)))],
    breaks: [
      [
        packets(down(answer), up(bare('0-rtt', 3, 2, 900)), up(bareShort(510))),
        /501 bytes in 1-RTT/,
      ],
      [packets(down(answer), up(bareShort(100))), /no 0-RTT packet/],
      [packets(down(answer), down(bare('0-rtt', 2, 3, 900))), /no 0-RTT packet/],
    ],
  },
  bothKeyPhases: {
    condition: conditions.bothKeyPhases,
    holds: [phases(1, 1)],
    breaks: [
      [phases(1, 0), /1 packets of the client, 0 back/],
      [phases(0, 1), /0 packets of the client, 1 back/],
    ],
  },
  ecnMarked: {
    condition: conditions.ecnMarked,
    holds: [ecn({ up: ECT0, down: ECT0 }, [made.ack(1), made.ack(1)])],
    breaks: [
      [ecn({ up: 0, down: ECT0 }, [made.ack(1), made.ack(1)]), /the client marked no packet/],
      [ecn({ up: ECT0, down: 0 }, [made.ack(1), made.ack(1)]), /the server marked no packet/],
      [ecn({ up: ECT0, down: CE }, [made.ack(1), made.ack(1)]), /packets of the server have CE/],
      [ecn({ up: ECT0, down: ECT0 }, [made.ack(), made.ack(1)]), /the client sent no ACK with ECN/],
      [ecn({ up: ECT0, down: ECT0 }, [made.ack(1), made.ack()]), /the server sent no ACK with ECN/],
    ],
  },
  largeHandshake: {
    condition: conditions.largeHandshake(7500),
    holds: [handshakeBytes(DOWN, 7500)],
    breaks: [
      [handshakeBytes(DOWN, 7499), /7499 bytes in CRYPTO frames/],
      [handshakeBytes(UP, 9000), / bytes in CRYPTO frames/],
    ],
  },
  withinAmplificationLimit: {
    condition: conditions.withinAmplificationLimit,
    holds: [
      amplified(3, bare('handshake', 3, 2, 50)),
      // An Initial to a connection ID that the server chose is a proof, too.
      amplified(3, bare('initial', 3, 2, 50)),
    ],
    breaks: [
      [amplified(4, bare('handshake', 3, 2, 50)), /sent 4\d+ bytes for 12\d\d/],
      [amplified(3, hello), /no Handshake packet/],
      [packets(up(hello), down(made.versionNegotiation(2, 1))), /sent Version Negotiation/],
    ],
  },
  negotiatedVersion2: {
    condition: conditions.negotiatedVersion2,
    holds: [version2(1, VERSION_2, VERSION_2)],
    breaks: [
      [version2(VERSION_2, VERSION_2, VERSION_2), /the client's Initial packets/],
      [version2(1, 1, VERSION_2), /the server's Initial packets/],
      [version2(1, VERSION_2, 1), /Handshake packets to-server have versions 0x1/],
    ],
  },
  versionNegotiated: {
    condition: conditions.versionNegotiated,
    holds: [packets(up(bare('initial', 1, 2, 50)), down(made.versionNegotiation(2, 1)))],
    breaks: [
      [packets(up(hello), down(answer)), /no Version Negotiation/],
      [packets(up(hello), down(made.versionNegotiation(2, 9))), /as its source/],
      [packets(), /the client sent nothing/],
    ],
  },
  pathsValidatedAtOnce: {
    condition: conditions.pathsValidatedAtOnce,
    holds: [moving([pathChallenge(5), ping], [pathResponse(5)])],
    breaks: [
      [
        moving([ping, pathChallenge(5)], [pathResponse(5)]),
        /first packet on .* has no PATH_CHALLENGE/,
      ],
      [moving([pathChallenge(5)], [pathResponse(6)]), /was not answered/],
      [moving([], []), /on one path only/],
    ],
  },
  pathsValidated: {
    condition: conditions.pathsValidated,
    holds: [moving([ping, pathChallenge(4), pathChallenge(5)], [pathResponse(5)])],
    breaks: [
      [moving([ping], []), /no PATH_CHALLENGE on/],
      [moving([ping, pathChallenge(5)], [pathResponse(6)]), /no PATH_CHALLENGE on .* was answered/],
      [moving([], []), /on one path only/],
    ],
  },
  clientAddressesChanged: {
    condition: conditions.clientAddressesChanged,
    holds: [moving([ping], [])],
    breaks: [[session((it) => [down(it.oneRtt(DOWN, 0, [ping]))]), /to one address only/]],
  },
  newConnectionIdOnNewPath: {
    condition: conditions.newConnectionIdOnNewPath,
    holds: [toPreferred(made.id(77))],
    breaks: [[toPreferred(made.id(11)), /connection ID (0b){8} on two paths/]],
  },
}

function phases(client: 0 | 1, server: 0 | 1): Scene {
  return session((it) => [
    up(it.oneRtt(UP, 0, [ping])),
    down(it.oneRtt(DOWN, 0, [ping])),
    up(it.oneRtt(UP, 1, [ping], { phase: client })),
    down(it.oneRtt(DOWN, 1, [ping], { phase: server })),
  ])
}

/** A handshake whose last CRYPTO frame, of one side, ends at `bytes`. */
function handshakeBytes(direction: Direction, bytes: number): Scene {
  return session((it) => {
    const frame = made.crypto(bytes - 600, Buffer.alloc(600))
    return [[direction, it.handshake(direction, 1, [frame])]]
  })
}

/** One Initial of the client, `count` datagrams of the same size for it, and `proof`. */
function amplified(count: number, proof: Buffer): Scene {
  return packets(up(hello), ...Array.from({ length: count }, () => down(answer)), up(proof))
}

export function conditionChecks(chroot: Chroot, folder: string): Check[] {
  let count = 0
  const evidence = ({ packets: list = [], connections = [], file }: Scene): Evidence => {
    const own = join(folder, `scene-${count++}`)
    mkdirSync(join(own, 'server'), { recursive: true })
    const keys = connections.flatMap(({ keyLog }) => keyLog)
    writeFileSync(join(own, 'server/keys.log'), `${keys.join('\n')}\n`)
    const capture = new Capture()
    for (const [i, [direction, bytes, ends = {}]] of list.entries()) {
      const { ecn: mark = 0, client = CLIENT, server = SERVER } = ends
      const [from, to] = direction === UP ? [client, server] : [server, client]
      capture.add({ time: 1000 + i, direction, from, to, ecn: mark, bytes })
    }
    const path = join(own, 'original')
    if (file !== undefined) writeFileSync(path, file[0])
    if (file !== undefined && file[1] !== null) writeFileSync(join(own, 'file'), file[1])
    return new Evidence({
      chroot,
      folder: own,
      capture,
      serverPorts: [SERVER.port, PREFERRED.server.port],
      downloads: own,
      files: file === undefined ? [] : [{ name: 'file', path }],
    })
  }
  return Object.entries(PROOFS).map(([name, { condition, holds, breaks }]) => ({
    name,
    run: async () => {
      const judge = async (scene: Scene): Promise<string | null> => {
        try {
          await condition(evidence(scene))
          return null
        } catch (error) {
          return String(error)
        }
      }
      const [held, broken] = await Promise.all([
        Promise.all(holds.map(judge)),
        Promise.all(breaks.map(([scene]) => judge(scene))),
      ])
      for (const [i, seen] of held.entries())
        expect(seen === null, `scene ${i} is refused: ${seen}`)
      for (const [i, [, reason]] of breaks.entries()) {
        const seen = broken[i]
        expect(seen !== null, `it holds, but "${reason.source}" was expected`)
        expect(reason.test(seen), `"${reason.source}" was expected, but seen was: ${seen}`)
      }
    },
  }))
}
