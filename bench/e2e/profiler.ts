// Preloaded into a server that is profiled (`--import`): SIGUSR2 starts the CPU profiler, so that start-up
// and warm-up are left out, and SIGTERM writes the profile to the file that GODWIT_PROFILE names.

import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

/** Microseconds between samples. */
const INTERVAL = 200

const file = process.env['GODWIT_PROFILE'] ?? ''
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.setSamplingInterval', { interval: INTERVAL })

process.on('SIGUSR2', () => session.post('Profiler.start'))
// Ahead of the server's own handler, which ends the process.
process.prependListener('SIGTERM', () => {
  session.post('Profiler.stop', (error, result) => {
    if (error === null) writeFileSync(file, JSON.stringify(result.profile))
    else console.error(error)
  })
})
