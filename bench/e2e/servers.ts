// All servers in one run: for each measure every server takes its turn, and that several times over, so
// that a machine whose speed drifts treats them alike.

import { loadNow } from '../lib/machine.ts'
import { formatTable, figure } from '../lib/table.ts'
import type { Lab, Loader } from './contenders.ts'
import { takeH2Sample } from './h2load.ts'
import { idleMeasure, medianOf, ratioOf, serverMeasures } from './measures.ts'
import type { Measure } from './measures.ts'
import { takeSample } from './sample.ts'
import type { Sample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials, RunningServer } from './server-process.ts'

const FIRST_PORT = 17_100
/** A server that compiles while it runs is warm after this. */
const WARM_UP_SECONDS = 3

export interface ServerResult {
  readonly name: string
  readonly version: string
  readonly idleMemory: number
  /** By the name of the measure. */
  readonly samples: Readonly<Record<string, Sample[]>>
}

export interface RunOptions {
  readonly repeat: number
  readonly seconds: number
  /** Names of those wanted. */
  readonly measures: readonly string[]
  readonly log: (line: string) => void
}

export async function measureServers(
  lab: Lab,
  loader: Loader,
  credentials: Credentials,
  options: RunOptions,
): Promise<ServerResult[]> {
  const wanted = options.measures
  const running: RunningServer[] = []
  const results = new Map<RunningServer, ServerResult>()
  try {
    for (const contender of lab.contenders) {
      try {
        const server = await startContender(
          contender,
          FIRST_PORT + running.length,
          credentials,
          lab.quinn,
        )
        running.push(server)
        const { name, version } = contender
        results.set(server, { name, version, idleMemory: server.idleMemory, samples: {} })
      } catch (error) {
        options.log(`left out: ${(error as Error).message}`)
      }
    }
    const measures = serverMeasures(options.seconds).filter(({ name }) => wanted.includes(name))
    for (let round = 0; round < options.repeat; round++) {
      for (const measure of measures) {
        for (const server of running) {
          const samples = (results.get(server) as ServerResult).samples as Record<string, Sample[]>
          const list = (samples[measure.name] ??= [])
          await takeTurn(server, measure, list, round, lab, loader, credentials, options)
        }
      }
    }
  } finally {
    for (const server of running) await server.stop()
  }
  for (const [index, { contender }] of running.entries()) {
    if (contender.protocol === 'h2' || !wanted.includes(idleMeasure.name)) continue
    // A fresh one: in a server that has worked, memory of the past would be used again.
    const port = FIRST_PORT + running.length + index
    const server = await startContender(contender, port, credentials, lab.quinn)
    const { samples } = results.get(running[index]) as ServerResult
    const list: Sample[] = ((samples as Record<string, Sample[]>)[idleMeasure.name] = [])
    try {
      await takeTurn(server, idleMeasure, list, 0, lab, loader, credentials, options)
    } finally {
      await server.stop()
    }
  }
  return [...results.values()]
}

async function takeTurn(
  server: RunningServer,
  measure: Measure,
  samples: Sample[],
  round: number,
  lab: Lab,
  loader: Loader,
  { ca }: Credentials,
  { repeat, log }: RunOptions,
): Promise<void> {
  const { contender } = server
  if (measure.name === 'upload' && contender.noUpload === true) return
  if (!server.alive()) return
  const take = (load: Measure['load'], retries?: number): Promise<Sample | null> =>
    contender.protocol === 'h2'
      ? takeH2Sample(server, lab, load)
      : takeSample(server, loader, load, ca, retries)
  if (round === 0 && measure.name !== 'idle') {
    await take({ ...measure.load, seconds: WARM_UP_SECONDS }, 0)
  }
  const sample = await take(measure.load)
  if (sample === null) return
  samples.push(sample)
  const cells = measure.figures.map((f) => `${f.title} ${figure(f.of(sample), f.digits)}`)
  const noise = `other ${figure(sample.other, 2)}, stolen ${figure(sample.stolen, 2)}`
  const error = sample.error === '' ? '' : `; ${sample.errors} errors: ${sample.error}`
  log(
    `[${round + 1}/${repeat}] ${contender.name}: ${cells.join(', ')} (${noise}, load ${loadNow()})${error}`,
  )
  if (!server.alive()) log(`${contender.name} ended: ${server.output().slice(-500)}`)
}

/** Medians, one server a row. */
export function serverTable(results: readonly ServerResult[]): string {
  const measures = [...serverMeasures(1), idleMeasure]
  const head = [
    'server',
    ...measures.flatMap(({ figures }) => figures.map(({ title }) => title)),
    'idle MB',
  ]
  const rows = results.map(({ name, samples, idleMemory }) => [
    name,
    ...measures.flatMap((measure) =>
      measure.figures.map((f) => figure(medianOf(f, samples[measure.name] ?? []), f.digits)),
    ),
    figure(idleMemory, 0),
  ])
  return formatTable(head, rows)
}

/**
 * The figures where more is better, relative to one server: medians of the ratios within each round, since
 * the speed of a shared machine drifts from one round to the next.
 */
export function ratioTable(results: readonly ServerResult[], base: string): string {
  const reference = results.find(({ name }) => name === base)
  if (reference === undefined) return ''
  const measures = serverMeasures(1).filter(({ name }) => name !== 'latency')
  const head = [`relative to ${base}`, ...measures.map(({ figures }) => figures[0].title)]
  const rows = results.map(({ name, samples }) => [
    name,
    ...measures.map((measure) =>
      figure(
        ratioOf(
          measure.figures[0],
          samples[measure.name] ?? [],
          reference.samples[measure.name] ?? [],
        ),
        2,
      ),
    ),
  ])
  return formatTable(head, rows)
}
