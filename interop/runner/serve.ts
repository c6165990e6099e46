// --server-only: our endpoint, started by hand and tried by hand.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { developmentCertificate } from 'godwit'
import { cacheFolder } from '../lib/cache.ts'
import { makeFile } from '../lib/files.ts'

const MB = 1024 * 1024

/** Runs the server endpoint until it ends. WWW, PORT and ADDRESS move it. */
export async function serveByHand(cases: readonly string[]): Promise<void> {
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
  console.log(`serving ${www} on UDP port ${port} by hq-interop and h3; try`)
  console.log(
    `  curl --http3-only --cacert ${certificate.caFile} https://localhost:${port}/1k -o /dev/null -v`,
  )
  const main = fileURLToPath(new URL('../server/main.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, main], {
    stdio: 'inherit',
    env: {
      ...process.env,
      TESTCASE: cases.length === 1 ? cases[0] : 'transfer',
      WWW: www,
      PORT: port,
      CERT: certificate.certFile,
      KEY: certificate.keyFile,
    },
  })
  // Ctrl-C reaches the server too; it says goodbye, then both end.
  process.removeAllListeners('SIGINT').on('SIGINT', () => {})
  await new Promise((resolve) => {
    child.once('close', resolve)
  })
}
