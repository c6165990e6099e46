// The command line. Whatever is wrong with it is said in one line.

import { parseArgs } from 'node:util'
import { CONTENDERS, NODE_OPTIONS } from './e2e/contenders.ts'
import { MEASURES } from './e2e/measures.ts'

/** Sections in the order in which they run. */
export const SECTIONS = ['micro', 'attack', 'e2e', 'clients', 'scale', 'heap', 'profile'] as const
export type Section = (typeof SECTIONS)[number]

const CLIENTS = ['quinn', 'quic-go']
/** Variants of our server that `profile` can start: with the Node.js that runs the bench. */
const PROFILED: readonly string[] = ['godwit', ...Object.keys(NODE_OPTIONS)].filter(
  (name) => !name.endsWith('-node26'),
)

export const USAGE = `npm run bench -- [SECTION...] [OPTION...]

Sections, all of them but profile when none is named:
  micro    operations, packet protection by backend, whole connections in memory
  attack   what each byte of an attacker costs a server, in memory
  e2e      servers of godwit and others under the same load
  clients  our client and others against the servers of others
  scale    cost against connections, streams and sizes, with plots
  heap     memory of our server: after a million requests, with 4,000 idle connections, of a download
  profile  where the time of our server goes (only when named)

Options:
  --server A,B    contenders: ${CONTENDERS.join(', ')}
  --measure A,B   of e2e, clients and profile: ${MEASURES.join(', ')}
  --client NAME   who makes the load: ${CLIENTS.join(' (default) or ')}
  --repeat N      samples of each figure, default 3
  --seconds S     length of a sample, default 3
  --json          print JSON instead of tables
  --smoke         one short iteration of everything that needs no peers: does it still run?

Results are kept in bench/results. The first two processors are used: the server has one to itself.`

export interface Arguments {
  readonly sections: readonly Section[]
  /** Undefined: the section's own choice. */
  readonly servers: readonly string[] | undefined
  readonly measures: readonly string[]
  readonly client: string
  readonly repeat: number
  readonly seconds: number
  readonly json: boolean
  readonly smoke: boolean
  readonly help: boolean
}

class UsageError extends Error {}

/** Ends the process with status 2 and one line when they make no sense. */
export function parseArguments(args: readonly string[]): Arguments {
  try {
    return parse(args)
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseError(error)) throw error
    console.error(`bench: ${error.message.split(/\.\s/)[0]} (--help tells what there is)`)
    return process.exit(2)
  }
}

function parse(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      server: { type: 'string' },
      measure: { type: 'string' },
      client: { type: 'string', default: CLIENTS[0] },
      repeat: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const named = oneOf('section', positionals, SECTIONS)
  const sections = named.length > 0 ? named : SECTIONS.filter((name) => name !== 'profile')
  const servers =
    values.server === undefined
      ? undefined
      : oneOf('--server', values.server.split(','), CONTENDERS)
  if (sections.includes('profile') && servers !== undefined) {
    oneOf('--server of profile', servers, PROFILED)
    if (servers.length > 1) throw new UsageError('--server of profile expects a single name')
  }
  const repeat = Number(values.repeat)
  if (!Number.isInteger(repeat) || repeat < 1) {
    throw new UsageError(`--repeat expects an integer from 1, got "${values.repeat}"`)
  }
  const seconds = Number(values.seconds)
  if (!(seconds > 0 && seconds <= 3600)) {
    throw new UsageError(`--seconds expects a number above 0, got "${values.seconds}"`)
  }
  return {
    sections,
    servers,
    measures: oneOf('--measure', values.measure?.split(',') ?? MEASURES, MEASURES),
    client: oneOf('--client', [values.client], CLIENTS)[0],
    repeat,
    seconds,
    json: values.json,
    smoke: values.smoke,
    help: values.help,
  }
}

function oneOf<T extends string>(what: string, names: readonly string[], all: readonly T[]): T[] {
  return names.map((name) => {
    const found = all.find((known) => known === name)
    if (found !== undefined) return found
    throw new UsageError(`no ${what} is named "${name}"; there are ${all.join(', ')}`)
  })
}

function isParseError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    ((error as NodeJS.ErrnoException).code ?? '').startsWith('ERR_PARSE_ARGS')
  )
}
