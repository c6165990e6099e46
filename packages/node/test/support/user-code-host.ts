// Calls of user code, each of which misbehaves in turn: node user-code-host.ts DEED, with KEY, CERT and CA.
// For each place where the library calls user code a server and a client are made, everything is done
// that makes the library call it, and what came of that is told to the parent: one line a place.
import { setTimeout as delay } from 'node:timers/promises'
import { connect, createSecureContext, createServer, serve } from '../../src/index.ts'
import type { Http3ClientSession, Http3Server, RequestListener } from '../../src/index.ts'
import { BOOM } from './faulty-handlers.ts'

export const DEEDS = ['throws', 'rejects', 'never', 'twice', 'closes', 'destroys'] as const
export type Deed = (typeof DEEDS)[number]

export const PLACES = [
  'request',
  'checkContinue',
  'session',
  'keylog',
  'listening',
  'SNICallback',
  'server close',
  'data',
  'end',
  'aborted',
  'request close',
  'finish',
  'response close',
  'drain',
  'response error',
  'write callback',
  'end callback',
  'hints callback',
  'request timeout',
  'response timeout',
  'socket close',
  'server session close',
  'getConnections',
  'lookup',
  'response',
  'informational',
  'trailers',
  'client data',
  'client end',
  'client close',
  'client write callback',
  'client end callback',
  'goaway',
  'idle',
  'client session close',
  'fetch pull',
  'fetch cancel',
  'client signal',
  'serve fetch',
  'serve error',
  'serve signal',
  'body start',
  'body pull',
  'body cancel',
] as const
export type Place = (typeof PLACES)[number]

/** What came of one place. */
export interface Outcome {
  readonly place: Place
  /** How often the user code was called. */
  readonly calls: number
  /** What nobody caught. */
  readonly uncaught: readonly string[]
  /** Whether another client was answered afterwards; null: the deed closed the server. */
  readonly served: boolean | null
  /** Whether the server closed when it was asked to. */
  readonly closed: boolean
}

/** What makes the library call a place, where that is not a plain POST. */
const NEEDS: Partial<Record<Place, string>> = {
  checkContinue: '/expect',
  informational: '/expect',
  aborted: '/hold',
  'response close': '/hold',
  'request close': '/hold',
  'client close': '/hold',
  drain: '/large',
  'write callback': '/large',
  'client data': '/large',
  'response error': '/mistake',
  'request timeout': '/timeouts',
  'response timeout': '/timeouts',
  'fetch pull': '/fetch',
  'fetch cancel': '/fetch',
  'client signal': '/fetch',
}

/** Far longer than anything here takes: who waits that long waits for ever. */
const PATIENCE = 15_000

const { KEY, CERT, CA } = process.env as { KEY: string; CERT: string; CA: string }
const uncaught: string[] = []

class Trial {
  readonly place: Place
  readonly #deed: Deed
  calls = 0
  /** Everything was done: what follows is to see what is left. */
  over = false
  server: Http3Server | null = null
  clientSession: Http3ClientSession | null = null

  constructor(place: Place, deed: Deed) {
    this.place = place
    this.#deed = deed
  }

  /**
   * Called by every place with its name; only the one on trial misbehaves. `again` repeats what the place
   * can do twice. Undefined: behave.
   */
  at(place: Place, again: () => void = () => {}): unknown {
    if (place !== this.place) return undefined
    this.calls++
    switch (this.#deed) {
      case 'throws':
        throw new Error(BOOM)
      case 'rejects':
        return Promise.reject(new Error(BOOM))
      case 'never':
        return new Promise(() => {})
      case 'twice':
        again()
        again()
        break
      case 'closes':
        this.server?.close()
        break
      case 'destroys':
        // Not the one that is asked afterwards whether it is served.
        if (this.over) break
        for (const session of this.server?.sessions ?? []) session.destroy()
        this.clientSession?.destroy()
    }
    return undefined
  }
}

