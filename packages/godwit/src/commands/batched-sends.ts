// Runs the command in a thread whose sends libuv batches: docs/performance.md, "Sends in batches".
//
// The option of Node.js that brings this about can be given to a thread, but no longer to a process
// that runs. Where it is unknown, this process was started with options that a thread cannot have
// (those of V8), or threads are not permitted, the command runs here and sends one datagram a call. Likewise where libuv drops a whole batch
// for one datagram that cannot be sent (seen in 1.46 of Node.js 20, no longer in 1.51): a peer could
// bring that about with a source address to which there is no way back.

import { isMainThread, parentPort, Worker } from 'node:worker_threads'

const BATCHED_SENDS = '--test-udp-no-try-send'
const [uvMajor, uvMinor] = process.versions.uv.split('.').map(Number)
/** Whether this Node.js can be asked to batch sends without harm. */
export const CAN_BATCH: boolean = uvMajor > 1 || uvMinor >= 51

/** Runs `module` with `args` in such a thread, until it ends; null when there can be none. */
export function runWithBatchedSends(module: URL, args: readonly string[]): Promise<number> | null {
  if (!CAN_BATCH || !isMainThread || process.execArgv.includes(BATCHED_SENDS)) return null
  let worker: Worker
  try {
    worker = new Worker(module, {
      argv: [...args],
      execArgv: [...process.execArgv, BATCHED_SENDS],
    })
  } catch {
    return null
  }
  const stop = (): void => worker.postMessage('stop', [])
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // An error that nobody caught in the thread is thrown here, too, with its stack: nobody listens to 'error'.
  return new Promise<number>((resolve) => {
    worker.once('exit', resolve)
  }).finally(() => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  })
}

/** Resolves when the user wants the command to end: on SIGINT or SIGTERM, which only the process hears. */
export function stopRequested(): Promise<void> {
  return new Promise<void>((resolve) => {
    if (parentPort !== null) {
      parentPort.once('message', () => resolve())
      return
    }
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
