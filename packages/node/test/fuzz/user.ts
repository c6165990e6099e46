// Runs the steps of a user's code, each at its moment.

import type { EventEmitter } from 'node:events'
import type { UserStep, When } from './case.ts'

/** What steps may wait for. */
export interface Moments {
  readonly request: EventEmitter | null
  readonly response: EventEmitter | null
}

/** Calls `take` with each step, in order, each at its moment; a moment that never comes ends it. */
export function takeSteps(
  steps: readonly UserStep[],
  moments: Moments,
  take: (step: UserStep) => void,
  at: number = 0,
): void {
  const step = steps[at]
  if (step === undefined) return
  when(step.when, step.n, moments, () => {
    take(step)
    takeSteps(steps, moments, take, at + 1)
  })
}

function when(moment: When, n: number, { request, response }: Moments, go: () => void): void {
  const on = (emitter: EventEmitter | null, name: string): void => {
    emitter?.once(name, go)
  }
  switch (moment) {
    case 'sync':
      return go()
    case 'microtask':
      return queueMicrotask(go)
    case 'tick':
      return process.nextTick(go)
    case 'immediate':
      setImmediate(go)
      return
    case 'timer':
      setTimeout(go, n % 60)
      return
    case 'data':
    case 'end':
    case 'aborted':
      return on(request, moment)
    case 'drain':
    case 'close':
    case 'response':
      return on(response, moment)
    case 'req-close':
      return on(request, 'close')
  }
}
