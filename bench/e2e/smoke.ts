// One short round of every measure with our server and our client: nothing but this repository is needed.

import { figure } from '../lib/table.ts'
import type { Loader } from './contenders.ts'
import { godwitServer } from './contenders.ts'
import { idleMeasure, serverMeasures } from './measures.ts'
import { takeSample } from './sample.ts'
import { startContender } from './server-process.ts'
import type { Credentials } from './server-process.ts'

const PORT = 17_900
const SECONDS = 0.3

export async function runSmoke(
  loader: Loader,
  credentials: Credentials,
  log: (line: string) => void,
): Promise<void> {
  const contender = {
    name: 'godwit',
    version: '',
    server: (task: { port: number; cert: string; key: string }) =>
      godwitServer(process.execPath, task),
  }
  const server = await startContender(contender, PORT, credentials, loader)
  try {
    for (const { name, load, figures } of [...serverMeasures(SECONDS), idleMeasure]) {
      const small = { ...load, seconds: SECONDS, connections: Math.min(load.connections, 20) }
      const sample = await takeSample(server, loader, small, credentials.ca, 0)
      if (sample.errors > 0 || sample.bytes === 0) throw new Error(`${name}: ${sample.error}`)
      const cells = figures.map((f) => `${f.title} ${figure(f.of(sample), f.digits)}`)
      log(`${name}: ${cells.join(', ')}`)
    }
  } finally {
    await server.stop()
  }
}
