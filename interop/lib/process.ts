// Child processes that always end: each is the leader of a process group of its own, which is
// killed at its time limit, when it is stopped, and when this process exits.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

export interface RunOptions {
  readonly timeout?: number
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Called with each piece of standard output and error, to show progress. */
  readonly onOutput?: (text: string) => void
}

export interface RunResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

// What is kept of a child's output; a peer that floods its log fills neither memory nor disk.
const MAX_OUTPUT = 4 * 1024 * 1024

const groups = new Set<number>()

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}

process.on('exit', () => {
  for (const pid of groups) killGroup(pid, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
}

function launch(argv: readonly string[], options: RunOptions): ChildProcess {
  const child = spawn(argv[0], argv.slice(1), {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid
  if (pid !== undefined) {
    groups.add(pid)
    child.once('exit', () => {
      killGroup(pid, 'SIGKILL')
      groups.delete(pid)
    })
  }
  return child
}

/** Runs a command to its end, or to `timeout` ms (default 60,000). Rejects only if it cannot start. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = launch(argv, options)
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL')
    }, options.timeout ?? 60_000)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < MAX_OUTPUT) stdout += text
      options.onOutput?.(text)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < MAX_OUTPUT) stderr += text
      options.onOutput?.(text)
    })
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, stdout, stderr, timedOut })
    })
  })
}

/** A process that stays up while checks talk to it. */
export interface Server {
  readonly pid: number
  /** Everything that it printed so far. */
  output(): string
  /** The exit status, or null while it runs. */
  exitCode(): number | null
  stop(): Promise<void>
}

/** A process under way. Its output is kept up to a limit. */
export interface Running extends Server {
  /** Resolves when it has ended and its output is complete; null: ended by a signal. */
  readonly ended: Promise<number | null>
}

/** Starts a command. Rejects only if it cannot start. */
export function start(argv: readonly string[], options: RunOptions = {}): Promise<Running> {
  return new Promise((resolve, reject) => {
    const child = launch(argv, options)
    let output = ''
    let closed: number | null = null
    const onText = (text: string): void => {
      if (output.length < MAX_OUTPUT) output += text
      options.onOutput?.(text)
    }
    child.stdout?.setEncoding('utf8').on('data', onText)
    child.stderr?.setEncoding('utf8').on('data', onText)
    const ended = new Promise<number | null>((done) => {
      child.once('close', (status) => {
        closed = status ?? -1
        done(status)
      })
    })
    child.once('error', reject)
    child.once('spawn', () => {
      const pid = child.pid ?? 0
      const timer =
        options.timeout === undefined
          ? undefined
          : setTimeout(() => killGroup(pid, 'SIGKILL'), options.timeout)
      ended.then(() => clearTimeout(timer), reject)
      resolve({
        pid,
        ended,
        output: () => output,
        exitCode: () => closed,
        stop: async () => {
          if (closed !== null) return
          killGroup(pid, 'SIGTERM')
          const hard = setTimeout(() => killGroup(pid, 'SIGKILL'), 3000)
          await ended
          clearTimeout(hard)
        },
      })
    })
  })
}

/** Starts a server and waits until its output matches `ready`. */
export function startServer(
  argv: readonly string[],
  ready: RegExp,
  options: RunOptions = {},
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const child = launch(argv, options)
    let output = ''
    let settled = false
    let closed: number | null = null
    const gone = new Promise<void>((done) => child.once('close', () => done()))
    const fail = (why: string): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL')
      reject(new Error(`${argv.join(' ')}: ${why}\n${output.slice(-2000)}`))
    }
    const timer = setTimeout(() => fail('did not become ready'), options.timeout ?? 20_000)
    const onText = (text: string): void => {
      if (output.length < MAX_OUTPUT) output += text
      options.onOutput?.(text)
      if (settled || !ready.test(output)) return
      settled = true
      clearTimeout(timer)
      resolve({
        pid: child.pid ?? 0,
        output: () => output,
        exitCode: () => closed,
        stop: async () => {
          if (closed === null && child.pid !== undefined) {
            killGroup(child.pid, 'SIGTERM')
            const hard = setTimeout(() => killGroup(child.pid ?? 0, 'SIGKILL'), 3000)
            await gone
            clearTimeout(hard)
          }
        },
      })
    }
    child.stdout?.setEncoding('utf8').on('data', onText)
    child.stderr?.setEncoding('utf8').on('data', onText)
    child.once('error', (error) => fail(error.message))
    child.once('close', (status) => {
      closed = status ?? -1
      fail(`ended with ${status}`)
    })
  })
}
