// godwit as a server of the QUIC interop runner: files of /www by hq-interop and h3.
// Variables: interop/lib/contract.ts.

import { readFileSync } from 'node:fs'
import { Http3ServerSession } from '@godwit/node'
import { applicationProtocol, listenQuic } from '@godwit/node/quic'
import type { Connection, ConnectionOwner, EndpointHost, SessionListener } from '@godwit/node/quic'
import {
  H3,
  HANDSHAKE_TIMEOUT,
  HQ,
  IDLE_TIMEOUT,
  readContract,
  UNSUPPORTED,
} from '../lib/contract.ts'
import type { Contract } from '../lib/contract.ts'
import { answerWithFile } from './h3-files.ts'
import { HqServerSession } from './hq-session.ts'

/** Cases that a server has to do nothing of its own for, or that this one does. */
const SUPPORTED = new Set([
  'handshake',
  'transfer',
  'chacha20',
  'http3',
  'multiconnect',
  'versionnegotiation',
  // The client updates; this server follows.
  'keyupdate',
])
/**
 * Above the default of 100: curl and Bun open another connection instead of waiting, and `multiplexing`
 * permits 1,000.
 */
const MAX_STREAMS = 256

/** Ends with one line: whoever started this has to change what was given. */
function giveUp(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException
  const why = code === 'EADDRINUSE' ? `the port is in use (${message})` : message
  console.error(`the server cannot start: ${why}`)
  process.exit(1)
}

function given(): Contract {
  try {
    return readContract(process.env)
  } catch (error) {
    return giveUp(error)
  }
}

const contract = given()
if (!SUPPORTED.has(contract.testcase)) {
  console.error(`test case ${contract.testcase} is not supported`)
  process.exit(UNSUPPORTED)
}

const listener: SessionListener = {
  onSession: () => {},
  onRequest: (request, response) => answerWithFile(contract.www, request, response),
  onSessionClosed: () => {},
}

/** Gives a connection its session when ALPN has chosen the protocol. */
function accept(connection: Connection, host: EndpointHost): ConnectionOwner {
  let session: ConnectionOwner | null = null
  return {
    handleEvents: () => {
      const protocol = applicationProtocol(connection)
      if (session === null && protocol === null) {
        // Before that a connection can only fail.
        for (let event = connection.pollEvent(); event !== null; event = connection.pollEvent()) {
          if (event.type === 'drained') host.forget(connection)
        }
        return
      }
      session ??=
        protocol === H3
          ? new Http3ServerSession(host, connection, {}, listener)
          : new HqServerSession(host, connection, contract.www)
      session.handleEvents()
    },
  }
}

const open = async (): Promise<EndpointHost> =>
  listenQuic({
    key: readFileSync(contract.key),
    cert: readFileSync(contract.cert),
    alpnProtocols: [HQ, H3],
    port: contract.port,
    transport: {
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      maxIdleTimeout: IDLE_TIMEOUT,
      initialMaxStreamsBidi: MAX_STREAMS,
    },
    ...(contract.address === undefined ? {} : { host: contract.address }),
    accept,
    onError: (error) => {
      console.error(error)
      process.exit(1)
    },
  })
const host = await open().catch(giveUp)
console.log(`listening on ${host.address?.address} port ${host.address?.port}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    host.close(0, '').then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
