// Runs one test file as tap would, in a process of its own.
import { spawn } from 'node:child_process'

const register = new URL('register.mjs', import.meta.url).href
const meter = new URL('meter.mjs', import.meta.url).href

/** Seconds after which a test that does nothing counts as hanging. */
const SILENCE = 600

/** Megabytes of JavaScript heap: a mutant that collects for ever ends here. */
const HEAP = 1024

/**
 * Runs the test at the path `file` in the folder `cwd` and resolves to `{ status, output }`: `ok`, `failed` or
 * `timeout`, and the end of what it printed. Options: `mutant`, see hook.mjs; `cpuLimit`, seconds of
 * processor time after which it is ended, so that it makes no difference how busy the machine is;
 * `coverage`, a folder for V8's reports; `meterFile`, where to write the processor time that was used.
 */
export function runTest(file, cwd, { mutant, cpuLimit, coverage, meterFile }) {
  const env = { ...process.env, TAP: '1', TAP_BAIL: '1', TAP_TIMEOUT: String(SILENCE) }
  const args = ['--import=@godwit/testkit/register', '--conditions=@godwit/source']
  if (mutant !== undefined) {
    env.GODWIT_MUTANT = JSON.stringify(mutant)
    args.push(`--import=${register}`)
  }
  if (coverage === undefined) delete env.NODE_V8_COVERAGE
  else env.NODE_V8_COVERAGE = coverage
  if (meterFile !== undefined) {
    env.GODWIT_METER = meterFile
    args.push(`--import=${meter}`)
  }
  args.push(`--max-old-space-size=${HEAP}`, file)
  const limit = cpuLimit === undefined ? '' : `ulimit -t ${Math.ceil(cpuLimit)}; `
  return new Promise((resolve, reject) => {
    const command = `ulimit -c 0; ${limit}exec "$0" "$@"`
    const child = spawn('/bin/sh', ['-c', command, process.execPath, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let hung = false
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const timer = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, SILENCE * 1000)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const timeout = hung || signal === 'SIGXCPU' || signal === 'SIGKILL'
      resolve({ status: timeout ? 'timeout' : code === 0 ? 'ok' : 'failed', output })
    })
  })
}
