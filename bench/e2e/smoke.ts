// One short round of every section that makes processes, with our server and our client: nothing but this
// repository is needed.

import { rmSync } from 'node:fs'
import { resultFile } from '../lib/results.ts'
import { figure } from '../lib/table.ts'
import type { ServerTask } from '../peers/file-servers.ts'
import { clientTable, godwitLoader, measureClients } from './clients.ts'
import type { Contender, Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { idleMeasure, serverMeasures } from './measures.ts'
import { measureMemory, memoryTable } from './memory.ts'
import { profileServer } from './profile.ts'
import { takeSample } from './sample.ts'
import type { Sample } from './sample.ts'
import { AXES, measureScale, scalePlots, scaleTables } from './scale.ts'
import { startContender } from './server-process.ts'
import type { Credentials } from './server-process.ts'

const PORT = 17_900
const SECONDS = 0.3
const CONNECTIONS = 20
const PROFILE_PREFIX = 'smoke-'

/** Throws when something does not run; returns the names of the sections that did. */
export async function runSmoke(
  credentials: Credentials,
  log: (line: string) => void,
): Promise<string> {
  const contender: Contender = {
    name: 'godwit',
    version: '',
    server: (task: ServerTask) => godwitServer(process.execPath, task),
  }
  const loader = godwitLoader(process.execPath)
  const options = { repeat: 1, seconds: SECONDS, measures: ['requests'], log }
  await smokeServers(contender, loader, credentials, log)

  const clients = await measureClients([loader], [contender], loader, credentials, options)
  expectGood(
    'clients',
    clients.flatMap(({ samples }) => samples['requests']),
  )
  log(clientTable(clients))

  // One point of one axis: the others differ in the load only.
  const axes = AXES.filter(({ name }) => name === 'size').map((axis) => ({
    ...axis,
    values: axis.values.slice(0, 1),
  }))
  const scale = await measureScale([contender], loader, loader, credentials, options, axes)
  expectGood(
    'scale',
    scale.flatMap(({ points }) => points.map(({ sample }) => sample)),
  )
  log(scaleTables(scale))
  if (scalePlots(scale).size !== 2) throw new Error('scale: plots are missing')

  const sizes = {
    requests: 1,
    seconds: SECONDS,
    connections: CONNECTIONS,
    holdSeconds: 1,
    download: '/64m',
    downloads: 1,
  }
  const node = { path: process.execPath, version: process.versions.node }
  log(memoryTable(await measureMemory([node], loader, credentials, sizes, log), sizes))

  try {
    const profile = await profileServer(loader, credentials, [], options, PROFILE_PREFIX)
    if (!profile.includes('self %')) throw new Error('profile: there is none')
    log(profile)
  } finally {
    rmSync(resultFile(`${PROFILE_PREFIX}requests.cpuprofile`), { force: true })
  }
  return 'e2e, clients, scale, heap and profile'
}

async function smokeServers(
  contender: Contender,
  loader: Loader,
  credentials: Credentials,
  log: (line: string) => void,
): Promise<void> {
  const server = await startContender(contender, PORT, credentials, loader)
  try {
    for (const { name, load, figures } of [...serverMeasures(SECONDS), idleMeasure]) {
      const connections = Math.min(load.connections, CONNECTIONS)
      const small = { ...load, seconds: SECONDS, connections }
      const sample = await takeSample(server, loader, small, credentials.ca, 0)
      expectGood(name, [sample])
      const cells = figures.map((f) => `${f.title} ${figure(f.of(sample), f.digits)}`)
      log(`${name}: ${cells.join(', ')}`)
    }
  } finally {
    await server.stop()
  }
}

function expectGood(name: string, samples: readonly Sample[]): void {
  if (samples.length === 0) throw new Error(`${name}: nothing was measured`)
  for (const { errors, error, bytes } of samples) {
    if (errors > 0 || bytes === 0) throw new Error(`${name}: ${error}`)
  }
}
