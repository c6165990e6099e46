// Path MTU discovery on paths of the kernel's own: client - router - server, each in a network namespace, and
// a link between router and server that carries less than the client's 1,500 bytes. The client's kernel
// learns of that from ICMP messages, or not at all; the server's sees it at its own interface.
//
// Linux cuts in fragments what is larger than it knows a path to carry (packages/quic/src/connection/
// mtu-search.ts). RFC 9000 §14 forbids fragments; a few probes do leave so, since node:dgram cannot set DF.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chroot } from '../lib/debian.ts'
import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import { sha256 } from '../lib/files.ts'
import { openNetNamespace } from '../lib/net-namespace.ts'
import type { NetNamespace } from '../lib/net-namespace.ts'
import { run, start, startServer } from '../lib/process.ts'
import type { Server } from '../lib/process.ts'
import type { MtuResult } from './mtu-endpoint.ts'

export interface MtuTarget {
  readonly chroot: Chroot
  readonly ca: string
  readonly cert: string
  readonly key: string
}

type Family = 4 | 6

interface Lab {
  readonly client: NetNamespace
  readonly router: NetNamespace
  readonly server: NetNamespace
  /** Of the link between router and server, at both ends. */
  setMtu(mtu: number): Promise<void>
  close(): Promise<void>
}

async function openLab(chroot: Chroot, mtu: number): Promise<Lab> {
  const opened: NetNamespace[] = []
  const open = async (): Promise<NetNamespace> => {
    const namespace = await openNetNamespace(chroot)
    opened.push(namespace)
    return namespace
  }
  const close = async (): Promise<void> => {
    for (const namespace of opened) await namespace.close()
  }
  try {
    const [client, router, server] = [await open(), await open(), await open()]
    await router.ip(`link add to-client type veth peer name eth0 netns ${client.pid}`)
    await router.ip(`link add to-server type veth peer name eth0 netns ${server.pid}`)
    await router.sysctl('net.ipv4.ip_forward', 1)
    await router.sysctl('net.ipv6.conf.all.forwarding', 1)
    const setMtu = async (value: number): Promise<void> => {
      await server.ip(`link set eth0 mtu ${value}`)
      await router.ip(`link set to-server mtu ${value}`)
    }
    await setMtu(mtu)
    for (const [namespace, device, network, host] of [
      [client, 'eth0', 1, 2],
      [router, 'to-client', 1, 1],
      [router, 'to-server', 2, 1],
      [server, 'eth0', 2, 2],
    ] as const) {
      await namespace.ip(`address add 10.0.${network}.${host}/24 dev ${device}`)
      await namespace.ip(`address add fd00:${network}::${host}/64 dev ${device} nodad`)
      await namespace.ip(`link set ${device} up`)
    }
    for (const [namespace, network] of [
      [client, 1],
      [server, 2],
    ] as const) {
      await namespace.ip(`route add default via 10.0.${network}.1`)
      await namespace.ip(`-6 route add default via fd00:${network}::1`)
    }
    return { client, router, server, setMtu, close }
  } catch (error) {
    await close()
    throw error
  }
}

const PORT = 4433
/** Bytes of the headers of IP and UDP. */
const HEADERS = { 4: 28, 6: 48 } as const
const ADDRESS = { 4: '10.0.2.2', 6: 'fd00:2::2' } as const
/** Datagrams of one side and connection, of about 7,000: the sizes that a search tries. */
const MAX_FRAGMENTED_PROBES = 6
/** Those sent until the loss is known that says of a smaller MTU: a window of packets, of about 3,500. */
const MAX_FRAGMENTED_BY_SHRINKING = 1000
/** RFC 8899 ends a search where less than this is to be gained. */
const SEARCH_STEP = 20
const SMALLEST = 1200
const LARGEST = 1452

