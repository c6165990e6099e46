// A server under test: pinned to the first processor, started when it answers a handshake.

import { run, startServer } from '../../interop/lib/process.ts'
import type { Server } from '../../interop/lib/process.ts'
import { memoryOf } from '../lib/machine.ts'
import type { Contender, Loader } from './contenders.ts'
import type { LoadReport } from './options.ts'
import { loadArguments } from './options.ts'

const SERVER_CPU = '0'
const CLIENT_CPU = '1'
const PROBES = 40

/** Files in PEM that all servers and clients share. */
export interface Credentials {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

export interface RunningServer {
  readonly contender: Contender
  readonly port: number
  readonly pid: number
  /** MB resident after the first handshake. */
  readonly idleMemory: number
  alive(): boolean
  /** What it printed, for error messages. */
  output(): string
  stop(): Promise<void>
}

export const pinned = (cpu: string, argv: readonly string[]): string[] => [
  'taskset',
  '-c',
  cpu,
  ...argv,
]
export const serverArgv = (argv: readonly string[]): string[] => pinned(SERVER_CPU, argv)
export const clientArgv = (argv: readonly string[]): string[] => pinned(CLIENT_CPU, argv)

/** Starts a server; `probe` makes the handshakes that tell when it is ready. Null: any TCP server. */
export async function startContender(
  contender: Contender,
  port: number,
  credentials: Credentials,
  probe: Loader,
): Promise<RunningServer> {
  const argv = serverArgv(contender.server({ port, ...credentials }))
  // Not every server says that it is ready, so something says at once that it was started.
  const script = 'echo started; exec "$@"'
  const env = {
    ...process.env,
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    ...contender.env,
  }
  const server = await startServer(['sh', '-c', script, 'sh', ...argv], /started/, { env })
  try {
    await untilReady(server, contender, port, credentials, probe)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    contender,
    port,
    pid: server.pid,
    idleMemory: memoryOf(server.pid).resident,
    alive: () => server.exitCode() === null,
    output: () => server.output(),
    stop: () => server.stop(),
  }
}

async function untilReady(
  server: Server,
  contender: Contender,
  port: number,
  { ca }: Credentials,
  probe: Loader,
): Promise<void> {
  let last = ''
  for (let i = 0; i < PROBES; i++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 250)
    })
    if (server.exitCode() !== null) break
    if (contender.protocol === 'h2') {
      if (server.output().includes('listening')) return
      continue
    }
    const shot = {
      mode: 'handshakes',
      port,
      path: '/1k',
      ca,
      seconds: 0.05,
      connections: 1,
      streams: 1,
    } as const
    const argv = clientArgv([...probe.argv, ...loadArguments(shot)])
    const { stdout } = await run(argv, { timeout: 3000 })
    const line = stdout.trim().split('\n').at(-1) ?? ''
    if (line.startsWith('{') && (JSON.parse(line) as LoadReport).count > 0) return
    last = line
  }
  throw new Error(`${contender.name} does not answer: ${last} ${server.output().slice(-500)}`)
}
