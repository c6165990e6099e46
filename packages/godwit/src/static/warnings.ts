// Warnings that a client can cause as often as it likes: one line for each kind and while.

import { WARNING_INTERVAL } from '../limits.ts'

interface Kind {
  saidAt: number
  /** Not said since. */
  more: number
}

/** Says what failed, at most once per kind in `WARNING_INTERVAL`. */
export class Warnings {
  readonly #say: (text: string) => void
  readonly #now: () => number
  /** By the codes of Node's system errors, of which there are some dozens. */
  readonly #kinds: Map<string, Kind>

  /** @param now milliseconds of a clock that only goes on */
  constructor(say: (text: string) => void, now: () => number) {
    this.#say = say
    this.#now = now
    this.#kinds = new Map()
  }

  add(error: unknown): void {
    const code = errorCode(error)
    const now = this.#now()
    const kind = this.#kinds.get(code)
    if (kind !== undefined && now - kind.saidAt < WARNING_INTERVAL) {
      kind.more++
      return
    }
    const more = kind === undefined || kind.more === 0 ? '' : ` (and ${kind.more} more since)`
    this.#kinds.set(code, { saidAt: now, more: 0 })
    this.#say(describe(error, code) + more)
  }
}

/** The code of a system error, such as EMFILE; empty for any other. */
export function errorCode(error: unknown): string {
  const code: unknown = (error as NodeJS.ErrnoException | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

// A system error says all in its message; any other is a fault of ours, and its stack says where.
function describe(error: unknown, code: string): string {
  if (!(error instanceof Error)) return String(error)
  return code === '' ? (error.stack ?? error.message) : error.message
}
