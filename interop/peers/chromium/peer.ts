// Chromium, without a window.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Peer } from '../../lib/peer.ts'
import { packageVersion, peerFolder } from '../shared/build.ts'
import { browserCommand, trusting } from '../shared/browser.ts'

// Playwright takes the path of a program, not a command.
const launcher = (chroot: Chroot): string => join(peerFolder(chroot, 'chromium'), 'chromium')

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

export const chromium: Peer = {
  name: 'chromium',
  packages: ['chromium', 'fonts-dejavu-core', 'libnss3-tools'],
  protocols: ['h3'],
  setup(chroot) {
    mkdirSync(peerFolder(chroot, 'chromium'), { recursive: true })
    const argv = trusting(chroot, '/tmp/.pki/nssdb', ['/usr/bin/chromium']).map(quote).join(' ')
    writeFileSync(launcher(chroot), `#!/bin/sh\nexec ${argv} "$@"\n`)
    chmodSync(launcher(chroot), 0o755)
    return Promise.resolve()
  },
  version: (chroot) => packageVersion(chroot, 'chromium'),
  client: (chroot, task) =>
    browserCommand(task, new URL('client.ts', import.meta.url), [launcher(chroot)]),
}
