// serve(): when the client goes away, at whatever moment, the request's signal is aborted and the body
// of the response is cancelled; a body that is always ready leaves others their turn.

import t, { type Test } from 'tap'
import { connect, serve } from '../src/index.ts'
import type { ServeOptions } from '../src/index.ts'
import { controlStream, get, headers, rawClient } from './attacks/raw-peer.ts'
import type { RawPeer } from './attacks/raw-peer.ts'
import { makeIdentity } from './support/identity.ts'
import { until } from './support/until.ts'

const CANCELLED = 0x10c
const { key, cert, ca } = makeIdentity()

/** Sources that were opened and have not been cancelled. */
class Sources {
  opened = 0
  cancelled = 0

  /** Always ready, and never at its end. */
  endless(size: number): ReadableStream<Uint8Array> {
    this.opened++
    return new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(size)),
      cancel: () => {
        this.cancelled++
      },
    })
  }
}

interface Served {
  readonly port: number
  /** Another client is answered. */
  readonly stillServes: () => Promise<void>
  readonly warnings: readonly string[]
}

async function start(t: Test, fetch: ServeOptions['fetch']): Promise<Served> {
  const warnings: string[] = []
  const onWarning = (warning: Error): void => {
    // Of Node's own, about how the tests are loaded.
    if (warning.name !== 'DeprecationWarning') warnings.push(warning.message)
  }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const answer: ServeOptions['fetch'] = (request, info) =>
    request.url.endsWith('/served') ? new Response('served') : fetch(request, info)
  const options = { key, cert, port: 0, hostname: '127.0.0.1', closeTimeout: 100, fetch: answer }
  const server = await serve(options)
  t.teardown(() => server[Symbol.asyncDispose]())
  const port = server.address()?.port ?? 0
  const stillServes = async (): Promise<void> => {
    const session = await connect(`https://127.0.0.1:${port}`, { ca })
    t.equal(await (await session.fetch('/served')).text(), 'served')
    session.destroy()
  }
  return { port, stillServes, warnings }
}

async function client(t: Test, port: number): Promise<RawPeer> {
  const peer = await rawClient(t, port)
  peer.send('uni', controlStream())
  return peer
}

type Give = (peer: RawPeer, heard: () => Promise<void>) => Promise<void> | void

/** `heard` resolves when the handler was called. */
const CLIENTS: Record<string, Give> = {
  'asks and stops in one packet': (peer) => {
    peer.send('bidi', get(), true).stopSending(CANCELLED)
    peer.wake()
  },
  'stops before it asks': async (peer, heard) => {
    const request = get()
    const stream = peer.send('bidi', request.subarray(0, 1))
    stream.stopSending(CANCELLED)
    peer.wake()
    await new Promise((resolve) => setTimeout(resolve, 10))
    stream.write(request.subarray(1))
    stream.finish()
    peer.wake()
    await heard()
  },
  'stops when it is heard': async (peer, heard) => {
    const stream = peer.send('bidi', get(), true)
    await heard()
    stream.stopSending(CANCELLED)
    peer.wake()
  },
  'stops when something of the answer came': async (peer, heard) => {
    const stream = peer.send('bidi', get(), true)
    await heard()
    await until(() => peer.received.has(stream.id))
    stream.stopSending(CANCELLED)
    peer.wake()
  },
  'reads nothing, and leaves': async (peer, heard) => {
    peer.autoRead = false
    peer.send('bidi', get(), true)
    await heard()
    await new Promise((resolve) => setTimeout(resolve, 20))
    peer.connection.close(0x100, '')
    peer.wake()
  },
}

for (const size of [0, 1, 100_000]) {
  for (const later of [0, 20]) {
    const when = later === 0 ? 'at once' : 'after a while'
    t.test(`a body of endless chunks of ${size} bytes, given ${when}`, async (t) => {
      for (const [name, give] of Object.entries(CLIENTS)) {
        // Of empty chunks nothing comes.
        if (name.includes('came') && size === 0) continue
        await t.test(name, async (t) => {
          const sources = new Sources()
          let heard = false
          let aborted = 0
          const served = await start(t, async (request) => {
            heard = true
            request.signal.addEventListener('abort', () => aborted++)
            if (later > 0) await new Promise((resolve) => setTimeout(resolve, later))
            return new Response(sources.endless(size))
          })
          const peer = await client(t, served.port)
          await give(peer, () => until(() => heard))
          await until(() => sources.opened === 1 && sources.cancelled === 1)
          await until(() => aborted === 1)
          await served.stillServes()
          t.strictSame(served.warnings, [], 'that a client left is no news')
        })
      }
    })
  }
}

