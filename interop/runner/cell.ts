// One cell of the matrix: a client meets a server on the network of a case.

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Prng } from '@godwit/testkit'
import type { Chroot } from '../lib/debian.ts'
import type { Alpn, ClientTask, Command, Peer, ServerTask } from '../lib/peer.ts'
import { start } from '../lib/process.ts'
import type { Running } from '../lib/process.ts'
import { UNSUPPORTED } from '../lib/contract.ts'
import { Capture } from './capture.ts'
import type { TestCase } from './cases.ts'
import type { Certificates } from './certificates.ts'
import { connectDirectly, connectThroughProxy } from './connections.ts'
import type { CellConnection } from './connections.ts'
import { ConditionError, Evidence, NotCheckableError } from './evidence.ts'
import type { ExpectedFile } from './evidence.ts'
import { folderSize, writeAnew } from './folders.ts'
import { isUdpPortBound } from './namespace.ts'
import type { Outcome } from './results.ts'

/** What a cell is made of. */
export interface Cell {
  readonly client: Peer
  readonly server: Peer
  readonly testcase: TestCase
  readonly seed: number
  /** For logs, keys and the capture; the chroot sees it. */
  readonly folder: string
  /** Folder to serve, and what is to be fetched from it. */
  readonly www: string
  readonly files: readonly ExpectedFile[]
  readonly certificates: Certificates
  /** Three ports for this cell alone: the server's, one more of it, and the proxy's. */
  readonly ports: readonly [number, number, number]
  /** Bytes of datagrams that are captured; a cell with more fails. Default: 100 MiB. */
  readonly captureLimit?: number
}

export interface Verdict {
  readonly outcome: Outcome
  readonly reason: string
  readonly alpn?: Alpn
  /** Of a measurement, kbit/s. */
  readonly measured?: number
}

const READY_LIMIT = 30_000
/** Logs, keys and qlogs of a cell: an endpoint that writes more than this is ended. */
const MAX_FOLDER = 400 * 1024 * 1024
const WATCH_INTERVAL = 1000
/** Preferred address of a server that has one; the loopback has the whole of 127/8. */
const PREFERRED_ADDRESS = '127.0.0.2'

const DEFAULT_PROTOCOLS: readonly Alpn[] = ['hq-interop', 'h3']
const unsupported = (reason: string): Verdict => ({ outcome: 'unsupported', reason })
const failed = (reason: string): Verdict => ({ outcome: 'failed', reason })

/** Runs a cell. Never rejects: what goes wrong is its verdict. */
export async function runCell(chroot: Chroot, cell: Cell): Promise<Verdict> {
  try {
    const verdict = await attempt(chroot, cell)
    const reason = verdict.reason === '' ? '' : `: ${verdict.reason}`
    writeAnew(cell.folder, 'verdict.txt', `${verdict.outcome}${reason}\n`)
    return verdict
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return failed(`the lab failed: ${text}`)
  }
}

async function attempt(chroot: Chroot, cell: Cell): Promise<Verdict> {
  const { client, server, testcase } = cell
  if (client.client === undefined) return unsupported(`${client.name} is no client`)
  if (server.server === undefined) return unsupported(`${server.name} is no server`)
  const alpn = chooseProtocol(client, server, testcase)
  if (alpn === null) return unsupported('no protocol in common')

  const folders = ['server', 'client', 'downloads'].map((name) => join(cell.folder, name))
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  const [serverLogs, clientLogs, downloads] = folders
  const address = testcase.ipv6 === true ? '::1' : '127.0.0.1'
  const [port, otherPort, proxyPort] = cell.ports
  const direct = testcase.direct === true
  const preferred = { address: PREFERRED_ADDRESS, port: otherPort }
  const { www, certificates } = cell
  const serverTask: ServerTask = {
    testcase: testcase.name,
    address,
    port,
    www,
    cert: certificates.cert,
    key: certificates.key,
    logs: serverLogs,
    preferred,
  }
  const clientPort = direct ? port : proxyPort
  const clientTask: ClientTask = {
    testcase: testcase.name,
    alpn,
    urls: cell.files.map(({ name }) => `https://localhost:${clientPort}/${name}`),
    address,
    port: clientPort,
    downloads,
    ca: client.shortChains === true ? certificates.middle : certificates.ca,
    logs: clientLogs,
  }
  const serverCommand = server.server(chroot, serverTask)
  if (serverCommand === null) return unsupported(`${server.name} does not serve this case`)
  const clientCommand = client.client(chroot, clientTask)
  if (clientCommand === null) return unsupported(`${client.name} does not do this case`)

  const processes = new Map<string, Running>()
  const guard = watchFolder(cell.folder, processes)
  let connection: CellConnection | null = null
  const capture = new Capture(cell.captureLimit)
  const limit = AbortSignal.timeout(READY_LIMIT + testcase.limit + 60_000)
  try {
    const serving = await launch(serverCommand)
    processes.set('server', serving)
    const problem = await untilReady(serving, serverCommand, port)
    if (serving.exitCode() === UNSUPPORTED) return unsupported(`${server.name} said so (127)`)
    if (problem !== null) return failed(problem)

    connection = direct
      ? await connectDirectly(chroot, cell.folder, [port, otherPort])
      : await connectThroughProxy({
          capture,
          address,
          serverPort: port,
          port: proxyPort,
          network: testcase.network(new Prng(cell.seed)),
          ...(testcase.rebinding === undefined ? {} : { rebinding: testcase.rebinding }),
        })
    const begun = performance.now()
    const fetching = await launch(clientCommand, testcase.limit)
    processes.set('client', fetching)
    const status = await fetching.ended
    const seconds = (performance.now() - begun) / 1000
    await connection.settle()
    if (status === UNSUPPORTED) return unsupported(`${client.name} said so (127)`)
    const timedOut = seconds * 1000 >= testcase.limit
    const ended = serving.exitCode()
    await serving.stop()
    const trouble = guard.trouble() ?? connection.trouble()
    if (trouble !== null) return failed(trouble)
    const seen = connection.capture() ?? capture
    const evidence = new Evidence({
      chroot,
      folder: cell.folder,
      capture: seen,
      serverPorts: [port, otherPort],
      downloads,
      files: cell.files,
    })
    if (timedOut) return failed(`not done after ${testcase.limit / 1000} s`)
    if (status !== 0) return failed(clientFailure(client, status, fetching))
    if (ended !== null) return failed(`${server.name} ended by itself with ${ended}`)
    if (seen.cut !== null) return failed(seen.cut)
    const verdict = await judge(testcase, evidence, limit)
    if (verdict.outcome !== 'passed' || testcase.repetitions === undefined) return verdict
    const bits = 8 * testcase.files.reduce((sum, size) => sum + size, 0)
    const duration = connection.receiving()
    if (duration === 0) return failed('nothing was received')
    return { ...verdict, measured: bits / duration }
  } finally {
    await connection?.close()
    await Promise.all([...processes.values()].map((running) => running.stop()))
    guard.stop()
    for (const [role, running] of processes) {
      writeAnew(join(cell.folder, role), 'output.txt', running.output())
    }
    rmSync(downloads, { recursive: true, force: true })
  }
}

