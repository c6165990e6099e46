// --server-only: our endpoint, started by hand and tried by hand.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { developmentCertificate } from 'godwit'
import { cacheFolder } from '../lib/cache.ts'
import { makeFile } from '../lib/files.ts'

const MB = 1024 * 1024

/** Runs the server endpoint until it ends; its exit status. WWW, PORT and ADDRESS move it. */
export async function serveByHand(cases: readonly string[]): Promise<number> {
  const certificate = developmentCertificate()
  const www = process.env['WWW'] ?? join(cacheFolder(), 'by-hand')
  mkdirSync(www, { recursive: true })
  if (process.env['WWW'] === undefined) {
    for (const [name, size] of [
      ['1k', 1024],
      ['1m', MB],
      ['10m', 10 * MB],
    ] as const) {
      makeFile(join(www, name), size, size)
    }
  }
  const port = process.env['PORT'] ?? '4433'
  const main = fileURLToPath(new URL('../server/main.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, main], {
    // In a group of its own: Ctrl-C reaches it through us, once.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TESTCASE: cases.length === 1 ? cases[0] : 'transfer',
      WWW: www,
      PORT: port,
      CERT: certificate.certFile,
      KEY: certificate.keyFile,
    },
  })
  // The server says goodbye to its clients, then both end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal).on(signal, () => child.kill('SIGTERM'))
  }
  // It prints when it listens, and nothing when it cannot.
  child.stdout.once('data', () => {
    console.log(`serving ${www} on UDP port ${port} by hq-interop and h3; try`)
    console.log(
      `  curl --http3-only --cacert ${certificate.caFile} https://localhost:${port}/1k -o /dev/null -v`,
    )
  })
  child.stdout.pipe(process.stdout)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) =>
      resolve(status ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)),
    )
  })
}
