// What each byte of an attacker costs a server: processor time in our own code (SIMD cryptography and
// answers included, sockets not) for each datagram and byte, beside honest traffic.

import { percentile } from '../lib/statistics.ts'
import { figure, formatTable } from '../lib/table.ts'
import { ATTACKS } from './attacks.ts'
import type { Attack } from './attacks.ts'
import { Target } from './target.ts'

const BURST = 32
const DATAGRAMS = 8192
/** Rounds that are counted; in each every attack is made once, so that noise of the machine hits all alike. */
const ROUNDS = 5
/**
 * Rounds before them. Until each attack has been made, V8 compiles and drops code as new kinds of packets
 * come, which changes the cost of a datagram by a factor of three in the middle of an attack.
 */
const WARM_UP_ROUNDS = 2
/** Of a round, for an attack that the server ends soon: so many that its code is compiled, too. */
const MAX_RUNS = 50

export interface AttackResult {
  readonly name: string
  /** Bytes of a datagram, on average. */
  readonly bytes: number
  /** Microseconds for a datagram, by the median of all bursts. */
  readonly microseconds: number
  /** Nanoseconds for a byte. */
  readonly perByte: number
  /** Cost of the last quarter over that of the first, by the median of rounds: above 1 it grows. NaN: it was closed. */
  readonly growth: number
  /** Bytes that the server answers for each byte. */
  readonly answer: number
  /** Datagrams after which the server closed the connection, or null. */
  readonly closedAfter: number | null
}

/** One round. What ends soon, since the server closes the connection, is begun again on a new one. */
function runRound(attack: Attack, total: number): Run[] {
  const runs = []
  let sent = 0
  for (let i = 0; i < MAX_RUNS && sent < total; i++) {
    const run = runOnce(attack, total)
    runs.push(run)
    sent += run.sent
  }
  return runs
}

/** Cost of the last quarter of an attack over that of its first. */
function growthOf({ times }: Run): number {
  const quarter = Math.max(1, times.length >>> 2)
  return percentile(times.slice(-quarter), 0.5) / percentile(times.slice(0, quarter), 0.5)
}

function resultOf({ name }: Attack, runs: readonly Run[]): AttackResult {
  const [{ sent: datagrams, bytes, answered, closed }] = runs
  const size = bytes / datagrams
  const times = runs.flatMap((run) => run.times)
  const microseconds = percentile(times, 0.5)
  return {
    name,
    bytes: size,
    microseconds,
    perByte: (microseconds * 1000) / size,
    growth: closed ? Number.NaN : percentile(runs.map(growthOf), 0.5),
    answer: answered / bytes,
    closedAfter: closed ? datagrams : null,
  }
}

interface Run {
  readonly sent: number
  readonly bytes: number
  readonly answered: number
  readonly closed: boolean
  /** Microseconds for a datagram, by burst. */
  readonly times: readonly number[]
}

function runOnce({ burst = BURST, start }: Attack, total: number): Run {
  const target = new Target()
  const next = start(target)
  const times: number[] = []
  let sent = 0
  let bytes = 0
  target.answered = 0
  while (sent < total && !target.closed) {
    const datagrams = Array.from({ length: burst }, next)
    times.push((target.receive(datagrams) * 1000) / burst)
    sent += burst
    for (const datagram of datagrams) bytes += datagram.length
  }
  return { sent, bytes, answered: target.answered, closed: target.closed, times }
}

export function runAttacks(smoke: boolean): { result: AttackResult[]; text: string } {
  const runs = ATTACKS.map((): Run[] => [])
  const rounds = smoke ? 1 : WARM_UP_ROUNDS + ROUNDS
  for (let round = 0; round < rounds; round++) {
    const counted = smoke || round >= WARM_UP_ROUNDS
    for (const [i, attack] of ATTACKS.entries()) {
      const made = runRound(attack, smoke ? BURST : DATAGRAMS)
      if (counted) runs[i].push(...made)
    }
  }
  const result = ATTACKS.map((attack, i) => resultOf(attack, runs[i]))
  const honest = result[0].perByte
  const rows = result.map((r) => [
    r.name,
    figure(r.bytes, 0),
    figure(r.microseconds),
    figure(r.perByte),
    figure(r.perByte / honest),
    figure(r.growth, 1),
    figure(r.answer, 2),
    r.closedAfter === null ? '' : `after ${r.closedAfter}`,
  ])
  const head = [
    'what arrives',
    'bytes',
    'us',
    'ns/byte',
    'times honest',
    'growth',
    'answer',
    'closed',
  ]
  return { result, text: formatTable(head, rows) }
}
