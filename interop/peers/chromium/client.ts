// Chromium downloads URLs over HTTP/3: a page of the origin fetches them.
//   node client.ts TASK.json

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { EMPTY_HTML, EMPTY_PAGE, fetchAll, save } from '../shared/browser.ts'
import type { BrowserTask } from '../shared/browser.ts'
import { hostPort } from '../shared/cases.ts'

const task = JSON.parse(readFileSync(process.argv[2], 'utf8')) as BrowserTask
const origin = new URL(task.groups[0][0])

const browser = await chromium.launch({
  executablePath: task.browser[0],
  env: { ...process.env, HOME: '/tmp' } as Record<string, string>,
  ignoreDefaultArgs: ['--disable-quic'],
  args: [
    '--no-sandbox',
    '--no-proxy-server',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    // Without this it asks for HTTP/3 by TCP first, and a server that offers it by Alt-Svc has to have
    // a certificate of a public authority.
    `--origin-to-force-quic-on=${origin.host}`,
    // By default it gives up after 4 s of silence, before its seventh attempt; and after a few PTOs on a
    // connection, "Network blackhole detected", to open another one. NBHD: it does not detect those.
    '--force-fieldtrials=QUIC/Enabled/',
    '--force-fieldtrial-params=QUIC.Enabled:max_idle_time_before_crypto_handshake_seconds/30/max_time_before_crypto_handshake_seconds/30/client_connection_options/NBHD',
    // Nobody else is to be found: what it would like to ask its maker goes nowhere.
    `--host-resolver-rules=MAP ${origin.host} ${hostPort(task.address, task.port)}, MAP * ~NOTFOUND`,
    `--ssl-key-log-file=${process.env['SSLKEYLOGFILE']}`,
    `--log-net-log=${join(task.logs, 'netlog.json')}`,
  ],
})
try {
  for (const urls of task.groups) {
    // Contexts share no connection.
    const context = await browser.newContext()
    const page = await context.newPage()
    const empty = new URL(EMPTY_PAGE, origin).href
    await page.route(empty, (route) =>
      route.fulfill({ contentType: 'text/html', body: EMPTY_HTML }),
    )
    await page.goto(empty)
    await page.unrouteAll()
    save(task, urls, await page.evaluate(fetchAll, urls))
    await context.close()
  }
} finally {
  await browser.close()
}
