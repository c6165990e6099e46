// Handlers of serve(), made of the steps of a case, and the bodies that they answer with.

import { makeGenerator, makeStream, type BodyKind, type Source } from './bodies.ts'
import type { UserStep } from './case.ts'
import type { Platform } from './platform.ts'
import { UserError, type Watch } from './watch.ts'

/** One call of `fetch`. */
export class FetchCall {
  readonly request: Request
  readonly sources: Source[]
  /** The answer was given, or refused. */
  answered: boolean
  readonly #platform: Platform
  readonly #watch: Watch

  constructor(request: Request, platform: Platform, watch: Watch) {
    this.request = request
    this.sources = []
    this.answered = false
    this.#platform = platform
    this.#watch = watch
  }

  async run(steps: readonly UserStep[]): Promise<Response> {
    try {
      for (const step of steps) {
        await this.#until(step)
        const response = await this.#take(step)
        if (response !== null) return response
      }
      return new Response('done')
    } finally {
      this.answered = true
    }
  }

  async #until({ when, n }: UserStep): Promise<void> {
    const { signal } = this.request
    switch (when) {
      case 'sync':
      case 'microtask':
      case 'drain':
      case 'response':
      case 'req-close':
        return
      case 'tick':
        return new Promise((resolve) => {
          process.nextTick(resolve)
        })
      case 'immediate':
        return new Promise((resolve) => {
          setImmediate(resolve)
        })
      case 'timer':
      case 'data':
      case 'end':
        return new Promise((resolve) => {
          setTimeout(resolve, n % 60)
        })
      case 'close':
      case 'aborted':
        if (signal.aborted || n % 3 !== 0) return
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
    }
  }

  async #take({ op, n }: UserStep): Promise<Response | null> {
    const { request } = this
    switch (op) {
      case 'text':
        await request.text().catch(() => '')
        return null
      case 'read-some': {
        if (request.body === null || request.body.locked) return null
        const reader = request.body.getReader()
        await reader.read().catch(() => {})
        reader.releaseLock()
        return null
      }
      case 'cancel-body':
        if (request.body?.locked === false) await request.body.cancel().catch(() => {})
        return null
      case 'wait-abort':
        if (!request.signal.aborted) {
          await new Promise((resolve) => {
            request.signal.addEventListener('abort', resolve, { once: true })
          })
        }
        return null
      case 'string':
        return new Response('a string', { headers: { 'x-n': String(n) } })
      case 'empty':
        return new Response(null, { status: [200, 204, 304, 205][n % 4] as number })
      case 'stream':
        return new Response(this.#stream('close', n, 1 + (n % 5)))
      case 'stream-ready':
        return new Response(this.#stream('ready', n, Infinity))
      case 'stream-never':
        return new Response(this.#stream('never', n, n % 3))
      case 'stream-error':
        return new Response(this.#stream('error', n, n % 3))
      case 'stream-slow':
        return new Response(this.#stream('slow', n, 1 + (n % 20)))
      case 'generator':
        return new Response(this.#generator(n))
      case 'echo':
        return new Response(request.body)
      case 'locked': {
        const response = new Response(this.#stream('close', n, 2))
        response.body?.getReader()
        this.sources.pop() // whoever locks a body looks after it
        return response
      }
      case 'disturbed': {
        const response = new Response(this.#stream('close', n, 2))
        await response.text()
        return response
      }
      case 'throw':
      case 'reject':
        throw new UserError('the handler fails')
      case 'wrong':
        return 'no response' as unknown as Response
      case 'no-content':
        return new Response(null, { status: 204, headers: { 'content-length': '5' } })
      case 'short':
        return new Response(this.#stream('close', n, 1), {
          headers: { 'content-length': '100000' },
        })
      case 'never':
        return new Promise<Response>(() => {})
      default:
        return null
    }
  }

  #stream(kind: BodyKind, n: number, chunks: number): ReadableStream<Uint8Array> {
    const { stream, source } = makeStream(kind, n, this.#platform, this.#watch, chunks)
    this.sources.push(source)
    return stream
  }

  #generator(n: number): ReadableStream<Uint8Array> {
    const { stream, source } = makeGenerator(n)
    this.sources.push(source)
    return stream
  }
}
