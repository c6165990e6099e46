// The bench. `npm run bench` runs all of it on built JavaScript; `npm run bench -- --help` tells more.

import { developmentCertificate } from 'godwit'
import { parseArguments, USAGE } from './arguments.ts'
import type { Section } from './arguments.ts'
import { runAttacks } from './attack/run.ts'
import { CONTENDERS, currentNode, NODE_OPTIONS, nodeVersion, openLab } from './e2e/contenders.ts'
import { clientTable, godwitLoader, measureClients } from './e2e/clients.ts'
import { measureMemory, MEMORY_SIZES, memoryTable } from './e2e/memory.ts'
import { profileServer } from './e2e/profile.ts'
import { measureScale, scalePlots, scaleTables } from './e2e/scale.ts'
import { measureServers, ratioTable, serverTable } from './e2e/servers.ts'
import { runSmoke } from './e2e/smoke.ts'
import { loadNow, machineName, machineTime } from './lib/machine.ts'
import { saveResult, saveText } from './lib/results.ts'
import { runMicro } from './micro/run.ts'

const options = parseArguments(process.argv.slice(2))
if (options.help) {
  console.log(USAGE)
  process.exit(0)
}

/** Whom servers are compared with, as far as they take part. */
const BASES = ['quic-go', 'quic-go-files', 'aioquic', 'http2-node20']
/** The contenders of a section unless told. */
const SERVERS: Partial<Record<Section, readonly string[]>> = {
  e2e: CONTENDERS,
  clients: ['quinn', 'ngtcp2'],
  scale: ['godwit', 'quic-go', 'quinn'],
}
const log = (line: string): void => console.error(line)
const { servers, repeat, seconds, measures } = options
const runOptions = { repeat, seconds, measures, log }

function print(name: string, result: unknown, ...texts: readonly string[]): void {
  saveResult(name, result)
  if (options.json) console.log(JSON.stringify({ name, result }))
  else for (const text of texts) if (text !== '') console.log(`\n${text}`)
}

async function runSection(name: Section): Promise<void> {
  if (name === 'micro' || name === 'attack') {
    const { result, text } = name === 'micro' ? await runMicro(false) : runAttacks(false)
    print(name, result, text)
    return
  }
  const wanted = SERVERS[name]
  const lab = await openLab(wanted === undefined ? [] : (servers ?? wanted), log)
  const { contenders, quinn } = lab
  const loader = options.client === 'quic-go' ? lab.quicGo : quinn
  switch (name) {
    case 'e2e': {
      const result = await measureServers(lab, loader, credentials(), runOptions)
      print(name, result, serverTable(result), ...BASES.map((base) => ratioTable(result, base)))
      return
    }
    case 'clients': {
      const current = godwitLoader(await currentNode(), 'godwit-node26')
      const clients = [godwitLoader(process.execPath), current, quinn, lab.quicGo]
      const result = await measureClients(clients, contenders, quinn, credentials(), runOptions)
      print(name, result, clientTable(result))
      return
    }
    case 'scale': {
      const result = await measureScale(contenders, quinn, loader, credentials(), runOptions)
      const paths = Array.from(scalePlots(result), ([file, plot]) => saveText(file, plot))
      print(name, result, scaleTables(result), paths.join('\n'))
      return
    }
    case 'heap': {
      const nodes = []
      for (const path of [process.execPath, await currentNode()]) {
        nodes.push({ path, version: await nodeVersion(path) })
      }
      const sizes = { ...MEMORY_SIZES, downloads: repeat }
      const result = await measureMemory(nodes, loader, credentials(), sizes, log)
      print(name, result, memoryTable(result, sizes))
      return
    }
    case 'profile': {
      const nodeOptions = NODE_OPTIONS[servers?.[0] ?? 'godwit'] ?? []
      console.log(await profileServer(quinn, credentials(), nodeOptions, runOptions))
    }
  }
}

function credentials(): { cert: string; key: string; ca: string } {
  const { certFile, keyFile, caFile } = developmentCertificate()
  return { cert: certFile, key: keyFile, ca: caFile }
}

const before = machineTime()
if (options.smoke) {
  const { text: micro } = await runMicro(true)
  const { text: attack } = runAttacks(true)
  console.log(`${micro}\n\n${attack}\n`)
  const ran = await runSmoke(credentials(), log)
  console.log(
    `every benchmark runs: micro, attack; against our own server with our own client ${ran}`,
  )
} else {
  for (const name of options.sections) await runSection(name)
}
const after = machineTime()
log(
  `${machineName()}; load ${loadNow()}, ${(after.stolen - before.stolen).toFixed(1)} s stolen during this run`,
)
