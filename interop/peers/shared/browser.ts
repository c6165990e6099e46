// What both browsers need: a database that trusts the CA, and the downloads that a page does.

import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chroot } from '../../lib/debian.ts'
import type { CaseName, ClientTask, Command } from '../../lib/peer.ts'
import { behaviour } from './cases.ts'
import { logEnvironment } from './driver.ts'

// A browser has no settings for the others, and decides itself when it opens a connection.
const CASES = ['handshake', 'transfer', 'retry', 'http3', 'multiconnect']

/**
 * The command that starts a browser with an NSS database in `folder` that trusts the certificate in
 * the file $TRUSTED. The folder lies in /tmp, which is the command's own and ends with it.
 */
export function trusting(chroot: Chroot, folder: string, browser: readonly string[]): string[] {
  const script = [
    `mkdir -p ${folder}`,
    `certutil -N -d sql:${folder} --empty-password`,
    `certutil -A -d sql:${folder} -t C,, -n interop -i "$TRUSTED"`,
    'exec "$@"',
  ]
  return chroot.command('sh', '-c', script.join(' && '), 'sh', ...browser)
}

/** A page of the server's origin that never comes from the server: the browser is given its text. */
export const EMPTY_PAGE = '/.empty-page'
export const EMPTY_HTML = '<!doctype html><title>empty</title>'

/** What the client program of a browser is given in its environment. */
export interface BrowserTask {
  /** The command that starts the browser. */
  readonly browser: readonly string[]
  readonly address: string
  readonly port: number
  readonly downloads: string
  readonly logs: string
  /** One group of URLs for each connection. */
  readonly groups: readonly (readonly string[])[]
}

/** The command of a browser's client program for a task; `more` are cases that not all can do. */
export function browserCommand(
  task: ClientTask,
  program: URL,
  browser: readonly string[],
  more: readonly CaseName[] = [],
): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || !(CASES.includes(testcase) || more.includes(testcase))) return null
  const { address, port, ca, downloads, logs, urls } = task
  const groups = testcase === 'multiconnect' ? urls.map((url) => [url]) : [urls]
  const given: BrowserTask = { browser, address, port, downloads, logs, groups }
  const file = join(logs, 'task.json')
  mkdirSync(logs, { recursive: true })
  writeFileSync(file, JSON.stringify(given))
  const flags = ['--import', import.meta.resolve('@godwit/testkit/register')]
  // Node 20 has the WebSocket that Firefox's protocol needs behind a flag.
  if (Number(process.versions.node.split('.')[0]) < 22) flags.push('--experimental-websocket')
  return {
    argv: [process.execPath, ...flags, fileURLToPath(program), file],
    env: { ...logEnvironment(logs), TRUSTED: ca },
  }
}

/** What a page answers for one URL: the body in base64, and the protocol that it came by. */
export interface PageFile {
  readonly body: string
  readonly protocol: string
}

/**
 * Runs in a page of the origin: fetches all, 90 at the same time. Must not refer to anything outside.
 * Chromium closes a connection on which 1,000 STREAMS_BLOCKED frames wait, one for each request beyond
 * the server's limit.
 */
export async function fetchAll(urls: readonly string[]): Promise<PageFile[]> {
  const page = globalThis as any
  page.performance.setResourceTimingBufferSize(10_000)
  const one = async (url: string): Promise<PageFile> => {
    const response = await page.fetch(url, { cache: 'no-store' })
    if (response.status !== 200) throw new Error(`${url}: status ${response.status}`)
    const blob = await response.blob()
    const data = await new Promise<string>((resolve, reject) => {
      const reader = new page.FileReader()
      reader.onload = () => resolve(reader.result)
      reader.onerror = () => reject(reader.error)
      reader.readAsDataURL(blob)
    })
    const entry = page.performance.getEntriesByName(url).at(-1)
    return {
      body: data.slice(data.indexOf(',') + 1),
      protocol: entry?.nextHopProtocol ?? 'unknown',
    }
  }
  const files: PageFile[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < urls.length) {
      const index = next++
      files[index] = await one(urls[index])
    }
  }
  await Promise.all(Array.from({ length: 90 }, work))
  return files
}

/** Writes what a page fetched. Throws when it did not come over HTTP/3. */
export function save(task: BrowserTask, urls: readonly string[], files: readonly PageFile[]): void {
  for (const [i, { body, protocol }] of files.entries()) {
    if (protocol !== 'h3') throw new Error(`${urls[i]} came over ${protocol}`)
    const name = basename(new URL(urls[i]).pathname)
    writeFileSync(join(task.downloads, name), Buffer.from(body, 'base64'))
  }
}
