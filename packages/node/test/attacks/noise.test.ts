// Noise on the streams of a real connection: whatever a peer writes, the process goes on, the other
// side's state stays bounded, and the next request is answered.

import t from 'tap'
import { connect } from '../../src/index.ts'
import { Prng } from '@godwit/testkit'
import { readAll, startServer } from '../support/server.ts'
import { controlStream, frame, get, headers, rawClient, rawServer, until } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'

const SEED = 46

/** A plausible beginning, with some bytes changed, and more noise behind. */
function noise(random: Prng, plausible: readonly Uint8Array[]): Uint8Array {
  const start = Uint8Array.from(plausible[random.u32() % plausible.length])
  for (let changes = random.u32() % 4; changes > 0; changes--) {
    start[random.u32() % start.length] = random.u32() & 0xff
  }
  return Buffer.concat([start, random.bytes(random.u32() % 200)])
}

t.test('a client that writes noise on every kind of stream', async (t) => {
  const random = new Prng(SEED)
  const running = await startServer(t, (req, res) => {
    req.pipe(res)
  })
  const post = headers(':method', 'POST', ':scheme', 'https', ':authority', 'a', ':path', '/')
  const plausible = [
    get(),
    Buffer.concat([post, frame(0x00, Buffer.from('content'))]),
    Buffer.concat([post, frame(0x00, Buffer.alloc(10)), headers('trailer', 'x')]),
    frame(0x21, Buffer.from('unknown')),
    frame(0x0d, Uint8Array.of(1)),
  ]
  const unis = [controlStream(0x06, 1000), Uint8Array.of(2, 0x20), Uint8Array.of(3, 0x40)]
  const clients: RawPeer[] = []
  for (let i = 0; i < 40; i++) {
    const peer = await rawClient(t, running.port)
    clients.push(peer)
    for (let n = 0; n < 20 && !peer.has('closed'); n++) {
      const direction = random.u32() % 3 === 0 ? 'uni' : 'bidi'
      const bytes = noise(random, direction === 'uni' ? unis : plausible)
      const stream = peer.send(direction, bytes, random.u32() % 2 === 0)
      if (random.u32() % 8 === 0) stream.reset(random.u32())
      if (direction === 'bidi' && random.u32() % 8 === 0) stream.stopSending(random.u32())
      peer.wake()
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
    }
  }
  const session = await running.connect()
  const request = session.request('/', { method: 'POST' })
  request.end('echo')
  t.equal(String(await readAll(request)), 'echo')
  for (const peer of clients) peer.connection.close(0x100, '')
  for (const peer of clients) peer.wake()
  await until(() => running.server.sessions.size === 1)
  t.equal(running.server.sessions.size, 1, 'nothing is left of them')
})

t.test('a server that answers with noise', async (t) => {
  const random = new Prng(SEED)
  const ok = headers(':status', '200', 'content-length', '3')
  const plausible = [
    Buffer.concat([ok, frame(0x00, Buffer.from('abc'))]),
    Buffer.concat([headers(':status', '103', 'link', '</a>'), ok, frame(0x00, Buffer.from('abc'))]),
    Buffer.concat([ok, frame(0x00, Buffer.from('abc')), headers('sum', '1')]),
    frame(0x05, Buffer.from('push')),
  ]
  const { url, ca } = await rawServer(t, (peer) => {
    peer.onEvent = (event) => {
      if (event.type === 'connected') peer.send('uni', noise(random, [controlStream()]))
      if (event.type !== 'stream-opened' || event.stream.direction === 'uni') return
      event.stream.write(noise(random, plausible))
      if (random.u32() % 2 === 0) event.stream.finish()
      else event.stream.reset(random.u32())
      peer.wake()
    }
  })
  let answered = 0
  for (let i = 0; i < 60; i++) {
    const session = await connect(url, { ca }).catch(() => null)
    if (session === null) continue
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map(async () => {
        const response = await session.fetch('/', { signal: AbortSignal.timeout(2000) })
        return response.text()
      }),
    )
    answered += outcomes.length
    session.destroy()
  }
  t.ok(answered > 100, `${answered} answers or errors`)
  const running = await startServer(t, (_, res) => res.end('hello'))
  const session = await running.connect()
  t.equal(await (await session.fetch('/')).text(), 'hello')
})
