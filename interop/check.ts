// Real peers against what `npm run build` made: curl, ngtcp2, Chromium, hostile datagrams, and paths of the
// kernel's own.
//   npm run interop:check                  all of it
//   npm run interop:check -- curl ngtcp2   only these
// Needs Linux, root and the Debian archive; the first run unpacks the peers (about a minute).

import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { developmentCertificate } from 'godwit'
import { chromiumChecks } from './checks/chromium.ts'
import { curlChecks } from './checks/curl.ts'
import { hostileChecks } from './checks/hostile.ts'
import { memoryChecks } from './checks/memory.ts'
import { mtuChecks, mtuObstacle } from './checks/mtu.ts'
import { freePort, ngtcp2Checks } from './checks/ngtcp2.ts'
import { runChecks } from './lib/check.ts'
import type { Tally } from './lib/check.ts'
import { openChroot } from './lib/debian.ts'
import { makeSite } from './lib/files.ts'
import { startServer } from './lib/process.ts'

const GROUPS = ['curl', 'ngtcp2', 'chromium', 'hostile', 'memory', 'mtu'] as const
const PACKAGES = [
  'curl',
  'ngtcp2-client',
  'ngtcp2-server',
  'chromium',
  'fonts-dejavu-core',
  'iproute2',
]

const root = fileURLToPath(new URL('..', import.meta.url))
const named = process.argv.slice(2)
const unknown = named.filter((name) => !(GROUPS as readonly string[]).includes(name))
if (unknown.length > 0) {
  console.error(`no group ${unknown.join(', ')}; there are ${GROUPS.join(', ')}`)
  process.exit(2)
}
const wants = (group: (typeof GROUPS)[number]): boolean =>
  named.length === 0 || named.includes(group)

const started = Date.now()
const chroot = await openChroot(PACKAGES, (line) =>
  console.log(`[${((Date.now() - started) / 1000).toFixed(0)} s] ${line}`),
)
const site = join(chroot.share, 'site')
mkdirSync(site, { recursive: true })
makeSite(site)
const certificate = developmentCertificate()
const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(chroot.share, name))
copyFileSync(certificate.caFile, ca)
copyFileSync(certificate.certFile, cert)
copyFileSync(certificate.keyFile, key)

const godwit = [process.execPath, join(root, 'packages/godwit/dist/cli.js')]
const [filesPort, examplePort] = [await freePort(), await freePort()]
const files = await startServer(
  [...godwit, 'serve', site, '--port', String(filesPort), '--host', '127.0.0.1'],
  /Serving/,
)
const example = await startServer(
  [
    process.execPath,
    '--import=@godwit/testkit/register',
    join(root, 'examples/http3-server/main.ts'),
  ],
  /Stop with/,
  { env: { ...process.env, PORT: String(examplePort) }, cwd: root },
)

const tally: Tally = { passed: 0, failed: 0 }
try {
  if (wants('curl')) {
    const target = {
      chroot,
      site,
      files: `https://localhost:${filesPort}`,
      example: `https://localhost:${examplePort}`,
      ca,
    }
    await runChecks('curl', curlChecks(target), tally)
  }
  if (wants('ngtcp2')) {
    const target = { chroot, site, port: filesPort, ca, cert, key, godwit }
    await runChecks('ngtcp2', ngtcp2Checks(target), tally)
  }
  if (wants('chromium')) {
    const screenshot = join(chroot.share, 'chromium.png')
    const spki = certificate.spkiFingerprint
    const { checks, close } = chromiumChecks({ chroot, port: examplePort, spki, screenshot })
    try {
      await runChecks(`Chromium (screenshot: ${screenshot})`, checks, tally)
    } finally {
      await close()
    }
  }
  if (wants('hostile')) {
    const target = { chroot, port: filesPort, pid: () => files.pid, ca }
    await runChecks('hostile datagrams', hostileChecks(target), tally)
  }
  if (wants('memory')) {
    await runChecks(
      'memory',
      memoryChecks({ chroot, port: examplePort, pid: example.pid, ca }),
      tally,
    )
  }
  if (wants('mtu')) {
    const obstacle = await mtuObstacle(chroot)
    if (obstacle === null) {
      await runChecks('path MTU', mtuChecks({ chroot, ca, cert, key }), tally)
    } else {
      // What cannot be checked has not passed.
      tally.failed++
      console.log(`\n== path MTU\nnot ok  no network namespaces can be made here: ${obstacle}`)
    }
  }
} finally {
  for (const server of [files, example]) {
    if (server.exitCode() !== null) {
      tally.failed++
      const status = server.exitCode()
      console.log(`not ok  a server ended by itself (${status}):\n${server.output().slice(-2000)}`)
    }
    await server.stop()
  }
}
console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1)
