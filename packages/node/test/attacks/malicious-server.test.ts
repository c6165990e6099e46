import t from 'tap'
import type { Test } from 'tap'
import { closeIdleConnections, connect, fetch } from '../../src/index.ts'
import { startServer } from '../support/server.ts'
import { controlStream, frame, headers, rawServer } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'

/** What every attack ends with: the same process goes on fetching. */
async function stillFetches(t: Test): Promise<void> {
  const running = await startServer(t, (_, res) => res.end('hello'))
  const response = await fetch(running.url, { ca: running.ca })
  t.equal(await response.text(), 'hello')
  await closeIdleConnections()
}

/** Answers every request with `answer`, of a response's frames. */
function answering(answer: Uint8Array): (peer: RawPeer) => void {
  return (peer) => {
    peer.onEvent = (event) => {
      if (event.type === 'connected') peer.send('uni', controlStream())
      if (event.type !== 'stream-opened' || event.stream.direction === 'uni') return
      event.stream.write(answer)
      event.stream.finish()
      peer.wake()
    }
  }
}

t.test('a status that fetch cannot represent rejects, and does not throw elsewhere', async (t) => {
  for (const status of ['600', '999']) {
    const { url, ca } = await rawServer(t, answering(headers(':status', status)))
    await t.rejects(fetch(url, { ca }), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
    await closeIdleConnections()
    const session = await connect(url, { ca })
    await t.rejects(session.fetch('/'))
    session.destroy()
  }
  await stillFetches(t)
})

t.test(
  'attack 23: an unknown frame of 2^40 bytes, and one of reserved types, hold nothing',
  async (t) => {
    const endless = new Uint8Array([0x21, 0xc0, 0, 1, 0, 0, 0, 0, 0, ...new Uint8Array(1000)])
    const { url, ca } = await rawServer(t, answering(endless))
    await t.rejects(fetch(url, { ca }))
    await closeIdleConnections()
    await stillFetches(t)
  },
)

t.test('attack 21: fields above the limit of the client fail the request alone', async (t) => {
  const large = headers(':status', '200', 'x', 'y'.repeat(100_000))
  const { url, ca } = await rawServer(t, answering(large))
  await t.rejects(fetch(url, { ca }), { code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE' })
  await closeIdleConnections()
  await stillFetches(t)
})

t.test('a body that is cut off, or too long, is an error and never a short answer', async (t) => {
  for (const body of ['abc', 'abcdefgh']) {
    const answer = Buffer.concat([
      headers(':status', '200', 'content-length', '5'),
      frame(0x00, Buffer.from(body)),
    ])
    const { url, ca } = await rawServer(t, answering(answer))
    await t.rejects(fetch(url, { ca }).then((response) => response.text()))
    await closeIdleConnections()
  }
  await stillFetches(t)
})

t.test('names of the prototype are names (attack 46)', async (t) => {
  const fields = [':status', '200', '__proto__', 'x', 'constructor', 'y']
  const { url, ca } = await rawServer(t, answering(headers(...fields)))
  const session = await connect(url, { ca })
  const request = session.request('/').on('error', () => {})
  const head = await new Promise<{ headers: Record<string, unknown> }>((resolve) => {
    request.once('response', resolve)
  })
  t.equal(Object.getPrototypeOf(head.headers), null)
  t.equal(({} as Record<string, unknown>)['x'], undefined)
  request.resume()
  t.same(Object.keys(head.headers).sort(), ['__proto__', 'constructor'])
  session.destroy()
  await stillFetches(t)
})

t.test('a port that no datagram goes to is refused', async (t) => {
  await t.rejects(connect('https://127.0.0.1:0'))
  await stillFetches(t)
})

t.test('credentials do not follow a redirect to another origin', async (t) => {
  const seen: (string | string[] | undefined)[] = []
  const other = await startServer(t, (req, res) => {
    seen.push(req.headers['authorization'], req.headers['cookie'])
    res.end('elsewhere')
  })
  const first = await startServer(t, (_, res) => {
    res.writeHead(302, { location: `${other.url}/` }).end()
  })
  const response = await fetch(first.url, {
    ca: first.ca,
    headers: { authorization: 'Bearer secret', cookie: 'a=b' },
  })
  t.equal(await response.text(), 'elsewhere')
  t.same(seen, [undefined, undefined])
  await closeIdleConnections()
})
