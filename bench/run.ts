// The bench. `npm run bench` runs all of it on built JavaScript; `npm run bench -- --help` tells more.

import { parseArgs } from 'node:util'
import { developmentCertificate } from 'godwit'
import { runAttacks } from './attack/run.ts'
import { CONTENDERS, NODE_OPTIONS, openLab } from './e2e/contenders.ts'
import type { Loader } from './e2e/contenders.ts'
import { clientTable, godwitLoader, measureClients } from './e2e/clients.ts'
import { measureRequestsHeap } from './e2e/heap.ts'
import { MEASURES } from './e2e/measures.ts'
import { profileServer } from './e2e/profile.ts'
import { measureScale, scalePlots, scaleTables } from './e2e/scale.ts'
import { measureServers, ratioTable, serverTable } from './e2e/servers.ts'
import { runSmoke } from './e2e/smoke.ts'
import { loadNow, machineName, machineTime } from './lib/machine.ts'
import { saveResult } from './lib/results.ts'
import { runMicro } from './micro/run.ts'

const USAGE = `npm run bench -- [SECTION...] [OPTION...]

Sections, all of them when none is named:
  micro    operations, packet protection by backend, whole connections in memory
  attack   what each byte of an attacker costs a server, in memory
  e2e      servers of godwit and others under the same load
  clients  our client and others against the servers of others
  scale    cost against connections, streams and sizes, with plots
  heap     the heap of our server before and after a million requests
  profile  where the time of our server goes (only when named)

Options:
  --server A,B    contenders: ${CONTENDERS.join(', ')}
  --measure A,B   of e2e and profile: ${MEASURES.join(', ')}
  --client NAME   who makes the load: quinn (default) or quic-go
  --repeat N      samples of each figure, default 3
  --seconds S     length of a sample, default 3
  --json          print JSON instead of tables
  --smoke         one short iteration of everything that needs no peers: does it still run?

Results are kept in bench/results. The first two processors are used: the server has one to itself.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string' },
    measure: { type: 'string', default: MEASURES.join(',') },
    client: { type: 'string', default: 'quinn' },
    repeat: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Whom servers are compared with, as far as they take part. */
const BASES = ['quic-go', 'quic-go-files', 'aioquic', 'http2-node20']
const SECTIONS = ['micro', 'attack', 'e2e', 'clients', 'scale', 'heap', 'profile']
const unknown = positionals.filter((name) => !SECTIONS.includes(name))
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no section is named ${unknown.join(', ')}\n`)
  console.log(USAGE)
  process.exit(unknown.length > 0 ? 2 : 0)
}
const sections =
  positionals.length > 0 ? positionals : SECTIONS.filter((name) => name !== 'profile')
const log = (line: string): void => console.error(line)
const measures = values.measure.split(',')
const options = { repeat: Number(values.repeat), seconds: Number(values.seconds), measures, log }

function print(name: string, result: unknown, ...texts: readonly string[]): void {
  saveResult(name, result)
  if (values.json) console.log(JSON.stringify({ name, result }))
  else for (const text of texts) if (text !== '') console.log(`\n${text}`)
}

async function runSection(name: string): Promise<void> {
  switch (name) {
    case 'micro':
    case 'attack': {
      const { result, text } =
        name === 'micro' ? await runMicro(values.smoke) : runAttacks(values.smoke)
      print(name, result, text)
      return
    }
    case 'profile': {
      const lab = await openLab([], log)
      const nodeOptions = NODE_OPTIONS[values.server ?? 'godwit'] ?? []
      console.log(await profileServer(lab.quinn, credentials(), nodeOptions, options))
      return
    }
    default:
      await runAgainstPeers(name)
  }
}

async function runAgainstPeers(name: string): Promise<void> {
  const absent =
    name === 'clients'
      ? 'quinn,ngtcp2'
      : name === 'scale'
        ? 'godwit,quic-go,quinn'
        : CONTENDERS.join(',')
  const lab = await openLab(name === 'heap' ? [] : (values.server ?? absent).split(','), log)
  const loader: Loader = values.client === 'quic-go' ? lab.quicGo : lab.quinn
  switch (name) {
    case 'e2e': {
      const result = await measureServers(lab, loader, credentials(), options)
      print(name, result, serverTable(result), ...BASES.map((base) => ratioTable(result, base)))
      return
    }
    case 'clients': {
      const result = await measureClients(lab, credentials(), options)
      print(name, result, clientTable(result))
      return
    }
    case 'scale': {
      const result = await measureScale(lab, loader, credentials(), options)
      print(name, result, scaleTables(result), scalePlots(result).join('\n'))
      return
    }
    default: {
      const result = await measureRequestsHeap(loader, credentials(), log)
      print(name, result, result.text)
    }
  }
}

function credentials(): { cert: string; key: string; ca: string } {
  const { certFile, keyFile, caFile } = developmentCertificate()
  return { cert: certFile, key: keyFile, ca: caFile }
}

const before = machineTime()
if (values.smoke) {
  const { text: micro } = await runMicro(true)
  const { text: attack } = runAttacks(true)
  console.log(`${micro}\n\n${attack}\n`)
  await runSmoke(godwitLoader(process.execPath), credentials(), log)
  console.log('every benchmark runs')
} else {
  for (const name of sections) await runSection(name)
}
const after = machineTime()
log(
  `${machineName()}; load ${loadNow()}, ${(after.stolen - before.stolen).toFixed(1)} s stolen during this run`,
)
