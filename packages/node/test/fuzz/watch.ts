// What is looked at while a case runs, and what was found.

import type { EventEmitter } from 'node:events'

/** An error that user code makes on purpose. */
export class UserError extends Error {
  override readonly name: string = 'UserError'
}

export interface Finding {
  /** What rule was broken: cases that break the same are taken for one fault. */
  readonly rule: string
  readonly detail: string
}

export class Watch {
  readonly findings: Finding[]
  /** Something that user code did makes Node's own rules end in an uncaught exception. */
  excused: Set<string>

  constructor() {
    this.findings = []
    this.excused = new Set()
  }

  found(rule: string, detail: string = ''): void {
    if (this.findings.length < 20) this.findings.push({ rule, detail })
  }

  uncaught(error: unknown): void {
    if (error instanceof UserError || this.excused.has(codeOf(error))) return
    this.found(`uncaught exception: ${nameOf(error)}`, stackOf(error))
  }

  unhandled(error: unknown): void {
    if (error instanceof UserError) return
    this.found(`unhandled rejection: ${nameOf(error)}`, stackOf(error))
  }

  /** User code is told of an error, by an event, a callback or a promise. */
  told(how: string, error: unknown): void {
    for (let inner = error; inner instanceof Error; inner = inner.cause) {
      if (!isOurMistake(inner)) continue
      this.found(`${how} tells of ${nameOf(inner)}`, stackOf(inner))
      return
    }
  }

  warned(warning: Error): void {
    if (warning.name !== 'MaxListenersExceededWarning') return
    this.found(`listeners pile up: ${warning.message}`)
  }
}

// Calls out of order that no user can make, and what JavaScript itself throws.
function isOurMistake(error: Error): boolean {
  const code = codeOf(error)
  if (code.endsWith('_STREAM_STATE')) return true
  if (code !== '' || !(error instanceof TypeError || error instanceof RangeError)) return false
  return /undefined|null|not a function|out of range|detached/i.test(error.message)
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

function nameOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return `${codeOf(error)} ${message.replace(/\d+/g, 'N')}`.trim().slice(0, 120)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** The events of a stream that Node's users see, with the rule that 'close' is the last, and once. */
export class Emissions {
  readonly names: string[]
  #closes: number

  constructor(emitter: EventEmitter, label: string, watch: Watch) {
    this.names = []
    this.#closes = 0
    const emit = emitter.emit.bind(emitter)
    emitter.emit = (name: string | symbol, ...args: unknown[]): boolean => {
      if (typeof name === 'string' && !QUIET.has(name)) {
        this.names.push(name)
        if (name === 'error') watch.told(`'error' of ${label}`, args[0])
        if (name === 'close') {
          this.#closes++
          if (this.#closes > 1) watch.found(`${label}: 'close' twice`)
        } else if (this.#closes > 0) {
          watch.found(`${label}: '${name}' after 'close'`)
        }
      }
      return emit(name, ...args)
    }
  }

  get closed(): boolean {
    return this.#closes > 0
  }
}

// Those that tell of what the user did, at any time.
const QUIET = new Set([
  'newListener',
  'removeListener',
  'pipe',
  'unpipe',
  'pause',
  'resume',
  'timeout',
])
