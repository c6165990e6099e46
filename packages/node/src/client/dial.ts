// Finds the addresses of a server and races connections to them, RFC 8305: the next address is
// tried when one fails, or beside it when it takes long.

import { lookup as dnsLookup } from 'node:dns'
import { isIP } from 'node:net'

import { createClientSession } from '@godwit/tls'
import { selectProvider } from '../crypto/select-provider.ts'
import { Http3HostError } from '../errors.ts'
import { CONNECTION_ATTEMPT_DELAY } from '../limits.ts'
import { wrongType } from '../options.ts'
import { keyLogOf } from '../tls/key-log.ts'
import { EndpointLease } from './client-endpoints.ts'
import type { Lookup, ResolvedConnectOptions } from './options.ts'
import { Http3ClientSession } from './session.ts'

interface Address {
  readonly address: string
  readonly family: number
}

/** A connected session. Rejects with the error of the first address when all fail. */
export async function dial(
  origin: URL,
  options: ResolvedConnectOptions,
  signal: AbortSignal | undefined,
): Promise<Http3ClientSession> {
  const hostname = origin.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = origin.port === '' ? 443 : Number(origin.port)
  const deadline = new AbortController()
  const timer = setTimeout(() => {
    const message = `no connection to ${origin.host} within ${options.connectTimeout} ms`
    deadline.abort(new Http3HostError('ERR_HTTP3_CONNECT_TIMEOUT', message))
  }, options.connectTimeout)
  const stop = (): void => deadline.abort(signal?.reason)
  signal?.throwIfAborted()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const addresses = await untilAborted(resolveName(hostname, options), deadline.signal)
    return await race(interleave(addresses), deadline.signal, (address, attempt) =>
      open(address, port, hostname, origin, options, attempt),
    )
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function open(
  { address, family }: Address,
  port: number,
  hostname: string,
  origin: URL,
  options: ResolvedConnectOptions,
  signal: AbortSignal,
): Promise<Http3ClientSession> {
  const provider = selectProvider(options.crypto)
  const lease = await EndpointLease.take(family, provider)
  if (signal.aborted) {
    lease.release()
    throw signal.reason
  }
  const keyLog = keyLogOf()
  const handshake = createClientSession({
    crypto: provider,
    serverName: options.servername ?? hostname,
    alpnProtocols: options.alpnProtocols,
    ...(options.cipherSuites === undefined ? {} : { cipherSuites: options.cipherSuites }),
    trustStore: options.trustStore,
    rejectUnauthorized: options.rejectUnauthorized,
    wallClock: Date.now,
    ...(keyLog === undefined ? {} : { keyLog }),
  })
  const config = { handshake, transport: options.transport }
  const session = lease.host.connect({ address, port }, config, (connection) => {
    const http3 = { maxFieldSectionSize: options.maxHeaderSize }
    return new Http3ClientSession(lease, connection, http3, origin)
  })
  const abandon = (): void => session.destroy()
  signal.addEventListener('abort', abandon, { once: true })
  try {
    await session.connectedOrFailed
    return session
  } finally {
    signal.removeEventListener('abort', abandon)
  }
}

/** Runs attempts until one succeeds; the others are aborted. */
async function race<T>(
  addresses: readonly Address[],
  signal: AbortSignal,
  attempt: (address: Address, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const running = new Set<AbortController>()
    let next = 0
    let firstError: unknown
    let timer: NodeJS.Timeout | undefined
    let over = false
    const finish = (winner: AbortController | null): void => {
      over = true
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      for (const other of running) if (other !== winner) other.abort(signal.reason)
    }
    const aborted = (): void => {
      finish(null)
      reject(signal.reason)
    }
    const startNext = (): void => {
      clearTimeout(timer)
      if (over || next === addresses.length) return
      const address = addresses[next++] as Address
      const controller = new AbortController()
      running.add(controller)
      attempt(address, controller.signal).then(
        (value) => {
          if (over) return
          finish(controller)
          resolve(value)
        },
        (error: unknown) => {
          running.delete(controller)
          if (over) return
          firstError ??= error
          if (running.size === 0 && next === addresses.length) {
            finish(null)
            reject(firstError)
          } else {
            startNext()
          }
        },
      )
      timer = setTimeout(startNext, CONNECTION_ATTEMPT_DELAY)
    }
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    signal.addEventListener('abort', aborted, { once: true })
    startNext()
  })
}

function resolveName(
  hostname: string,
  options: ResolvedConnectOptions,
): Promise<readonly Address[]> {
  const literal = isIP(hostname)
  if (literal !== 0) return Promise.resolve([{ address: hostname, family: literal }])
  const lookup: Lookup = options.lookup ?? (dnsLookup as Lookup)
  return new Promise((resolve, reject) => {
    const found = (error: Error | null, addresses: unknown, family?: unknown): void => {
      if (error !== null && error !== undefined) reject(error)
      else if (typeof addresses === 'string') resolve(checked([{ address: addresses, family }]))
      else resolve(checked(addresses))
    }
    // It may be an async function, whose failure nobody else would hear of.
    const returned: unknown = lookup(
      hostname,
      { all: true, family: options.family },
      (error, addresses, ...more: unknown[]) => {
        try {
          found(error, addresses, more[0])
        } catch (wrong) {
          reject(wrong)
        }
      },
    )
    if (returned instanceof Promise) returned.catch(reject)
  })
}

/** What a look-up of the application's answered. */
function checked(addresses: unknown): readonly Address[] {
  if (!Array.isArray(addresses) || addresses.length === 0) {
    throw wrongType('lookup result', 'non-empty array of addresses', addresses)
  }
  return addresses.map((item: unknown) => {
    const { address } = Object(item) as { address?: unknown }
    const family = typeof address === 'string' ? isIP(address) : 0
    if (family === 0) throw wrongType('lookup result', 'IP addresses', address)
    return { address: address as string, family }
  })
}

/** Families in turn, starting with the first one's, RFC 8305 §4. */
function interleave(addresses: readonly Address[]): readonly Address[] {
  const first = addresses.filter((a) => a.family === addresses[0]?.family)
  const second = addresses.filter((a) => a.family !== addresses[0]?.family)
  const mixed: Address[] = []
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    if (at < first.length) mixed.push(first[at] as Address)
    if (at < second.length) mixed.push(second[at] as Address)
  }
  return mixed
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}
