// An input that never ends cannot be stopped from within: another thread sees that nothing goes on,
// writes the input down and ends the process.

import { Worker } from 'node:worker_threads'
import type { Watch } from './session.ts'

const MAX_INPUT = 65_536
const NAME_LENGTH = 64
// Of the shared words: runs begun, length of the input, length of the target's name.
const WORDS = 3

/** Milliseconds for one input. Machines are slow and shared; endless is longer. */
const PATIENCE = 60_000

export interface Watchdog extends Watch {
  end(): void
}

/** @param folder where a file is written for the input that hangs */
export function startWatchdog(folder: string): Watchdog {
  const shared = new SharedArrayBuffer(4 * WORDS + NAME_LENGTH + MAX_INPUT)
  const words = new Int32Array(shared, 0, WORDS)
  const nameBytes = new Uint8Array(shared, 4 * WORDS, NAME_LENGTH)
  const bytes = new Uint8Array(shared, 4 * WORDS + NAME_LENGTH)
  const worker = new Worker(new URL('./watchdog-thread.mjs', import.meta.url), {
    workerData: { shared, folder, patience: PATIENCE, pid: process.pid },
    execArgv: [],
  })
  worker.unref()
  let current = ''
  return {
    begin(target, input) {
      if (target !== current) {
        current = target
        words[2] = nameBytes.length < target.length ? nameBytes.length : target.length
        for (let i = 0; i < words[2]; i++) nameBytes[i] = target.charCodeAt(i)
      }
      bytes.set(input.subarray(0, MAX_INPUT))
      words[1] = Math.min(input.length, MAX_INPUT)
      words[0]++
    },
    end() {
      // The thread holds nothing; what it would say at its end does not matter.
      worker.terminate().catch(() => {})
    },
  }
}
