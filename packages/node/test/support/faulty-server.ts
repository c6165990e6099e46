// A server of faulty handlers, on TCP as well: node faulty-server.ts SHAPE, with KEY and CERT. Tells its
// port, and every error that nobody caught. 'close' ends it, by itself.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, serve } from '../../src/index.ts'
import type { Http3Server, RequestListener } from '../../src/index.ts'
import { NODE_HANDLERS, WEB_HANDLERS } from './faulty-handlers.ts'

const [shape] = process.argv.slice(2) as [string]
const { KEY, CERT } = process.env as { KEY: string; CERT: string }
const options = { key: KEY, cert: CERT, alsoTcp: true, closeTimeout: 500 }

process.on('uncaughtException', (error, origin) => {
  process.send?.({ uncaught: `${origin}: ${String(error)}` })
})

// One type for all: what a handler of node:http does is done to ours.
const answer = ((request: IncomingMessage, response: ServerResponse) => {
  NODE_HANDLERS[request.url ?? '']?.(request, response)
}) as unknown as RequestListener
const rejecting = (async (request: IncomingMessage, response: ServerResponse) => {
  await Promise.resolve()
  NODE_HANDLERS[request.url ?? '']?.(request, response)
}) as unknown as RequestListener

function listening(server: Http3Server): Promise<Http3Server> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

const SHAPES: Record<string, () => Promise<Http3Server>> = {
  callback: () => listening(createServer(options, answer)),
  'async callback': () => listening(createServer(options, rejecting)),
  listener: () => listening(createServer(options).on('request', answer)),
  serve: () =>
    serve({
      ...options,
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) =>
        (WEB_HANDLERS[new URL(request.url).pathname] ?? WEB_HANDLERS['/ok']!)(request),
    }),
}

const server = await SHAPES[shape]!()
process.send?.({ port: server.address()?.port })
process.on('message', () => {
  server.close(() => process.disconnect())
})
