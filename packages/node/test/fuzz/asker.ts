// One request of a client, made of the steps of a case, with all that can be observed about it.

import { fetch } from '../../src/index.ts'
import type { ConnectOptions, Http3ClientRequest, Http3ClientSession } from '../../src/index.ts'
import { makeStream, type Source } from './bodies.ts'
import type { UserStep } from './case.ts'
import type { Peer, PeerStream } from './peer.ts'
import type { Platform } from './platform.ts'
import { takeSteps } from './user.ts'
import { codeOf, Emissions, UserError, type Watch } from './watch.ts'

const BODIES = ['close', 'ready', 'never', 'error', 'slow'] as const

export class Asker {
  readonly #steps: readonly UserStep[]
  readonly #url: string
  readonly #options: ConnectOptions
  readonly #session: Http3ClientSession | null
  readonly #platform: Platform
  readonly #watch: Watch
  readonly #abort: AbortController
  readonly #sources: Source[]
  /** Promises that were given and have not settled, by what they are. */
  readonly #pending: Map<Promise<unknown>, string>
  #request: Http3ClientRequest | null
  #events: Emissions | null
  #response: Response | null

  constructor(
    steps: readonly UserStep[],
    url: string,
    options: ConnectOptions,
    session: Http3ClientSession | null,
    platform: Platform,
    watch: Watch,
  ) {
    this.#steps = steps
    this.#url = url
    this.#options = options
    this.#session = session
    this.#platform = platform
    this.#watch = watch
    this.#abort = new AbortController()
    this.#sources = []
    this.#pending = new Map()
    this.#request = null
    this.#events = null
    this.#response = null
  }

  /** Sends the request; the first step says how. */
  start(): void {
    const [first, ...rest] = this.#steps
    if (first === undefined) return
    if (first.op === 'fetch' || first.op === 'session-fetch') this.#startFetch(first, rest)
    else this.#startRequest(first, rest)
  }

  /** While connections live: what the server has ended is over here. */
  checkSettled(peer: Peer): void {
    const stream = this.#streamAt(peer)
    if (stream === undefined || peer.vanished || peer.isClosed(stream.connection)) return
    if (stream.sentReset && !stream.sentFin && this.#events?.closed === false) {
      this.#watch.found('a response that was reset is not told')
    }
  }

  /** After the end of `what`: nothing is open. */
  checkOver(what: string): void {
    for (const name of this.#pending.values()) {
      this.#watch.found(`${name} does not settle after the end of ${what}`)
    }
    if (this.#events?.closed === false) {
      this.#watch.found(
        `no 'close' of a request after the end of ${what}`,
        this.#events.names.join(' '),
      )
    }
    if (what !== 'everything') return
    for (const source of this.#sources) {
      if (!source.settled) this.#watch.found('a body is neither read to its end nor cancelled')
    }
  }

  #streamAt(peer: Peer): PeerStream | undefined {
    const id = this.#request?.streamId ?? -1
    return peer.streams.find((stream) => stream.quic.id === id)
  }

  // --- session.request

  #startRequest({ n }: UserStep, rest: readonly UserStep[]): void {
    if (this.#session === null) return
    const method = n % 3 === 0 ? 'POST' : n % 7 === 1 ? 'HEAD' : 'GET'
    const request = this.#session.request('/case', { method, signal: this.#abort.signal })
    request.on('error', () => {})
    this.#request = request
    this.#events = new Emissions(request, 'request', this.#watch)
    takeSteps(rest, { request, response: request }, (step) => this.#take(step, request))
  }

  #take({ op, n }: UserStep, request: Http3ClientRequest): void {
    try {
      this.#perform(op, n, request)
    } catch (error) {
      this.#watch.found(
        `${op} throws ${codeOf(error)}`,
        error instanceof Error ? (error.stack ?? '') : String(error),
      )
    }
  }

  #perform(op: string, n: number, request: Http3ClientRequest): void {
    switch (op) {
      case 'write':
        request.write('x'.repeat(1 + (n % 100)))
        return
      case 'write-big':
        request.write(Buffer.alloc(n * 200), (error) => this.#watch.told('a write', error))
        return
      case 'end':
        request.end()
        return
      case 'end-body':
        request.end('the end')
        return
      case 'read':
        request.read(n % 3 === 0 ? n : undefined)
        return
      case 'resume':
        request.resume()
        return
      case 'pause':
        request.pause()
        return
      case 'iterate':
        this.#expect('an iteration', iterate(request, n % 4))
        return
      case 'pipe':
        request.pipe(request)
        return
      case 'destroy':
        request.destroy()
        return
      case 'destroy-error':
        request.destroy(new UserError('destroyed'))
        return
      case 'abort':
        this.#abort.abort(n % 2 === 0 ? undefined : new UserError('aborted'))
        return
      case 'session-close':
        request.session.close()
        return
      case 'session-destroy':
        request.session.destroy()
        return
      default:
    }
  }

  // --- fetch

  #startFetch({ op, n }: UserStep, rest: readonly UserStep[]): void {
    const init: RequestInit = { signal: this.#abort.signal }
    if (n % 3 > 0) init.method = n % 3 === 1 ? 'POST' : 'PUT'
    if (n % 3 > 0 && n % 5 === 0) init.body = 'a body'
    if (n % 3 > 0 && n % 5 > 1) {
      const { stream, source } = makeStream(
        BODIES[n % BODIES.length] ?? 'close',
        n,
        this.#platform,
        this.#watch,
      )
      this.#sources.push(source)
      Object.assign(init, { body: stream, duplex: 'half' })
    }
    let answer: Promise<Response>
    if (op === 'fetch' || this.#session === null) {
      answer = fetch(this.#url, { ...init, ...this.#options })
    } else {
      answer = this.#session.fetch('/case', init)
    }
    this.#expect(
      'fetch',
      answer.then((response) => {
        this.#response = response
        this.#use(rest)
      }),
    )
    // Steps that do not need the response cross it.
    takeSteps(rest, { request: null, response: null }, ({ op: what, n: number }) => {
      if (what === 'abort')
        this.#abort.abort(number % 2 === 0 ? undefined : new UserError('aborted'))
      else if (what === 'session-close') this.#session?.close()
      else if (what === 'session-destroy') this.#session?.destroy()
    })
  }

  #use(steps: readonly UserStep[]): void {
    const body = this.#response?.body ?? null
    if (body === null) return
    for (const { op, n } of steps) {
      if (body.locked) return
      if (op === 'resume') this.#expect('text()', this.#response?.text())
      else if (op === 'destroy') this.#expect('cancel()', body.cancel())
      else if (op === 'iterate') this.#expect('an iteration', iterate(body, n % 4))
      else if (op === 'read') {
        const reader = body.getReader()
        this.#expect('read()', reader.read())
      }
    }
  }

  #expect(name: string, promise: Promise<unknown> | undefined): void {
    if (promise === undefined) return
    this.#pending.set(promise, name)
    const settle = (): void => {
      this.#pending.delete(promise)
    }
    promise.then(settle, (error: unknown) => {
      settle()
      this.#watch.told(name, error)
    })
  }
}

async function iterate(from: AsyncIterable<unknown>, count: number): Promise<void> {
  let left = count
  for await (const chunk of from) {
    void chunk
    if (left-- === 0) break
  }
}
