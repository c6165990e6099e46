// The client gives up its request, in every order with what the handler does: nothing is thrown at the
// handler, request and response are closed once and last, and others are served.

import { Readable } from 'node:stream'
import t from 'tap'
import type { Http3ServerRequest, Http3ServerResponse, RequestListener } from '../src/index.ts'
import { controlStream, get, headers, rawClient, until } from './attacks/raw-peer.ts'
import type { RawPeer } from './attacks/raw-peer.ts'
import { EventRecorder } from './support/event-recorder.ts'
import { startServer } from './support/server.ts'

const CANCELLED = 0x10c
const CHUNK = Buffer.alloc(20_000)

type Handler = (request: Http3ServerRequest, response: Http3ServerResponse) => void

/** Always ready: it never waits for anything. */
function endless(): Readable {
  return new Readable({
    read() {
      this.push(CHUNK)
    },
  })
}

const AT_ONCE: Record<string, Handler> = {
  end: (_, response) => response.end('hello'),
  'end without content': (_, response) => response.end(),
  'end of much': (_, response) => response.end(Buffer.alloc(3_000_000)),
  'writeHead, end': (_, response) => response.writeHead(200, { x: 'y' }).end('hello'),
  'write, end': (_, response) => {
    response.write('one')
    response.end('two')
  },
  'flushHeaders, end': (_, response) => {
    response.flushHeaders()
    response.end('x')
  },
  'interim responses, end': (_, response) => {
    response.writeContinue()
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a>; rel=preload' })
    response.end('x')
  },
  'trailers, end': (_, response) => {
    response.write('x')
    response.addTrailers({ sum: '1' })
    response.end()
  },
  'the same call twice': (_, response) => {
    response.write('x')
    response.end('x')
    response.end()
    response.write('x', () => {})
  },
  'pipe of an endless source': (_, response) => {
    endless().pipe(response)
  },
  echo: (request, response) => {
    request.pipe(response)
  },
  destroy: (_, response) => {
    response.destroy()
  },
  'socket.destroy': (request) => {
    request.socket.destroy()
  },
  'stream.close': (request) => request.stream.close(),
  never: (_, response) => {
    response.setHeader('x', 'y')
  },
}

const LATER: Record<string, (go: () => void) => void> = {
  'at once': (go) => go(),
  'in a microtask': (go) => queueMicrotask(go),
  'in a tick': (go) => process.nextTick(go),
  'in an immediate': (go) => setImmediate(go),
  'in a timer': (go) => setTimeout(go, 5),
}

function post(path: string): Uint8Array {
  const pseudo = [':method', 'POST', ':scheme', 'https', ':authority', 'localhost', ':path', path]
  return headers(...pseudo)
}

/** What the client does with a request, whose frames are `request`. */
const CLIENTS: Record<
  string,
  (peer: RawPeer, request: Uint8Array, seen: () => Promise<void>) => Promise<void> | void
> = {
  'asks and stops in one packet': (peer, request) => {
    peer.send('bidi', request, true).stopSending(CANCELLED)
    peer.wake()
  },
  'asks, and stops in the next packet': async (peer, request) => {
    const stream = peer.send('bidi', request, true)
    await new Promise((resolve) => setImmediate(resolve))
    stream.stopSending(CANCELLED)
    peer.wake()
  },
  'stops before it asks': async (peer, request) => {
    const stream = peer.send('bidi', request.subarray(0, 1))
    stream.stopSending(CANCELLED)
    peer.wake()
    await new Promise((resolve) => setTimeout(resolve, 5))
    stream.write(request.subarray(1))
    stream.finish()
    peer.wake()
  },
  'asks, is heard, resets and stops in one packet': async (peer, request, seen) => {
    const stream = peer.send('bidi', request)
    await seen()
    stream.reset(CANCELLED)
    stream.stopSending(CANCELLED)
    peer.wake()
  },
  'asks, is heard and closes the connection': async (peer, request, seen) => {
    peer.send('bidi', request, true)
    await seen()
    peer.connection.close(0x100, '')
    peer.wake()
  },
}

for (const [clientName, client] of Object.entries(CLIENTS)) {
  t.test(`a client that ${clientName}`, async (t) => {
    const recorders = new Map<string, readonly EventRecorder[]>()
    const thrown: unknown[] = []
    const listener: RequestListener = (request, response) => {
      const url = decodeURIComponent(request.url)
      if (url === '/served') {
        response.end('served')
        return
      }
      recorders.set(url, [new EventRecorder(request), new EventRecorder(response)])
      const [, name, when] = url.split('/') as [string, string, string]
      LATER[when]?.(() => {
        try {
          AT_ONCE[name]?.(request, response)
        } catch (error) {
          thrown.push(url, error)
        }
      })
    }
    const running = await startServer(t, listener)
    let peer: RawPeer | null = null
    let asked = 0
    for (const name of Object.keys(AT_ONCE)) {
      for (const when of Object.keys(LATER)) {
        if (peer === null || peer.has('closed')) {
          peer = await rawClient(t, running.port)
          peer.send('uni', controlStream())
        }
        const path = `/${name}/${when}`
        const request = asked % 2 === 0 ? get : post
        const seen = (): Promise<void> => until(() => recorders.has(path))
        await client(peer, request(encodeURI(path)), seen)
        asked++
        if (clientName.includes('closes')) peer = null
      }
    }
    await until(() => recorders.size === asked)
    await until(() => [...recorders.values()].flat().every(({ closed }) => closed))
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const [url, pair] of recorders) {
      t.strictSame(
        pair.map(({ fault }) => fault),
        [null, null],
        url,
      )
    }
    t.strictSame(thrown, [])
    await until(() => [...running.server.sessions].every((s) => s.activeRequests === 0))
    const session = await running.connect()
    t.equal(await (await session.fetch('/served')).text(), 'served')
  })
}
