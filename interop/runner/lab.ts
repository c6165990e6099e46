// Runs the cells of a plan, inside of the run's namespaces.

import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Prng } from '@godwit/testkit'
import type { Chroot } from '../lib/debian.ts'
import type { Peer } from '../lib/peer.ts'
import { runCell } from './cell.ts'
import type { Verdict } from './cell.ts'
import { CASES } from './cases.ts'
import type { TestCase } from './cases.ts'
import { makeCertificates } from './certificates.ts'
import type { ExpectedFile } from './evidence.ts'
import { copyFiles, cutLarge, removeLarge } from './folders.ts'
import type { LabOptions } from './options.ts'
import { cellName } from './results.ts'
import type { CellResult } from './results.ts'

export interface Lab {
  readonly chroot: Chroot
  readonly options: LabOptions
  readonly implementations: ReadonlyMap<string, Peer>
  /** Why an implementation cannot be had here. */
  readonly unavailable: Readonly<Record<string, string>>
  readonly cases: readonly TestCase[]
  /** Folder of this run, visible in the chroot. */
  readonly folder: string
  /** Where logs go for good. */
  readonly results: string
  /** Called after each cell. */
  onResult(result: CellResult, done: number, total: number): void
}

const FIRST_PORT = 10_000
const PORTS_PER_CELL = 3
/** Below the ports that the kernel gives to clients. */
const LAST_PORT = 32_000

interface Plan {
  readonly client: string
  readonly server: string
  readonly testcase: TestCase
}

/** Runs every cell; resolves with all results. */
export async function runLab(lab: Lab): Promise<CellResult[]> {
  const { options, cases } = lab
  const plans = options.pairs.flatMap(([client, server]) =>
    cases.map((testcase): Plan => ({ client, server, testcase })),
  )
  for (const name of options.drawn) {
    const [client, server, wanted] = name.split('/')
    const testcase = CASES.find((one) => one.name === wanted)
    if (testcase === undefined) throw new Error(`no case is named ${wanted}`)
    plans.push({ client, server, testcase })
  }
  const results: CellResult[] = []
  const site = new Sites(lab)
  const work = async (queue: Plan[]): Promise<void> => {
    for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) {
      const result = await runPlan(lab, plan, site)
      results.push(result)
      lab.onResult(result, results.length, plans.length)
    }
  }
  const shared = plans.filter(({ testcase }) => testcase.repetitions === undefined)
  await Promise.all(Array.from({ length: options.jobs }, () => work(shared)))
  await work(plans.filter(({ testcase }) => testcase.repetitions !== undefined))
  return results
}

async function runPlan(lab: Lab, plan: Plan, sites: Sites): Promise<CellResult> {
  const { client, server, testcase } = plan
  const begun = performance.now()
  const seed = seedOf(lab.options.seed, `${client} ${server} ${testcase.name}`)
  const missing = [client, server].find((name) => lab.unavailable[name] !== undefined)
  const measures = testcase.repetitions !== undefined
  const times = measures ? (lab.options.measurements ?? testcase.repetitions) : lab.options.repeat
  const verdicts: Verdict[] = []
  const path = join('cells', `${client}-${server}`, testcase.name)
  const kept = join(lab.results, path)
  if (missing !== undefined) {
    rmSync(kept, { recursive: true, force: true })
    verdicts.push({
      outcome: 'unavailable',
      reason: `${missing} cannot be had: ${lab.unavailable[missing]}`,
    })
  } else {
    for (let time = 0; time < times; time++) {
      const to = times > 1 ? String(time + 1) : '.'
      const verdict = await runOnce(lab, plan, sites, seed + time, { kept, to })
      verdicts.push(verdict)
      if (verdict.outcome === 'unsupported') break
    }
  }
  const bad = verdicts.find(({ outcome }) => outcome !== 'passed')
  const passed = verdicts.filter(({ outcome }) => outcome === 'passed').length
  const count = verdicts.length > 1 && bad !== undefined ? `${passed} of ${times} passed; ` : ''
  const values = verdicts.flatMap(({ measured }) => measured ?? [])
  return {
    client,
    server,
    case: testcase.name,
    outcome: bad?.outcome ?? 'passed',
    reason: bad === undefined ? '' : count + bad.reason,
    ...(values.length > 0 && bad === undefined ? { measured: statistics(values) } : {}),
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    seed,
    date: new Date().toISOString(),
    folder: verdicts.every(({ outcome }) => outcome === 'passed' || outcome === 'failed')
      ? path
      : null,
  }
}

