// npm run interop: godwit and every implementation that can be had here, in both roles, on the networks
// of the QUIC interop runner. `-- --help` says how; docs/interop.md says what it proves.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openChroot } from './lib/debian.ts'
import type { Peer } from './lib/peer.ts'
import { temporaryFolder } from './lib/temporary.ts'
import { peers } from './peers/index.ts'
import { CASES, UNSUPPORTED_CASES } from './runner/cases.ts'
import { checkContract } from './runner/contract-check.ts'
import { godwit } from './runner/godwit-peer.ts'
import { describe, runLab } from './runner/lab.ts'
import { endWithParent, prepareLoopback, runInNamespace } from './runner/namespace.ts'
import { HELP, parseCommand } from './runner/options.ts'
import type { LabOptions } from './runner/options.ts'
import { htmlReport, markdownReport, updateDocument } from './runner/report.ts'
import { drawCells, missed, readRequired } from './runner/required.ts'
import { merge, readMatrix, writeMatrix } from './runner/results.ts'
import type { CellResult, Matrix } from './runner/results.ts'
import { testLab } from './runner/selftest.ts'
import { serveByHand } from './runner/serve.ts'
import { terminalTable } from './runner/table.ts'

/** What the program outside hands to the one in the namespaces. */
interface Plan {
  readonly options: LabOptions
  readonly folder: string
  readonly versions: Record<string, string>
  readonly unavailable: Record<string, string>
}

/** What the lab itself needs in the chroot. */
const TOOLS = ['tshark', 'tcpdump', 'ethtool', 'iproute2', 'openssl']

/** Of tables that are not shown on a terminal, in characters. */
const PAGE_WIDTH = 200

const here = fileURLToPath(new URL('.', import.meta.url))
const REQUIRED = join(here, 'required.json')
const implementations = new Map([godwit, ...peers].map((peer): [string, Peer] => [peer.name, peer]))

const plan = process.env['INTEROP_PLAN']
process.exitCode =
  plan === undefined ? await outside() : await inside(JSON.parse(plan) as Plan).catch(explain)

function explain(error: unknown): number {
  console.error(error)
  return 1
}