const listener =
  (trial: Trial): RequestListener =>
  (request, response) => {
    if (request.url === '/served') {
      response.end('served')
      return undefined as never
    }
    const again = (): void => {
      response.write('again')
      response.end('again')
    }
    request.on('data', () => trial.at('data', again))
    request.on('end', () => trial.at('end', again))
    request.on('aborted', () => trial.at('aborted', again))
    request.on('close', () => trial.at('request close', again))
    response.on('finish', () => trial.at('finish', again))
    response.on('close', () => trial.at('response close', again))
    response.on('drain', () => trial.at('drain', again))
    response.on('error', () => trial.at('response error', again))
    request.socket.on('close', () => trial.at('socket close', again))
    if (request.url === '/timeouts') {
      request.setTimeout(5, () => trial.at('request timeout', again))
      response.setTimeout(5, () => trial.at('response timeout', again))
      setTimeout(() => response.end('x'), 40).unref()
    } else if (request.url === '/mistake') {
      response.setHeader('content-length', 1)
      response.end('more than that')
    } else if (request.url === '/hold') {
      response.write('x')
    } else if (request.url === '/large') {
      response.write(Buffer.alloc(4_000_000), () => trial.at('write callback', again))
      response.once('drain', () => response.end())
    } else {
      response.writeEarlyHints({ link: '</a>' }, () => trial.at('hints callback', again))
      request.on('end', () => {
        response.addTrailers({ sum: '1' })
        response.end('hello', () => trial.at('end callback', again))
      })
    }
    // Last: whatever was prepared above happens even if this does not.
    return trial.at('request', again) as never
  }

function startPlain(trial: Trial): Http3Server {
  const server = createServer(
    {
      key: KEY,
      cert: CERT,
      closeTimeout: 50,
      SNICallback: (_name, callback) => {
        const answer = (): void => callback(null, createSecureContext({ key: KEY, cert: CERT }))
        const result = trial.at('SNICallback', answer)
        if (result === undefined) answer()
        return result as never
      },
    },
    listener(trial),
  )
  trial.server = server
  server.on('keylog', () => trial.at('keylog'))
  server.on('checkContinue', (request, response) => {
    response.writeContinue()
    listener(trial)(request, response)
    return trial.at('checkContinue', () => response.writeContinue())
  })
  server.on('session', (session) => {
    session.on('close', () => trial.at('server session close'))
    return trial.at('session')
  })
  server.on('close', () => trial.at('server close'))
  server.listen(0, '127.0.0.1', () => trial.at('listening'))
  return server
}

async function startServe(trial: Trial): Promise<Http3Server> {
  const server = await serve({
    key: KEY,
    cert: CERT,
    port: 0,
    hostname: '127.0.0.1',
    closeTimeout: 50,
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/served') return new Response('served')
      request.signal.addEventListener('abort', () => trial.at('serve signal'))
      if (pathname === '/failing') throw new Error('expected')
      const misbehaved = trial.at('serve fetch')
      if (misbehaved !== undefined) return misbehaved as Response
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => trial.at('body start', () => controller.enqueue(new Uint8Array(1))),
        pull: (controller) => {
          controller.enqueue(new Uint8Array(10_000))
          return trial.at('body pull', () => controller.enqueue(new Uint8Array(1))) as undefined
        },
        cancel: () => trial.at('body cancel') as undefined,
      })
      return new Response(body)
    },
    error: () =>
      (trial.at('serve error') as Response | undefined) ?? new Response('handled', { status: 503 }),
  })
  trial.server = server
  return server
}

/** Resolves with what `promise` does, or with null: failures are part of the trial. */
async function patiently<T>(promise: Promise<T>): Promise<T | null> {
  const waiting = new AbortController()
  const late = delay(PATIENCE, null, { signal: waiting.signal }).catch(() => null)
  const settled = promise.catch(() => null)
  const first = await Promise.race([settled, late])
  waiting.abort()
  return first
}

/** Sends one request; resolves when it is over, however. */
async function ask(
  trial: Trial,
  session: Http3ClientSession,
  path: string,
  how: { body?: boolean; expect?: boolean; leave?: boolean } = {},
): Promise<void> {
  const request = session.request(path, {
    method: how.body === true ? 'POST' : 'GET',
    ...(how.expect === true ? { headers: { expect: '100-continue' } } : {}),
  })
  request.on('error', () => {})
  const again = (): void => {
    request.write('again')
    request.end('again')
  }
  const over = new Promise((resolve) => request.prependOnceListener('close', resolve))
  request.on('response', () => trial.at('response', again))
  request.on('informational', () => trial.at('informational', again))
  request.on('trailers', () => trial.at('trailers', again))
  request.on('data', () => trial.at('client data', again))
  request.on('end', () => trial.at('client end', again))
  request.on('close', () => trial.at('client close', again))
  if (how.body === true) {
    request.write('content', () => trial.at('client write callback', again))
    request.end(() => trial.at('client end callback', again))
  }
  if (how.leave === true) {
    await delay(40)
    request.destroy()
  }
  // Where the server was made to say nothing the client loses patience.
  await Promise.race([over, delay(path === '/large' ? 3000 : 300, null, { ref: false })])
  if (!request.destroyed) request.destroy()
}