t.test('a body that is always ready leaves others their turn while its client reads', async (t) => {
  const sources = new Sources()
  const served = await start(t, () => new Response(sources.endless(0)))
  const peer = await client(t, served.port)
  peer.send('bidi', get(), true)
  await until(() => sources.opened === 1)
  await served.stillServes()
  t.equal(sources.cancelled, 0)
})

t.test('a response that is refused while the first chunk is read cancels its body', async (t) => {
  const sources = new Sources()
  const served = await start(t, () => new Response(sources.endless(1000)))
  const peer = await rawClient(t, served.port)
  // It takes no fields at all: the response ends where its head is sent, and 'close' comes later.
  peer.send('uni', controlStream(0x06, 1))
  await new Promise((resolve) => setTimeout(resolve, 50))
  peer.send('bidi', get(), true)
  await until(() => sources.opened === 1 && sources.cancelled === 1)
  await served.stillServes()
})

t.test('a handler that waits for the signal, and fails because of it', async (t) => {
  let ended = 0
  const served = await start(
    t,
    (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener('abort', () => {
          ended++
          reject(request.signal.reason as Error)
        })
      }),
  )
  const peer = await client(t, served.port)
  peer.send('bidi', get(), true).stopSending(CANCELLED)
  peer.wake()
  await until(() => ended === 1)
  await served.stillServes()
  t.strictSame(served.warnings, [])
})

t.test('a body that no client wants is cancelled: that of a response to HEAD', async (t) => {
  const sources = new Sources()
  const served = await start(t, () => new Response(sources.endless(1000)))
  const peer = await client(t, served.port)
  const pseudo = [':method', 'HEAD', ':scheme', 'https', ':authority', 'localhost', ':path', '/']
  const stream = peer.send('bidi', headers(...pseudo), true)
  await until(() => peer.received.has(stream.id) && sources.cancelled === 1)
  await served.stillServes()
})

t.test('a Response that cannot be sent is a 500, and the programmer is told', async (t) => {
  const used = async (): Promise<Response> => {
    const response = new Response('text')
    await response.text()
    return response
  }
  const locked = (): Response => {
    const response = new Response('text')
    response.body?.getReader()
    return response
  }
  const answers: Record<string, () => unknown> = {
    used,
    locked,
    'a network error': () => Response.error(),
    nothing: () => undefined,
    'a thrown null': () => {
      throw null
    },
    'a thrown object without text': () => {
      throw Object.assign(Object.create(null), {
        [Symbol.for('nodejs.util.inspect.custom')]: () => {
          throw new Error('no')
        },
      })
    },
    'a wrong length': () => new Response('x', { headers: { 'content-length': 'many' } }),
    'chunks of text': () =>
      new Response(new ReadableStream({ start: (c) => c.enqueue('text' as never) })),
  }
  for (const [name, answer] of Object.entries(answers)) {
    await t.test(name, async (t) => {
      const served = await start(t, () => answer() as Response)
      const session = await connect(`https://127.0.0.1:${served.port}`, { ca })
      const outcome = await session.fetch('/').then(
        async (response) => `${response.status} ${await response.text().catch(() => 'cut off')}`,
        () => 'no response',
      )
      // The head has left when the first chunk turns out to be wrong.
      const right =
        name === 'chunks of text' ? ['200 cut off', 'no response'] : ['500 Internal Server Error']
      t.ok(right.includes(outcome), outcome)
      await until(() => served.warnings.length === 1)
      session.destroy()
      await served.stillServes()
    })
  }
})

t.test(
  'a body of another length than announced is cut off, and the programmer is told',
  async (t) => {
    for (const length of ['3', '7']) {
      const served = await start(
        t,
        () => new Response('hello', { headers: { 'content-length': length } }),
      )
      const session = await connect(`https://127.0.0.1:${served.port}`, { ca })
      await t.rejects(session.fetch('/').then((response) => response.text()))
      await until(() => served.warnings.some((text) => text.includes('content-length')))
      session.destroy()
      await served.stillServes()
    }
  },
)