/** Runs a cell once and keeps its files in `to` below `kept`. Never rejects. */
async function runOnce(
  lab: Lab,
  { client, server, testcase }: Plan,
  sites: Sites,
  seed: number,
  { kept, to }: { readonly kept: string; readonly to: string },
): Promise<Verdict> {
  const folder = join(lab.folder, 'cells', `${client}-${server}-${testcase.name}-${seed}`)
  let verdict: Verdict = { outcome: 'failed', reason: '' }
  try {
    // Results of former runs go, those of this cell's other times stay.
    rmSync(to === '.' || to === '1' ? kept : join(kept, to), { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const site = await sites.of(testcase)
    verdict = await runCell(lab.chroot, {
      // sound: a name that is not unavailable is there
      client: lab.implementations.get(client) as Peer,
      server: lab.implementations.get(server) as Peer,
      testcase,
      seed,
      folder,
      ...site,
      ports: nextPorts(),
    })
    if (verdict.outcome !== 'unsupported') {
      if (!lab.options.keep) (verdict.outcome === 'passed' ? removeLarge : cutLarge)(folder)
      copyFiles(folder, join(kept, to))
    }
  } catch (error) {
    // What endpoints leave behind, or a full disk, fails their cell and no other.
    verdict = failedToo(verdict, error)
  }
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    verdict = failedToo(verdict, error)
  }
  return verdict
}

function failedToo({ reason }: Verdict, error: unknown): Verdict {
  const before = reason === '' ? '' : `${reason}; `
  return { outcome: 'failed', reason: `${before}the lab failed: ${String(error)}` }
}

/** A cell's seed does not depend on which other cells are run. */
function seedOf(seed: number, name: string): number {
  return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0) >>> 1
}

function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / values.length) }
}

let portIndex = 0

function nextPorts(): readonly [number, number, number] {
  const cells = Math.floor((LAST_PORT - FIRST_PORT) / PORTS_PER_CELL)
  const port = FIRST_PORT + (portIndex++ % cells) * PORTS_PER_CELL
  return [port, port + 1, port + 2]
}

interface Site {
  readonly www: string
  readonly files: readonly ExpectedFile[]
  readonly certificates: Awaited<ReturnType<typeof makeCertificates>>
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** Files and certificates of each case, made when first needed. */
class Sites {
  readonly #lab: Lab
  readonly #sites: Map<string, Promise<Site>>

  constructor(lab: Lab) {
    this.#lab = lab
    this.#sites = new Map()
  }

  of(testcase: TestCase): Promise<Site> {
    let site = this.#sites.get(testcase.name)
    if (site === undefined) {
      site = this.#make(testcase)
      this.#sites.set(testcase.name, site)
    }
    return site
  }

  async #make(testcase: TestCase): Promise<Site> {
    const { chroot, folder, options } = this.#lab
    const prng = new Prng(seedOf(options.seed, testcase.name))
    const www = join(folder, 'www', testcase.name)
    mkdirSync(www, { recursive: true })
    const files = testcase.files.map((size) => {
      const length = testcase.nameLength ?? 10
      const name = Array.from({ length }, () => LETTERS[prng.below(LETTERS.length)]).join('')
      const path = join(www, name)
      writeFileSync(path, prng.bytes(size))
      return { name, path }
    })
    const chain = testcase.chain ?? 1
    const certs = join(folder, `certs-${chain}-${testcase.name}`)
    return { www, files, certificates: await makeCertificates(chroot, certs, chain) }
  }
}

/** One line about a cell that is over. */
export function describe(result: CellResult): string {
  const value =
    result.measured === undefined
      ? ''
      : ` ${result.measured.mean.toFixed(0)} ± ${result.measured.deviation.toFixed(0)} kbit/s`
  const reason = result.reason === '' ? '' : ` - ${result.reason.split('\n')[0].slice(0, 160)}`
  return `${result.outcome.padEnd(11)} ${cellName(result)} (${result.seconds} s)${value}${reason}`
}
