// How a client reaches a server: through a proxy that is the case's network and sees everything, or
// directly over the loopback with tcpdump watching.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Chroot } from '../lib/debian.ts'
import { start } from '../lib/process.ts'
import { UdpProxy } from '../lib/proxy.ts'
import { Capture } from './capture.ts'
import type { Network, Rebinding } from './networks.ts'

export interface CellConnection {
  /** Waits for what is still on its way when the client has ended. */
  settle(): Promise<void>
  /** What went wrong with it, if something did. */
  trouble(): string | null
  /** What was captured, if not into the capture that was given. */
  capture(): Capture | null
  /** Time from the first to the last 1-RTT packet that the client received, in ms. */
  receiving(): number
  close(): void | Promise<void>
}

export interface ProxyPlan {
  readonly capture: Capture
  readonly address: string
  readonly serverPort: number
  readonly port: number
  readonly network: Network
  readonly rebinding?: Rebinding
}

/** Addresses of the loopback that a client moves to. */
const CLIENT_ADDRESSES = ['127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6']
const SETTLE = 300
const LONG_HEADER = 0x80

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

export async function connectThroughProxy(plan: ProxyPlan): Promise<CellConnection> {
  const { address, serverPort, capture, network, rebinding } = plan
  const server = { address, port: serverPort }
  let [first, last] = [0, 0]
  let timer: NodeJS.Timeout | undefined
  let moves = 0
  let trouble: string | null = null
  const move = (): void => {
    const next = CLIENT_ADDRESSES[moves++ % CLIENT_ADDRESSES.length]
    proxy.rebind(rebinding?.address === true ? next : undefined).catch((error: unknown) => {
      trouble ??= `the client could not be moved: ${String(error)}`
    })
    timer = setTimeout(move, rebinding?.every)
  }
  const proxy = await UdpProxy.start(
    {
      target: server,
      port: plan.port,
      ...network,
      onDatagram: () => {
        // A client that starts slowly is not moved before it is there.
        if (rebinding !== undefined) timer ??= setTimeout(move, rebinding.first)
      },
      onServerSide: (direction, client, bytes) => {
        const time = performance.timeOrigin + performance.now()
        const [from, to] = direction === 'to-server' ? [client, server] : [server, client]
        capture.add({ time, direction, from, to, ecn: 0, bytes })
      },
      onClientSide: (bytes) => {
        if ((bytes[0] & LONG_HEADER) !== 0) return
        last = performance.now()
        if (first === 0) first = last
      },
    },
    address,
  )
  return {
    settle: () => wait(SETTLE),
    trouble: () => trouble,
    capture: () => null,
    receiving: () => last - first,
    close: () => {
      clearTimeout(timer)
      proxy.close()
    },
  }
}

export async function connectDirectly(
  chroot: Chroot,
  folder: string,
  serverPorts: readonly number[],
): Promise<CellConnection> {
  const file = join(folder, 'loopback.pcap')
  const filter = serverPorts.map((port) => `udp port ${port}`).join(' or ')
  const tcpdump = [
    '/usr/bin/tcpdump',
    '-i',
    'lo',
    '-n',
    '-s',
    '0',
    '-U',
    '--immediate-mode',
    '-Z',
    'root',
  ]
  const watching = await start(chroot.command(...tcpdump, '-w', file, filter))
  const deadline = performance.now() + 10_000
  while (!/listening on/.test(watching.output())) {
    if (watching.exitCode() !== null || performance.now() > deadline) {
      await watching.stop()
      throw new Error(`tcpdump does not watch the loopback: ${watching.output()}`)
    }
    await wait(20)
  }
  return {
    settle: async () => {
      await wait(SETTLE)
      await watching.stop()
      const dropped = /(\d+) packets? dropped by kernel/.exec(watching.output())?.[1] ?? '0'
      if (dropped !== '0') throw new Error(`the capture lacks ${dropped} packets`)
    },
    trouble: () => null,
    capture: () => (existsSync(file) ? Capture.read(file, serverPorts) : new Capture()),
    receiving: () => 0,
    close: () => watching.stop(),
  }
}
