// Our client beside others, against servers of others: here it is the client that is looked at.

import { fileURLToPath } from 'node:url'
import { formatTable, figure } from '../lib/table.ts'
import { median } from '../lib/statistics.ts'
import type { Contender, Loader } from './contenders.ts'
import { serverMeasures } from './measures.ts'
import { takeSample } from './sample.ts'
import type { Sample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials } from './server-process.ts'
import type { RunOptions } from './servers.ts'

const FIRST_PORT = 17_300

export interface ClientResult {
  readonly client: string
  readonly server: string
  readonly samples: Record<string, Sample[]>
}

/** Our client as a load program, on the Node.js at `node`. */
export function godwitLoader(node: string, name: string = 'godwit'): Loader {
  const register = fileURLToPath(
    new URL('../../packages/testkit/loader/register.mjs', import.meta.url),
  )
  const file = fileURLToPath(new URL('godwit-load.ts', import.meta.url))
  return { name, argv: [node, `--import=${register}`, file] }
}

/** Each of `clients` against each of `servers`; `probe` finds out when a server is ready. */
export async function measureClients(
  clients: readonly Loader[],
  servers: readonly Contender[],
  probe: Loader,
  credentials: Credentials,
  options: RunOptions,
): Promise<ClientResult[]> {
  const results: ClientResult[] = []
  let port = FIRST_PORT
  for (const contender of servers) {
    const server = await startContender(contender, port++, credentials, probe)
    const own = clients.map(({ name }) => ({ client: name, server: contender.name, samples: {} }))
    results.push(...own)
    try {
      for (let round = 0; round < options.repeat; round++) {
        for (const { name, load } of serverMeasures(options.seconds)) {
          if (!options.measures.includes(name)) continue
          if (name === 'upload' && contender.noUpload === true) continue
          for (const [i, client] of clients.entries()) {
            const sample = await takeSample(server, client, load, credentials.ca)
            const samples = own[i].samples as Record<string, Sample[]>
            ;(samples[name] ??= []).push(sample)
            const error = sample.error === '' ? '' : `; ${sample.errors} errors: ${sample.error}`
            options.log(
              `${client.name} to ${contender.name}, ${name}: ${sample.count} in ${figure(sample.seconds)} s, ${figure(sample.bytes / 1e6)} MB, client CPU ${figure(sample.cpu)} s${error}`,
            )
          }
        }
      }
    } finally {
      await server.stop()
    }
  }
  return results
}

export function clientTable(results: readonly ClientResult[]): string {
  const of = (samples: readonly Sample[] | undefined, value: (s: Sample) => number): number =>
    median((samples ?? []).filter(({ errors }) => errors === 0).map(value))
  const gigabits = (s: Sample): number => (s.bytes * 8) / s.seconds / 1e9
  const cpu = (s: Sample): number => s.cpu / (s.bytes / 1e9)
  const rate = (s: Sample): number => s.count / s.seconds
  const head = ['client', 'server', 'download Gbit/s', 'CPU s/GB', 'upload Gbit/s', 'CPU s/GB']
  const rows = results.map(({ client, server, samples }) => [
    client,
    server,
    figure(of(samples['bulk'], gigabits), 2),
    figure(of(samples['bulk'], cpu), 2),
    figure(of(samples['upload'], gigabits), 2),
    figure(of(samples['upload'], cpu), 2),
    figure(
      of(samples['latency'], (s) => s.p50 / 1000),
      3,
    ),
    figure(of(samples['requests'], rate), 0),
    figure(
      of(samples['requests'], (s) => s.p99 / 1000),
      2,
    ),
    figure(of(samples['handshakes'], rate), 0),
  ])
  return formatTable([...head, '1x1 p50 ms', '4x8 req/s', 'p99 ms', 'handshakes/s'], rows)
}
