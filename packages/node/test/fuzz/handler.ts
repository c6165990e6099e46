// Handlers of createServer, made of the steps of a case.

import { PassThrough, Readable } from 'node:stream'
import type {
  Http3ServerRequest,
  Http3ServerResponse,
  Http3ServerSession,
} from '../../src/index.ts'
import type { Case, UserStep } from './case.ts'
import { takeSteps } from './user.ts'
import { codeOf, Emissions, UserError, type Watch } from './watch.ts'

/** What user code reaches beside the request and its response. */
export interface Surroundings {
  sessionOf(request: Http3ServerRequest): Http3ServerSession | undefined
  closeServer(): void
}

/** One request as its handler saw it. */
export class Exchange {
  readonly request: Http3ServerRequest
  readonly response: Http3ServerResponse
  readonly requestEvents: Emissions
  readonly responseEvents: Emissions
  readonly #watch: Watch
  readonly #onWritten: (error?: Error | null) => void
  readonly #surroundings: Surroundings
  #lengthSet: boolean
  /** Something pipes into a response whose errors nobody listens for but the pipe. */
  #isPiped: boolean
  #hasListeners: boolean

  constructor(
    request: Http3ServerRequest,
    response: Http3ServerResponse,
    watch: Watch,
    surroundings: Surroundings,
  ) {
    this.request = request
    this.response = response
    this.#watch = watch
    this.#onWritten = (error) => watch.told('a write', error)
    this.#surroundings = surroundings
    this.#lengthSet = false
    this.#isPiped = false
    this.#hasListeners = false
    this.requestEvents = new Emissions(request, 'request', watch)
    this.responseEvents = new Emissions(response, 'response', watch)
  }

  /** Both the request and the response have told of their end, or the user keeps one from it. */
  get closed(): boolean {
    return (this.requestEvents.closed || this.#isHeld) && this.responseEvents.closed
  }

  /** All of the request is there, and user code that listens for it has paused it, and not gone on. */
  get #isHeld(): boolean {
    const { request } = this
    const listeners = request.listenerCount('data') + request.listenerCount('readable')
    return request.complete && request.isPaused() && listeners > 0
  }

  run(given: Case, steps: readonly UserStep[]): void {
    const { request, response } = this
    this.#hasListeners = given.errorListeners
    if (given.errorListeners) {
      request.on('error', () => {})
      response.on('error', () => {})
    }
    takeSteps(steps, { request, response }, (step) => this.#take(step))
  }

  #take(step: UserStep): void {
    const sent = this.response.headersSent
    const over = this.response.writableEnded || this.response.destroyed
    // As in node:http, an error of a write after the end is the application's.
    if (over)
      this.#watch.excused.add('ERR_STREAM_WRITE_AFTER_END').add('ERR_STREAM_ALREADY_FINISHED')
    try {
      this.#perform(step)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ERR_HTTP_HEADERS_SENT' && sent) return
      if (code.startsWith('ERR_HTTP3_CONTENT_LENGTH') && this.#lengthSet) return
      this.#watch.found(
        `${step.op} throws ${code}`,
        error instanceof Error ? (error.stack ?? '') : String(error),
      )
    }
  }

  #perform({ op, n }: UserStep): void {
    const { request, response } = this
    switch (op) {
      case 'write-head': {
        const status = [200, 200, 201, 404, 204, 304, 500][n % 7] as number
        if (n % 5 !== 2) {
          response.writeHead(status, { 'x-n': n })
          return
        }
        this.#lengthSet = true
        response.writeHead(status, { 'content-length': n % 9 })
        return
      }
      case 'set-header':
        response.setHeader('x-header', ['one', String(n)])
        return
      case 'flush-headers':
        return response.flushHeaders()
      case 'write':
        response.write('x'.repeat(1 + (n % 100)), n % 3 === 0 ? this.#onWritten : undefined)
        return
      case 'write-big':
        response.write(Buffer.alloc(n * 200), this.#onWritten)
        return
      case 'end':
        response.end()
        return
      case 'end-body':
        if (n % 3 === 0) response.end(Buffer.alloc(n * 100), this.#onWritten)
        else response.end('the end', this.#onWritten)
        return
      case 'trailers':
        return response.addTrailers({ 'x-trailer': 'yes' })
      case 'continue':
        response.writeContinue()
        return
      case 'processing':
        response.writeProcessing()
        return
      case 'hints':
        response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => {})
        return
      case 'destroy':
        response.destroy()
        return
      case 'destroy-error':
        // A pipe throws the error of a response that nobody else listens to: that is the user's affair.
        response.destroy(
          this.#isPiped && !this.#hasListeners ? undefined : new UserError('destroyed'),
        )
        return
      case 'cork':
        return response.cork()
      case 'uncork':
        return response.uncork()
      case 'timeout':
        response.setTimeout(1 + (n % 200), () => {
          if (n % 2 === 0) response.destroy()
        })
        return
      case 'request-timeout':
        request.setTimeout(1 + (n % 200), () => {
          if (n % 2 === 0) request.destroy()
        })
        return
      case 'pipe':
        this.#isPiped = true
        request.pipe(response)
        return
      case 'pipe-from': {
        this.#isPiped = true
        const source = n % 2 === 0 ? Readable.from(['one', 'two', 'three']) : new PassThrough()
        source.on('error', () => {})
        source.pipe(response)
        response.once('close', () => source.destroy())
        return
      }
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
        void iterate(request, n)
        return
      case 'request-destroy':
        request.destroy()
        return
      case 'session-close':
        this.#surroundings.sessionOf(request)?.close()
        return
      case 'session-destroy':
        this.#surroundings.sessionOf(request)?.destroy()
        return
      case 'server-close':
        return this.#surroundings.closeServer()
      default:
    }
  }
}

async function iterate(request: Http3ServerRequest, n: number): Promise<void> {
  try {
    let left = n % 4
    for await (const chunk of request) {
      void chunk
      if (left-- === 0) break
    }
  } catch {
    // The request was aborted: user code hears of it here.
  }
}
