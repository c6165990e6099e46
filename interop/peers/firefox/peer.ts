// Firefox (its long-term release), without a window.

import type { Peer } from '../../lib/peer.ts'
import { packageVersion } from '../shared/build.ts'
import { browserCommand, trusting } from '../shared/browser.ts'

const PROFILE = '/tmp/profile'

export const firefox: Peer = {
  name: 'firefox',
  packages: ['firefox-esr', 'fonts-dejavu-core', 'libnss3-tools'],
  protocols: ['h3'],
  shortChains: true,
  setup: () => Promise.resolve(),
  version: (chroot) => packageVersion(chroot, 'firefox-esr'),
  client(chroot, task) {
    const script = `cp "$PREFERENCES" ${PROFILE}/user.js && exec "$@"`
    const firefox = ['/usr/bin/firefox-esr', '--headless', '--no-remote', '--profile', PROFILE]
    const flags = ['--remote-debugging-port', '0', 'about:blank']
    const browser = trusting(chroot, PROFILE, ['sh', '-c', script, 'sh', ...firefox, ...flags])
    return browserCommand(task, new URL('client.ts', import.meta.url), browser, ['ecn'])
  },
}