async function judge(testcase: TestCase, evidence: Evidence, limit: AbortSignal): Promise<Verdict> {
  for (const condition of testcase.conditions) {
    if (limit.aborted) return failed('the conditions took too long to look at')
    try {
      await condition(evidence)
    } catch (error) {
      if (error instanceof NotCheckableError) return unsupported(error.message)
      if (error instanceof ConditionError) return failed(error.message)
      throw error
    }
  }
  return { outcome: 'passed', reason: '' }
}

/** What the two speak in a case: the client's first choice that the server knows. */
export function chooseProtocol(client: Peer, server: Peer, testcase: TestCase): Alpn | null {
  const theirs = server.protocols ?? DEFAULT_PROTOCOLS
  const common = (client.protocols ?? DEFAULT_PROTOCOLS).filter((name) => theirs.includes(name))
  if (testcase.name === 'http3') return common.includes('h3') ? 'h3' : null
  return common[0] ?? null
}

function launch(command: Command, timeout?: number): Promise<Running> {
  return start(command.argv, {
    env: { ...process.env, ...command.env },
    ...(timeout === undefined ? {} : { timeout }),
  })
}

/** Waits for a server; says what is wrong when it does not come. */
async function untilReady(
  serving: Running,
  command: Command,
  port: number,
): Promise<string | null> {
  const deadline = performance.now() + READY_LIMIT
  for (;;) {
    if (serving.exitCode() !== null) {
      return `the server ended with ${serving.exitCode()}: ${tail(serving.output())}`
    }
    const said = command.ready === undefined || command.ready.test(serving.output())
    if (said && isUdpPortBound(port)) return null
    if (performance.now() > deadline) return 'the server did not become ready'
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** The last line that says something: dumps of objects end with brackets, those of Node.js with its version. */
function tail(text: string): string {
  const lines = text.split('\n').filter((line) => /\w/.test(line) && !line.startsWith('Node.js v'))
  return (lines.at(-1) ?? 'it said nothing').trim().slice(-300)
}

function clientFailure(client: Peer, status: number | null, fetching: Running): string {
  const how = status === null ? 'was ended by a signal' : `ended with ${status}`
  return `${client.name} ${how}: ${tail(fetching.output())}`
}

/** Ends the processes of a cell when its folder grows without end, or cannot be looked at. */
function watchFolder(
  folder: string,
  processes: ReadonlyMap<string, Running>,
): { trouble(): string | null; stop(): void } {
  let trouble: string | null = null
  const timer = setInterval(() => {
    if (trouble !== null) return
    try {
      if (folderSize(folder) < MAX_FOLDER) return
      trouble = `the logs grew beyond ${MAX_FOLDER >> 20} MiB`
    } catch (error) {
      trouble = `the logs cannot be watched: ${String(error)}`
    }
    for (const running of processes.values()) {
      running.stop().catch((error: unknown) => {
        trouble = `a process cannot be ended: ${String(error)}`
      })
    }
  }, WATCH_INTERVAL)
  return { trouble: () => trouble, stop: () => clearInterval(timer) }
}
