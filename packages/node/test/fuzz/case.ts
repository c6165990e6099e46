// A case: what the peer does and what the user's code does, as plain data, so that it can be printed,
// shrunk and pasted into a test. Cases come from a seed.

import { Prng } from '@godwit/testkit'
import type { Delivery } from './peer.ts'

export const AREAS = ['server', 'serve', 'static', 'client'] as const
export type Area = (typeof AREAS)[number]

/** One thing that the peer does. */
export interface PeerStep {
  readonly op: PeerOp
  /** Which request stream, in the order of opening. */
  readonly s: number
  /** A size, code or kind: by operation. */
  readonly n: number
  readonly via: Delivery
  /** Ms before the next step. */
  readonly wait: number
}

/** One thing that the user's code does. */
export interface UserStep {
  readonly op: string
  readonly when: When
  readonly n: number
}

/** When a step of the user's code runs, after the step before it. */
export type When = (typeof WHENS)[number]

export const WHENS = [
  'sync',
  'microtask',
  'tick',
  'immediate',
  'timer',
  'data',
  'end',
  'drain',
  'close',
  'req-close',
  'aborted',
  'response',
] as const

export interface Case {
  readonly area: Area
  readonly seed: number
  readonly peer: readonly PeerStep[]
  /** By request, in the order of arrival; the last one serves the others. */
  readonly user: readonly (readonly UserStep[])[]
  /** One-way delay of the network, in ms. */
  readonly delay: number
  /** Request streams that the server permits at a time. */
  readonly maxStreams: number
  /** Bytes that either side may send on a stream before they are read. */
  readonly window: number
  /** SETTINGS_MAX_FIELD_SECTION_SIZE of the peer; -1: not told. */
  readonly fieldSize: number
  /** Whether the peer reads what it is sent. */
  readonly reading: 'always' | 'late' | 'never'
  readonly ending: 'close' | 'vanish' | 'stay' | 'destroy'
  /** Whether user code listens for 'error'. */
  readonly errorListeners: boolean
}

/** What a peer does to the connection. */
const CONNECTION_OPS = [
  'goaway',
  'settings',
  'uni',
  'close',
  'keys',
  'ping',
  'read',
  'vanish',
] as const

/** What a client does on a request stream. A server answers with interim responses, too. */
const CLIENT_STREAM_OPS = [
  'headers',
  'data',
  'trailers',
  'fin',
  'reset',
  'stop',
  'part',
  'frame',
] as const

export type ConnectionOp = (typeof CONNECTION_OPS)[number]
export type StreamOp = (typeof CLIENT_STREAM_OPS)[number] | 'interim'
export type PeerOp = ConnectionOp | StreamOp

const CLIENT_PEER_OPS: readonly PeerOp[] = [...CLIENT_STREAM_OPS, ...CONNECTION_OPS]
const SERVER_PEER_OPS: readonly PeerOp[] = [...CLIENT_PEER_OPS, 'interim']

export function isConnectionOp(op: PeerOp): op is ConnectionOp {
  return (CONNECTION_OPS as readonly PeerOp[]).includes(op)
}

/** Operations of a handler of createServer. */
export const HANDLER_OPS = [
  'write-head',
  'set-header',
  'flush-headers',
  'write',
  'write-big',
  'end',
  'end-body',
  'trailers',
  'continue',
  'processing',
  'hints',
  'destroy',
  'destroy-error',
  'cork',
  'uncork',
  'timeout',
  'request-timeout',
  'pipe',
  'pipe-from',
  'read',
  'resume',
  'pause',
  'iterate',
  'request-destroy',
  'session-close',
  'session-destroy',
  'server-close',
  'wait',
] as const

/** How a handler of serve gets to its answer, and what that is. */
export const FETCH_OPS = [
  'wait',
  'text',
  'read-some',
  'cancel-body',
  'wait-abort',
  'string',
  'empty',
  'stream',
  'stream-ready',
  'stream-never',
  'stream-error',
  'stream-slow',
  'generator',
  'echo',
  'locked',
  'disturbed',
  'throw',
  'reject',
  'wrong',
  'no-content',
  'short',
  'never',
] as const

/** Operations of a user of `session.request`, and of `fetch`. */
export const REQUEST_OPS = [
  'write',
  'write-big',
  'end',
  'end-body',
  'read',
  'resume',
  'pause',
  'iterate',
  'pipe',
  'destroy',
  'destroy-error',
  'abort',
  'session-close',
  'session-destroy',
  'wait',
] as const

/** Codes that a peer gives for a reason: H3_NO_ERROR, H3_REQUEST_CANCELLED, H3_REQUEST_REJECTED, one unknown. */
export const CODES = [0x100, 0x10c, 0x10b, 0x101, 7] as const

