import type { Peer } from '../../lib/peer.ts'
export const chromium: Peer = {
  name: 'chromium',
  packages: [],
  protocols: ['h3'],
  setup: () => Promise.reject(new Error('todo')),
  version: () => Promise.resolve(''),
}
