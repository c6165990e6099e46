// Headless Chromium on the example server's page: loads it over HTTP/3, uses every control, and
// leaves a screenshot for whoever wants to look.

import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { temporaryFolder } from '../lib/temporary.ts'

export interface ChromiumTarget {
  readonly chroot: Chroot
  /** UDP and TCP port of the example server. */
  readonly port: number
  /** base64 SHA-256 of the server's public key. */
  readonly spki: string
  /** Where the screenshot goes. */
  readonly screenshot: string
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** The checks of one browser session; `close` ends it whatever happened. */
export function chromiumChecks(target: ChromiumTarget): {
  readonly checks: Check[]
  readonly close: () => Promise<void>
} {
  const { chroot, port, spki, screenshot } = target
  const temporary = temporaryFolder(chroot.share, 'chromium')
  const profile = temporary.path
  const launcher = join(profile, 'chromium.sh')
  const command = chroot.command('/usr/bin/chromium').map(quote).join(' ')
  writeFileSync(launcher, `#!/bin/sh\nexec ${command} "$@"\n`)
  chmodSync(launcher, 0o755)

  let context: BrowserContext | undefined
  let page: Page | undefined
  const errors: string[] = []

  const opened = (): Page => {
    expect(page !== undefined, 'the page was not opened')
    return page
  }
  const result = async (selector: string, wanted: RegExp): Promise<string> => {
    const place = opened().locator(selector)
    const deadline = Date.now() + 60_000
    for (;;) {
      const text = (await place.textContent()) ?? ''
      if (wanted.test(text)) return text.trim()
      expect(Date.now() < deadline, `"${text}" in ${selector}, expected ${wanted.source}`)
      await opened().waitForTimeout(100)
    }
  }

  const checks: Check[] = [
    {
      name: 'Chromium loads the page over HTTP/3',
      run: async () => {
        context = await chromium.launchPersistentContext(join(profile, 'data'), {
          executablePath: launcher,
          headless: true,
          viewport: { width: 1000, height: 1100 },
          ignoreDefaultArgs: ['--disable-quic'],
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-proxy-server',
            `--origin-to-force-quic-on=127.0.0.1:${port}`,
            `--ignore-certificate-errors-spki-list=${spki}`,
          ],
        })
        page = context.pages()[0] ?? (await context.newPage())
        page.on('pageerror', (error) => errors.push(error.message))
        page.on('console', (message) => {
          if (message.type() === 'error') errors.push(message.text())
        })
        const url = `https://127.0.0.1:${port}/`
        await page.goto(url, { timeout: 30_000 })
        const protocol = (): Promise<string> =>
          opened().evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol')
        let seen = await protocol()
        if (seen !== 'h3') {
          await page.reload()
          seen = await protocol()
        }
        expect(seen === 'h3', `nextHopProtocol is ${seen}`)
        await result('#protocol', /HTTP\/3/)
        return context.browser()?.version() ?? ''
      },
    },
    {
      name: 'Chromium shows live figures of the connection',
      run: async () => {
        const before = await result('[data-figure=packetsReceived]', /^\s*[\d,]+\s*$/)
        await opened().waitForTimeout(2500)
        const after = await result('[data-figure=packetsReceived]', /^\s*[\d,]+\s*$/)
        expect(before !== after, `packets received stayed at ${after}`)
      },
    },
    {
      name: 'Chromium downloads 100 MB',
      run: async () => {
        await opened().selectOption('#download-size', '100000000')
        await opened().click('#download')
        return result('#download-result', / in .* s, /)
      },
    },
    {
      name: 'Chromium uploads 5 MB and finds the SHA-256 right',
      run: async () => {
        await opened().click('#upload')
        return result('#upload-result', /verified/)
      },
    },
    {
      name: 'Chromium receives server-sent events',
      run: async () => {
        await opened().click('#events')
        const items = opened().locator('#events-list > li')
        await items.nth(1).waitFor({ timeout: 15_000 })
      },
    },
    {
      name: 'Chromium: 100 fetches at once, all over HTTP/3, and no error in its console',
      run: async () => {
        // Runs in the page, whose types this program does not have: hence text.
        const sizes: unknown = await opened()
          .evaluate(`Promise.all(Array.from({ length: 100 }, (_, i) =>
          fetch('/download?bytes=' + (1000 + i), { cache: 'no-store' })
            .then((response) => response.arrayBuffer()).then((body) => body.byteLength)))`)
        const wanted = Array.from({ length: 100 }, (_, i) => 1000 + i)
        expect(JSON.stringify(sizes) === JSON.stringify(wanted), JSON.stringify(sizes))
        const protocols: unknown = await opened().evaluate(
          `[...new Set(performance.getEntriesByType('resource').map((entry) => entry.nextHopProtocol))]`,
        )
        expect(JSON.stringify(protocols) === '["h3"]', JSON.stringify(protocols))
        await opened().screenshot({ path: screenshot, fullPage: true })
        expect(errors.length === 0, errors.join('\n'))
      },
    },
  ]
  const close = async (): Promise<void> => {
    await context?.close()
    temporary.remove()
  }
  return { checks, close }
}
