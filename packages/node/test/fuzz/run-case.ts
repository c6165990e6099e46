// Runs one case from a clean platform to a clean platform.

import type { Case } from './case.ts'
import { runClientCase } from './client-case.ts'
import { SlowFiles } from './files.ts'
import { Platform } from './platform.ts'
import { runServerCase } from './server-case.ts'
import { Watch, type Finding } from './watch.ts'

let current: Watch | null = null

process.on('uncaughtException', (error) => {
  if (current === null) abort(error)
  else current.uncaught(error)
})
process.on('unhandledRejection', (error) => {
  if (current === null) abort(error)
  else current.unhandled(error)
})
// Those that serve() makes of handlers that fail are no news here.
process.removeAllListeners('warning')
process.on('warning', (warning) => current?.warned(warning))

// The machine itself is broken.
function abort(error: unknown): never {
  console.error(error)
  process.exit(3)
}

/** What the case found; empty when every rule holds. */
export async function runCase(given: Case): Promise<readonly Finding[]> {
  const watch = new Watch()
  const platform = new Platform()
  platform.onUncaught = (error) => watch.uncaught(error)
  current = watch
  const files = given.area === 'static' ? new SlowFiles(platform, watch, given.seed) : null
  await files?.install()
  platform.install()
  try {
    if (given.area === 'client') await runClientCase(given, platform, watch)
    else await runServerCase(given, platform, watch)
    for (const left of platform.leftovers) watch.found(`left over: ${left.replace(/\d+/g, 'N')}`)
  } catch (error) {
    abort(error)
  } finally {
    platform.uninstall()
    files?.uninstall()
  }
  // Rejections are told after the microtasks of a turn.
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  current = null
  return watch.findings
}
