// Handlers with every fault that a handler can have, by path. Used by a child process (faulty-server.ts)
// and by the test that knows what its client must see.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, pipeline } from 'node:stream'

/** The message of every error that a handler here makes: others are the library's. */
export const BOOM = 'boom'

const boom = (): Error => new Error(BOOM)

/** The shapes of node:http. What is typed as node:http's objects is also HTTP/3's and HTTP/2's. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

function* pieces(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left--) yield Buffer.alloc(3, 'x')
}

function* failing(): Generator<Buffer> {
  yield Buffer.alloc(3, 'x')
  throw boom()
}

function attempt(action: () => void): void {
  try {
    action()
  } catch {
    // The fault is the handler's, and it knows.
  }
}

export const NODE_HANDLERS: Readonly<Record<string, NodeHandler>> = {
  '/ok': (_, response) => response.end('ok'),
  '/throws': () => {
    throw boom()
  },
  '/throws-behind-head': (_, response) => {
    response.writeHead(200, { 'content-length': 10 })
    response.write('12345')
    setTimeout(() => response.destroy(), 50)
    throw boom()
  },
  '/bad-name': (_, response) => {
    attempt(() => response.setHeader('no name', 'x'))
    response.end('recovered')
  },
  '/bad-value': (_, response) => {
    attempt(() => response.writeHead(200, { x: 'a\r\nb: c' }))
    response.end('recovered')
  },
  '/bad-status': (_, response) => {
    for (const status of [99, 1000, NaN, -1]) attempt(() => response.writeHead(status))
    response.end('recovered')
  },
  '/late-head': (_, response) => {
    response.write('recov')
    attempt(() => response.setHeader('x', 'y'))
    attempt(() => response.writeHead(500))
    response.end('ered')
  },
  '/connection-fields': (_, response) => {
    response.setHeader('connection', 'keep-alive')
    response.setHeader('keep-alive', 'timeout=5')
    response.setHeader('proxy-connection', 'keep-alive')
    response.setHeader('transfer-encoding', 'chunked')
    response.end('recovered')
  },
  '/no-content': (_, response) => {
    response.writeHead(204, { 'content-length': 5 })
    response.end('12345')
  },
  '/not-modified': (_, response) => {
    response.writeHead(304, { 'content-length': 5 })
    response.end('12345')
  },
  '/long-pipe': (_, response) => {
    response.setHeader('content-length', 5)
    Readable.from(pieces(3)).pipe(response)
  },
  '/long-end': (_, response) => {
    response.setHeader('content-length', 5)
    response.on('error', () => {})
    response.end('123456')
  },
  '/short': (_, response) => {
    response.setHeader('content-length', 5)
    response.end('123')
  },
  '/source-fails': (_, response) => {
    pipeline(Readable.from(failing()), response, () => {})
  },
  '/destroyed': (_, response) => {
    response.write('x')
    setTimeout(() => response.destroy(boom()), 10)
  },
  '/socket-destroyed': (request) => {
    request.socket.destroy()
  },
  '/gone-before': (request, response) => {
    request.on('aborted', () => {})
    setTimeout(() => {
      response.writeHead(200, { x: 'y' })
      response.write('x')
      response.end('y')
    }, 100)
  },
  '/gone-amid': (_, response) => {
    response.write('x'.repeat(1000))
    const timer = setInterval(() => response.write('x'.repeat(1000)), 5)
    response.on('close', () => {
      setTimeout(() => {
        clearInterval(timer)
        response.end('the end')
      }, 50)
    })
  },
}

type WebHandler = (request: Request) => Response | Promise<Response>

function fieldsOf(headers: Record<string, string>): WebHandler {
  return () => new Response('recovered', { headers })
}

function streamOf(
  end: (controller: ReadableStreamDefaultController<Uint8Array>) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(10))
      setTimeout(() => end(controller), 20)
    },
  })
}

export const WEB_HANDLERS: Readonly<Record<string, WebHandler>> = {
  '/ok': () => new Response('ok'),
  '/throws': () => {
    throw boom()
  },
  '/rejects': async () => {
    await Promise.resolve()
    throw boom()
  },
  '/nothing': () => undefined as unknown as Response,
  '/network-error': () => Response.error(),
  '/connection': fieldsOf({ connection: 'keep-alive, x-hop', 'keep-alive': 'timeout=5' }),
  '/transfer-encoding': fieldsOf({ 'transfer-encoding': 'chunked' }),
  '/transfer-encoding-gzip': fieldsOf({ 'transfer-encoding': 'gzip, chunked' }),
  '/upgrade': fieldsOf({ upgrade: 'h2c', 'proxy-connection': 'close' }),
  '/bad-length': fieldsOf({ 'content-length': 'many' }),
  '/long': fieldsOf({ 'content-length': '5' }),
  '/short': fieldsOf({ 'content-length': '50' }),
  '/no-content': () => new Response(null, { status: 204, headers: { 'content-length': '5' } }),
  '/not-modified': () => new Response(null, { status: 304, headers: { 'content-length': '5' } }),
  '/source-fails': () => new Response(streamOf((controller) => controller.error(boom()))),
  '/gone-before': async () => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return new Response('too late')
  },
  '/gone-amid': () =>
    new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          controller.enqueue(new Uint8Array(1000))
        },
      }),
    ),
}
