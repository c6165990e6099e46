import t from 'tap'
import type { Test } from 'tap'
import { startServer } from '../support/server.ts'
import type { Running } from '../support/server.ts'
import { controlStream, get, rawClient, until } from './raw-peer.ts'

/** What every attack ends with: somebody else is served. */
async function stillServes(t: Test, running: Running): Promise<void> {
  const session = await running.connect()
  const response = await session.fetch('/')
  t.equal(response.status, 200)
  await response.text()
}

/** Long enough for what was sent on loopback to have arrived. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
}

t.test(
  'a client that accepts no fields at all gets a reset, and the handler no exception',
  async (t) => {
    const thrown: unknown[] = []
    const running = await startServer(t, (_, res) => {
      try {
        res.setHeader('x', 'y')
        res.end('hello')
      } catch (error) {
        thrown.push(error)
      }
    })
    const peer = await rawClient(t, running.port)
    peer.send('uni', controlStream(0x06, 1))
    await settled()
    const stream = peer.send('bidi', get(), true)
    await until(() => peer.resetCode(stream.id) !== null || peer.has('closed'))
    t.same(thrown, [])
    await stillServes(t, running)
  },
)

t.test('a client that accepts no fields and expects 100-continue breaks nothing', async (t) => {
  const running = await startServer(t, (_, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    res.addTrailers({ sum: '1' })
    res.end('hello')
  })
  const peer = await rawClient(t, running.port)
  peer.send('uni', controlStream(0x06, 1))
  await settled()
  const request = get('/', 'expect', '100-continue')
  const stream = peer.send('bidi', request, true)
  await until(() => peer.resetCode(stream.id) !== null || peer.has('closed'))
  await stillServes(t, running)
})
