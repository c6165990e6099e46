// Code that is not ours, called from the middle of ours: listeners and callbacks. What they throw is
// their process's affair, as in node:http, and must not reach us: events behind it would be lost, and
// an object left half-way.

import type { EventEmitter } from 'node:events'
import { inspect } from 'node:util'

/** Throws `error` in a tick of its own, where it is an 'uncaughtException' like any other. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

/** Emits; what a listener throws is thrown later. False: nobody listens. */
export function emitSafely(
  emitter: EventEmitter,
  event: string,
  ...args: readonly unknown[]
): boolean {
  try {
    return emitter.emit(event, ...args)
  } catch (error) {
    throwLater(error)
    return true
  }
}

/** Emits 'error' if somebody listens: nobody has to. */
export function emitErrorIfHeard(emitter: EventEmitter, error: Error): void {
  if (emitter.listenerCount('error') > 0) emitSafely(emitter, 'error', error)
}

/**
 * The end of a message stream's `_destroy`. As in node:http nobody has to listen for the errors of a
 * request or a response. That also holds when the one who listens is `pipe()`, whose listener throws
 * what Node itself has emitted: so Node is told of no error, and the event is ours. It comes before
 * 'close'.
 */
export function closeQuietly(
  stream: EventEmitter,
  error: Error | null,
  callback: (error: Error | null) => void,
): void {
  if (error !== null) process.nextTick(emitErrorIfHeard, stream, error)
  callback(null)
}

/** Tells the programmer of a mistake that nobody else is told of. Takes whatever was thrown. */
export function warn(thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : describe(thrown))
}

/** Text of anything, also of what throws when it is turned into text. */
function describe(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : inspect(thrown)
  } catch {
    return `a thrown ${typeof thrown} that has no text`
  }
}
