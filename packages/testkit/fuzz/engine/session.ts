// Fuzzing of one target: inputs that reach something new are kept, and changed again.

import type { Prng } from '../../src/prng.ts'
import { clearCounters, Coverage, literals } from './coverage.ts'
import { minimizeFailure } from './minimize.ts'
import { encodeNumber, encodeVarint, mutateBytes } from './mutate.ts'
import type { MutationContext } from './mutate.ts'
import { mutateStructure } from './structure.ts'
import type { Target } from './target.ts'
import { OracleError } from './target.ts'

export interface Failure {
  readonly target: string
  /** As small as it became. */
  readonly input: Uint8Array
  readonly error: Error
  /** Failures with the same key are one. */
  readonly key: string
  /** Runs until it was found, and CPU seconds of the process. */
  readonly executions: number
  readonly seconds: number
}

/** Told of every input before it runs, so that one that never ends is known. */
export interface Watch {
  begin(target: string, input: Uint8Array): void
}

/** Different failures of one target in one session; then it is of no use to go on. */
const MAX_FAILURES = 5
/** Changes one after another between two runs, most. */
const MAX_STACK = 6
/** Lines of the stack of a failure. */
const STACK = 20

export class Session {
  readonly target: Target
  readonly coverage: Coverage
  readonly corpus: Uint8Array[]
  readonly failures: Failure[]
  executions: number
  readonly #prng: Prng
  readonly #watch: Watch
  readonly #now: () => number
  readonly #began: number
  readonly #dictionary: readonly Uint8Array[]

  /** @param now CPU seconds of the process. */
  constructor(target: Target, prng: Prng, watch: Watch, now: () => number = () => 0) {
    this.target = target
    this.coverage = new Coverage()
    this.corpus = []
    this.failures = []
    this.executions = 0
    this.#prng = prng
    this.#watch = watch
    this.#now = now
    this.#began = now()
    this.#dictionary = [...(target.dictionary ?? []), ...literals()].flatMap((word) =>
      wordBytes(word, prng),
    )
  }

  /** Runs inputs as they are, and keeps those that reach something new. Shortest first. */
  seed(inputs: readonly Uint8Array[]): void {
    const sorted = inputs.toSorted((a, b) => a.length - b.length)
    for (const input of sorted) {
      this.#tryInput(input.subarray(0, this.target.maxLength))
    }
  }

  /** Changes and runs inputs until the time `end` or `runs` are over, or so much failed. */
  fuzz(end: number, runs: number, failures: number = MAX_FAILURES): void {
    if (this.corpus.length === 0) this.corpus.push(new Uint8Array(0))
    const last = this.executions + runs
    while (this.executions < last && this.failures.length < failures) {
      if (this.executions % 16 === 0 && this.#now() >= end) return
      this.#tryInput(this.#next())
    }
  }

  #next(): Uint8Array {
    const prng = this.#prng
    const { target } = this
    const outline = target.outline
    const context: MutationContext = {
      prng,
      maxLength: target.maxLength,
      dictionary: this.#dictionary,
      other: () => this.corpus[prng.below(this.corpus.length)],
    }
    let input = this.#choose()
    const changes = 1 + prng.below(prng.chance(0.7) ? 2 : MAX_STACK)
    for (let i = 0; i < changes; i++) {
      input =
        outline !== undefined && prng.chance(0.5)
          ? mutateStructure(input, outline, context)
          : mutateBytes(input, context)
    }
    return input.subarray(0, target.maxLength).slice()
  }

  // Half of the time what was found lately: it leads on.
  #choose(): Uint8Array {
    const { length } = this.corpus
    const recent = Math.max(1, length >>> 3)
    const at = this.#prng.chance(0.5)
      ? length - 1 - this.#prng.below(recent)
      : this.#prng.below(length)
    return this.corpus[at]
  }

  #tryInput(input: Uint8Array): void {
    const error = this.#run(input)
    if (error !== null) {
      this.#handleFailure(input, error)
      return
    }
    if (!this.coverage.isNew()) return
    // Once more: what came from a first call (a table that is made once) does not come again.
    const again = this.#run(input)
    if (again !== null) this.#handleFailure(input, again)
    else if (this.coverage.add() > 0) this.corpus.push(input)
  }

  /** Runs an input; what is thrown, or what is too much work, or null. */
  #run(input: Uint8Array): Error | null {
    this.executions++
    this.#watch.begin(this.target.name, input)
    clearCounters()
    // Decoders throw errors by the thousand, and stacks are most of what these cost.
    Error.stackTraceLimit = 0
    const thrown = thrownBy(() => this.target.run(input))
    Error.stackTraceLimit = STACK
    if (thrown !== null) return thrownBy(() => this.target.run(input)) ?? thrown
    const { steps } = this.target
    if (steps === undefined) return null
    const most = steps.base + steps.perByte * input.length
    if (this.#steps() <= most) return null
    // A first call may make a table that stays.
    clearCounters()
    this.target.run(input)
    const again = this.#steps()
    if (again <= most) return null
    return new OracleError(
      `too much work: ${again} steps for ${input.length} bytes, at most ${most}`,
    )
  }

  #steps(): number {
    this.coverage.isNew()
    return this.coverage.steps
  }

  #handleFailure(input: Uint8Array, error: Error): void {
    const key = failureKey(error)
    if (this.failures.some((failure) => failure.key === key)) return
    const { executions, target } = this
    const seconds = this.#now() - this.#began
    const small = minimizeFailure(input, (candidate) => {
      const other = this.#run(candidate)
      return other !== null && failureKey(other) === key
    })
    const final = this.#run(small) ?? error
    const found = { target: target.name, input: small, error: final }
    this.failures.push({ ...found, key, executions, seconds })
  }
}

function thrownBy(work: () => void): Error | null {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(`thrown: ${String(error)}`)
  }
}

/** The same for failures with the same cause, mostly: kind, message without numbers, and place. */
export function failureKey(error: Error): string {
  const place = (error.stack ?? '').split('\n').find((line) => /packages\/.*\.ts/.test(line)) ?? ''
  const message = error.message.replace(/0x[0-9a-f]*|\d+|"[^"]*"/g, '#').slice(0, 80)
  return `${error.name}|${message}|${/[^/]*\.ts:\d+/.exec(place)?.[0] ?? ''}`
}

function wordBytes(word: Uint8Array | string | number, prng: Prng): Uint8Array[] {
  if (word instanceof Uint8Array) return [word]
  if (typeof word === 'string') return [Uint8Array.from(Buffer.from(word, 'latin1'))]
  return [encodeVarint(word), encodeNumber(prng, word)]
}
