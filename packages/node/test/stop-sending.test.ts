import { text } from 'node:stream/consumers'
import t from 'tap'
import { connect } from '../src/index.ts'
import { listenQuic, type Connection, type QuicStream } from '../src/quic.ts'
import { makeIdentity } from './support/identity.ts'

/** HEADERS with `:status: 200` (RFC 9204 static table 25), DATA with "ok". */
const RESPONSE = Uint8Array.of(0x01, 0x03, 0x00, 0x00, 0xd9, 0x00, 0x02, 0x6f, 0x6b)
/** What some servers send when they drop a request; no code of HTTP/3. */
const NO_CODE = 0

t.test('RFC 9114 §4.1: a request that was sent whole survives STOP_SENDING', async (t) => {
  const { key, cert, ca } = makeIdentity()
  const answer = (stream: QuicStream): void => {
    stream.stopSending(NO_CODE)
    stream.write(RESPONSE)
    stream.finish()
  }
  const host = await listenQuic({
    key,
    cert,
    alpnProtocols: ['h3'],
    host: '127.0.0.1',
    port: 0,
    accept: (connection: Connection) => ({
      handleEvents: () => {
        for (let event = connection.pollEvent(); event !== null; event = connection.pollEvent()) {
          if (event.type === 'stream-opened' && event.stream.direction === 'bidi') {
            answer(event.stream)
          }
        }
      },
    }),
    onError: (error) => t.error(error),
  })
  t.teardown(() => host.destroy())
  const session = await connect(`https://127.0.0.1:${host.address?.port}`, { ca })
  t.teardown(() => session.destroy())
  const response = await session.fetch(`https://127.0.0.1:${host.address?.port}/`)
  t.equal(await response.text(), 'ok')
  t.equal(await text(session.request('/')), 'ok')
})