const endpoint = fileURLToPath(new URL('mtu-endpoint.ts', import.meta.url))
const node = [
  process.execPath,
  // INTEROP_NODE_FLAGS=--conditions=@godwit/source runs the sources instead of what was built.
  ...(process.env['INTEROP_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== ''),
  '--import=@godwit/testkit/register',
  endpoint,
]

/** Datagrams that left in fragments: two of each, for none has more than 1,452 bytes. */
const fragmented = (namespace: NetNamespace): number => namespace.count('FragCreates') / 2

async function inLab<T>(
  target: MtuTarget,
  mtu: number,
  use: (lab: Lab, server: Server) => Promise<T>,
): Promise<T> {
  const lab = await openLab(target.chroot, mtu)
  try {
    const argv = [...node, 'server', String(PORT), target.cert, target.key]
    const server = await startServer(lab.server.command(...argv), /listening/)
    try {
      return await use(lab, server)
    } finally {
      await server.stop()
    }
  } finally {
    await lab.close()
  }
}

/** `times` connections that upload and download 10 MB each; `atHalf` is awaited in the middle of an upload. */
async function transfers(
  { ca }: MtuTarget,
  lab: Lab,
  family: Family,
  times: number,
  atHalf?: () => Promise<void>,
): Promise<readonly MtuResult[]> {
  const argv = [...node, 'client', ADDRESS[family], String(PORT), ca, String(times)]
  let half: Promise<void> | undefined
  const client = await start(
    lab.client.command(...argv, ...(atHalf === undefined ? [] : ['pause'])),
    {
      timeout: 120_000,
      onOutput: (text) => {
        if (!text.includes('half')) return
        half ??= atHalf?.().then(() => {
          process.kill(client.pid, 'SIGUSR2')
        })
        half?.catch(() => client.stop())
      },
    },
  )
  const status = await client.ended
  await half
  const output = client.output().trim()
  expect(status === 0, `the client ended with ${status}: ${output.slice(-500)}`)
  const results = JSON.parse(output.split('\n').at(-1) ?? '') as MtuResult[]
  expect(
    results.every(({ whole }) => whole),
    'bytes are missing or changed',
  )
  return results
}

/** What was settled on, and by whom what left in fragments. Throws when it is more than `most` of each. */
function judge(
  lab: Lab,
  results: readonly MtuResult[],
  wanted: { readonly client: number; readonly server: number },
  most: number = MAX_FRAGMENTED_PROBES * results.length,
): string {
  for (const { client, server } of results) {
    for (const [side, size, best] of [
      ['client', client, wanted.client],
      ['server', server, wanted.server],
    ] as const) {
      const fits = size <= best && size + SEARCH_STEP >= best
      expect(fits, `the ${side} settled on ${size} bytes where the path carries ${best}`)
    }
  }
  const cut = [fragmented(lab.client), fragmented(lab.server), fragmented(lab.router)]
  const seen = `left in fragments: ${cut[0]} of the client, ${cut[1]} of the server`
  expect(cut[0] <= most && cut[1] <= most && cut[2] === 0, `${seen}, ${cut[2]} of the router`)
  const sizes = results.map(({ client, server }) => `${client} up, ${server} down`)
  return `- ${[...new Set(sizes)].join(', then ')}; ${seen}`
}

/** The router sends no packets of its own: no ICMP message says what is too large. */
async function silence(router: NetNamespace): Promise<void> {
  for (const family of [4, 6]) await router.ip(`-${family} rule add pref 10 iif lo unreachable`)
}

const carried = (family: Family, mtu: number): number => Math.min(LARGEST, mtu - HEADERS[family])

function path(target: MtuTarget, family: Family, mtu: number): Check {
  return {
    name: `IPv${family}, ${mtu} bytes: two connections move 10 MB each way`,
    run: () =>
      inLab(target, mtu, async (lab) => {
        const results = await transfers(target, lab, family, 2)
        const size = carried(family, mtu)
        return judge(lab, results, { client: size, server: size }, mtu === 1500 ? 0 : undefined)
      }),
  }
}

function blackHole(target: MtuTarget, family: Family): Check {
  return {
    name: `IPv${family}, 1350 bytes, and no ICMP: the client finds it, without a fragment`,
    run: () =>
      inLab(target, 1350, async (lab) => {
        await silence(lab.router)
        const results = await transfers(target, lab, family, 1)
        const size = carried(family, 1350)
        const note = judge(lab, results, { client: size, server: size })
        expect(fragmented(lab.client) === 0, note)
        return note
      }),
  }
}

function shrinking(target: MtuTarget, family: Family, icmp: boolean): Check {
  return {
    name: `IPv${family}, 1350 instead of 1500 bytes in the middle of an upload, ${icmp ? 'with' : 'without'} ICMP`,
    run: () =>
      inLab(target, 1500, async (lab) => {
        if (!icmp) await silence(lab.router)
        const results = await transfers(target, lab, family, 1, () => lab.setMtu(1350))
        const size = carried(family, 1350)
        // A black hole ends in the smallest size, and the next search is ten minutes away.
        const wanted = { client: icmp ? size : SMALLEST, server: size }
        return judge(lab, results, wanted, MAX_FRAGMENTED_BY_SHRINKING)
      }),
  }
}

/** curl sends 1,200 bytes at most, and says that it takes no more (max_udp_payload_size). */
function curl(target: MtuTarget): Check {
  return {
    name: 'IPv4, 1350 bytes: curl gets 10 MB from godwit and posts them back',
    run: () =>
      inLab(target, 1350, async (lab) => {
        const { chroot, ca } = target
        const url = `https://localhost:${PORT}`
        const file = join(chroot.share, 'mtu')
        const ask = async (...args: readonly string[]): Promise<string> => {
          const resolve = `localhost:${PORT}:${ADDRESS[4]}`
          const common = ['--http3-only', '--cacert', ca, '--resolve', resolve, '-sS', '--fail']
          const argv = chroot.command('curl', ...common, '--max-time', '60', ...args)
          const result = await run(lab.client.command(...argv), { timeout: 70_000 })
          expect(result.status === 0, `curl ended with ${result.status}: ${result.stderr.trim()}`)
          return result.stdout
        }
        try {
          const [got, size] = (
            await ask('-o', file, `${url}/`, `${url}/digest`, `${url}/size`)
          ).split(' ')
          expect(got === (await sha256(file)), 'what curl got is not what was sent')
          const posted = await ask('--data-binary', `@${file}`, '-H', 'expect:', `${url}/`)
          expect(posted === got, 'what curl posted is not what arrived')
          const one = { client: SMALLEST, server: Number(size) }
          return judge(lab, [{ ...one, whole: true }], { client: SMALLEST, server: SMALLEST }, 0)
        } finally {
          rmSync(file, { force: true })
        }
      }),
  }
}

/** Null where they can be run, or why not: that needs the right to make network namespaces and veth links. */
export async function mtuObstacle(chroot: Chroot): Promise<string | null> {
  let namespace: NetNamespace | undefined
  try {
    namespace = await openNetNamespace(chroot)
    await namespace.ip('link add one type veth peer name other')
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await namespace?.close()
  }
}

export function mtuChecks(target: MtuTarget): Check[] {
  const families: readonly Family[] = [4, 6]
  return [
    ...families.flatMap((family) => [1500, 1350, 1280].map((mtu) => path(target, family, mtu))),
    // What is left of Ethernet's 1,500 by PPPoE: less than a datagram of 1,452 bytes in IPv6.
    path(target, 6, 1492),
    ...families.map((family) => blackHole(target, family)),
    ...families.flatMap((family) => [true, false].map((icmp) => shrinking(target, family, icmp))),
    curl(target),
  ]
}
