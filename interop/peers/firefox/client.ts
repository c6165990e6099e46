// Firefox downloads URLs over HTTP/3: a page of the origin fetches them.
//   node --experimental-websocket client.ts TASK.json

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EMPTY_HTML, EMPTY_PAGE, fetchAll, save } from '../shared/browser.ts'
import type { BrowserTask, PageFile } from '../shared/browser.ts'
import { Bidi } from './bidi.ts'

const task = JSON.parse(readFileSync(process.argv[2], 'utf8')) as BrowserTask
const origin = new URL(task.groups[0][0])

const PREFERENCES = {
  // A private authority switches HTTP/3 off otherwise.
  'network.http.http3.disable_when_third_party_roots_found': false,
  // HTTP/3 from the first request on, without asking by TCP.
  'network.http.http3.alt-svc-mapping-for-testing': `${origin.hostname};h3=:${task.port}`,
  'network.dns.forceResolve': task.address,
  'network.dns.disableIPv6': !task.address.includes(':'),
  'network.dns.preferIPv6': task.address.includes(':'),
  'network.http.http3.enable_qlog': true,
  'network.http.speculative-parallel-limit': 0,
  'network.proxy.type': 0,
  'network.trr.mode': 5,
  'network.dns.native_https_query': false,
  // WebDriver BiDi.
  'remote.active-protocols': 1,
  // What it would like to ask its maker.
  'app.update.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

function start(): ChildProcess {
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  writeFileSync(join(task.logs, 'user.js'), lines.join(''))
  const temporary = join(task.logs, 'qlog')
  mkdirSync(temporary, { recursive: true })
  return spawn(task.browser[0], task.browser.slice(1), {
    env: {
      ...process.env,
      HOME: '/tmp',
      // qlogs go to the temporary folder. The sandbox of the process that speaks QUIC would keep it
      // from writing those and the key log.
      TMPDIR: temporary,
      MOZ_DISABLE_SOCKET_PROCESS_SANDBOX: '1',
      PREFERENCES: join(task.logs, 'user.js'),
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
}

/** The address that the browser prints when it can be driven. */
function listening(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    browser.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      output = (output + text).slice(-10_000)
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(output)
      if (found !== null) resolve(`${found[1]}/session`)
    })
    browser.once('error', reject)
    browser.once('exit', (status) => reject(new Error(`the browser ended with ${status}`)))
  })
}

/** Fetches in a tab of a container of its own: containers share no connection. */
async function download(bidi: Bidi, urls: readonly string[]): Promise<void> {
  const { userContext } = await bidi.command('browser.createUserContext')
  const { context } = await bidi.command('browsingContext.create', { type: 'tab', userContext })
  const url = new URL(EMPTY_PAGE, origin).href
  await bidi.command('browsingContext.navigate', { context, url, wait: 'complete' })
  const result = await bidi.command('script.callFunction', {
    functionDeclaration: `async (urls) => JSON.stringify(await (${fetchAll.toString()})(urls.split(' ')))`,
    arguments: [{ type: 'string', value: urls.join(' ') }],
    target: { context },
    awaitPromise: true,
  })
  if (result.type !== 'success') throw new Error(result.exceptionDetails.text)
  save(task, urls, JSON.parse(result.result.value) as PageFile[])
  await bidi.command('browser.removeUserContext', { userContext })
}

async function main(): Promise<void> {
  const browser = start()
  try {
    const bidi = await Bidi.connect(await listening(browser))
    await bidi.command('session.new', { capabilities: {} })
    // The text of the page comes from here, not from the server.
    const pattern = { type: 'pattern', pathname: EMPTY_PAGE }
    await bidi.command('network.addIntercept', {
      phases: ['beforeRequestSent'],
      urlPatterns: [pattern],
    })
    const contentType = { name: 'content-type', value: { type: 'string', value: 'text/html' } }
    await bidi.on('network.beforeRequestSent', ({ isBlocked, request }) => {
      if (!isBlocked) return
      const answer = bidi.command('network.provideResponse', {
        request: request.request,
        statusCode: 200,
        headers: [contentType],
        body: { type: 'string', value: EMPTY_HTML },
      })
      answer.catch((error: unknown) => {
        console.error(error)
        browser.kill('SIGKILL')
      })
    })
    for (const urls of task.groups) await download(bidi, urls)
    await bidi.command('browser.close')
    await new Promise((resolve) => {
      if (browser.exitCode !== null) resolve(null)
      else browser.once('exit', resolve)
    })
  } finally {
    browser.kill('SIGKILL')
  }
}

await main()
process.exit(0)
