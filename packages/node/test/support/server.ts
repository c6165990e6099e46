// A server on loopback for one test, and the client options that trust it.
import type { Test } from 'tap'
import { connect, createServer } from '../../src/index.ts'
import type {
  ConnectOptions,
  Http3ClientSession,
  Http3Server,
  Http3ServerOptions,
  RequestListener,
} from '../../src/index.ts'
import { makeIdentity } from './identity.ts'

export interface Running {
  readonly server: Http3Server
  /** `https://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  readonly ca: string
  readonly connect: (options?: ConnectOptions) => Promise<Http3ClientSession>
}

const identity = makeIdentity()

/** Starts a server; it and its clients end with the test. */
export async function startServer(
  t: Test,
  handler?: RequestListener,
  options: Partial<Http3ServerOptions> & { readonly host?: string } = {},
): Promise<Running> {
  const { host = '127.0.0.1', ...rest } = options
  const server = createServer(
    { key: identity.key, cert: identity.cert, closeTimeout: 500, ...rest },
    handler,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const port = server.address()?.port as number
  const name = host.includes(':') ? `[${host}]` : host
  const url = `https://${name}:${port}`
  const sessions: Http3ClientSession[] = []
  t.teardown(async () => {
    for (const session of sessions) session.destroy()
    await server[Symbol.asyncDispose]()
  })
  return {
    server,
    url,
    port,
    ca: identity.ca,
    async connect(more: ConnectOptions = {}) {
      const session = await connect(url, { ca: identity.ca, ...more })
      sessions.push(session)
      return session
    },
  }
}

/** Everything that a stream gives. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export { until } from './until.ts'
