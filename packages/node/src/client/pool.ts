// Connections that `fetch` keeps for the next request: one per origin and set of options.

import { createHash } from 'node:crypto'

import { POOL_IDLE_TIMEOUT } from '../limits.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'
import type { Http3ClientSession } from './session.ts'

const SESSIONS = new Map<string, Promise<Http3ClientSession>>()
const FORGET = new WeakMap<Http3ClientSession, () => void>()
const FUNCTION_IDS = new WeakMap<object, number>()
let nextFunctionId = 1

/** The session for an origin: an open one, or a new one. */
export async function pooledSession(
  origin: string,
  options: ConnectOptions,
): Promise<Http3ClientSession> {
  const key = poolKey(origin, options)
  const existing = SESSIONS.get(key)
  if (existing !== undefined) {
    const session = await existing
    if (!session.closing) return session
    if (SESSIONS.get(key) === existing) SESSIONS.delete(key)
    return pooledSession(origin, options)
  }
  const opening = connect(origin, options)
  SESSIONS.set(key, opening)
  const forget = (): void => {
    if (SESSIONS.get(key) === opening) SESSIONS.delete(key)
  }
  try {
    const session = await opening
    FORGET.set(session, forget)
    let timer: NodeJS.Timeout | undefined
    session.once('close', forget)
    session.once('goaway', () => {
      forget()
      session.close()
    })
    session.on('idle', () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (session.activeRequests > 0 || session.waitingRequests > 0) return
        forget()
        session.close()
      }, POOL_IDLE_TIMEOUT)
      timer.unref()
    })
    return session
  } catch (error) {
    forget()
    throw error
  }
}

/** Later requests get another connection; those in progress on this one go on. */
export function forgetSession(session: Http3ClientSession): void {
  FORGET.get(session)?.()
}

/** Closes every connection that `fetch` keeps, after the requests in progress. */
export async function closeIdleConnections(): Promise<void> {
  const sessions = [...SESSIONS.values()]
  SESSIONS.clear()
  await Promise.allSettled(
    sessions.map(async (opening) => {
      const session = await opening
      await new Promise<void>((resolve) => {
        session.close(resolve)
      })
    }),
  )
}

function poolKey(origin: string, options: ConnectOptions): string {
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}=`)
    if (typeof value === 'function') hash.update(String(functionId(value as object)))
    else if (value instanceof Uint8Array) hash.update(value)
    else hash.update(JSON.stringify(value) ?? '')
    hash.update('\n')
  }
  return `${origin} ${hash.digest('hex')}`
}

function functionId(value: object): number {
  let id = FUNCTION_IDS.get(value)
  if (id === undefined) {
    id = nextFunctionId++
    FUNCTION_IDS.set(value, id)
  }
  return id
}
