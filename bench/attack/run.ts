// What each byte of an attacker costs a server: processor time in our own code (SIMD cryptography and
// answers included, sockets not) for each datagram and byte, beside honest traffic.

import { percentile } from '../lib/statistics.ts'
import { figure, formatTable } from '../lib/table.ts'
import { ATTACKS } from './attacks.ts'
import type { Attack } from './attacks.ts'
import { Target } from './target.ts'

const BURST = 32
const DATAGRAMS = 8192
const MAX_RUNS = 50

export interface AttackResult {
  readonly name: string
  /** Bytes of a datagram, on average. */
  readonly bytes: number
  /** Microseconds for a datagram, by the median of bursts. */
  readonly microseconds: number
  /** Nanoseconds for a byte. */
  readonly perByte: number
  /** Cost of the last quarter over that of the first: above 1 it grows as the attack goes on. NaN: it was closed. */
  readonly growth: number
  /** Bytes that the server answers for each byte. */
  readonly answer: number
  /** Datagrams after which the server closed the connection, or null. */
  readonly closedAfter: number | null
}

function measureAttack(attack: Attack, total: number): AttackResult {
  // The first round is for the compiler.
  runOnce(attack, total / 4)
  // One that ends soon, since the server closes the connection, is begun again on a new one.
  const runs = []
  let sent = 0
  for (let i = 0; i < MAX_RUNS && sent < total; i++) {
    const run = runOnce(attack, total)
    runs.push(run)
    sent += run.sent
  }
  const [{ sent: datagrams, bytes, answered, closed }] = runs
  const times = runs.flatMap((run) => run.times)
  const quarter = Math.max(1, times.length >>> 2)
  const microseconds = percentile(times, 0.5)
  const size = bytes / datagrams
  return {
    name: attack.name,
    bytes: size,
    microseconds,
    perByte: (microseconds * 1000) / size,
    growth: closed
      ? Number.NaN
      : percentile(times.slice(-quarter), 0.5) / percentile(times.slice(0, quarter), 0.5),
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
  const result = ATTACKS.map((attack) => measureAttack(attack, smoke ? BURST : DATAGRAMS))
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
