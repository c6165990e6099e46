import type { Peer } from '../../lib/peer.ts'
export const firefox: Peer = {
  name: 'firefox',
  packages: [],
  protocols: ['h3'],
  setup: () => Promise.reject(new Error('todo')),
  version: () => Promise.resolve(''),
}
