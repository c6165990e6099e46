// Cases that the machine found, as small as it made them. Each broke a rule once.

import type { Case } from './case.ts'

const PLAIN = {
  seed: 0,
  delay: 0,
  maxStreams: 100,
  window: 262_144,
  fieldSize: -1,
  reading: 'always',
  ending: 'stay',
  errorListeners: true,
} as const

const GET = { op: 'headers', s: 0, n: 0, via: 'join', wait: 0 } as const

export const FOUND: Readonly<Record<string, Case>> = {
  'STOP_SENDING with the request, and a big write at once': {
    ...PLAIN,
    area: 'server',
    peer: [GET, { op: 'stop', s: 0, n: 0, via: 'join', wait: 0 }],
    user: [[{ op: 'write-big', when: 'sync', n: 522 }]],
  },
  'STOP_SENDING before the request, and a handler that waits': {
    ...PLAIN,
    area: 'server',
    peer: [{ op: 'stop', s: 0, n: 0, via: 'packet', wait: 20 }, GET],
    user: [[]],
  },
  'a request whose response is destroyed while it is read, and that is paused then': {
    ...PLAIN,
    area: 'server',
    ending: 'vanish',
    peer: [
      { ...GET, wait: 29 },
      { op: 'fin', s: 0, n: 0, via: 'join', wait: 0 },
    ],
    user: [
      [
        { op: 'resume', when: 'sync', n: 0 },
        { op: 'destroy', when: 'sync', n: 0 },
        { op: 'pause', when: 'sync', n: 0 },
      ],
    ],
  },
  'a request that is piped to a response whose client stops reading': {
    ...PLAIN,
    area: 'server',
    ending: 'close',
    peer: [
      GET,
      { op: 'stop', s: 0, n: 0, via: 'join', wait: 814 },
      { op: 'fin', s: 0, n: 0, via: 'join', wait: 0 },
    ],
    user: [[{ op: 'pipe', when: 'sync', n: 0 }]],
  },
  'more content than announced, and a handler that waits for its response': {
    ...PLAIN,
    area: 'server',
    peer: [
      { op: 'headers', s: 0, n: 993, via: 'join', wait: 107 },
      { op: 'data', s: 0, n: 486, via: 'join', wait: 0 },
    ],
    user: [[]],
  },
  'a body that is piped to a client that takes no fields': {
    ...PLAIN,
    area: 'server',
    fieldSize: 0,
    errorListeners: false,
    peer: [GET],
    user: [[{ op: 'pipe-from', when: 'sync', n: 0 }]],
  },
  'the client leaves in the packet of its request, and serve() has a body for it': {
    ...PLAIN,
    area: 'serve',
    peer: [GET, { op: 'stop', s: 0, n: 0, via: 'join', wait: 0 }],
    user: [[{ op: 'stream', when: 'sync', n: 281 }]],
  },
  'serve() has a body for a client that takes no fields': {
    ...PLAIN,
    area: 'serve',
    fieldSize: 38,
    peer: [GET],
    user: [[{ op: 'stream-ready', when: 'sync', n: 0 }]],
  },
  'several ranges of a file, and the client leaves': {
    ...PLAIN,
    area: 'static',
    peer: [
      { op: 'headers', s: 0, n: 21, via: 'join', wait: 3 },
      { op: 'stop', s: 0, n: 0, via: 'join', wait: 0 },
    ],
    user: [[]],
  },
  'a FIFO in the folder that is served': {
    ...PLAIN,
    area: 'static',
    peer: [{ op: 'headers', s: 0, n: 7, via: 'join', wait: 0 }],
    user: [[]],
  },
  'a fetch with a body on a session that is closed': {
    ...PLAIN,
    area: 'client',
    peer: [],
    user: [
      [
        { op: 'request', when: 'sync', n: 0 },
        { op: 'session-destroy', when: 'sync', n: 0 },
      ],
      [{ op: 'session-fetch', when: 'sync', n: 929 }],
    ],
  },
  'a session ends when the response is whole, and the request is not': {
    ...PLAIN,
    area: 'client',
    peer: [GET, { op: 'fin', s: 0, n: 0, via: 'join', wait: 0 }],
    user: [[{ op: 'session-fetch', when: 'sync', n: 907 }]],
  },
}