/** Makes the case of a seed. */
export function makeCase(seed: number, area: Area): Case {
  const prng = new Prng(seed)
  const pick = <T>(from: readonly T[]): T => from[prng.below(from.length)] as T
  const requests = prng.chance(0.6) ? 1 : 1 + prng.below(4)
  const peerOps: readonly PeerOp[] = area === 'client' ? SERVER_PEER_OPS : CLIENT_PEER_OPS
  const peer: PeerStep[] = []
  const delivery = (): Delivery =>
    prng.chance(0.35)
      ? 'join'
      : prng.chance(0.4)
        ? 'packet'
        : prng.chance(0.75)
          ? 'turn'
          : pick(['lose', 'late'] as const)
  const add = (op: PeerOp, s: number, n: number = prng.below(1000)): void => {
    const wait = prng.chance(0.75) ? 0 : prng.chance(0.8) ? 1 + prng.below(30) : prng.below(2000)
    peer.push({ op, s, n, via: delivery(), wait })
  }
  // Most streams begin as a message should, so that cases get past the first step; then anything.
  for (let s = 0; s < requests; s++) {
    const before = prng.chance(0.15)
    if (before) add(pick(['stop', 'part', 'reset', 'ping'] as const), s)
    if (area !== 'client' || prng.chance(0.7)) add('headers', s)
    const more = prng.below(4)
    for (let i = 0; i < more; i++)
      add(pick(['data', 'data', 'trailers', 'fin', 'stop', 'reset'] as const), s)
    if (prng.chance(0.5)) add('fin', s)
    if (prng.chance(0.35)) add(pick(['stop', 'reset'] as const), s)
  }
  const extra = prng.below(5)
  for (let i = 0; i < extra; i++) add(pick(peerOps), prng.below(requests))
  if (prng.chance(0.3)) shuffleTwo(peer, prng)
  const user: UserStep[][] = []
  for (let i = 0; i < requests; i++) user.push(userSteps(area, prng, pick))
  return {
    area,
    seed,
    peer,
    user,
    delay: prng.chance(0.7) ? 0 : 1 + prng.below(40),
    maxStreams: prng.chance(0.6) ? 100 : 1 + prng.below(4),
    window: prng.chance(0.6) ? 262_144 : 1024 + prng.below(4000),
    fieldSize: prng.chance(0.85) ? -1 : prng.below(400),
    reading: prng.chance(0.7) ? 'always' : pick(['late', 'never'] as const),
    ending: pick(['close', 'vanish', 'stay', 'destroy'] as const),
    errorListeners: prng.chance(0.7),
  }
}

function userSteps(area: Area, prng: Prng, pick: <T>(from: readonly T[]) => T): UserStep[] {
  const ops: readonly string[] =
    area === 'server' ? HANDLER_OPS : area === 'serve' ? FETCH_OPS : REQUEST_OPS
  const steps: UserStep[] = []
  if (area === 'static') return steps // the handler is ours
  const count = 1 + prng.below(6)
  for (let i = 0; i < count; i++) {
    const when = prng.chance(0.55) ? 'sync' : pick(WHENS)
    steps.push({ op: pick(ops), when, n: prng.below(1000) })
  }
  if (area === 'client') {
    const op = pick(['request', 'request', 'fetch', 'session-fetch'])
    steps.unshift({ op, when: 'sync', n: prng.below(1000) })
  }
  return steps
}

function shuffleTwo(items: PeerStep[], prng: Prng): void {
  if (items.length < 2) return
  const a = prng.below(items.length)
  const b = prng.below(items.length)
  const kept = items[a] as PeerStep
  items[a] = items[b] as PeerStep
  items[b] = kept
}

/** Smaller cases than `given`, the boldest first. */
export function* shrink(given: Case): Generator<Case> {
  if (given.user.length > 1) yield { ...given, user: given.user.slice(0, -1) }
  for (const peer of without(given.peer)) yield { ...given, peer }
  for (let i = 0; i < given.user.length; i++) {
    for (const steps of without(given.user[i] as readonly UserStep[])) {
      yield { ...given, user: given.user.with(i, steps) }
    }
  }
  const plain = {
    delay: 0,
    maxStreams: 100,
    window: 262_144,
    fieldSize: -1,
    reading: 'always',
    ending: 'stay',
    errorListeners: true,
  } as const
  for (const [name, value] of Object.entries(plain)) {
    if (given[name as keyof Case] !== value) yield { ...given, [name]: value }
  }
  for (let i = 0; i < given.peer.length; i++) {
    const step = given.peer[i] as PeerStep
    const put = (change: Partial<PeerStep>): Case => ({
      ...given,
      peer: given.peer.with(i, { ...step, ...change }),
    })
    if (step.via !== 'join') yield put({ via: 'join' })
    if (step.via !== 'join' && step.via !== 'packet') yield put({ via: 'packet' })
    if (step.wait > 0) yield put({ wait: 0 })
    if (step.n > 0) yield put({ n: 0 })
    if (step.n > 1) yield put({ n: Math.floor(step.n / 2) })
    if (step.s > 0) yield put({ s: 0 })
  }
  for (let i = 0; i < given.user.length; i++) {
    const steps = given.user[i] as readonly UserStep[]
    for (let j = 0; j < steps.length; j++) {
      const step = steps[j] as UserStep
      const put = (change: Partial<UserStep>): Case => ({
        ...given,
        user: given.user.with(i, steps.with(j, { ...step, ...change })),
      })
      if (step.when !== 'sync') yield put({ when: 'sync' })
      if (step.n > 0) yield put({ n: 0 })
    }
  }
}

// Halves first, then single elements.
function* without<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length > 3) {
    const half = items.length >> 1
    yield items.slice(0, half)
    yield items.slice(half)
  }
  for (let i = items.length - 1; i >= 0; i--) yield items.toSpliced(i, 1)
}
