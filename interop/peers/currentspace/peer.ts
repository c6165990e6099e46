// @currentspace/http3: HTTP/3 for Node on quiche, with native code. It asks for Node 24 or later,
// which comes from npm too.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Chroot } from '../../lib/debian.ts'
import type { Command, Peer, ServerTask } from '../../lib/peer.ts'
import { run } from '../../lib/process.ts'
import { sourceFolder } from '../shared/build.ts'
import { behaviour } from '../shared/cases.ts'
import { logEnvironment } from '../shared/driver.ts'
import { ensureNpm, npmFolder } from '../shared/npm.ts'

const PACKAGE = '@currentspace/http3'
const VERSION = '0.9.0'
const NODE = `node-linux-${process.arch}`
const NODE_VERSION = '26.10.0'

// No settings for 0-RTT or preferred addresses. Not in quiche: version 2, ECN. It drops packets of an
// unknown version instead of answering with Version Negotiation.
const LACKS = ['zerortt', 'v2', 'ecn', 'connectionmigration', 'versionnegotiation']

const node = (chroot: Chroot): string => join(npmFolder(chroot, NODE, NODE_VERSION), 'bin', 'node')

function server(chroot: Chroot, task: ServerTask): Command | null {
  const testcase = behaviour(task.testcase)
  if (testcase === null || LACKS.includes(testcase)) return null
  const { address, port, cert, key, www } = task
  const program = join(sourceFolder('currentspace'), 'server.mjs')
  return {
    argv: [node(chroot), program, address, String(port), cert, key, www],
    env: {
      ...logEnvironment(task.logs),
      TESTCASE: testcase,
      PACKAGE: dirname(dirname(npmFolder(chroot, PACKAGE, VERSION))),
    },
  }
}

export const currentspace: Peer = {
  name: 'currentspace',
  packages: [],
  protocols: ['h3'],
  async setup(chroot, log) {
    await ensureNpm(chroot, PACKAGE, VERSION, log)
    await ensureNpm(chroot, NODE, NODE_VERSION, log)
    if (!existsSync(node(chroot))) throw new Error(`${NODE} holds no program`)
    const result = await run([node(chroot), '--version'])
    if (result.status !== 0) throw new Error(`Node ${NODE_VERSION} does not run here`)
  },
  version: () => Promise.resolve(VERSION),
  server,
}
