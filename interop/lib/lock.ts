// Locks between runs that share the cache: of a file, by flock(2), held by a child process. The kernel
// lets go of it when that child ends, and the child ends with this process, however that ends.

import { spawn } from 'node:child_process'

/** A wait shorter than this is not worth a line, ms. */
const PATIENCE = 500

/** Runs `work` while no other process holds the lock of `file`; `onWait` is called if it has to wait. */
export async function withLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const script = 'echo held; exec cat > /dev/null'
  const holder = spawn('flock', ['--no-fork', file, 'sh', '-c', script], {
    // Its input ends with this process, and `cat` with its input.
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve())
  })
  holder.stdin.on('error', () => {
    // It ended before us.
  })
  const timer = setTimeout(onWait, PATIENCE)
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once('error', reject)
      holder.stdout.once('data', () => resolve())
      ended.then(() => reject(new Error(`${file} cannot be locked`)), reject)
    })
    clearTimeout(timer)
    return await work()
  } finally {
    clearTimeout(timer)
    holder.stdin.end()
    if (holder.pid !== undefined) await ended
  }
}