/** Sets everything up, and runs this program again in namespaces. */
async function outside(): Promise<number> {
  let command
  try {
    command = parseCommand(
      process.argv.slice(2),
      peers.map(({ name }) => name),
    )
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
  const { action } = command
  // Who has only one role is not asked for the other.
  const pairs = command.options.pairs.filter(
    ([client, server]) =>
      implementations.get(client)?.client !== undefined &&
      implementations.get(server)?.server !== undefined,
  )
  const { cases, seed, draw } = command.options
  const drawn = draw === 0 ? [] : drawCells(readRequired(REQUIRED), seed, draw, pairs, cases)
  const options: LabOptions = { ...command.options, pairs, drawn }
  if (action === 'help') console.log(HELP)
  else if (action === 'list') list()
  else if (action === 'serve') return serveByHand(options.cases)
  if (action !== 'run') return 0

  const begun = Date.now()
  const log = (line: string): void =>
    console.log(`[${String(Math.round((Date.now() - begun) / 1000)).padStart(4)} s] ${line}`)
  let chroot
  try {
    chroot = await openChroot(TOOLS, log)
  } catch (error) {
    console.error(`the lab cannot be set up: ${(error as Error).message}`)
    return 1
  }
  const versions: Record<string, string> = {}
  const unavailable: Record<string, string> = {}
  for (const name of new Set(options.only !== null ? [] : partiesOf(options))) {
    const peer = implementations.get(name) as Peer // sound: the options were checked
    try {
      const ready = await openChroot([...TOOLS, ...peer.packages], log)
      await peer.setup(ready, log)
      versions[name] = await peer.version(ready)
      log(`${name} ${versions[name]}`)
    } catch (error) {
      unavailable[name] = (error as Error).message
      versions[name] = `not to be had: ${unavailable[name]}`
      log(`${name} cannot be had: ${unavailable[name]}`)
    }
  }
  const { path: folder } = temporaryFolder(chroot.share, 'lab')
  const given: Plan = { options, folder, versions, unavailable }
  return runInNamespace(fileURLToPath(import.meta.url), JSON.stringify(given))
}

/** Everybody who takes part. */
function partiesOf({ pairs, drawn }: LabOptions): string[] {
  return [...pairs.flat(), ...drawn.flatMap((name) => name.split('/').slice(0, 2))]
}

/** Runs the cells. */
async function inside({ options, folder, versions, unavailable }: Plan): Promise<number> {
  endWithParent()
  // Every endpoint inherits this environment.
  if (options.crypto !== null) process.env['GODWIT_CRYPTO'] = options.crypto
  const results = join(here, 'results', options.crypto === null ? '' : `crypto-${options.crypto}`)
  const matrixFile = join(results, 'matrix.json')
  const chroot = await openChroot(TOOLS, console.log)
  await prepareLoopback(chroot)
  if (options.only === 'contract') return checkContract(chroot, folder)
  if (options.only === 'selftest') return testLab(chroot, folder)
  console.log(`seed ${options.seed}, ${options.jobs} cells at a time`)
  if (options.drawn.length > 0) console.log(`drawn: ${options.drawn.join(', ')}`)
  mkdirSync(results, { recursive: true })
  const done: CellResult[] = []
  const current = (): Matrix => {
    const former = readMatrix(matrixFile)
    return { ...former, versions: { ...former.versions, ...versions } }
  }
  await runLab({
    chroot,
    options,
    implementations,
    unavailable,
    cases: CASES.filter(({ name }) => options.cases.includes(name)),
    folder,
    results,
    onResult: (result, count, total) => {
      done.push(result)
      try {
        // Read again: another run may have written meanwhile.
        writeMatrix(matrixFile, merge(current(), [result]))
      } catch (error) {
        // All are written again at the end.
        console.error(`the matrix cannot be written now: ${String(error)}`)
      }
      console.log(`[${String(count).padStart(String(total).length)}/${total}] ${describe(result)}`)
    },
  })
  const matrix = merge(current(), done)
  writeMatrix(matrixFile, matrix)
  const picture = terminalTable(matrix.cells, false, PAGE_WIDTH)
  const page = `# Interop\n\n\`\`\`\n${picture}\n\`\`\`\n\n${markdownReport(matrix)}`
  writeFileSync(join(results, 'matrix.md'), page)
  writeFileSync(join(results, 'matrix.html'), htmlReport(matrix, results))
  if (options.docs) updateDocument(join(here, '../docs/interop.md'), matrix)
  const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  const table = terminalTable(done, color, process.stdout.columns ?? PAGE_WIDTH)
  console.log(`\n${table}\n\nseed ${options.seed}; ${results}/matrix.html`)
  const count = (outcome: string): number => done.filter((cell) => cell.outcome === outcome).length
  console.log(
    `${count('passed')} passed, ${count('failed')} failed, ${count('unsupported')} unsupported, ${count('unavailable')} unavailable`,
  )
  if (!options.require) return 0
  const names = (role: 'client' | 'server'): Set<string> =>
    new Set([...implementations.values()].filter((peer) => peer[role]).map(({ name }) => name))
  const known = {
    clients: names('client'),
    servers: names('server'),
    cases: new Set(CASES.map(({ name }) => name)),
  }
  const required = readRequired(REQUIRED)
  const red = missed(required, done, known, options.whole)
  for (const line of red) console.log(`required, but ${line}`)
  return red.length === 0 ? 0 : 1
}

function list(): void {
  console.log('Implementations:')
  for (const peer of implementations.values()) {
    const roles = [peer.client && 'client', peer.server && 'server'].filter(Boolean).join(', ')
    const protocols = (peer.protocols ?? ['hq-interop', 'h3']).join(', ')
    console.log(`  ${peer.name.padEnd(14)} ${roles.padEnd(15)} ${protocols}`)
  }
  console.log('Cases:')
  for (const { letter, name, description } of CASES) {
    console.log(`  ${letter.padEnd(4)} ${name.padEnd(20)} ${description}`)
  }
  console.log(`Cases that nobody here does: ${UNSUPPORTED_CASES.join(', ')}`)
}
