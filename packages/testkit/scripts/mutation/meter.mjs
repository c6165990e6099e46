// Writes how much processor time a test took, in seconds, to the file that GODWIT_METER names.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(process.env.GODWIT_METER, String((user + system) / 1e6))
})
