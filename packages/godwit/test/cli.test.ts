import { createSocket } from 'node:dgram'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createServer, developmentCertificate } from '../src/index.ts'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(
  t: Test,
  args: readonly string[],
  cache?: string,
  nodeOptions: readonly string[] = [],
): ChildProcess {
  const child = spawn(process.execPath, [...process.execArgv, ...nodeOptions, cli, ...args], {
    env: { ...process.env, ...(cache === undefined ? {} : { XDG_CACHE_HOME: cache }) },
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

function run(t: Test, ...args: string[]): Promise<Result> {
  const child = start(t, args)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()))
  return new Promise((resolve) => {
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

t.test('--version, --help and wrong arguments', async (t) => {
  t.match(await run(t, '--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(await run(t, '--help'), { status: 0, stdout: /godwit serve/ })
  t.match(await run(t, 'serve', '--help'), { status: 0, stdout: /--port N/ })
  t.match(await run(t, 'get', '--help'), { status: 0, stdout: /--cacert FILE/ })
  t.match(await run(t), { status: 2, stderr: /no command/ })
  t.match(await run(t, 'fly'), { status: 2, stderr: /no command fly/ })
  t.match(await run(t, 'serve', '--prot', '1'), { status: 2, stderr: /--prot/ })
  t.match(await run(t, 'serve', '--port', '70000'), { status: 2, stderr: /--port expected/ })
  t.match(await run(t, 'serve', '--cert', 'x'), { status: 2, stderr: /belong together/ })
  t.match(await run(t, 'get'), { status: 2, stderr: /expected one URL/ })
  t.match(await run(t, 'get', 'http://localhost/'), { status: 2, stderr: /https:/ })
  t.match(await run(t, 'serve', '/nowhere'), { status: 1, stderr: /ENOENT/ })
})

/** `serve` of a folder; resolves when it says its URL. */
async function startServing(
  t: Test,
  folder: string,
  cache: string,
  nodeOptions: readonly string[] = [],
): Promise<{ server: ChildProcess; output: string; url: string; ca: string }> {
  const args = ['serve', folder, '--port', '0', '--host', '127.0.0.1']
  const server = start(t, args, cache, nodeOptions)
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    server.once('exit', (status) => reject(new Error(`exit ${status}: ${output}`)))
    server.stderr?.on('data', (text: Buffer) => (output += text.toString()))
    server.stdout?.on('data', (text: Buffer) => {
      output += text.toString()
      const found = /on (https:\S+)/.exec(output)?.[1]
      if (found !== undefined && output.includes('Try:')) resolve(found)
    })
  })
  server.removeAllListeners('exit')
  return { server, output, url, ca: /--cacert (\S+)/.exec(output)?.[1] as string }
}

async function statusAfter(server: ChildProcess, signal: 'SIGINT' | 'SIGTERM'): Promise<unknown> {
  server.kill(signal)
  return new Promise((resolve) => server.once('exit', resolve))
}

t.test('serve and get: a file from one process to another', async (t) => {
  const site = t.testdir({ site: { 'hello.txt': 'hello' }, cache: {}, out: {} })
  const { server, output, url, ca } = await startServing(t, join(site, 'site'), join(site, 'cache'))
  t.match(output, /Certificate SHA-256: ([0-9A-F]{2}:){31}[0-9A-F]{2}/)
  const file = join(site, 'out', 'hello')
  t.match(await run(t, 'get', `${url}hello.txt`, '--cacert', ca, '-o', file), {
    status: 0,
    stdout: '',
  })
  t.equal(readFileSync(file, 'utf8'), 'hello')
  t.match(await run(t, 'get', `${url}hello.txt`, '--cacert', ca), { status: 0, stdout: 'hello' })
  t.match(await run(t, 'get', `${url}nothing`, '--cacert', ca), { status: 3, stderr: /404/ })
  t.match(await run(t, 'get', `${url}hello.txt`), { status: 1, stderr: /ERR_X509_UNKNOWN_ISSUER/ })
  t.equal(await statusAfter(server, 'SIGTERM'), 0, 'stops on SIGTERM')
})

t.test('serve works where options of Node.js keep it from a thread of its own', async (t) => {
  const site = t.testdir({ site: { 'hello.txt': 'hello' }, cache: {} })
  for (const option of ['--stack-size=900', '--test-udp-no-try-send']) {
    const folders = [join(site, 'site'), join(site, 'cache')] as const
    const { server, url, ca } = await startServing(t, ...folders, [option])
    t.match(await run(t, 'get', `${url}hello.txt`, '--cacert', ca), { status: 0, stdout: 'hello' })
    t.equal(await statusAfter(server, 'SIGINT'), 0, 'stops on SIGINT')
  }
})

t.test('get: timeouts of the connection, the response and its body', async (t) => {
  const directory = t.testdir({ cert: {}, out: {} })
  const { key, cert, caFile } = developmentCertificate({ directory: join(directory, 'cert') })
  const server = createServer({ key, cert }, (request, response) => {
    if (request.url === '/never') return
    response.write('some')
    if (request.url === '/stalls') return
    // Longer in all than the timeout, never silent for so long.
    let left = 9
    const timer = setInterval(() => {
      if (left-- > 0) response.write('.')
      else response.end()
    }, 600)
    response.once('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return server[Symbol.asyncDispose]()
  })
  const url = `https://127.0.0.1:${server.address()?.port}`
  const options = ['--cacert', caFile]
  const silent = createSocket('udp4')
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const nobody = `https://127.0.0.1:${silent.address().port}/`
  const file = join(directory, 'out', 'file')
  // Side by side: most of the time is that of processes that start.
  const results = await Promise.all([
    run(t, 'get', nobody, '--connect-timeout', '0.3'),
    run(t, 'get', `${url}/never`, ...options, '--connect-timeout', '9', '--timeout', '0.5'),
    run(t, 'get', `${url}/stalls`, ...options, '-o', file, '--timeout', '1.5'),
    run(t, 'get', `${url}/slow`, ...options, '--timeout', '4'),
    run(t, 'get', nobody, '--timeout=-1'),
    run(t, 'get', nobody, '--connect-timeout=1e3'),
    run(t, 'get', nobody, '--timeout=99999999999'),
  ])
  t.match(results[0], { status: 4, stderr: /ERR_HTTP3_CONNECT_TIMEOUT/ })
  t.match(results[1], { status: 4, stderr: /no response within 9.5 s/ })
  t.match(results[2], { status: 4, stderr: /nothing came for 1.5 s/ })
  t.strictSame(readdirSync(join(directory, 'out')), [], 'and no file')
  t.match(results[3], { status: 0, stdout: 'some.........' })
  t.match(results[4], { status: 2, stderr: /--timeout expected seconds/ })
  t.match(results[5], { status: 2, stderr: /--connect-timeout expected seconds/ })
  t.match(results[6], { status: 2, stderr: /--timeout expected seconds/ })
})

t.test('get: a body that is cut off is an error, and leaves no file', async (t) => {
  const directory = t.testdir({ cert: {}, out: {} })
  const { key, cert, caFile } = developmentCertificate({ directory: join(directory, 'cert') })
  const server = createServer({ key, cert }, (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('some')
    setTimeout(() => response.destroy(), 50)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server[Symbol.asyncDispose]())
  const out = join(directory, 'out')
  const file = join(out, 'file')
  writeFileSync(file, 'what was there before')
  const url = `https://127.0.0.1:${server.address()?.port}/`
  const result = await run(t, 'get', url, '--cacert', caFile, '-o', file)
  t.equal(result.status, 1)
  t.match(result.stderr, /ERR_HTTP3_/)
  t.equal(readFileSync(file, 'utf8'), 'what was there before')
  t.strictSame(readdirSync(out), ['file'])
  t.equal(existsSync(`${file}.part`), false)
})
