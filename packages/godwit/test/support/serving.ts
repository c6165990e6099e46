// `godwit serve` in a process of its own, for tests of what ends it and what it says.

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

export interface Serving {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  readonly ca: string
  /** All of standard error so far. */
  readonly stderr: () => string
  /** Asks the process to end; resolves to its exit status. */
  stop(): Promise<number | null>
}

/** Starts it; `maxFiles`: how many descriptors the process may have. */
export async function startServing(
  t: Test,
  folder: string,
  cache: string,
  maxFiles?: number,
): Promise<Serving> {
  const args = [
    ...process.execArgv,
    '--no-deprecation',
    cli,
    'serve',
    folder,
    '--port',
    '0',
    '--host',
    '127.0.0.1',
  ]
  const env = { ...process.env, XDG_CACHE_HOME: cache }
  const child =
    maxFiles === undefined
      ? spawn(process.execPath, args, { env })
      : spawn(
          '/bin/sh',
          ['-c', `ulimit -n ${maxFiles}; exec "$0" "$@"`, process.execPath, ...args],
          { env },
        )
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`exit ${status}: ${stdout}${stderr}`)))
    child.stdout?.on('data', (text: Buffer) => {
      stdout += text.toString()
      const found = /on (https:\S+)/.exec(stdout)?.[1]
      if (found !== undefined && stdout.includes('Try:')) resolve(found)
    })
  })
  const caFile = /--cacert (\S+)/.exec(stdout)?.[1] as string
  return {
    child,
    url,
    port: Number(new URL(url).port),
    ca: readFileSync(caFile, 'latin1'),
    stderr: () => stderr,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}
