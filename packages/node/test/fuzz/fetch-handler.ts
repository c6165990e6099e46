// Handlers of serve(), made of the steps of a case, and the bodies that they answer with.

import type { UserStep } from './case.ts'
import type { Platform } from './platform.ts'
import { UserError, type Watch } from './watch.ts'

/** Bytes that a body which is always ready gives before it waits for ever: no case needs them all. */
const READY_BYTES = 2_000_000

/** Pulls of one body at one instant of virtual time that no connection needs. */
const MAX_PULLS = 400

/** A body that the machine made: it must be read to its end, or be cancelled. */
export class Source {
  pulls: number
  settled: boolean
  cancelled: boolean

  constructor() {
    this.pulls = 0
    this.settled = false
    this.cancelled = false
  }
}

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

  #stream(
    kind: 'close' | 'ready' | 'never' | 'error' | 'slow',
    n: number,
    chunks: number,
  ): ReadableStream<Uint8Array> {
    const source = new Source()
    this.sources.push(source)
    let left = chunks
    let given = 0
    let instant = -1
    let pulls = 0
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        source.pulls++
        if (instant === this.#platform.now) pulls++
        else pulls = 0
        instant = this.#platform.now
        if (pulls === MAX_PULLS) this.#watch.found('a body is pulled without end')
        if (kind === 'slow') {
          await new Promise((resolve) => {
            setTimeout(resolve, 1 + (n % 90))
          })
        }
        if (left-- > 0 && given < READY_BYTES) {
          const chunk = new Uint8Array(kind === 'ready' ? 16_384 : 1 + ((n * 7) % 3000))
          given += chunk.length
          controller.enqueue(chunk)
          return
        }
        if (kind === 'close' || kind === 'slow') {
          source.settled = true
          controller.close()
        } else if (kind === 'error') {
          source.settled = true
          controller.error(new UserError('the body fails'))
        } else {
          await new Promise(() => {})
        }
      },
      cancel: () => {
        if (source.cancelled) this.#watch.found('a body is cancelled twice')
        source.cancelled = true
        source.settled = true
        if (n % 5 === 0) throw new UserError('cancel fails')
      },
    })
  }

  #generator(n: number): ReadableStream<Uint8Array> {
    const source = new Source()
    // A generator that nobody has begun to read holds nothing.
    source.settled = true
    this.sources.push(source)
    async function* parts(): AsyncGenerator<Uint8Array> {
      source.settled = false
      try {
        for (let i = 0; i < n % 6; i++) {
          await new Promise((resolve) => {
            setTimeout(resolve, 1 + (n % 20))
          })
          yield new Uint8Array(10 + n)
        }
      } finally {
        source.settled = true
      }
    }
    return ReadableStream.from(parts()) as ReadableStream<Uint8Array>
  }
}
