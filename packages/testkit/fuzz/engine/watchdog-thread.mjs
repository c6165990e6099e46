// The thread of watchdog.ts.

import { mkdirSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { workerData } from 'node:worker_threads'

const { shared, folder, patience, pid } = workerData
const words = new Int32Array(shared, 0, 3)
const name = new Uint8Array(shared, 12, 64)
const bytes = new Uint8Array(shared, 76)
const STEP = 1000

let runs = -1
let still = 0
setInterval(() => {
  still = words[0] === runs ? still + STEP : 0
  runs = words[0]
  // Before the first run nothing can hang.
  if (runs === 0 || still < patience) return
  const target = Buffer.from(name.subarray(0, words[2])).toString()
  const input = Buffer.from(bytes.subarray(0, words[1]))
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${target}-hang.txt`)
  writeFileSync(file, `${input.toString('base64')} hangs\n`)
  writeSync(2, `${target} hangs; the input is in ${file}\n0 passed, 1 failed\n`)
  process.kill(pid, 'SIGKILL')
}, STEP)
