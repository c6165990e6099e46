// Writes down what an emitter tells, for tests of the order of events.
import type { EventEmitter } from 'node:events'

const TOLD = ['aborted', 'end', 'finish', 'drain', 'timeout', 'error', 'close']

/** Names of the events of `emitter` so far. */
export class EventRecorder {
  readonly events: string[] = []

  constructor(emitter: EventEmitter) {
    for (const name of TOLD) emitter.on(name, () => this.events.push(name))
  }

  get closed(): boolean {
    return this.events.includes('close')
  }

  /** Null, or what is wrong with a life that must end with 'close', once. */
  get fault(): string | null {
    const closes = this.events.filter((name) => name === 'close').length
    if (closes !== 1) return `'close' ${closes} times: ${this.events.join(', ')}`
    return this.events.at(-1) === 'close' ? null : `after 'close': ${this.events.join(', ')}`
  }
}