async function exercise(trial: Trial, isServe: boolean): Promise<void> {
  const port = trial.server?.address()?.port ?? 0
  const session = await connect(`https://localhost:${port}`, {
    ca: CA,
    connectTimeout: 3000,
    lookup: (_name, _options, callback) => {
      const found = (): void => callback(null, [{ address: '127.0.0.1', family: 4 }])
      const result = trial.at('lookup', found)
      if (result === undefined) found()
      return result as never
    },
  })
  trial.clientSession = session
  session.on('error', () => {})
  session.on('goaway', () => trial.at('goaway'))
  session.on('idle', () => trial.at('idle'))
  session.on('close', () => trial.at('client session close'))
  if (isServe) {
    await ask(trial, session, '/failing')
    await ask(trial, session, '/body', { leave: true })
    return
  }
  trial.server?.getConnections(() => trial.at('getConnections'))
  const needed = NEEDS[trial.place] ?? '/'
  if (needed === '/' || needed === '/expect') {
    await ask(trial, session, '/', { body: true, expect: needed === '/expect' })
  } else if (needed !== '/fetch') {
    await ask(trial, session, needed, { leave: needed === '/hold' })
  }
  if (needed !== '/fetch') return
  const leaving = new AbortController()
  leaving.signal.addEventListener('abort', () => trial.at('client signal'))
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await delay(5)
      controller.enqueue(new Uint8Array(10))
      await trial.at('fetch pull', () => controller.enqueue(new Uint8Array(1)))
    },
    cancel: () => trial.at('fetch cancel') as undefined,
  })
  const init = { method: 'POST', body, duplex: 'half', signal: leaving.signal } as const
  const uploading = session.fetch('/', init).then(
    (response) => response.text(),
    () => null,
  )
  await delay(50)
  leaving.abort()
  await patiently(uploading)
}

async function isServed(port: number): Promise<boolean> {
  const session = await connect(`https://127.0.0.1:${port}`, { ca: CA, connectTimeout: PATIENCE })
  const text = await (await session.fetch('/served')).text()
  session.destroy()
  return text === 'served'
}

/** Resolves when a request that does not end is answered, or cannot be. */
function beginRequest(session: Http3ClientSession | null): Promise<void> {
  return new Promise((resolve) => {
    if (session === null) return resolve()
    const request = session.request('/hold')
    request.on('error', () => {})
    request.once('response', () => resolve())
    request.once('close', () => resolve())
    request.resume()
  })
}

async function run(place: Place, deed: Deed): Promise<Outcome> {
  uncaught.length = 0
  const trial = new Trial(place, deed)
  const isServe = place.startsWith('serve ') || place.startsWith('body')
  const server = isServe ? await startServe(trial) : startPlain(trial)
  let ended = false
  const closing = new Promise((resolve) => server.prependOnceListener('close', resolve)).then(
    () => {
      ended = true
    },
  )
  if (!server.listening) {
    await new Promise<void>((resolve) => server.prependOnceListener('listening', resolve))
  }
  const { port } = server.address() ?? { port: 0 }
  await patiently(exercise(trial, isServe))
  trial.over = true
  const wasClosed = deed === 'closes' && trial.calls > 0
  const served = wasClosed ? null : await patiently(isServed(port))
  // Something is in progress, so that the client is told before the connection ends.
  await patiently(beginRequest(trial.clientSession))
  server.close()
  await patiently(closing)
  trial.clientSession?.destroy()
  await delay(20)
  return {
    place,
    calls: trial.calls,
    uncaught: [...uncaught],
    served: served ?? (wasClosed ? null : false),
    closed: ended,
  }
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  process.on('uncaughtException', (error, origin) => uncaught.push(`${origin}: ${String(error)}`))
  const deed = process.argv[2] as Deed
  for (const place of PLACES) process.send(await run(place, deed))
  process.disconnect()
}
