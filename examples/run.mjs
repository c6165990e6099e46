// Runs every example from end to end against the built packages, for CI: `node examples/run.mjs`.
// The last line is `N passed, N failed`.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const TIMEOUT = 60_000
// A cache of its own: the user's certificate is left alone.
const cache = mkdtempSync(join(tmpdir(), 'godwit-examples-'))
const running = new Set()

/** Starts an example. */
function start(file, args = []) {
  const child = spawn(
    process.execPath,
    ['--import=@godwit/testkit/register', join(root, 'examples', file), ...args],
    { cwd: root, env: { ...process.env, PORT: '0', XDG_CACHE_HOME: cache } },
  )
  child.output = ''
  child.stdout.on('data', (text) => (child.output += text))
  child.stderr.on('data', (text) => (child.output += text))
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Resolves with the match once the output has it. */
function untilOutput(child, pattern) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(child.output)
      if (match !== null) resolve(match)
    }
    child.stdout.on('data', look)
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${child.output}`)))
    look()
  })
}

/** Runs a client example; resolves with its output. */
function finish(file, args) {
  const child = start(file, args)
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve(child.output)
      else reject(new Error(`${file} exit ${code}: ${child.output}`))
    })
  })
}

/** Runs `check` with the URL of a server example, then stops the server. */
async function withServer(file, check) {
  const server = start(file)
  const [url] = await untilOutput(server, /https:\/\/localhost:\d+\//)
  try {
    await check(url)
  } finally {
    server.kill()
  }
}

function expect(output, text) {
  if (!output.includes(text)) throw new Error(`expected "${text}" in: ${output}`)
}

const examples = {
  'hello-server, fetch-client': () =>
    withServer('hello-server.ts', async (url) => {
      expect(await finish('fetch-client.ts', [url]), 'Hello over HTTP/3.0')
    }),
  'serve-fetch, upload': () =>
    withServer('serve-fetch.ts', async (url) => {
      expect(await finish('fetch-client.ts', [`${url}whoami`]), '"httpVersion":"3.0"')
      expect(await finish('upload.ts', [`${url}echo`]), '200: 10485760 bytes came back')
    }),
  'hello-server, connect-many': () =>
    withServer('hello-server.ts', async (url) => {
      expect(await finish('connect-many.ts', [url, '500']), '500 requests, 10000 bytes')
    }),
  'express-style': () =>
    withServer('express-style.ts', async (url) => {
      expect(await finish('fetch-client.ts', [url]), 'Hello from a chain')
      expect(await finish('fetch-client.ts', [`${url}other`]), '404')
    }),
  'http3-server': () =>
    withServer('http3-server/main.ts', async (url) => {
      expect(await finish('fetch-client.ts', [url]), '<title>godwit')
      expect(await finish('fetch-client.ts', [`${url}stats`]), '"smoothedRtt"')
      expect(await finish('upload.ts', [`${url}upload`]), '200: ')
    }),
}

let passed = 0
let failed = 0
for (const [name, run] of Object.entries(examples)) {
  let timer
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${TIMEOUT} ms`)), TIMEOUT)
    })
    await Promise.race([run(), late])
    passed++
    console.log(`ok ${name}`)
  } catch (error) {
    failed++
    console.log(`not ok ${name}\n  ${error.message}`)
  } finally {
    clearTimeout(timer)
    for (const child of running) child.kill('SIGKILL')
  }
}
rmSync(cache, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
