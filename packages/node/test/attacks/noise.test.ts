// Noise on the streams of a real connection: whatever a peer writes, the process goes on, the other
// side's state stays bounded, and the next request is answered.

import { inspect } from 'node:util'
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
      // Noise on the control stream ends nearly every connection: half of them do without, or what is
      // noise on a response would never be looked at.
      const control = random.u32() % 2 === 0 ? controlStream() : noise(random, [controlStream()])
      if (event.type === 'connected') peer.send('uni', control)
      if (event.type !== 'stream-opened' || event.stream.direction === 'uni') return
      const clean = random.u32() % 2 === 0
      event.stream.write(clean ? plausible[random.u32() % 3] : noise(random, plausible))
      if (random.u32() % 2 === 0) event.stream.finish()
      else event.stream.reset(random.u32())
      peer.wake()
    }
  })
  // Some of the noise is a response, some ends the request, some the connection: each request settles,
  // and with what, the seed decides alone. A connect does not fail: the server's noise comes after it.
  const outcomes = { answered: 0, failed: 0, hung: 0 }
  for (let i = 0; i < 60; i++) {
    const session = await connect(url, { ca })
    const signal = AbortSignal.timeout(60_000)
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        try {
          const response = await session.fetch('/', { signal })
          await response.text()
          outcomes.answered++
        } catch {
          if (signal.aborted) outcomes.hung++
          else outcomes.failed++
        }
      }),
    )
    session.destroy()
  }
  t.equal(outcomes.hung, 0, 'every request settles by itself')
  t.ok(outcomes.answered > 0 && outcomes.failed > 0, inspect(outcomes))
  t.equal(outcomes.answered + outcomes.failed, 60 * 4)
  const running = await startServer(t, (_, res) => res.end('hello'))
  const session = await running.connect()
  t.equal(await (await session.fetch('/')).text(), 'hello')
})
