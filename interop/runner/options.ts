// The command line of `npm run interop`.

import { parseArgs } from 'node:util'
import type { CryptoBackend } from '@godwit/node'
import { CASES } from './cases.ts'

export interface LabOptions {
  /** Names; every pair of one of `clients` with one of `servers` is run. */
  readonly pairs: readonly (readonly [string, string])[]
  /** Names of cases. */
  readonly cases: readonly string[]
  readonly seed: number
  /** Each cell is run this many times and passes only if all do. */
  readonly repeat: number
  /** Repetitions of measurements; null: as the public runner does. */
  readonly measurements: number | null
  /** How many required cells are drawn by the seed and run besides; see `drawCells`. */
  readonly draw: number
  /** Names of those cells, `client/server/case`. */
  readonly drawn: readonly string[]
  /** Cells at a time; measurements run alone. */
  readonly jobs: number
  /** Exit with 1 if a cell of required.json did not pass. */
  readonly require: boolean
  /** No peers and cases were named: every cell of required.json has to be run. */
  readonly whole: boolean
  /** Keep every capture and qlog. */
  readonly keep: boolean
  /** Write docs/interop.md. */
  readonly docs: boolean
  /** The backend of our endpoints' cryptography; null: their own default. */
  readonly crypto: CryptoBackend | null
  /** Instead of cells: prove that our endpoints obey the public runner's contract, or test the lab. */
  readonly only: 'contract' | 'selftest' | null
}

export interface Command {
  readonly action: 'run' | 'list' | 'serve' | 'help'
  readonly options: LabOptions
}

const CRYPTO_BACKENDS: readonly CryptoBackend[] = ['simd', 'node', 'noble']

export const QUICK_PEERS = ['curl', 'ngtcp2', 'aioquic', 'quic-go', 'chromium']
export const QUICK_CASES = [
  'handshake',
  'transfer',
  'http3',
  'multiplexing',
  'handshakeloss',
  'transferloss',
]
/** Required cells that a quick run draws besides. */
const QUICK_DRAW = 20

export const HELP = `npm run interop -- [options]
Meets other implementations of QUIC in both roles; needs Linux, root and Debian's archive.

  --peer NAMES      godwit with these, as client and as server (default: every peer)
  --client NAMES    these clients only; --server NAMES: these servers only
  --all             also the peers among themselves
  --case NAMES      these cases only, by name or letter (default: all)
  --quick           ${QUICK_PEERS.join(', ')}; ${QUICK_CASES.join(', ')};
                    and --draw ${QUICK_DRAW}
  --draw N          also N cells of interop/required.json, of the peers that are run and of two others, drawn
                    by the seed
  --require         exit with 1 if a cell of interop/required.json did not pass, or, unless peers or cases
                    are named or it is --quick, was not run
  --repeat N        each cell N times; it passes only if every time does
  --measure N       repetitions of goodput and crosstraffic (default 5, as the public runner)
  --seed N          of the networks' random decisions (default: from the clock; it is printed)
  --jobs N          cells at a time (default 3)
  --crypto NAME     our endpoints on this backend (${CRYPTO_BACKENDS.join(', ')}) instead of the default one;
                    results go to interop/results/crypto-NAME
  --keep            keep captures, logs and qlogs, however large
  --docs            write the table into docs/interop.md
  --contract        prove that run_endpoint.sh obeys the public runner's contract; nothing else
  --selftest        test the lab itself with endpoints that misbehave; nothing else
  --list            peers and cases, nothing is run
  --server-only     start our server to try by hand; --case NAME as TESTCASE, PORT, ADDRESS, WWW
Names are separated by commas. Results: interop/results/matrix.{json,md,html}.
`

/** Parses the command line. Throws Error that says what is wrong. */
export function parseCommand(argv: readonly string[], peers: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      peer: { type: 'string' },
      client: { type: 'string' },
      server: { type: 'string' },
      all: { type: 'boolean', default: false },
      case: { type: 'string' },
      quick: { type: 'boolean', default: false },
      require: { type: 'boolean', default: false },
      draw: { type: 'string' },
      repeat: { type: 'string' },
      seed: { type: 'string' },
      measure: { type: 'string' },
      jobs: { type: 'string' },
      crypto: { type: 'string' },
      keep: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      contract: { type: 'boolean', default: false },
      selftest: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      'server-only': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const everyone = ['godwit', ...peers]
  const chosen = choose('peer', values.peer, everyone) ?? (values.quick ? QUICK_PEERS : peers)
  const involved = ['godwit', ...chosen.filter((name) => name !== 'godwit')]
  const clients = choose('client', values.client, everyone) ?? involved
  const servers = choose('server', values.server, everyone) ?? involved
  // Named on both sides: those pairs, whoever they are.
  const explicit = values.client !== undefined && values.server !== undefined
  const pairs = clients.flatMap((client) =>
    servers
      .filter((server) => values.all || explicit || client === 'godwit' || server === 'godwit')
      .map((server) => [client, server] as const),
  )
  const names = CASES.map(({ name }) => name)
  const letters = new Map(CASES.map(({ letter, name }) => [letter, name]))
  const cases =
    choose(
      'case',
      values.case
        ?.split(',')
        .map((name) => letters.get(name) ?? name)
        .join(','),
      names,
    ) ?? (values.quick ? QUICK_CASES : names)
  const crypto = CRYPTO_BACKENDS.find((name) => name === values.crypto) ?? null
  if (values.crypto !== undefined && crypto === null) {
    throw new Error(`--crypto: no ${values.crypto}; there are ${CRYPTO_BACKENDS.join(', ')}`)
  }
  if (crypto !== null && values.docs) throw new Error('--docs is about the default backend')
  return {
    action: values.help ? 'help' : values.list ? 'list' : values['server-only'] ? 'serve' : 'run',
    options: {
      pairs,
      cases,
      seed: values.seed === undefined ? Date.now() % 2 ** 31 : integer('seed', values.seed, 0),
      draw:
        values.draw === undefined
          ? values.quick
            ? QUICK_DRAW
            : 0
          : integer('draw', values.draw, 0),
      drawn: [],
      repeat: values.repeat === undefined ? 1 : integer('repeat', values.repeat, 1),
      measurements: values.measure === undefined ? null : integer('measure', values.measure, 1),
      jobs: values.jobs === undefined ? (values.quick ? 4 : 3) : integer('jobs', values.jobs, 1),
      require: values.require,
      whole:
        !values.quick &&
        [values.peer, values.client, values.server, values.case].every(
          (value) => value === undefined,
        ),
      keep: values.keep,
      docs: values.docs,
      crypto,
      only: values.contract ? 'contract' : values.selftest ? 'selftest' : null,
    },
  }
}

function choose(
  option: string,
  list: string | undefined,
  known: readonly string[],
): readonly string[] | null {
  if (list === undefined) return null
  const names = list.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`--${option}: no ${unknown.join(', ')}; there are ${known.join(', ')}`)
  }
  return names
}

function integer(option: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new Error(`--${option} expected an integer, at least ${min}, got "${text}"`)
}
